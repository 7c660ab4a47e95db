/** Runs a notebook up to its last view when it is opened, where the settings ask for it. */

import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";

import { lastView } from "./template.js";

/** Whether nothing has been run on the kernel: what is there must not be done twice. */
async function isFresh(panel: NotebookPanel): Promise<boolean> {
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return false;
  const { content } = await kernel.requestExecute({ code: "", silent: true, store_history: false })
    .done;
  return content.status === "ok" && content.execution_count === 0;
}

export async function autorun(panel: NotebookPanel): Promise<void> {
  await Promise.all([panel.context.ready, panel.revealed]);
  const cells = [...(panel.content.model?.cells ?? [])];
  const code = cells.map((cell) => (cell.type === "code" ? cell.sharedModel.getSource() : ""));
  const last = lastView(code);
  if (last < 0 || !cells.every((cell) => cell.type !== "code" || cell.trusted)) return;
  await panel.sessionContext.ready;
  if (panel.isDisposed || !(await isFresh(panel))) return;
  const notebook = panel.content;
  await NotebookActions.runCells(
    notebook,
    notebook.widgets.slice(0, last + 1),
    panel.sessionContext,
  );
}
