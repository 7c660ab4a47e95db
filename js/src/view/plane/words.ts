/** A plane in words: for readers, and what is not to be seen on it. */

import { count, quantity } from "../../format.js";
import type { Axis, Plane, State } from "../../protocol.js";

const axis = ({ name, low, high }: Axis): string =>
  `${name} from ${quantity(low)} to ${quantity(high)}`;

/** What the drawing shows, for those who do not see it. */
export function spoken(plane: Plane, supports: number): string {
  const lines = [
    plane.before.length > 0 ? "before" : "",
    plane.after.length > 0 ? "after" : "",
  ].filter((name) => name !== "");
  const boundaries =
    lines.length === 0
      ? "No decision boundary is on it."
      : `The decision boundary ${lines.join(" and that ")} the removal ${lines.length > 1 ? "are" : "is"} drawn.`;
  return (
    `${count(plane.xs.length)} training rows around the target, ` +
    `across ${axis(plane.x)}, up ${axis(plane.y)}, with ${count(supports)} supports. ${boundaries}`
  );
}

function rows(n: number, one: string, many: string): string {
  return n === 1 ? `1 ${one}` : `${count(n)} ${many}`;
}

/** Sentences below the drawing. */
export function remarks(
  state: State,
  plane: Plane,
  seen: { before: boolean; after: boolean; outside: number; absent: number },
): string[] {
  const notes = plane.note === "" ? [] : [plane.note];
  // The kernel has said why there is none at all.
  const none = /no boundary/i.test(plane.note);
  if (!seen.before && !none) notes.push("The boundary before lies outside.");
  if (!seen.after && !none && state.end?.status === "flipped") {
    // It may not have been computed: a plane that nobody asked for is not worth a long refit.
    notes.push(
      plane.after.length > 0 ? "The boundary after lies outside." : "No boundary after is drawn.",
    );
  }
  if (seen.absent > 0) {
    notes.push(`${rows(seen.absent, "support has", "supports have")} no place here.`);
  }
  if (seen.outside > 0) notes.push(`${rows(seen.outside, "row lies", "rows lie")} outside.`);
  return notes;
}
