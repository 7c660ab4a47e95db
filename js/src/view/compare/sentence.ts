/** What two explanations have in common, in one sentence. */

import { count, middle } from "../../format.js";
import type { State } from "../../protocol.js";
import { nounOf, relabels } from "../summary.js";

/** Long names would hide the numbers. */
const NAME = 40;

/** Whether the same number is the same training row in both. */
export function sameData(a: State, b: State): boolean {
  return a.start !== null && a.start.made.data === b.start?.made.data;
}

/** Rows that stand in both sets; none where the data are not the same. */
export function shared(a: State, b: State): ReadonlySet<number> {
  if (!sameData(a, b)) return new Set();
  const rows = new Set(a.steps.map((step) => step.row));
  return new Set(b.steps.map((step) => step.row).filter((row) => rows.has(row)));
}

function size(state: State): string {
  const noun = nounOf(state)[state.steps.length === 1 ? 0 : 1];
  return `${count(state.steps.length)} ${noun}`;
}

/** "stands on 5 training rows", or how else it ended. */
function finding(state: State): string {
  const status = state.end?.status;
  if (status === "flipped") {
    return relabels(state) ? `changes with ${size(state)}` : `stands on ${size(state)}`;
  }
  if (status === "unflippable") return "cannot be flipped";
  if (status === "unstable") return "is unstable";
  const deed = relabels(state) ? "changed" : "removed";
  return `${status === undefined ? "has" : "was stopped with"} ${size(state)} ${deed}`;
}

export const OTHER_DATA =
  "They were made with different training data: row numbers do not mean the same rows.";

/** Every second piece is a name. */
export function compared(
  states: readonly [State, State],
  names: readonly [string, string],
): string[] {
  const [a, b] = states;
  const called = (i: 0 | 1): string => middle(names[i] === "" ? "AB".charAt(i) : names[i], NAME);
  const common = shared(a, b).size;
  const end = !sameData(a, b)
    ? `. ${OTHER_DATA}`
    : common === 0
      ? "; no row is in both."
      : `; ${common === 1 ? "1 row is" : `${count(common)} rows are`} in both.`;
  return ["", called(0), ` ${finding(a)}, `, called(1), ` ${finding(b)}${end}`];
}
