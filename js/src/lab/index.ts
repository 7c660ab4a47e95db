/** The lab extension: what JupyterLab and Notebook 7 load. */

import {
  ILabShell,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, IThemeManager, WidgetTracker } from "@jupyterlab/apputils";
import type { DocumentRegistry, IDocumentWidget } from "@jupyterlab/docregistry";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, nullTranslator, type TranslationBundle } from "@jupyterlab/translation";

import { announceRenderer } from "../host.js";
import { autorun } from "./autorun.js";
import { applyColours } from "./colours.js";
import { addCommand, addCommands, COMMANDS } from "./commands.js";
import { ExplanationFileFactory, FACTORY, fileType } from "./document.js";
import { Explanations } from "./explanations.js";
import { goTo, openBeside, openedView } from "./go.js";
import { forcingIcon } from "./icon.js";
import { ForcingPanel } from "./panel.js";
import { followPreferences, loadPreferences, type Preferences } from "./preferences.js";
import { rendererFactory } from "./renderer.js";
import { settleOutputs } from "./settle.js";

function bundleOf(translator: ITranslator | null): TranslationBundle {
  return (translator ?? nullTranslator).load("forcing_lab");
}

const mime: JupyterFrontEndPlugin<void> = {
  id: "forcing:mime",
  description: "Shows saved explanations, and wakes them where their kernel still runs.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [INotebookTracker, ITranslator],
  activate: (
    _app,
    registry: IRenderMimeRegistry,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null,
  ) => {
    announceRenderer();
    // Below the rank of live widgets: where a bundle has our form too, the run is over.
    registry.addFactory(rendererFactory(notebooks, bundleOf(translator)), -20);
    if (notebooks !== null) settleOutputs(notebooks);
  },
};

const files: JupyterFrontEndPlugin<void> = {
  id: "forcing:files",
  description: "Opens files of the type .mfs.json.",
  autoStart: true,
  optional: [ILayoutRestorer, ITranslator],
  activate: (app, restorer: ILayoutRestorer | null, translator: ITranslator | null) => {
    const trans = bundleOf(translator);
    const factory = new ExplanationFileFactory(trans);
    // It has all that it should, but says `undefined` where an interface says nothing.
    const known = factory as unknown as DocumentRegistry.WidgetFactory;
    const opened = new WidgetTracker<IDocumentWidget>({ namespace: "forcing-files" });
    app.docRegistry.addFileType(fileType(trans));
    app.docRegistry.addWidgetFactory(known);
    factory.widgetCreated.connect((_, widget) => {
      void opened.add(widget);
      widget.context.pathChanged.connect(() => void opened.save(widget));
    });
    void restorer?.restore(opened, {
      command: "docmanager:open",
      args: (widget) => ({ path: widget.context.path, factory: FACTORY }),
      name: (widget) => widget.context.path,
    });
  },
};

/** The panel, where the application has a place for it. */
function addPanel(
  app: JupyterFrontEnd,
  panel: ForcingPanel,
  restorer: ILayoutRestorer | null,
): boolean {
  try {
    app.shell.add(panel, "right", { rank: 900, type: "Forcing Sets" });
  } catch {
    return false;
  }
  restorer?.add(panel, panel.id);
  return true;
}

const commands: JupyterFrontEndPlugin<void> = {
  id: "forcing:commands",
  description: "Commands that bring %%mfs to a cell, and those for explanations that run.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ISettingRegistry, ITranslator],
  activate: (
    app,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
  ) => {
    const trans = bundleOf(translator);
    const explanations = new Explanations(notebooks, trans);
    const preferences = (): Promise<Preferences> => loadPreferences(settings);
    addCommands({ app, trans, palette }, notebooks, explanations, preferences);
  },
};

const panel: JupyterFrontEndPlugin<void> = {
  id: "forcing:panel",
  description: "Lists the explanations of the open notebooks in a side panel.",
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ITranslator, ILayoutRestorer, ILabShell],
  activate: (
    app,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    lab: ILabShell | null,
  ) => {
    const trans = bundleOf(translator);
    const panel = new ForcingPanel(
      new Explanations(notebooks, trans),
      {
        go: (explanation) => void goTo(app, explanation),
        open: openedView,
        beside: lab && ((explanation) => openBeside(app, explanation, trans)),
      },
      trans,
    );
    panel.id = "forcing-panel";
    panel.title.icon = forcingIcon;
    panel.title.caption = trans.__("Forcing sets");
    if (!addPanel(app, panel, restorer)) {
      panel.dispose();
      return;
    }
    addCommand({ app, trans, palette }, COMMANDS.panel, trans.__("Forcing Sets"), {
      label: trans.__("Show Forcing Sets"),
      caption: trans.__("Show the explanations of the open notebooks in the side panel"),
      execute: () => app.shell.activateById(panel.id),
    });
  },
};

const settings: JupyterFrontEndPlugin<void> = {
  id: "forcing:settings",
  description: "Applies the colours of the settings, and runs notebooks where these ask for it.",
  autoStart: true,
  optional: [ISettingRegistry, INotebookTracker, IThemeManager],
  activate: (
    _app,
    registry: ISettingRegistry | null,
    notebooks: INotebookTracker | null,
    themes: IThemeManager | null,
  ) => {
    const colour = (): void => void loadPreferences(registry).then(applyColours);
    void followPreferences(registry, applyColours);
    themes?.themeChanged.connect(colour);

    const open = async (notebook: NotebookPanel): Promise<void> => {
      const preferences = await loadPreferences(registry);
      if (preferences.autorun) await autorun(notebook);
    };
    notebooks?.widgetAdded.connect((_, notebook) => {
      open(notebook).catch((reason: unknown) => {
        // Such as a kernel that died: the notebook says so itself.
        console.warn("forcing: the notebook was not run on opening:", reason);
      });
    });
  },
};

export default [mime, files, commands, panel, settings];
