/** The set as text: positions for a program, a table for a spreadsheet. */

import type { State, Start, Value } from "../protocol.js";
import { supportLines } from "./rows/lines.js";
import { relabels } from "./summary.js";

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

/** Hands a file to the reader without a network. */
export function save(document: Document, name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the data once it began.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** True where the clipboard took the text. */
export async function copy(document: Document, text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain HTTP and sandboxed outputs have no clipboard object: the old way still works.
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.append(area);
    area.select();
    try {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way there
      return document.execCommand("copy");
    } finally {
      area.remove();
    }
  }
}
