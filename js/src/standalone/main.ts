/**
 * The script of a page that `to_html` wrote: draws the state that the page carries. Without it,
 * or where the state is damaged, the plain table that the page holds stays.
 */

import { parseState } from "../guards.js";
import { mount } from "../view/index.js";
import { readPage } from "./read.js";

/** Paper is white, whatever the reader's screen prefers. */
function printLight(body: HTMLElement): void {
  addEventListener("beforeprint", () => body.setAttribute("data-jp-theme-light", "true"));
  addEventListener("afterprint", () => body.removeAttribute("data-jp-theme-light"));
}

function show(): void {
  const state = parseState(readPage(document));
  const plain = document.querySelector("main");
  if (state === null || plain === null) return;
  const root = document.createElement("div");
  root.className = "view";
  plain.before(root);
  try {
    mount(root, { state, live: null });
  } catch (error) {
    root.remove();
    throw error;
  }
  printLight(document.body);
}

show();
