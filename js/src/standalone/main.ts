/**
 * The script of a page that `to_html` wrote: draws the state that the page carries. Without it,
 * or where the state is damaged, the plain table that the page holds stays.
 */

import { parseComparison, parseState } from "../guards.js";
import { mount, mountComparison } from "../view/index.js";
import { readPage } from "./read.js";

/** Paper is white, whatever the reader's screen prefers. */
function printLight(body: HTMLElement): void {
  addEventListener("beforeprint", () => body.setAttribute("data-jp-theme-light", "true"));
  addEventListener("afterprint", () => body.removeAttribute("data-jp-theme-light"));
}

function draw(root: HTMLElement, payload: unknown): boolean {
  const state = parseState(payload);
  const comparison = state === null ? parseComparison(payload) : null;
  if (state !== null) mount(root, { state, live: null });
  else if (comparison !== null) mountComparison(root, comparison);
  return state !== null || comparison !== null;
}

function show(): void {
  const plain = document.querySelector("main");
  if (plain === null) return;
  // The page's main part and its heading: the plain one, with its own, is hidden beside the view.
  const page = document.createElement("main");
  page.className = "view";
  const heading = document.createElement("h1");
  heading.className = "aloud";
  heading.textContent = document.title;
  const root = document.createElement("div");
  page.append(heading, root);
  plain.before(page);
  let drawn = false;
  try {
    drawn = draw(root, readPage(document));
  } finally {
    if (drawn) printLight(document.body);
    else page.remove();
  }
}

show();
