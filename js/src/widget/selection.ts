/** The trait `selected`, which other widgets may be linked to. */

import { same } from "../store.js";
import type { Store } from "../store.js";
import type { AnyModel } from "./model.js";

function rowsOf(value: unknown): number[] {
  const isRow = (row: unknown): row is number => Number.isSafeInteger(row);
  return Array.isArray(value) ? value.filter(isRow) : [];
}

/**
 * Keeps trait and store alike. A pick in a view is set in the model, where links hear it, and is
 * not saved from there: the kernel knows it by the command `select`, which gets through also
 * while a cell runs; a save would come after the cell, and bring back what was picked long ago.
 */
export function followSelection(model: AnyModel, store: Store, signal: AbortSignal): void {
  const fromModel = (): void => store.showSelected(rowsOf(model.get("selected")));
  const fromStore = (): void => {
    if (!same(rowsOf(model.get("selected")), store.selected)) {
      model.set("selected", [...store.selected]);
    }
  };
  fromModel();
  model.on("change:selected", fromModel);
  const off = store.subscribe(fromStore);
  signal.addEventListener("abort", () => {
    model.off("change:selected", fromModel);
    off();
  });
}
