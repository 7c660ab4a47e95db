/** A shadow root for what the extension draws itself, in the colours of the view. */

import { h, render, type ComponentType } from "preact";

import base from "../view/style/base.css";
import tokens from "../view/style/tokens.css";
import { followTone } from "../view/theme.js";

export class Stage<P extends object> {
  readonly #part: ComponentType<P>;
  readonly #end = new AbortController();
  readonly #stage: HTMLElement;

  constructor(root: HTMLElement, part: ComponentType<P>, css: string) {
    this.#part = part;
    const shadow = root.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = [tokens, base, css].join("\n");
    this.#stage = document.createElement("div");
    this.#stage.className = "stage";
    shadow.replaceChildren(style, this.#stage);
    followTone(this.#stage, this.#end.signal);
  }

  draw(props: P): void {
    render(h(this.#part, props), this.#stage);
  }

  dispose(): void {
    this.#end.abort();
    render(null, this.#stage);
  }
}
