/** From a state and a size in pixels to everything that the curve draws. */

import { area as areaOf, line as lineOf } from "d3-shape";
import type { BandPoint, Claim, Ranking, State } from "../../protocol.js";
import { linear } from "../scale.js";
import type { Span } from "../scale.js";
import { phaseOf } from "../summary.js";
import { rowAxis } from "./axis.js";
import { bandLine, bandPoints } from "./band.js";
import { chance, confidenceExtent, forcingLine, rowsExtent } from "./extent.js";
import type { Point } from "./extent.js";

export const HEIGHT = { plot: 200, top: 44, bottom: 40 };
export const LEFT = 44;
const RIGHT = 10;

/** Points are drawn up to this many steps, then they would touch. */
export const POINTS = 60;

export interface Geometry {
  width: number;
  height: number;
  x: (rows: number) => number;
  /** Which number of rows is at a pixel, whole or not. */
  rowsAt: (x: number) => number;
  y: (confidence: number) => number;
  /** Of the drawing; a little below nothing, where a step took all confidence. */
  bottom: number;
  rows: number;
  /** Numbers of rows that the axis names. */
  ticks: number[];
  extent: [number, number];
  line: Point[];
  /** Lengths that were retrained several times; empty where steps were refitted one by one. */
  band: BandPoint[];
  /** Step at which the decision goes over; null while it has not. */
  flip: number | null;
}

export function geometry(
  state: State,
  claim: Claim,
  live: boolean,
  width: number,
  plot: number,
): Geometry {
  const rows = rowsExtent(state, live);
  const across: Span = [LEFT, Math.max(LEFT + 40, width - RIGHT)];
  const band = bandPoints(state, live).filter(([k]) => k <= rows);
  const axis = rowAxis(rows, across, band.length > 0);
  const line =
    band.length > 0 ? bandLine(band, state, claim, axis.along) : forcingLine(state, claim);
  const spread = band.flatMap(([k, , low, high]): Point[] => [
    [k, low],
    [k, high],
  ]);
  const extent = confidenceExtent(
    [...line, ...spread],
    state.rankings,
    chance(claim.threshold),
    rows,
  );
  const y = linear(extent, [HEIGHT.top + plot, HEIGHT.top]);
  return {
    width,
    height: HEIGHT.top + plot + HEIGHT.bottom,
    x: axis.x,
    rowsAt: axis.rowsAt,
    y: (p) => y(chance(p)),
    bottom: HEIGHT.top + plot,
    rows,
    ticks: axis.ticks,
    extent,
    line,
    band,
    flip: flipStep(state, live),
  };
}

function flipStep(state: State, live: boolean): number | null {
  const last = state.steps.at(-1);
  if (last === undefined) return null;
  const ended = phaseOf(state, live) === "ended";
  if (state.verified !== null) return state.verified.flipped ? state.steps.length : null;
  if (ended && state.end?.status !== "flipped") return null;
  return last.margin < 0 ? state.steps.length : null;
}

/** Marks get smaller before they vanish. */
export function markSize(steps: number): number {
  return steps <= 20 ? 4.2 : 3.2;
}

/** A line that is finer than its pixels is drawn from every k-th point, and the last. */
export function thin(points: readonly Point[], width: number): readonly Point[] {
  const stride = Math.ceil(points.length / (2 * width));
  if (stride < 2) return points;
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

export function path(g: Geometry, points: readonly Point[]): string {
  const draw = lineOf<Point>(
    (p) => g.x(p[0]),
    (p) => g.y(p[1]),
  );
  return draw([...thin(points, g.width)]) ?? "";
}

export function pixels(g: Geometry, points: readonly Point[]): [number, number][] {
  return thin(points, g.width).map((p) => [g.x(p[0]), g.y(p[1])]);
}

/** From the lowest to the highest of the retrainings. */
export function bandPath(g: Geometry): string {
  const draw = areaOf<BandPoint>()
    .x(([k]) => g.x(k))
    .y0(([, , low]) => g.y(low))
    .y1(([, , , high]) => g.y(high));
  return draw(g.band) ?? "";
}

/** Where a baseline's line is at k, on its straight pieces. */
export function along(curve: Ranking["curve"], k: number): number | null {
  for (let i = 0; i < curve.length; i++) {
    const b = curve[i];
    if (b === undefined || b[0] < k) continue;
    if (b[0] === k) return b[1];
    const a = curve[i - 1];
    if (a === undefined) return null;
    return a[1] + ((b[1] - a[1]) * (k - a[0])) / (b[0] - a[0]);
  }
  return null;
}
