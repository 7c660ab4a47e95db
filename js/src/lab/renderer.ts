/** Shows the saved form of an explanation in an output area. */

import type { INotebookTracker } from "@jupyterlab/notebook";
import type { IRenderMime } from "@jupyterlab/rendermime-interfaces";
import { Widget } from "@lumino/widgets";

import { parseComparison, parseState } from "../guards.js";
import type { State } from "../protocol.js";
import { mount, mountComparison, type MountedView } from "../view/index.js";
import { openSession, type Session } from "./session.js";
import { unreadable } from "./unreadable.js";

export const MIME_TYPE = "application/vnd.forcing.v1+json";

export function rendererFactory(notebooks: INotebookTracker | null): IRenderMime.IRendererFactory {
  return {
    // The view shows data as text and never as markup, so that an untrusted notebook may use it.
    safe: true,
    mimeTypes: [MIME_TYPE],
    createRenderer: () => new ExplanationRenderer(notebooks),
  };
}

class ExplanationRenderer extends Widget implements IRenderMime.IRenderer {
  readonly #notebooks: INotebookTracker | null;
  #state: State | null = null;
  #view: MountedView | null = null;
  #session: Session | null = null;
  /** The kernel that was asked last; a cell that scrolls in and out of view asks once. */
  #asked: string | null = null;
  /** Each model and each disposal begins a new one; what an older one waited for is dropped. */
  #generation = 0;

  constructor(notebooks: INotebookTracker | null) {
    super();
    this.#notebooks = notebooks;
    this.addClass("forcing-Renderer");
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const state = parseState(model.data[MIME_TYPE]);
    const run = state?.start?.id;
    if (run !== undefined && run === this.#state?.start?.id && this.#session) {
      // The run's own line has told the view already; its reader keeps the tab and the place.
      this.#state = state;
      return Promise.resolve();
    }
    this.#clear();
    this.#state = state;
    const comparison = state ? null : parseComparison(model.data[MIME_TYPE]);
    if (this.#state) {
      // A root of its own: the view takes its element over with a shadow root for good.
      const root = this.node.appendChild(document.createElement("div"));
      this.#view = mount(root, { state: this.#state, live: null });
      if (this.isAttached) void this.#wake();
    } else if (comparison) {
      this.#view = mountComparison(
        this.node.appendChild(document.createElement("div")),
        comparison,
      );
    } else {
      this.node.append(unreadable(model.data[MIME_TYPE], model.data["text/plain"]));
    }
    return Promise.resolve();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#clear();
    super.dispose();
  }

  protected override onAfterAttach(): void {
    void this.#wake();
  }

  #clear(): void {
    this.#generation += 1;
    this.#session?.close();
    this.#session = null;
    this.#asked = null;
    this.#view?.dispose();
    this.#view = null;
    this.node.replaceChildren();
  }

  /** Hands the view a line to the kernel that made the explanation, where it still runs. */
  async #wake(): Promise<void> {
    const id = this.#state?.start?.id;
    if (id === undefined) return;
    const generation = this.#generation;
    const context = this.#notebooks?.find((panel) =>
      panel.node.contains(this.node),
    )?.sessionContext;
    await context?.ready;
    const kernel = context?.session?.kernel;
    if (!kernel || kernel.id === this.#asked || generation !== this.#generation) return;
    this.#asked = kernel.id;

    const session = await openSession(kernel, id);
    if (!session) return;
    if (generation !== this.#generation) {
      session.close();
      return;
    }
    this.#session = session;
    session.onClose?.(() => {
      this.#session = null;
      this.#view?.setLive(null);
    });
    this.#view?.setLive(session);
  }
}
