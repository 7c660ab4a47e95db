/** How far a removal moved the decision, in the unit in which it shows. */

import { odds, pointDigits, points } from "../../format.js";
import type { Claim } from "../../protocol.js";
import { predictionUnit, predicts } from "../summary.js";
import type { Line } from "./lines.js";

/**
 * Above this confidence, points say nothing: the first of forty supports moves 99.99 % to
 * 99.98 %, and does as much as the last. There the change of the log-odds is shown.
 */
const SATURATED = 0.97;

export const UNITS = {
  confidence: "confidence, in points",
  "log-odds": "the log-odds",
  prediction: "the prediction",
};

export interface Measure {
  unit: keyof typeof UNITS;
  /** What bars are drawn for; null where it was not measured. */
  of: (line: Line) => number | null;
  /** The largest of a list: one scale for all of its bars. */
  largest: number;
  text: (line: Line) => string;
  /** A change, or the sum of several, as it is written. */
  write: (change: number) => string;
}

function unitOf(claim: Claim): Measure["unit"] {
  if (predicts(claim)) return "prediction";
  return claim.confidence > SATURATED ? "log-odds" : "confidence";
}

export function measure(lines: readonly Line[], claim: Claim): Measure {
  const unit = unitOf(claim);
  const of = (line: Line): number | null => (unit === "confidence" ? line.change : line.oddsChange);
  const all = lines.map(of).filter((change) => change !== null);
  const digits = pointDigits(all);
  const scale = predicts(claim) ? predictionUnit(claim) : 1;
  // Three digits of the largest, as many decimals for all.
  const most = all.reduce((top, change) => Math.max(top, Math.abs(scale * change)), 1e-12);
  const first = -Math.floor(Math.log10(most));
  const decimals = Math.min(8, Math.max(0, 2 + first));
  const write = (change: number): string => {
    if (unit === "confidence") return points(change, digits);
    // Two digits of the largest: all would else be a hundredth.
    if (unit === "log-odds") return odds(change, Math.min(4, Math.max(2, 1 + first)));
    return points((scale * change) / 100, decimals);
  };
  return {
    unit,
    of,
    largest: all.reduce((most, change) => Math.max(most, Math.abs(change)), 1e-12),
    write,
    text: (line) => {
      const change = of(line);
      return change === null ? "–" : write(change);
    },
  };
}
