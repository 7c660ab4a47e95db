/** From a plane and a size in pixels to where everything on it is. */

import { ticks as roundValues } from "d3-array";
import { quantity } from "../../format.js";
import type { Axis, Plane } from "../../protocol.js";
import { textWidth } from "../curve/place.js";
import type { Box } from "../curve/place.js";
import { linear } from "../scale.js";
import type { Role } from "../shapes.js";

/** From the low end of an axis to its high end, as the protocol counts. */
const WHOLE = 10_000;
/** Room for the names of the boundaries, and for the ticks and the name of the axis. */
const TOP = 32;
const BOTTOM = 40;
const RIGHT = 6;
/** Type of an axis. */
const SIZE = 11.5;

export interface Tick {
  at: number;
  text: string;
}

export interface Layout {
  width: number;
  height: number;
  /** What is inside of the axes. */
  frame: Box;
  across: Tick[];
  up: Tick[];
}

export type Segment = [x1: number, y1: number, x2: number, y2: number];

export function roleAt(plane: Plane, index: number): Role {
  return (["favoured", "rival"] as const)[plane.roles[index] ?? 2] ?? "other";
}

/** All ticks of an axis in one unit: "250k" beside "50k". */
function tickText(v: number, largest: number): string {
  const [unit, sign] = largest >= 2e6 ? [1e6, "M"] : largest >= 1e4 ? [1e3, "k"] : [1, ""];
  return v === 0 ? "0" : quantity(v / unit) + sign;
}

/** As many round values as have room. */
export function ticksOf(axis: Axis, length: number, room: (text: string) => number): Tick[] {
  const scale = linear([axis.low, axis.high], [0, length]);
  const largest = Math.max(Math.abs(axis.low), Math.abs(axis.high));
  for (let wanted = 6; ; wanted--) {
    const ticks = roundValues(axis.low, axis.high, wanted).map((v): Tick => ({
      at: scale(v),
      text: tickText(v, largest),
    }));
    const widest = Math.max(0, ...ticks.map((tick) => room(tick.text)));
    if (widest * ticks.length <= length || wanted === 1) return ticks;
  }
}

export function layout(plane: Plane, width: number, height: number): Layout {
  const inside = height - TOP - BOTTOM;
  const up = ticksOf(plane.y, inside, () => 36).map((tick) => ({ ...tick, at: inside - tick.at }));
  const widest = Math.max(0, ...up.map((tick) => textWidth(tick.text, SIZE)));
  const left = Math.round(Math.min(72, Math.max(28, widest + 12)));
  const frame = { x: left, y: TOP, width: Math.max(40, width - left - RIGHT), height: inside };
  const across = ticksOf(plane.x, frame.width, (text) => textWidth(text, SIZE) + 18);
  return { width, height, frame, across, up };
}

export function xOf(frame: Box, steps: number): number {
  return frame.x + (frame.width * steps) / WHOLE;
}

export function yOf(frame: Box, steps: number): number {
  return frame.y + frame.height * (1 - steps / WHOLE);
}

/** Inside of the frame, however far outside it is. */
export function held(steps: number): number {
  return Math.min(WHOLE, Math.max(0, steps));
}

export interface Points {
  /** In pixels; not a number where a point lies outside of the frame. */
  xs: Float32Array;
  ys: Float32Array;
  outside: number;
}

export function pixels(plane: Plane, frame: Box): Points {
  const n = plane.xs.length;
  const points = { xs: new Float32Array(n), ys: new Float32Array(n), outside: 0 };
  for (let i = 0; i < n; i++) {
    const x = plane.xs[i] ?? -1;
    const y = plane.ys[i] ?? -1;
    const inside = x >= 0 && x <= WHOLE && y >= 0 && y <= WHOLE;
    if (!inside) points.outside += 1;
    points.xs[i] = inside ? xOf(frame, x) : NaN;
    points.ys[i] = inside ? yOf(frame, y) : NaN;
  }
  return points;
}

/** The nearest point within reach; the later one of two, which is drawn above. */
export function nearest(
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  x: number,
  y: number,
  reach: number,
): number | null {
  let found: number | null = null;
  let least = reach * reach;
  for (let i = 0; i < xs.length; i++) {
    const dx = (xs[i] ?? NaN) - x;
    const dy = (ys[i] ?? NaN) - y;
    const distance = dx * dx + dy * dy;
    if (distance <= least) [found, least] = [i, distance];
  }
  return found;
}

/** The part of a segment that is inside of a box; null where none is (Liang and Barsky). */
export function clip([x1, y1, x2, y2]: Segment, box: Box): Segment | null {
  const [dx, dy] = [x2 - x1, y2 - y1];
  let [from, to] = [0, 1];
  const edges: [step: number, room: number][] = [
    [-dx, x1 - box.x],
    [dx, box.x + box.width - x1],
    [-dy, y1 - box.y],
    [dy, box.y + box.height - y1],
  ];
  for (const [step, room] of edges) {
    if (step === 0) {
      if (room < 0) return null;
      continue;
    }
    const at = room / step;
    if (step < 0) from = Math.max(from, at);
    else to = Math.min(to, at);
    if (from > to) return null;
  }
  return [x1 + from * dx, y1 + from * dy, x1 + to * dx, y1 + to * dy];
}

/** What is to be seen of a boundary, in pixels. */
export function visible(lines: readonly (readonly number[])[], frame: Box): Segment[] {
  const found: Segment[] = [];
  for (const line of lines) {
    for (let i = 3; i < line.length; i += 2) {
      const [x1, y1, x2, y2] = line.slice(i - 3, i + 1);
      const whole: Segment = [
        xOf(frame, x1 ?? 0),
        yOf(frame, y1 ?? 0),
        xOf(frame, x2 ?? 0),
        yOf(frame, y2 ?? 0),
      ];
      const part = clip(whole, frame);
      if (part !== null) found.push(part);
    }
  }
  return found;
}

/** One path of all segments; what hangs together is one stroke, so that dashes go on. */
export function pathOf(segments: readonly Segment[]): string {
  let [x, y] = [NaN, NaN];
  return segments
    .map((segment) => {
      const goesOn = segment[0] === x && segment[1] === y;
      const [x1, y1, x2, y2] = segment.map((v) => v.toFixed(1));
      [x, y] = [segment[2], segment[3]];
      return `${goesOn ? "" : `M${x1} ${y1}`}L${x2} ${y2}`;
    })
    .join("");
}

/** Axes to ask for when one of them is chosen anew; the other gives way where it has to. */
export function choose(
  plane: Plane,
  side: "x" | "y",
  feature: number | null,
): [x: number | null, y: number | null] {
  if (feature === null) return [null, null];
  const own = plane[side].feature;
  const other = plane[side === "x" ? "y" : "x"].feature;
  const free = other !== null && other !== feature ? other : own !== feature ? own : null;
  const rest = free ?? (feature === 0 ? 1 : 0);
  return side === "x" ? [feature, rest] : [rest, feature];
}
