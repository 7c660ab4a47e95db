/** Sorting, filtering and grouping of a list: of what is known already, nothing is computed anew. */

import { className, value } from "../../format.js";
import type { Column, Display } from "../../protocol.js";
import type { Line } from "./lines.js";

export type Order = "order" | "change" | "back" | "row" | "label";
export type Grouping = "none" | "label" | "sign" | "feature";

export interface Arrangement {
  order: Order;
  group: Grouping;
  /** "all", "positive", "negative", or "label:" with the label. */
  show: string;
  /** Only the rows of the first so many removals; null for all. */
  upTo: number | null;
  text: string;
  /** Keys of the groups whose rows are shown. */
  open: readonly string[];
}

export const asFound: Arrangement = {
  order: "order",
  group: "none",
  show: "all",
  upTo: null,
  text: "",
  open: [],
};

export interface Group {
  kind: "group";
  key: string;
  title: string;
  lines: Line[];
  open: boolean;
}
/** What one line of the screen shows. */
export type Entry = { kind: "line"; line: Line } | Group;

/** Lines do not change: what they are searched by is put together once. */
const texts = new WeakMap<Line, string>();

/** What a reader may search a row by. */
export function searched(line: Line, columns: readonly Column[]): string {
  const known = texts.get(line);
  if (known !== undefined) return known;
  const words = [line.name ?? "", `row ${line.row}`, className(line.label)];
  if (line.item?.kind === "text") words.push(line.item.text);
  if (line.item?.kind === "table") {
    line.item.values.forEach((v, i) => words.push(`${columns[i]?.name ?? ""} ${value(v)}`));
  }
  const text = words.join("\n").toLowerCase();
  texts.set(line, text);
  return text;
}

function columnsOf(display: Display): readonly Column[] {
  return display.kind === "table" ? display.columns : [];
}

/** Small first; what was not measured comes last. */
function byNumber(of: (line: Line) => number | null): (a: Line, b: Line) => number {
  return (a, b) => (of(a) ?? Infinity) - (of(b) ?? Infinity) || a.place - b.place;
}

const COMPARE: Record<Order, (a: Line, b: Line) => number> = {
  order: (a, b) => a.place - b.place,
  change: (a, b) =>
    Math.abs(b.oddsChange ?? b.change ?? 0) - Math.abs(a.oddsChange ?? a.change ?? 0) ||
    a.place - b.place,
  // The row whose return is nearest to the old decision is the one that is needed most.
  back: byNumber((line) => (line.back === null ? null : -line.back)),
  row: (a, b) => a.row - b.row,
  label: (a, b) => a.label.localeCompare(b.label) || a.place - b.place,
};

function keep(arrangement: Arrangement, columns: readonly Column[]): (line: Line) => boolean {
  const { show, upTo } = arrangement;
  const words = arrangement.text.toLowerCase().split(/\s+/).filter(Boolean);
  return (line) => {
    if (show === "positive" && !line.positive) return false;
    if (show === "negative" && line.positive) return false;
    if (show.startsWith("label:") && line.label !== show.slice(6)) return false;
    if (upTo !== null && (line.step ?? Infinity) > upTo) return false;
    if (words.length === 0) return true;
    const all = searched(line, columns);
    return words.every((word) => all.includes(word));
  };
}

function groupOf(line: Line, by: Grouping, columns: readonly Column[]): [string, string] {
  switch (by) {
    case "label":
      return [line.label, className(line.label)];
    case "sign":
      return line.positive ? ["+", "positive"] : ["-", "negative"];
    case "feature": {
      const i = line.item?.kind === "table" ? line.item.differs[0] : undefined;
      const name = i === undefined ? undefined : columns[i]?.name;
      return name === undefined
        ? ["none", "rows like none of these"]
        : [`f${i ?? ""}`, `differ most in ${name}`];
    }
    case "none":
      return ["", ""];
  }
}

/** Large groups first, each with its lines where it is open. */
function grouped(lines: readonly Line[], arrangement: Arrangement, display: Display): Entry[] {
  const groups = new Map<string, Group>();
  const columns = columnsOf(display);
  for (const line of lines) {
    const [key, title] = groupOf(line, arrangement.group, columns);
    const group = groups.get(key);
    if (group !== undefined) group.lines.push(line);
    else {
      const open = arrangement.open.includes(key);
      groups.set(key, { kind: "group", key, title, lines: [line], open });
    }
  }
  return [...groups.values()]
    .sort((a, b) => b.lines.length - a.lines.length)
    .flatMap((group): Entry[] => [
      group,
      ...(group.open ? group.lines.map((line): Entry => ({ kind: "line", line })) : []),
    ]);
}

export function arranged(
  lines: readonly Line[],
  arrangement: Arrangement,
  display: Display,
): Entry[] {
  const kept = lines.filter(keep(arrangement, columnsOf(display)));
  const sorted = arrangement.order === "order" ? kept : kept.sort(COMPARE[arrangement.order]);
  // Pictures have their signs side by side in the galleries; a grid of them has no group lines.
  if (arrangement.group === "none" || display.kind === "image") {
    return sorted.map((line) => ({ kind: "line", line }));
  }
  return grouped(sorted, arrangement, display);
}

/** The rows between two places, both with it. */
export function between(entries: readonly Entry[], from: number, to: number): number[] {
  const [low, high] = from < to ? [from, to] : [to, from];
  const rows = entries
    .slice(low, high + 1)
    .flatMap((entry) => (entry.kind === "line" ? [entry.line.row] : []));
  // The newest last.
  return from <= to ? rows : rows.reverse();
}

/** A click alone picks one row; with the control key it adds one or drops it. */
export function picked(
  selected: readonly number[],
  row: number,
  several: boolean,
): readonly number[] {
  if (!several) return [row];
  return selected.includes(row) ? selected.filter((other) => other !== row) : [...selected, row];
}
