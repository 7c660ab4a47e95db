/** One view on a page, and what a reader finds in it. */

import { afterEach } from "vitest";
import type { State } from "../src/protocol.js";
import { mount } from "../src/view/index.js";
import type { MountedView } from "../src/view/index.js";
import type { TestLine } from "./fixtures.js";

let view: MountedView | null = null;
let root: HTMLElement = document.createElement("div");

/** Draws into the same element when `again`. */
export function draw(state: State | null, live: TestLine | null = null, again = false): ShadowRoot {
  if (!again) {
    root = document.createElement("div");
    document.body.append(root);
  }
  view = mount(root, { state, live });
  return root.shadowRoot!;
}

export function close(): void {
  view?.dispose();
  view = null;
}

export const text = (node: Element | null): string =>
  (node?.textContent ?? "").replace(/\s+/g, " ").trim();
export const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 40));

export function button(shadow: ShadowRoot, name: string): HTMLButtonElement {
  const all = [...shadow.querySelectorAll("button")];
  const found = all.find((b) => (b.getAttribute("aria-label") ?? text(b)).startsWith(name));
  if (!found) throw new Error(`no button ${name} among ${all.map(text).join(" | ")}`);
  return found;
}

afterEach(() => {
  close();
  root.remove();
});
