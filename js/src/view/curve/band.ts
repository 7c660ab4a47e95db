/** The line of a search by retrainings: known at some lengths only, and there as a spread. */

import type { BandPoint, Claim, State } from "../../protocol.js";
import { phaseOf } from "../summary.js";
import { chance } from "./extent.js";
import type { Point } from "./extent.js";

/** The lengths that are drawn, by rows; of an ended search those up to its set. */
export function bandPoints(state: State, live: boolean): BandPoint[] {
  const size = state.steps.length;
  const whole = size === 0 || phaseOf(state, live) !== "ended";
  return state.band
    .filter(([k]) => whole || k <= size)
    .map(([k, ...spread]): BandPoint => {
      const [mean, low, high] = spread.map(chance);
      return [k, mean ?? 0, low ?? 0, high ?? 0];
    })
    .sort((a, b) => a[0] - b[0]);
}

/**
 * Confidence after each step, on straight pieces between the lengths that were retrained;
 * `along` is the axis on which they are straight.
 */
export function bandLine(
  band: readonly BandPoint[],
  state: State,
  claim: Claim,
  along: (k: number) => number,
): Point[] {
  const { steps } = state;
  const known = new Map<number, number>([[0, chance(claim.confidence)]]);
  const last = steps.at(-1);
  if (last) known.set(steps.length, chance(last.confidence));
  for (const [k, mean] of band) known.set(k, mean);
  const knots = [...known].sort((a, b) => a[0] - b[0]);
  let next = 0;
  return Array.from({ length: steps.length + 1 }, (_, k): Point => {
    while (next < knots.length - 1 && (knots[next]?.[0] ?? k) < k) next++;
    const [right, high] = knots[next] ?? [k, 0];
    const [left, low] = knots[next - 1] ?? [right, high];
    if (right <= k || right === left) return [k, high];
    const part = (along(k) - along(left)) / (along(right) - along(left));
    return [k, low + part * (high - low)];
  });
}
