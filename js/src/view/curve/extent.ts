/** What the axes show: fitted to the data, and the decision line always in it. */

import { nice, ticks } from "d3-array";
import type { Claim, Ranking, State } from "../../protocol.js";
import { confidenceAt, logOdds, phaseOf, predictionUnit } from "../summary.js";

export type Point = readonly [k: number, confidence: number];

/** What was edited by hand may say anything: a drawing needs places between 0 and 1. */
export function chance(p: number): number {
  return Math.min(1, Math.max(0, p));
}

/** Confidence over rows removed, the start first. */
export function forcingLine(state: State, claim: Claim): Point[] {
  return [
    [0, chance(claim.confidence)],
    ...state.steps.map((s, i): Point => [i + 1, chance(s.confidence)]),
  ];
}

/** While a run streams the axis grows by jumps, not at every step. */
const LADDER = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

/** The largest k on the axis. */
export function rowsExtent(state: State, live: boolean): number {
  const phase = phaseOf(state, live);
  const streaming = phase === "running" || phase === "paused" || phase === "waiting";
  const size = state.steps.length;
  // A search by retrainings tries lengths before it has a set, and larger ones than that.
  const steps =
    size > 0 && !streaming ? size : state.band.reduce((most, [k]) => Math.max(most, k), size);
  // A baseline that needs many times as many rows would squeeze the forcing line.
  const near = Math.max(2 * steps, streaming ? 16 : 6);
  const flips = state.rankings
    .map((ranking) => ranking.flips_at ?? 0)
    .filter((k) => k <= near)
    .map((k) => 1.1 * k);
  const most = Math.max(1.35 * steps, ...flips, 4);
  if (!streaming) return Math.ceil(nice(0, most, 8)[1]);
  return LADDER.find((k) => k >= most) ?? Math.ceil(most / 512) * 512;
}

/** Lowest and highest confidence on the axis. */
export function confidenceExtent(
  line: readonly Point[],
  rankings: readonly Ranking[],
  threshold: number,
  rows: number,
): [number, number] {
  const ours = line.map(([, p]) => p);
  const others = rankings.flatMap((r) =>
    r.curve.filter(([k]) => k <= rows).map(([, p]) => chance(p)),
  );
  const top = Math.min(1, Math.max(...ours, ...others, threshold + 0.01));
  const above = top - threshold;
  // Room for the mark of a last step that went far below, be it to nothing.
  const last = Math.min(...ours);
  const low = Math.min(last - 0.06 * (top - last), Math.max(0, threshold - 0.37 * above));
  return [low, Math.min(1, top + 0.06 * above)];
}

/** Ticks that leave room for the decision line's own. */
export function confidenceTicks(extent: [number, number], threshold: number): number[] {
  const [low, high] = extent;
  const apart = 0.07 * (high - low);
  return ticks(100 * low, 100 * high, 5)
    .map((tick) => tick / 100)
    .filter((tick) => tick > threshold && tick - threshold > apart);
}

/** The same for a regression, whose axis says predictions: round ones, where they lie. */
export function predictionTicks(extent: [number, number], claim: Claim): number[] {
  const value = (p: number): number => (claim.cut ?? 0) + predictionUnit(claim) * logOdds(p);
  const [low, high] = [value(chance(extent[0])), value(extent[1])];
  // Where floating point has no numbers between the two, there is nothing to count.
  const size = Math.max(Math.abs(low), Math.abs(high), 1e-280);
  if (!(Math.abs(high - low) > 1e-12 * size)) return [];
  const apart = 0.07 * (extent[1] - extent[0]);
  return ticks(low, high, 7)
    .map((value) => confidenceAt(claim, value))
    .filter((p) => p - claim.threshold > apart && p < extent[1]);
}

/** Whole numbers of rows, about one every 90 px. */
export function rowTicks(rows: number, width: number): number[] {
  const wanted = Math.max(2, Math.min(rows, Math.floor(width / 80)));
  return ticks(0, rows, wanted).filter((tick) => Number.isInteger(tick));
}
