/** The set as text: positions for a program, a table for a spreadsheet. */

import type { State, Start, Value } from "../../protocol.js";
import { supportLines } from "../rows/lines.js";
import { relabels } from "../summary.js";

/** "[117, 442, 185]", as Python and JSON read it. */
export function rowsText(state: State): string {
  return `[${state.steps.map((step) => step.row).join(", ")}]`;
}

/**
 * One cell. A text that begins like a formula gets an apostrophe, so that no
 * spreadsheet runs what came as data.
 */
function cell(v: Value | boolean): string {
  if (v === null) return "";
  const text = typeof v === "string" && /^[=+\-@\t\r]/.test(v) ? `'${v}` : String(v);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csv(state: State, start: Start): string {
  const { display } = start;
  const changed = relabels(state);
  const columns = display.kind === "table" ? display.columns.map((column) => column.name) : [];
  const extra = display.kind === "text" ? ["text"] : columns;
  const head = [
    ..."order row name label positive confidence change margin loss_gap if_put_back".split(" "),
    ...(changed ? ["becomes"] : []),
    ...extra,
  ];
  const body = supportLines(state, start).map((line, i) => {
    const step = state.steps[i];
    const item = line.item;
    const content: Value[] =
      item?.kind === "table"
        ? columns.map((_, j) => item.values[j] ?? null)
        : item?.kind === "text"
          ? [item.text]
          : extra.map(() => null);
    const own = [line.place, line.row, line.name, line.label, line.positive];
    const moved = [
      line.confidence,
      line.change,
      step?.margin ?? null,
      step?.gap ?? null,
      line.back,
    ];
    return [...own, ...moved, ...(changed ? [line.becomes] : []), ...content];
  });
  return [head, ...body].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
