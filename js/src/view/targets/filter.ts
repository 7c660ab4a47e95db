/** Which of the targets are listed. */

import { className } from "../../format.js";
import type { TargetEntry } from "../../protocol.js";

export type Verdict = "all" | "wrong" | "right";

export interface Filter {
  /** Looked for in name, text, label and decision; every word must be found. */
  words: string;
  verdict: Verdict;
  /** A class that a row is of, by its label or by the decision; "" for any. */
  of: string;
}

export const everything: Filter = { words: "", verdict: "all", of: "" };

export function isAll(filter: Filter): boolean {
  return filter.words.trim() === "" && filter.verdict === "all" && filter.of === "";
}

/** As a reader writes it: case and accents do not matter. */
function plain(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function fits(entry: TargetEntry, verdict: Verdict): boolean {
  return verdict === "all" || entry.wrong === (verdict === "wrong");
}

export function filtered(entries: readonly TargetEntry[], filter: Filter): TargetEntry[] {
  const words = plain(filter.words).split(/\s+/).filter(Boolean);
  return entries.filter((entry) => {
    if (!fits(entry, filter.verdict)) return false;
    if (filter.of !== "" && entry.label !== filter.of && entry.decision !== filter.of) return false;
    if (words.length === 0) return true;
    const { name, text, label, decision } = entry;
    const known = label === null ? "" : className(label);
    const all = plain(`${name} ${text ?? ""} ${known} ${className(decision)}`);
    return words.every((word) => all.includes(word));
  });
}

export function counted(entries: readonly TargetEntry[]): Record<Verdict, number> {
  const of = (verdict: Verdict): number => entries.filter((e) => fits(e, verdict)).length;
  return { all: entries.length, wrong: of("wrong"), right: of("right") };
}

/** The classes that occur, by name. */
export function classesOf(entries: readonly TargetEntry[]): string[] {
  const names = entries.flatMap((e) => [e.decision, e.label ?? ""]).filter((name) => name !== "");
  return [...new Set(names)].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
}
