/** Every explanation of the open notebooks, kept up to date while somebody asks for them. */

import type { ICellModel } from "@jupyterlab/cells";
import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { Signal } from "@lumino/signaling";

import { followRuns, knownRuns, onRuns, type Run } from "../registry.js";
import { isFinished, type Item } from "./listing.js";
import { outputsOf, type Shown, shownIn } from "./outputs.js";

/** What happens within this time is looked at once. */
const GATHER_MS = 120;

export interface Explanation extends Item {
  run: Run | null;
  /** Null for one that stands in no open notebook. */
  place: { panel: NotebookPanel; cell: ICellModel } | null;
}

export class Explanations {
  readonly changed = new Signal<this, void>(this);

  readonly #notebooks: INotebookTracker;
  readonly #trans: TranslationBundle;
  readonly #off: () => void;
  #unfollow: (() => void) | null = null;
  /** Widget models by id, as far as a run said that they are its own. */
  readonly #models = new Map<string, Run>();
  #asking = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #watched = 0;

  constructor(notebooks: INotebookTracker, trans: TranslationBundle) {
    this.#notebooks = notebooks;
    this.#trans = trans;
    notebooks.forEach((panel) => this.#follow(panel));
    notebooks.widgetAdded.connect(this.#onAdded, this);
    notebooks.activeCellChanged.connect(this.#later, this);
    this.#off = onRuns(() => {
      for (const [model, run] of this.#models) {
        if (!knownRuns().has(run)) this.#models.delete(model);
      }
      this.#later();
    });
  }

  /** `changed` is emitted only while somebody watches; returns the end. */
  watch(): () => void {
    this.#watched += 1;
    this.#unfollow ??= followRuns((run) => run.store.subscribe(() => this.#later()));
    this.#later();
    return () => {
      this.#watched -= 1;
      if (this.#watched === 0) this.#rest();
    };
  }

  /** All of them, in the order of the notebooks and their cells. */
  list(): Explanation[] {
    const found: Explanation[] = [];
    const placed = new Set<Run>();
    const places = drawnPlaces(this.#notebooks);
    this.#notebooks.forEach((panel) => {
      const seen = new Set<string>();
      const put = (cell: ICellModel, run: Run | null, shown: Shown | null): void => {
        const explanation = this.#explanation(panel, cell, run, shown);
        if (explanation === null || seen.has(explanation.key)) return;
        seen.add(explanation.key);
        if (explanation.run) placed.add(explanation.run);
        found.push(explanation);
      };
      for (const cell of panel.content.model?.cells ?? []) {
        const here = places.get(cell) ?? [];
        for (const output of outputsOf(cell)) {
          const shown = shownIn(output);
          if (shown !== null) put(cell, this.#runOf(shown, here), shown);
        }
        // Such as a view inside the box of another widget.
        for (const run of here) if (!placed.has(run)) put(cell, run, null);
      }
    });
    for (const run of knownRuns()) {
      const known = found.some((one) => one.state.start?.id === run.store.state.start?.id);
      const { state, live } = run.store;
      if (!placed.has(run) && !known && !isFinished({ state, live })) {
        const explanation = this.#explanation(null, null, run, null);
        if (explanation) found.push(explanation);
      }
    }
    return found;
  }

  /** The key of the explanation in the active cell. */
  current(list: readonly Explanation[]): string | null {
    const panel = this.#notebooks.currentWidget;
    const cell = panel?.content.activeCell?.model;
    return list.find((one) => one.place?.panel === panel && one.place.cell === cell)?.key ?? null;
  }

  dispose(): void {
    this.#rest();
    this.#off();
    this.#notebooks.widgetAdded.disconnect(this.#onAdded, this);
    this.#notebooks.activeCellChanged.disconnect(this.#later, this);
    this.#notebooks.forEach((panel) => this.#leave(panel));
    Signal.clearData(this);
  }

  #explanation(
    panel: NotebookPanel | null,
    cell: ICellModel | null,
    run: Run | null,
    shown: Shown | null,
  ): Explanation | null {
    const saved = shown?.kind === "saved" ? shown.state : null;
    const state = run?.store.state ?? saved;
    if (state === null) return null;
    // A widget that waits for its first numbers has no run yet.
    const id = state.start?.id ?? (shown?.kind === "widget" ? shown.model : "waiting");
    const path = panel?.context.path ?? "";
    return {
      key: `${path}:${id}`,
      group: panel?.id ?? "",
      title: panel?.title.label ?? this.#trans.__("Elsewhere"),
      state,
      live: run?.store.live ?? false,
      store: run?.store ?? null,
      run,
      place: panel && cell && { panel, cell },
    };
  }

  /** The run that draws an output, best the one in the same cell. */
  #runOf(shown: Shown, here: readonly Run[]): Run | null {
    if (shown.kind === "saved") {
      const id = shown.state.start?.id;
      const same = (run: Run): boolean => run.store.state.start?.id === id;
      return here.find(same) ?? [...knownRuns()].find(same) ?? null;
    }
    const known = this.#models.get(shown.model);
    if (known === undefined) void this.#ask(shown.model);
    return known ?? null;
  }

  async #ask(model: string): Promise<void> {
    if (this.#asking.has(model)) return;
    this.#asking.add(model);
    for (const run of knownRuns()) {
      if (!(await run.isModel(model)) || !knownRuns().has(run)) continue;
      this.#models.set(model, run);
      this.#later();
      break;
    }
    this.#asking.delete(model);
  }

  #onAdded(_sender: unknown, panel: NotebookPanel): void {
    this.#follow(panel);
    this.#later();
  }

  #follow(panel: NotebookPanel): void {
    // Of the document, as the notebook may be given its model only later.
    panel.context.model.contentChanged.connect(this.#later, this);
    panel.title.changed.connect(this.#later, this);
    panel.disposed.connect(this.#leave, this);
  }

  #leave(panel: NotebookPanel): void {
    panel.context.model.contentChanged.disconnect(this.#later, this);
    panel.title.changed.disconnect(this.#later, this);
    panel.disposed.disconnect(this.#leave, this);
    this.#later();
  }

  #later(): void {
    if (this.#watched === 0 || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.changed.emit();
    }, GATHER_MS);
  }

  #rest(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#unfollow?.();
    this.#unfollow = null;
  }
}

/** The runs that are drawn in each cell. */
function drawnPlaces(notebooks: INotebookTracker): Map<ICellModel, Run[]> {
  const cells = new Map<Element, ICellModel>();
  const places = new Map<ICellModel, Run[]>();
  if (knownRuns().size === 0) return places;
  notebooks.forEach((panel) => {
    for (const cell of panel.content.widgets) cells.set(cell.node, cell.model);
  });
  for (const run of knownRuns()) {
    for (const root of run.roots) {
      const node = root.closest(".jp-Cell");
      const cell = node && cells.get(node);
      if (cell) places.set(cell, [...(places.get(cell) ?? []), run]);
    }
  }
  return places;
}
