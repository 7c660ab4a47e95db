/** Shows the saved form of an explanation in an output area. */

import type { INotebookTracker } from "@jupyterlab/notebook";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";

import { parseComparison, parseState } from "../guards.js";
import { showRun } from "../registry.js";
import { mountComparison } from "../view/index.js";
import { SavedRun } from "./saved-run.js";
import { unreadable } from "./unreadable.js";

export const MIME_TYPE = "application/vnd.forcing.v1+json";

export function rendererFactory(
  notebooks: INotebookTracker | null,
  trans: TranslationBundle,
): IRenderMime.IRendererFactory {
  return {
    // The view shows data as text and never as markup, so that an untrusted notebook may use it.
    safe: true,
    mimeTypes: [MIME_TYPE],
    createRenderer: () => new ExplanationRenderer(notebooks, trans),
  };
}

class ExplanationRenderer extends Widget implements IRenderMime.IRenderer {
  readonly #notebooks: INotebookTracker | null;
  readonly #trans: TranslationBundle;
  #saved: SavedRun | null = null;
  #detach: (() => void) | null = null;

  constructor(notebooks: INotebookTracker | null, trans: TranslationBundle) {
    super();
    this.#notebooks = notebooks;
    this.#trans = trans;
    this.addClass("forcing-Renderer");
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const state = parseState(model.data[MIME_TYPE]);
    const shown = this.#saved?.id ?? null;
    if (this.#saved && state !== null && shown !== null && state.start?.id === shown) {
      // The same run, told anew: what the reader has open and where she scrolled to stay.
      this.#saved.update(state);
      return Promise.resolve();
    }
    this.#clear();
    const comparison = state ? null : parseComparison(model.data[MIME_TYPE]);
    if (state) {
      this.#saved = new SavedRun(state);
      // A root of its own: the view takes its element over with a shadow root for good.
      const root = this.node.appendChild(document.createElement("div"));
      this.#detach = showRun(this.#saved.run, root);
      if (this.isAttached) this.#wake();
    } else if (comparison) {
      const root = this.node.appendChild(document.createElement("div"));
      const view = mountComparison(root, comparison);
      this.#detach = () => view.dispose();
    } else {
      this.node.append(
        unreadable(model.data[MIME_TYPE], model.data["text/plain"], (words) =>
          this.#trans.__(words),
        ),
      );
    }
    return Promise.resolve();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#clear();
    super.dispose();
  }

  protected override onAfterAttach(): void {
    this.#wake();
  }

  #clear(): void {
    this.#detach?.();
    this.#detach = null;
    this.#saved?.dispose();
    this.#saved = null;
    this.node.replaceChildren();
  }

  #wake(): void {
    const panel = this.#notebooks?.find((panel) => panel.node.contains(this.node));
    void this.#saved?.wake(panel?.sessionContext);
  }
}
