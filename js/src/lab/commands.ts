/** The commands of the extension; none of them throws where there is nothing to do. */

import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { INotebookTracker } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";

import { knownRuns, type Run } from "../registry.js";
import { phaseOf } from "../view/summary.js";
import { explainActiveCell } from "./explain.js";
import type { Explanations } from "./explanations.js";
import { goTo } from "./go.js";
import { forcingIcon } from "./icon.js";
import { following } from "./listing.js";
import type { Preferences } from "./preferences.js";

export const COMMANDS = {
  explain: "forcing:explain",
  panel: "forcing:show-panel",
  next: "forcing:next",
  pause: "forcing:pause-all",
  cancel: "forcing:cancel-all",
};

/** Never in the text to translate, in which "%%" would become "%". */
const MAGIC = "%%mfs";

export interface Context {
  app: JupyterFrontEnd;
  trans: TranslationBundle;
  palette: ICommandPalette | null;
}

function runsThatAre(...phases: string[]): Run[] {
  return [...knownRuns()].filter(({ store }) => phases.includes(phaseOf(store.state, store.live)));
}

/** A command with its entry in the palette. */
export function addCommand(
  { app, palette }: Context,
  id: string,
  category: string,
  options: Parameters<JupyterFrontEnd["commands"]["addCommand"]>[1],
): void {
  app.commands.addCommand(id, options);
  palette?.addItem({ command: id, category });
}

export function addCommands(
  context: Context,
  notebooks: INotebookTracker,
  explanations: Explanations,
  preferences: () => Promise<Preferences>,
): void {
  const { app, trans } = context;
  const category = trans.__("Forcing Sets");
  addCommand(context, COMMANDS.explain, trans.__("Notebook Operations"), {
    label: (args) => (args.toolbar ? "" : trans.__("Explain a prediction with %1", MAGIC)),
    caption: trans.__("Put %1 on the active cell, which fits a model", MAGIC),
    icon: (args) => (args.toolbar ? forcingIcon : undefined),
    isEnabled: () => notebooks.currentWidget !== null,
    execute: async () => {
      const panel = notebooks.currentWidget;
      if (panel) await explainActiveCell(panel, await preferences());
    },
  });
  addCommand(context, COMMANDS.next, category, {
    label: trans.__("Go to the Next Explanation"),
    caption: trans.__("Select the next cell that shows a forcing set"),
    // Looked up at each use, not at each drawing of a menu.
    isEnabled: () => notebooks.size > 0,
    execute: async () => {
      const all = explanations.list();
      const next = following(all, explanations.current(all));
      if (next) await goTo(app, next);
    },
  });
  addCommand(context, COMMANDS.pause, category, {
    label: () =>
      runsThatAre("running").length === 0 && runsThatAre("paused").length > 0
        ? trans.__("Resume All Paused Explanations")
        : trans.__("Pause All Running Explanations"),
    isEnabled: () => runsThatAre("running", "paused").length > 0,
    execute: () => {
      const running = runsThatAre("running");
      for (const { store } of running) store.send({ type: "pause" });
      if (running.length > 0) return;
      for (const { store } of runsThatAre("paused")) store.send({ type: "resume" });
    },
  });
  addCommand(context, COMMANDS.cancel, category, {
    label: trans.__("Cancel All Running Explanations"),
    isEnabled: () => runsThatAre("running", "paused").length > 0,
    execute: () => {
      for (const { store } of runsThatAre("running", "paused")) store.send({ type: "cancel" });
    },
  });
}
