/**
 * The view: one function for every host. `mount` draws into a shadow root, so
 * that no style of ours reaches the page and none of the page's reaches us.
 */

import type { ComponentChildren } from "preact";
import { h, render } from "preact";
import type { Host, Transport } from "../host.js";
import type { Comparison } from "../protocol.js";
import { Store } from "../store.js";
import { Boundary } from "./boundary.js";
import type { Side } from "./compare/index.js";
import { Compare } from "./compare/index.js";
import styles from "./styles.js";
import { Explore } from "./targets/index.js";
import { followTone } from "./theme.js";

export type { Host, Transport } from "../host.js";

export interface MountedView {
  setLive(live: Transport | null): void;
  dispose(): void;
}

/** Draws a store that several views may share; the caller keeps it. Returns the end. */
export function attach(root: HTMLElement, store: Store): () => void {
  return draw(root, h(Boundary, { store }, h(Explore, { store })));
}

/** Two saved explanations beside each other. */
export function mountComparison(root: HTMLElement, { states, names }: Comparison): MountedView {
  const side = (i: 0 | 1): Side => ({
    store: new Store({ state: { ...states[i], targets: null }, live: null }),
    name: names[i],
  });
  const sides: [Side, Side] = [side(0), side(1)];
  const { store } = sides[0];
  const detach = draw(root, h(Boundary, { store }, h(Compare, { sides })));
  return {
    setLive: () => undefined,
    dispose: () => {
      detach();
      sides.forEach(({ store }) => store.dispose());
    },
  };
}

function draw(root: HTMLElement, view: ComponentChildren): () => void {
  const end = new AbortController();
  // A host that draws again into the same element finds its shadow root there.
  const shadow = root.shadowRoot ?? root.attachShadow({ mode: "open" });
  // On the host: what listens at the document does not see into a shadow root.
  root.dataset.lmSuppressShortcuts = "true";
  const style = root.ownerDocument.createElement("style");
  style.textContent = styles;
  const stage = root.ownerDocument.createElement("div");
  stage.className = "stage";
  shadow.replaceChildren(style, stage);
  followTone(stage, end.signal);
  render(view, stage);
  return () => {
    end.abort();
    render(null, stage);
    shadow.replaceChildren();
  };
}

export function mount(root: HTMLElement, host: Host): MountedView {
  const store = new Store(host);
  const detach = attach(root, store);
  return {
    setLive: (live) => store.setLive(live),
    dispose: () => {
      detach();
      store.dispose();
    },
  };
}
