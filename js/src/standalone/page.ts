/**
 * The page that `forcing/explanation/page.py` writes, made where there is no kernel to ask. Both
 * fill the built shell; the table below the view is shorter here.
 */

import type { State } from "../protocol.js";
import { supportLines, rowName } from "../view/rows/lines.js";
import { answer } from "../view/sentence.js";

export function page(shell: string, state: State): string {
  const title = answer(state, false);
  const lines = state.start === null ? [] : supportLines(state, state.start);
  const items = lines.map((line) => `<li>${escape(`${rowName(line)}, ${line.label}`)}</li>\n`);
  const body = `<h1>${escape(title)}</h1>\n<ol>\n${items.join("")}</ol>\n`;
  return fill(shell, { title: escape(title), body, state: inScript(state) });
}

/** In one pass, so that nothing in the data is taken for a place to fill. */
export function fill(shell: string, parts: Record<string, string>): string {
  return shell.replace(/\{\{(\w+)\}\}/g, (place, name: string) => parts[name] ?? place);
}

/** JSON that cannot end the element it stands in. */
export function inScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#x27;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
