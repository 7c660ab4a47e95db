/** From tallies to strips of dots on one axis. */

import { max, min, ticks } from "d3-array";
import type { Claim, State, Tally } from "../../protocol.js";
import { chance } from "../curve/extent.js";
import { linear } from "../scale.js";
import type { Span } from "../scale.js";
import { confidenceAt, decides, logOdds, predictionUnit, predicts } from "../summary.js";

export const STRIP = { height: 52, radius: 4.4, side: 10 };
/** Between dots that would touch, and between their layers. */
const APART = 1;

/** Of the axis, to either side of the decision. */
const LEAST = 0.08;

export interface Dot {
  x: number;
  /** From the middle of the strip; negative above. */
  dy: number;
  role: "favoured" | "rival";
}

/** Confidences on the axis: all of the dots, and the decision. */
export function stripExtent(tallies: readonly Tally[], threshold: number): [number, number] {
  const edge = chance(threshold);
  const all = tallies.flatMap((tally) => tally.confidences.map(chance));
  // Dots close to each other stay close, and both sides of the decision are seen.
  const low = Math.min(edge - LEAST, min(all) ?? edge);
  const high = Math.max(edge + LEAST, max(all) ?? edge);
  const room = 0.06 * (high - low);
  // At nothing and at certainty the axis ends: beyond there are no chances.
  return [Math.max(0, low - room), Math.min(1, high + room)];
}

export function stripScale(extent: Span, width: number): (p: number) => number {
  const { side, radius } = STRIP;
  const x = linear(extent, [side, Math.max(side + 1, width - side)]);
  return (p) => Math.min(width - radius, Math.max(radius, x(chance(p))));
}

/** Dots that would cover each other are stacked, above and below the middle in turn. */
export function dots(tally: Tally, claim: Claim, x: (p: number) => number): Dot[] {
  const { radius, height } = STRIP;
  const ends: number[] = [];
  const placed = [...tally.confidences]
    .sort((a, b) => a - b)
    .map((p) => {
      const at = x(p);
      const free = ends.findIndex((end) => end + 2 * radius + APART <= at);
      const layer = free < 0 ? ends.length : free;
      ends[layer] = at;
      return { at, layer, role: decides(claim, p) };
    });
  // Many layers share the height there is.
  const half = Math.ceil((ends.length - 1) / 2);
  const step = Math.min(2 * radius + APART, (height / 2 - radius - 2) / Math.max(1, half));
  return placed.map(({ at, layer, role }) => {
    const up = layer % 2 === 1 ? -1 : 1;
    return { x: at, dy: up * Math.ceil(layer / 2) * step, role };
  });
}

/** Where the axis has numbers beside the decision's: whole tens of per cent, or round predictions. */
export function stripTicks(extent: Span, claim: Claim, width: number): number[] {
  const wanted = Math.max(2, Math.floor(width / 90));
  const [low, high] = extent;
  if (!predicts(claim)) {
    return ticks(100 * low, 100 * high, wanted)
      .map((tick) => tick / 100)
      .filter((tick) => Math.abs(tick - claim.threshold) > 0.06 * (high - low));
  }
  const value = (p: number): number => (claim.cut ?? 0) + predictionUnit(claim) * logOdds(p);
  const [from, to] = [value(low), value(high)].sort((a, b) => a - b);
  if (from === undefined || to === undefined || !(to - from > 1e-12 * Math.abs(to))) return [];
  return ticks(from, to, wanted)
    .map((tick) => confidenceAt(claim, tick))
    .filter((p) => p > low && p < high)
    .filter((p) => Math.abs(p - claim.threshold) > 0.06 * (high - low));
}

export interface Strip {
  key: "all" | "set" | "random";
  /** Null while it is waited for. */
  tally: Tally | null;
}

/** The strips there are, and those that a run on its way will bring. */
export function strips(state: State, running: boolean): Strip[] {
  const { stability, verified } = state;
  const all: Strip[] = stability === null ? [] : [{ key: "all", tally: stability }];
  if (verified?.agreement) {
    all.push({ key: "set", tally: verified.agreement });
    if (verified.control) all.push({ key: "random", tally: verified.control });
  } else if (stability !== null && verified === null && running) {
    all.push({ key: "set", tally: null }, { key: "random", tally: null });
  }
  return all;
}
