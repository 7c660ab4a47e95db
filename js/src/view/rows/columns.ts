/** Which features a table's rows show: those by which they differ most from the target. */

import { value } from "../../format.js";
import type { Column, TableItem, Value } from "../../protocol.js";
import type { Line } from "./lines.js";

/** A feature that at least this part of the rows differ in is said once, in the header. */
const SHARED = 0.5;
/** Fewer rows have nothing to share. */
const FEWEST = 3;

function tableOf(line: Line): TableItem | null {
  return line.item?.kind === "table" ? line.item : null;
}

/** Features for columns of their own, the most frequent first. */
export function sharedColumns(
  lines: readonly Line[],
  slots: number,
  least: number = SHARED,
): number[] {
  const tables = lines.map(tableOf).filter((item) => item !== null);
  if (least > 0 && tables.length < FEWEST) return [];
  const often = new Map<number, number>();
  for (const item of tables) {
    for (const column of item.differs.slice(0, slots)) {
      often.set(column, (often.get(column) ?? 0) + 1);
    }
  }
  return [...often]
    .filter(([, times]) => times >= least * tables.length)
    .sort((a, b) => b[1] - a[1])
    .slice(0, slots)
    .map(([column]) => column);
}

/** The features of one row: the shared ones first, then its own. */
export function rowColumns(
  item: TableItem,
  shared: readonly number[],
  slots: number,
  columns: number,
): number[] {
  const own = item.differs.filter((column) => column < columns && !shared.includes(column));
  return [...shared, ...own].slice(0, slots);
}

/** A value as a number where its column is one of numbers. */
export function numeric(value: Value | undefined, column: Column): number | null {
  if (column.low === null || column.high === null || column.low >= column.high) return null;
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Place of a value on its column's strip, 0 to 1. */
export function along(value: number, column: Column): number {
  const { low, high } = column;
  if (low === null || high === null || low >= high) return 0.5;
  return Math.min(1, Math.max(0, (value - low) / (high - low)));
}

/** Width of what a value is written with, at its size in the widest of the usual fonts. */
const LETTER = { bold: 8.4, plain: 7.7, point: 4.2, minus: 10 };
/** Of " vs ". */
const VERSUS = 23;
const BETWEEN = 10;
/** Most features that a row shows. */
export const MOST_SLOTS = 3;
/** Width of a strip and the gap beside it. */
const STRIP = 50;

export interface Fit {
  /** How many features a row shows. */
  slots: number;
  /** Whether there is room for the strips of all rows: a list with some of them looks torn. */
  strips: boolean;
}

function widthOf(text: string, weight: "bold" | "plain"): number {
  const letter = (c: string): number =>
    /[.,\s]/.test(c) ? LETTER.point : c === "\u2212" ? LETTER.minus : LETTER[weight];
  return Array.from(text).reduce((sum, c) => sum + letter(c), 0);
}

/** Widths of the numbers by which an item differs most: a run has them measured once, not at every step. */
const pairWidths = new WeakMap<TableItem, readonly number[]>();

function widthsOf(
  item: TableItem,
  columns: readonly Column[],
  aims: readonly Value[],
): readonly number[] {
  const known = pairWidths.get(item);
  if (known !== undefined) return known;
  const widths = item.differs.slice(0, MOST_SLOTS).map((i) => {
    const [column, own, aim] = [columns[i], item.values[i] ?? null, aims[i] ?? null];
    if (column === undefined || numeric(own, column) === null) return 0;
    return widthOf(value(own, 18), "bold") + VERSUS + widthOf(value(aim, 18), "plain");
  });
  pairWidths.set(item, widths);
  return widths;
}

/**
 * How many features fit beside each other in `width` pixels, at most `most`, so that no number
 * is clipped: a strip gives way to the numbers, and a feature to its neighbours.
 */
export function fit(
  width: number,
  most: number,
  lines: readonly Line[],
  columns: readonly Column[],
  aims: readonly Value[],
): Fit {
  let needed = 0;
  for (const item of lines.map(tableOf)) {
    if (item === null) continue;
    needed = Math.max(needed, ...widthsOf(item, columns, aims).slice(0, most));
  }
  for (let slots = most; slots > 1; slots--) {
    const each = (width - (slots - 1) * BETWEEN) / slots;
    if (each >= needed) return { slots, strips: each >= needed + STRIP };
  }
  return { slots: 1, strips: true };
}
