/**
 * The view: one function for every host. `mount` draws into a shadow root, so
 * that no style of ours reaches the page and none of the page's reaches us.
 */

import { h, render } from "preact";
import type { Host, Transport } from "../host.js";
import { Store } from "../store.js";
import { App } from "./app.js";
import { Boundary } from "./boundary.js";
import styles from "./styles.js";
import { followTone } from "./theme.js";

export type { Host, Transport } from "../host.js";

export interface MountedView {
  setLive(live: Transport | null): void;
  dispose(): void;
}

/** Draws a store that several views may share; the caller keeps it. Returns the end. */
export function attach(root: HTMLElement, store: Store): () => void {
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
  render(h(Boundary, { store }, h(App, { store })), stage);
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
