/** A second view of an explanation, outside of its notebook. */

import { Widget } from "@lumino/widgets";

import type { State } from "../protocol.js";
import { knownRuns, onRuns, type Run, showRun } from "../registry.js";
import { mount } from "../view/index.js";
import type { SavedRun } from "./saved-run.js";

/** Shares the store of the run; where that goes away, it keeps what it had shown. */
export class OpenedView extends Widget {
  readonly #own: SavedRun | null;
  readonly #off: () => void;
  #run: Run | null = null;
  #end: (() => void) | null = null;

  /** A `SavedRun` is the view's own and ends with it. */
  constructor(shown: Run | SavedRun) {
    super();
    this.addClass("forcing-Opened");
    this.#own = "run" in shown ? shown : null;
    this.#show("run" in shown ? shown.run : shown);
    this.#off = onRuns(() => this.#check());
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#off();
    this.#clear();
    this.#own?.dispose();
    super.dispose();
  }

  #show(run: Run): void {
    this.#clear();
    this.#run = run;
    this.#end = showRun(run, this.#root());
  }

  #check(): void {
    const run = this.#run;
    if (run === null || knownRuns().has(run)) return;
    this.#run = null;
    const { state } = run.store;
    const same = [...knownRuns()].find(
      (other) => state.start !== null && other.store.state.start?.id === state.start.id,
    );
    if (same) this.#show(same);
    else this.#keep(state);
  }

  #keep(state: State): void {
    this.#clear();
    const view = mount(this.#root(), { state, live: null });
    this.#end = () => view.dispose();
  }

  #root(): HTMLElement {
    return this.node.appendChild(document.createElement("div"));
  }

  #clear(): void {
    const end = this.#end;
    this.#end = null;
    end?.();
    this.node.replaceChildren();
  }
}
