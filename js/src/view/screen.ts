/** What only this screen knows: nothing here travels, and nothing here is saved. */

import type { Tally, WhatIf } from "../protocol.js";
import type { Play } from "./playback/play.js";
import { asFound } from "./rows/arrange.js";
import type { Arrangement } from "./rows/arrange.js";

export type Answer =
  | { back: readonly number[]; label: string; confidence: number; tally?: Tally | null | undefined }
  /** Why the kernel could not tell. */
  | { back: readonly number[]; error: string };

export interface Screen {
  /** Step under the cursor, 0 for the start; null without a cursor. */
  cursor: number | null;
  /** The tab that was chosen; null while the view chooses. */
  tab: string | null;
  /** Rows of the forcing set that are put back, in the order of clicks. */
  back: readonly number[];
  /** What was put back before, the latest last: what "Undo" returns to. */
  past: readonly (readonly number[])[];
  /** Number of the question that the kernel has not answered yet. */
  asked: number | null;
  /** The last answer, and what was put back when it was asked for. */
  answer: Answer | null;
  /** Whether the strip with the loss gap is shown. */
  gap: boolean;
  /** Where a run that is played again is; null where all of it is shown. */
  play: Play | null;
  /** How the rows of a list are sorted, filtered and grouped. */
  arrangement: Arrangement;
  /** Whether all features of the picked rows are shown. */
  features: boolean;
  /** The baseline whose line stands out; null for none. */
  line: string | null;
}

/** So many actions can be undone. */
const PAST = 100;

export const blank: Screen = {
  cursor: null,
  tab: null,
  back: [],
  past: [],
  asked: null,
  answer: null,
  gap: false,
  play: null,
  arrangement: asFound,
  features: false,
  line: null,
};

export type Action =
  | { type: "cursor"; step: number | null }
  | { type: "tab"; tab: string }
  | { type: "toggle"; row: number }
  /** Several rows at once, in or out. */
  | { type: "put"; rows: readonly number[]; back: boolean }
  | { type: "restore" }
  | { type: "undo" }
  | { type: "asked"; request: number }
  | { type: "answer"; answer: WhatIf }
  | { type: "unanswered"; request: number }
  | { type: "known"; label: string; confidence: number }
  | { type: "gap" }
  | { type: "play"; play: Play | null }
  | { type: "arrange"; change: Partial<Arrangement> }
  | { type: "features"; shown: boolean }
  | { type: "line"; method: string | null }
  | { type: "clear" };

/** Another set of rows that are put back, and the way to the one before. */
function putting(screen: Screen, back: readonly number[]): Screen {
  const past = [...screen.past, screen.back].slice(-PAST);
  return { ...screen, back, past, asked: null, answer: null };
}

export function screenReducer(screen: Screen, action: Action): Screen {
  switch (action.type) {
    case "cursor":
      // While the run is played, its cursor is where the film is.
      if (screen.play !== null || screen.cursor === action.step) return screen;
      return { ...screen, cursor: action.step };
    case "tab":
      return { ...screen, tab: action.tab };
    case "toggle": {
      const { back } = screen;
      const { row } = action;
      return putting(screen, back.includes(row) ? back.filter((r) => r !== row) : [...back, row]);
    }
    case "put": {
      const others = screen.back.filter((row) => !action.rows.includes(row));
      const back = action.back
        ? [...screen.back, ...action.rows.filter((row) => !screen.back.includes(row))]
        : others;
      return back.length === screen.back.length ? screen : putting(screen, back);
    }
    case "restore":
      return screen.back.length === 0 ? screen : putting(screen, []);
    case "undo": {
      const back = screen.past.at(-1);
      if (back === undefined) return screen;
      return { ...screen, back, past: screen.past.slice(0, -1), asked: null, answer: null };
    }
    case "asked":
      return { ...screen, asked: action.request, answer: null };
    case "answer": {
      if (action.answer.request !== screen.asked) return screen;
      const { label, confidence, error, tally } = action.answer;
      const { back } = screen;
      const answer = error == null ? { back, label, confidence, tally } : { back, error };
      return { ...screen, asked: null, answer };
    }
    case "unanswered":
      return screen.asked === action.request ? { ...screen, asked: null } : screen;
    case "known":
      return {
        ...screen,
        asked: null,
        answer: { back: screen.back, label: action.label, confidence: action.confidence },
      };
    case "clear":
      return { ...blank, gap: screen.gap };
    case "gap":
      return { ...screen, gap: !screen.gap };
    case "play":
      return { ...screen, play: action.play };
    case "arrange":
      return { ...screen, arrangement: { ...screen.arrangement, ...action.change } };
    case "features":
      return { ...screen, features: action.shown };
    case "line":
      return { ...screen, line: action.method };
  }
}
