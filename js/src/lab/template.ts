/** The text that "Explain a prediction" writes, free of any notebook. */

import type { Preferences } from "./preferences.js";

export const LOAD_EXTENSION = "%load_ext forcing";

/** A target to be written over; it is left selected. */
export const TARGET = "X_test[0]";

export function loadsExtension(source: string): boolean {
  return /^\s*%(re)?load_ext\s+forcing\b/m.test(source);
}

export function hasMagic(source: string): boolean {
  return /^\s*%%mfs\b/.test(source);
}

export function magicLine({ baselines, maxRemovals }: Preferences): string {
  const words = ["%%mfs", "--at", TARGET, "--baselines", baselines.join(",") || "none"];
  if (maxRemovals !== null) words.push("--max-removals", String(maxRemovals));
  return words.join(" ");
}
