/** The lab extension: what JupyterLab and Notebook 7 load. */

import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ISettingRegistry } from "@jupyterlab/settingregistry";

import { announceRenderer } from "../host.js";
import { explainActiveCell } from "./explain.js";
import { rendererFactory } from "./renderer.js";
import { loadPreferences } from "./preferences.js";

const mime: JupyterFrontEndPlugin<void> = {
  id: "forcing:mime",
  description: "Shows saved explanations, and wakes them where their kernel still runs.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app, registry: IRenderMimeRegistry, notebooks: INotebookTracker | null) => {
    announceRenderer();
    // Below the rank of live widgets: where a bundle has our form too, the run is over.
    registry.addFactory(rendererFactory(notebooks), -20);
  },
};

const commands: JupyterFrontEndPlugin<void> = {
  id: "forcing:commands",
  description: "Commands that bring %%mfs to a cell.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ISettingRegistry],
  activate: (
    app,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
  ) => {
    const command = "forcing:explain";
    app.commands.addCommand(command, {
      label: "Explain a prediction with %%mfs",
      caption: "Put %%mfs on the active cell, which fits a model",
      isEnabled: () => notebooks.currentWidget !== null,
      execute: async () => {
        const panel = notebooks.currentWidget;
        if (panel) await explainActiveCell(panel, await loadPreferences(settings));
      },
    });
    palette?.addItem({ command, category: "Notebook Operations" });
  },
};

export default [mime, commands];
