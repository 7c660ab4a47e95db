/** The command "Explain a prediction with %%mfs". */

import { type Notebook, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";

import type { Preferences } from "./preferences.js";
import { hasMagic, LOAD_EXTENSION, loadsExtension, magicLine, TARGET } from "./template.js";

/** Puts `%%mfs` above what the active cell holds, and `%load_ext forcing` above that cell. */
export async function explainActiveCell(
  panel: NotebookPanel,
  preferences: Preferences,
): Promise<void> {
  const notebook = panel.content;
  const cells = notebook.model?.sharedModel;
  if (!cells) return;

  // Text and raw cells stay as they are.
  if (notebook.activeCell?.model.type !== "code") NotebookActions.insertBelow(notebook);
  const cell = notebook.activeCell?.model.sharedModel;
  if (!cell) return;

  if (!cells.cells.some((other) => loadsExtension(other.getSource()))) {
    cells.insertCell(notebook.activeCellIndex, {
      cell_type: "code",
      source: LOAD_EXTENSION,
      metadata: { trusted: true },
    });
    // The cell to explain has moved down by one.
    notebook.activeCellIndex = cells.cells.indexOf(cell);
  }
  if (!hasMagic(cell.getSource())) cell.updateSource(0, 0, `${magicLine(preferences)}\n`);
  await selectTarget(notebook);
}

/** Leaves the target selected, so that typing replaces it. */
async function selectTarget(notebook: Notebook): Promise<void> {
  const cell = notebook.activeCell;
  if (!cell) return;
  notebook.deselectAll();
  await notebook.scrollToCell(cell);
  await cell.ready;
  notebook.mode = "edit";
  const column = cell.model.sharedModel.getSource().split("\n", 1)[0]?.indexOf(TARGET) ?? -1;
  if (column < 0) return;
  cell.editor?.setSelection({
    start: { line: 0, column },
    end: { line: 0, column: column + TARGET.length },
  });
}
