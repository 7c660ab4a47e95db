/** Rows to pixels and back: straight, or by doublings where a search took rows by hundreds. */

import { linear } from "../scale.js";
import type { Span } from "../scale.js";
import { rowTicks } from "./extent.js";

/** Up to here every row has room of its own. */
const STRAIGHT = 20;

export interface RowAxis {
  x: (rows: number) => number;
  /** Which number of rows is at a pixel, whole or not. */
  rowsAt: (x: number) => number;
  ticks: number[];
  /** Where a number of rows is, in a unit in which the axis is straight. */
  along: (rows: number) => number;
}

export function rowAxis(rows: number, across: Span, banded: boolean): RowAxis {
  const width = across[1] - across[0];
  if (!banded || rows <= STRAIGHT) {
    return {
      x: linear([0, rows], across),
      rowsAt: linear(across, [0, rows]),
      ticks: rowTicks(rows, width),
      along: (k) => k,
    };
  }
  const along = (k: number): number => Math.log2(Math.max(0, k) + 1);
  const x = linear([0, along(rows)], across);
  const back = linear(across, [0, along(rows)]);
  return {
    x: (k) => x(along(k)),
    rowsAt: (pixel) => 2 ** back(pixel) - 1,
    ticks: doublingTicks(rows, (k) => x(along(k))),
    along,
  };
}

/** Room that the number at a tick needs, beside one digit of it. */
const TICK = 16;
const DIGIT = 7;

/** 0, 1, 2, 5, 10, 20, 50, ..., as far as they have room. */
function doublingTicks(rows: number, x: (k: number) => number): number[] {
  const ticks = [0];
  for (let power = 1; power <= rows; power *= 10) {
    for (const k of [power, 2 * power, 5 * power]) {
      const room = TICK + DIGIT * String(k).length;
      if (k <= rows && x(k) - x(ticks.at(-1) ?? 0) >= room) ticks.push(k);
    }
  }
  return ticks;
}
