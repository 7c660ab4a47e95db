/** How far a removal moved the decision, in the unit in which it shows. */

import { odds, pointDigits, points } from "../../format.js";
import type { Claim } from "../../protocol.js";
import type { Line } from "./lines.js";

/**
 * Above this confidence, points say nothing: the first of forty supports moves 99.99 % to
 * 99.98 %, and does as much as the last. There the change of the log-odds is shown.
 */
const SATURATED = 0.97;

/** Logarithm of the odds, finite where a probability was rounded to 0 or 1. */
export function logOdds(p: number): number {
  const inside = Math.min(1 - 1e-15, Math.max(1e-15, p));
  return Math.log(inside / (1 - inside));
}

export const UNITS = { confidence: "confidence, in points", "log-odds": "the log-odds" };

export interface Measure {
  unit: "confidence" | "log-odds";
  /** What bars are drawn for; null where it was not measured. */
  of: (line: Line) => number | null;
  /** The largest of a list: one scale for all of its bars. */
  largest: number;
  text: (line: Line) => string;
}

export function measure(lines: readonly Line[], claim: Claim): Measure {
  const saturated = claim.confidence > SATURATED;
  const of = (line: Line): number | null => (saturated ? line.oddsChange : line.change);
  const all = lines.map(of).filter((change) => change !== null);
  const digits = pointDigits(all);
  const write = saturated ? odds : (change: number): string => points(change, digits);
  return {
    unit: saturated ? "log-odds" : "confidence",
    of,
    largest: Math.max(1e-12, ...all.map(Math.abs)),
    text: (line) => {
      const change = of(line);
      return change === null ? "–" : write(change);
    },
  };
}
