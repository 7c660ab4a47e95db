/** What a code cell shows of ours: saved explanations, and views of widgets that may be ours. */

import type { ICellModel, ICodeCellModel } from "@jupyterlab/cells";
import type { IOutputModel } from "@jupyterlab/rendermime";

import { parseState } from "../guards.js";
import type { State } from "../protocol.js";
import { MIME_TYPE } from "./renderer.js";

const WIDGET_VIEW = "application/vnd.jupyter.widget-view+json";

/** `state` is null where the saved form is not one that can be read. */
export type Shown = { kind: "saved"; state: State } | { kind: "widget"; model: string };

/** An output model is replaced when its output changes, so that each is read once. */
const known = new WeakMap<IOutputModel, Shown | null>();

/** All that a list needs; the rest of a saved state may be half a megabyte. */
function brief(state: State): State {
  const item = state.start?.target.item;
  const id = item?.kind === "image" ? item.image : "";
  const picture = Object.hasOwn(state.images, id) ? state.images[id] : undefined;
  return {
    ...state,
    rankings: [],
    plane: null,
    alternatives: null,
    targets: null,
    rows: {},
    images: picture === undefined ? {} : { [id]: picture },
  };
}

function read(output: IOutputModel): Shown | null {
  if (output.type !== "display_data" && output.type !== "execute_result") return null;
  const { data } = output;
  // Where a bundle has both, the live one is drawn.
  const view: unknown = data[WIDGET_VIEW];
  if (typeof view === "object" && view !== null && "model_id" in view) {
    return typeof view.model_id === "string" ? { kind: "widget", model: view.model_id } : null;
  }
  if (!(MIME_TYPE in data)) return null;
  const state = parseState(data[MIME_TYPE]);
  return state?.start ? { kind: "saved", state: brief(state) } : null;
}

function isCode(cell: ICellModel): cell is ICodeCellModel {
  return cell.type === "code";
}

export function* outputsOf(cell: ICellModel): Iterable<IOutputModel> {
  if (!isCode(cell)) return;
  for (let i = 0; i < cell.outputs.length; i++) yield cell.outputs.get(i);
}

export function shownIn(output: IOutputModel): Shown | null {
  let shown = known.get(output);
  if (shown === undefined) {
    shown = read(output);
    known.set(output, shown);
  }
  return shown;
}

/** The whole saved state of a run, read anew. */
export function savedState(cell: ICellModel, id: string): State | null {
  for (const output of outputsOf(cell)) {
    const shown = shownIn(output);
    if (shown?.kind === "saved" && shown.state.start?.id === id) {
      return parseState(output.data[MIME_TYPE]);
    }
  }
  return null;
}
