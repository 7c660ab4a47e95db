/**
 * Outputs that still hold a live view after the end of its run. The kernel replaces the outputs
 * that it has displayed by their display ids, and a page that was loaded anew knows none of
 * these; a notebook that is saved with the view would show nothing once the kernel is gone.
 */

import type { ICellModel, ICodeCellModel } from "@jupyterlab/cells";
import type { INotebookTracker } from "@jupyterlab/notebook";

import type { Bundle } from "../protocol.js";
import { knownRuns, onRuns, type Run } from "../registry.js";
import { outputsOf, shownIn } from "./outputs.js";
import { MIME_TYPE } from "./renderer.js";

/** The kernel's own replacement comes within this time. */
const GRACE_MS = 3000;

/** Returns the end. */
export function settleOutputs(notebooks: INotebookTracker): () => void {
  const heard = new Map<Run, () => void>();
  const waits = new Set<ReturnType<typeof setTimeout>>();

  const watch = (run: Run): (() => void) => {
    let due = true;
    const look = (): void => {
      const ended = run.store.state.end !== null && run.store.live;
      if (ended && due) {
        const wait = setTimeout(() => {
          waits.delete(wait);
          void settle(run, notebooks);
        }, GRACE_MS);
        waits.add(wait);
      }
      due = !ended;
    };
    look();
    return run.store.subscribe(look);
  };
  const hear = (): void => {
    for (const [run, off] of heard) {
      if (knownRuns().has(run)) continue;
      off();
      heard.delete(run);
    }
    for (const run of knownRuns()) if (!heard.has(run)) heard.set(run, watch(run));
  };
  hear();
  const off = onRuns(hear);
  return () => {
    off();
    waits.forEach(clearTimeout);
    heard.forEach((end) => end());
  };
}

async function settle(run: Run, notebooks: INotebookTracker): Promise<void> {
  const places: [ICellModel, number][] = [];
  for (const cell of cellsOf(notebooks)) {
    for (const [i, output] of [...outputsOf(cell)].entries()) {
      const shown = shownIn(output);
      if (shown?.kind !== "widget" || MIME_TYPE in output.data) continue;
      if (await run.isModel(shown.model)) places.push([cell, i]);
    }
  }
  const bundle = places.length > 0 ? ((await run.store.saved?.()) ?? null) : null;
  if (bundle !== null) places.forEach(([cell, i]) => replace(cell as ICodeCellModel, i, bundle));
}

function cellsOf(notebooks: INotebookTracker): ICellModel[] {
  const cells: ICellModel[] = [];
  notebooks.forEach((panel) => cells.push(...(panel.content.model?.cells ?? [])));
  return cells;
}

function replace(cell: ICodeCellModel, place: number, bundle: Bundle): void {
  const { outputs } = cell;
  const before = place < outputs.length ? outputs.get(place) : undefined;
  // It may have been cleared, or run again, while the kernel was asked.
  if (before === undefined || shownIn(before)?.kind !== "widget") return;
  const output = { output_type: "display_data", data: bundle, metadata: {} };
  outputs.set(place, output as Parameters<typeof outputs.set>[1]);
}
