/** Files `*.mfs.json`, opened into the same view. */

import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Widget } from "@lumino/widgets";

import { showRun } from "../registry.js";
import { type Fault, readFile } from "./damage.js";
import { forcingIcon } from "./icon.js";
import { MIME_TYPE } from "./renderer.js";
import { SavedRun } from "./saved-run.js";

export const FACTORY = "Forcing set";

export function fileType(trans: TranslationBundle): Partial<DocumentRegistry.IFileType> {
  return {
    name: "forcing",
    displayName: trans.__("Forcing set"),
    extensions: [".mfs.json"],
    mimeTypes: [MIME_TYPE],
    contentType: "file",
    fileFormat: "text",
    icon: forcingIcon,
  };
}

function explain(fault: Fault, trans: TranslationBundle): string {
  switch (fault.kind) {
    case "empty":
      return trans.__("The file is empty.");
    case "json":
      return trans.__(
        "It is not valid JSON, as if it had been cut off or edited: %1",
        fault.detail,
      );
    case "other":
      return trans.__("It is JSON, but not an explanation that forcing saved.");
    case "version":
      return trans.__(
        "It was saved in the form %1, which this version of forcing cannot read. A newer one may.",
        fault.found,
      );
    case "content":
      return fault.part === null
        ? trans.__("Several of its parts are missing or not as forcing writes them.")
        : trans.__('Its part "%1" is missing or not as forcing writes it.', fault.part);
    case "nothing":
      return trans.__("The run that it was saved from had not begun: there is nothing to show.");
  }
}

class ExplanationFile extends Widget {
  readonly #context: DocumentRegistry.Context;
  readonly #trans: TranslationBundle;
  #saved: SavedRun | null = null;
  #detach: (() => void) | null = null;

  constructor(context: DocumentRegistry.Context, trans: TranslationBundle) {
    super();
    this.#context = context;
    this.#trans = trans;
    this.addClass("forcing-File");
    void context.ready.then(() => {
      if (this.isDisposed) return;
      this.#show();
      context.model.contentChanged.connect(this.#show, this);
    });
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#context.model.contentChanged.disconnect(this.#show, this);
    this.#clear();
    super.dispose();
  }

  #show(): void {
    const { state, fault } = readFile(this.#context.model.toString());
    if (state && this.#saved?.id === state.start?.id) {
      this.#saved?.update(state);
      return;
    }
    this.#clear();
    if (state) {
      this.#saved = new SavedRun(state);
      const root = this.node.appendChild(document.createElement("div"));
      this.#detach = showRun(this.#saved.run, root);
      return;
    }
    const note = this.node.appendChild(document.createElement("div"));
    note.className = "forcing-File-fault";
    note.setAttribute("role", "alert");
    const lines = [
      this.#trans.__("This file cannot be shown as an explanation."),
      explain(fault, this.#trans),
      this.#trans.__('"Open With" and "Editor" in the file browser show its text.'),
    ];
    for (const line of lines) {
      note.appendChild(document.createElement("p")).textContent = line;
    }
  }

  #clear(): void {
    this.#detach?.();
    this.#detach = null;
    this.#saved?.dispose();
    this.#saved = null;
    this.node.replaceChildren();
  }
}

export class ExplanationFileFactory extends ABCWidgetFactory<DocumentWidget> {
  readonly #trans: TranslationBundle;

  constructor(trans: TranslationBundle) {
    super({
      name: FACTORY,
      label: trans.__("Forcing set"),
      fileTypes: ["forcing"],
      defaultFor: ["forcing"],
      readOnly: true,
    });
    this.#trans = trans;
  }

  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget {
    const widget = new DocumentWidget({
      content: new ExplanationFile(context, this.#trans),
      context,
    });
    widget.title.icon = forcingIcon;
    return widget;
  }
}
