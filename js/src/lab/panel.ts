/** The side panel "Forcing sets": the list, and one explanation opened in its place. */

import type { TranslationBundle } from "@jupyterlab/translation";
import { type Message } from "@lumino/messaging";
import { Panel, Widget } from "@lumino/widgets";

import briefCss from "../view/brief/brief.css";
import type { Explanation, Explanations } from "./explanations.js";
import { List } from "./list.js";
import { arrange } from "./listing.js";
import { OpenedBar } from "./opened-bar.js";
import { OpenedView } from "./opened.js";
import panelCss from "./panel.css";
import { Stage } from "./stage.js";

export interface PanelActions {
  go: (explanation: Explanation) => void;
  /** A view of its own; null where there is nothing to show. */
  open: (explanation: Explanation) => OpenedView | null;
  /** Null where the application shows one document only. */
  beside: ((explanation: Explanation) => void) | null;
}

const CSS = [briefCss, panelCss].join("\n");

export class ForcingPanel extends Panel {
  readonly #explanations: Explanations;
  readonly #actions: PanelActions;
  readonly #trans: TranslationBundle;
  readonly #list = new Widget();
  readonly #stage: Stage<Parameters<typeof List>[0]>;
  readonly #cleared = new Set<string>();
  #unwatch: (() => void) | null = null;
  #opened: { widgets: Widget[]; dispose: () => void } | null = null;

  constructor(explanations: Explanations, actions: PanelActions, trans: TranslationBundle) {
    super();
    this.#explanations = explanations;
    this.#actions = actions;
    this.#trans = trans;
    this.addClass("forcing-Panel");
    this.#list.addClass("forcing-Panel-list");
    this.#stage = new Stage(this.#list.node, List, CSS);
    this.addWidget(this.#list);
    explanations.changed.connect(this.#draw, this);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#unwatch?.();
    this.#explanations.changed.disconnect(this.#draw, this);
    this.#close();
    this.#stage.dispose();
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.#unwatch ??= this.#explanations.watch();
    this.#draw();
  }

  protected override onAfterAttach(): void {
    if (this.isVisible) this.onAfterShow();
  }

  protected override onAfterHide(): void {
    this.#unwatch?.();
    this.#unwatch = null;
  }

  protected override onBeforeDetach(): void {
    this.onAfterHide();
  }

  protected override onActivateRequest(_message: Message): void {
    const roots = [...this.node.querySelectorAll("div, .forcing-Panel-list")];
    for (const root of roots) {
      const stop = root.shadowRoot?.querySelector<HTMLElement>('button[tabindex="0"], .back');
      if (stop && root.checkVisibility()) {
        stop.focus();
        return;
      }
    }
  }

  #draw(): void {
    const all = this.#explanations.list();
    const groups = arrange(all, this.#cleared);
    const find = (key: string): Explanation | undefined => all.find((one) => one.key === key);
    const { go, beside } = this.#actions;
    const known = new Set(all.map((one) => one.key));
    this.#stage.draw({
      groups,
      current: this.#explanations.current(all),
      cleared: [...this.#cleared].filter((key) => known.has(key)).length,
      trans: this.#trans,
      onGo: ({ key }) => on(find(key), go),
      onOpen: ({ key }) => on(find(key), (explanation) => this.#open(explanation)),
      onBeside: beside && (({ key }) => on(find(key), beside)),
      onClear: () => {
        for (const group of groups) for (const { key } of group.items) this.#cleared.add(key);
        this.#draw();
      },
      onRestore: () => {
        this.#cleared.clear();
        this.#draw();
      },
    });
  }

  #open(explanation: Explanation): void {
    const view = this.#actions.open(explanation);
    if (view === null) return;
    this.#close();
    const { go, beside } = this.#actions;
    const bar = new Widget();
    const stage = new Stage(bar.node, OpenedBar, CSS);
    stage.draw({
      trans: this.#trans,
      onBack: () => {
        this.#close();
        this.activate();
      },
      onGo: explanation.place && (() => go(explanation)),
      onBeside: beside && (() => beside(explanation)),
    });
    this.#opened = { widgets: [bar, view], dispose: () => stage.dispose() };
    this.#list.hide();
    this.addWidget(bar);
    this.addWidget(view);
    this.activate();
  }

  #close(): void {
    this.#opened?.dispose();
    this.#opened?.widgets.forEach((widget) => widget.dispose());
    this.#opened = null;
    if (!this.#list.isDisposed) this.#list.show();
  }
}

/** The list may be a moment behind the notebooks. */
function on(explanation: Explanation | undefined, act: (one: Explanation) => void): void {
  if (explanation) act(explanation);
}
