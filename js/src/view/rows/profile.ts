/** What the rows of a group have in common: the features that most of them differ in, and how. */

import type { Column } from "../../protocol.js";
import { numeric, rowColumns, sharedColumns } from "./columns.js";
import type { Line } from "./lines.js";

/** Of each end of the rows, the part that a spread leaves out. */
const TAIL = 0.1;

export interface Spread {
  column: number;
  /** The middle of the rows, and the ends of their middle 80 %. */
  low: number;
  middle: number;
  high: number;
}

/** Features of numbers, at most `slots`: first those that the rows differ in most often. */
export function profileOf(
  lines: readonly Line[],
  columns: readonly Column[],
  slots: number,
): Spread[] {
  const first = lines[0]?.item;
  if (first?.kind !== "table") return [];
  const often = sharedColumns(lines, slots, 0);
  return rowColumns(first, often, slots, columns.length)
    .map((column) => spreadOf(lines, columns, column))
    .filter((spread) => spread !== null);
}

function spreadOf(
  lines: readonly Line[],
  columns: readonly Column[],
  column: number,
): Spread | null {
  const known = columns[column];
  if (known === undefined) return null;
  const values = lines
    .map(({ item }) => (item?.kind === "table" ? numeric(item.values[column], known) : null))
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  const at = (part: number): number | undefined => values[Math.round(part * (values.length - 1))];
  const [low, middle, high] = [at(TAIL), at(0.5), at(1 - TAIL)];
  if (low === undefined || middle === undefined || high === undefined) return null;
  return { column, low, middle, high };
}
