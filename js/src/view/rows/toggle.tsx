/** "Put back" and "Take out": the same button for rows of every kind. */

import type { JSX } from "preact";
import { useView } from "../context.js";
import { Shape } from "../shapes.js";
import { certainty, decides, isNoisy } from "../summary.js";
import { TakeOutIcon, UndoIcon } from "../icons.js";
import { spokenLine } from "./lines.js";
import type { Line } from "./lines.js";

export function Toggle(props: { line: Line; tabIndex: number; index: number }): JSX.Element {
  const { line } = props;
  const { state, start, screen, selected, select, toggle } = useView();
  const back = screen.back.includes(line.row);
  const words = back ? "Take out" : "Put back";
  return (
    <button
      type="button"
      class="plain toggle"
      data-index={props.index}
      tabIndex={props.tabIndex}
      aria-pressed={back}
      aria-disabled={toggle === null}
      aria-label={`${words}: ${spokenLine(line, state, start.claim)}`}
      onClick={(event) => {
        // The row behind it listens too: a click with the control key is for the selection.
        if (event.ctrlKey || event.metaKey) return;
        event.stopPropagation();
        if (!selected.includes(line.row)) select([line.row]);
        toggle?.(line.row);
      }}
    >
      {back ? <TakeOutIcon /> : <UndoIcon />}
      {words}
    </button>
  );
}

/** The decision if this row alone were put back; while that is not known, what its removal leaves. */
export function IfBack(props: { line: Line }): JSX.Element | null {
  const { state, start } = useView();
  const { claim } = start;
  const leaves = state.verified === null && !isNoisy(state);
  const p = leaves ? props.line.confidence : props.line.back;
  if (p === null) return null;
  return (
    <span class="if-back">
      <Shape role={decides(claim, p)} size={9} />
      {certainty(claim, p)}
    </span>
  );
}
