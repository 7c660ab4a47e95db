/** What only this screen knows: nothing here travels, and nothing here is saved. */

import type { WhatIf } from "../protocol.js";

export type Answer =
  | { back: readonly number[]; label: string; confidence: number }
  /** Why the kernel could not tell. */
  | { back: readonly number[]; error: string };

export interface Screen {
  /** Step under the cursor, 0 for the start; null without a cursor. */
  cursor: number | null;
  /** The tab that was chosen; null while the view chooses. */
  tab: string | null;
  /** Rows of the forcing set that are put back, in the order of clicks. */
  back: readonly number[];
  /** Number of the question that the kernel has not answered yet. */
  asked: number | null;
  /** The last answer, and what was put back when it was asked for. */
  answer: Answer | null;
  /** Whether the strip with the loss gap is shown. */
  gap: boolean;
}

export const blank: Screen = {
  cursor: null,
  tab: null,
  back: [],
  asked: null,
  answer: null,
  gap: false,
};

export type Action =
  | { type: "cursor"; step: number | null }
  | { type: "tab"; tab: string }
  | { type: "toggle"; row: number }
  | { type: "restore" }
  | { type: "asked"; request: number }
  | { type: "answer"; answer: WhatIf }
  | { type: "unanswered"; request: number }
  | { type: "known"; label: string; confidence: number }
  | { type: "gap" }
  | { type: "clear" };

export function screenReducer(screen: Screen, action: Action): Screen {
  switch (action.type) {
    case "cursor":
      return screen.cursor === action.step ? screen : { ...screen, cursor: action.step };
    case "tab":
      return { ...screen, tab: action.tab };
    case "toggle": {
      const back = screen.back.includes(action.row)
        ? screen.back.filter((row) => row !== action.row)
        : [...screen.back, action.row];
      return { ...screen, back, asked: null, answer: null };
    }
    case "restore":
      return { ...screen, back: [], asked: null, answer: null };
    case "asked":
      return { ...screen, asked: action.request, answer: null };
    case "answer": {
      if (action.answer.request !== screen.asked) return screen;
      const { label, confidence, error } = action.answer;
      const { back } = screen;
      const answer = error == null ? { back, label, confidence } : { back, error };
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
  }
}
