/** Rows that stand in both of two sets that are shown together. */

import type { JSX } from "preact";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { TickIcon } from "../icons.js";

export const InBoth = createContext<ReadonlySet<number>>(new Set());

/** A tick and a word beside a row that the other set has too. */
export function BothMark(props: { row: number }): JSX.Element | null {
  if (!useContext(InBoth).has(props.row)) return null;
  return (
    <span class="both">
      <TickIcon />
      in both
    </span>
  );
}
