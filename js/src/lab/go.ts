/** From a list to the cell of an explanation, and to views outside of the notebook. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import { MainAreaWidget } from "@jupyterlab/apputils";
import { NotebookActions } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { className, middle } from "../format.js";

import type { Explanation } from "./explanations.js";
import { forcingIcon } from "./icon.js";
import { OpenedView } from "./opened.js";
import { savedState } from "./outputs.js";
import { SavedRun } from "./saved-run.js";

/** Brings the notebook to the front and the explanation into sight; its cell is selected. */
export async function goTo(app: JupyterFrontEnd, explanation: Explanation): Promise<void> {
  const { place } = explanation;
  if (place === null || place.panel.isDisposed) return;
  const { panel, cell } = place;
  app.shell.activateById(panel.id);
  await panel.revealed;
  const notebook = panel.content;
  const widget = notebook.widgets.find((one) => one.model === cell);
  if (!widget) return;
  // A cell under a folded heading has no place to scroll to.
  NotebookActions.expandParent(widget, notebook);
  await notebook.scrollToCell(widget, "smart");
  await widget.ready;
  // That has activated its editor too.
  notebook.mode = "command";
  const shown = [...(explanation.run?.roots ?? [])].find((root) => widget.node.contains(root));
  // The cell may be longer than the window: its output is what was asked for.
  (shown ?? widget.node.querySelector(".jp-OutputArea"))?.scrollIntoView({ block: "nearest" });
}

/** Null where there is nothing to show any more. */
export function openedView(explanation: Explanation): OpenedView | null {
  const { run, place, state } = explanation;
  if (run !== null) return new OpenedView(run);
  const id = state.start?.id;
  const whole = place && id !== undefined ? savedState(place.cell, id) : null;
  if (whole === null) return null;
  const saved = new SavedRun(whole);
  void saved.wake(place?.panel.sessionContext);
  return new OpenedView(saved);
}

/** A tab of its own, beside the notebook. */
export function openBeside(
  app: JupyterFrontEnd,
  explanation: Explanation,
  trans: TranslationBundle,
): void {
  const content = openedView(explanation);
  if (content === null) return;
  const tab = new MainAreaWidget({ content });
  const { start } = explanation.state;
  const name = start?.target.name ?? (start && className(start.claim.favoured)) ?? "";
  tab.title.label = name === "" ? trans.__("Forcing set") : middle(name, 32);
  tab.title.caption = trans.__("Forcing set of %1", explanation.title);
  tab.title.icon = forcingIcon;
  const ref = explanation.place?.panel.id;
  app.shell.add(tab, "main", { mode: "split-right", ...(ref === undefined ? {} : { ref }) });
}
