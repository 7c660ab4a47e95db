/** What every part of one view shares. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Start, State } from "../protocol.js";
import type { Store } from "../store.js";
import type { Action, Screen } from "./screen.js";
import type { Width } from "./width.js";

export type Still = Omit<Screen, "cursor">;

export interface View {
  store: Store;
  state: State;
  start: Start;
  live: boolean;
  /** Without the cursor, which moves more often than all else: see `useCursor`. */
  screen: Still;
  dispatch: (action: Action) => void;
  /** Positions of the training rows that are picked, the newest last. */
  selected: readonly number[];
  /** Picks rows, in every view and in Python; the cursor gives way to them. */
  select: (rows: readonly number[]) => void;
  width: Width;
  /** Puts a row of the set back or takes it out again; null while that is not possible. */
  toggle: ((row: number) => void) | null;
}

export const ViewContext = createContext<View | null>(null);

/** Apart, so that a pointer on its way over the curve does not draw the whole view anew. */
export const CursorContext = createContext<number | null>(null);

/** Step under the cursor, 0 for the start; null without a cursor. */
export function useCursor(): number | null {
  return useContext(CursorContext);
}

export function useView(): View {
  const view = useContext(ViewContext);
  if (view === null) throw new Error("a part of the view was drawn outside of it");
  return view;
}
