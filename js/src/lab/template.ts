/** What cells say: the text that "Explain a prediction" writes, and where views are. */

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

/** Position of the last cell that shows a view of ours; -1 without one. */
export function lastView(sources: readonly string[]): number {
  const ours = sources.some((source) => /^\s*(import|from)\s+forcing\b/m.test(source));
  const shows = sources.map(
    (source) =>
      /^\s*%{1,2}mfs\b/m.test(source) ||
      (ours && /^[^#\n]*(\bforcing\.\w|\.(view|explore)\s*\()/m.test(source)),
  );
  return shows.lastIndexOf(true);
}
