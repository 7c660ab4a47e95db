/** How far the decision moved, on the list's one scale. */

import type { JSX } from "preact";
import type { Line } from "./lines.js";
import type { Measure } from "./measure.js";

export function Bar(props: { line: Line; measure: Measure }): JSX.Element {
  const { line, measure } = props;
  const change = measure.of(line) ?? 0;
  const part = Math.abs(change) / measure.largest;
  return (
    <span class="bar" aria-hidden="true">
      {part > 0 && (
        <span
          class={change > 0 ? "fill rises" : "fill"}
          style={{ width: `${(100 * part).toFixed(1)}%` }}
        />
      )}
    </span>
  );
}

export function Change(props: { line: Line; measure: Measure }): JSX.Element {
  return <span class="change">{props.measure.text(props.line)}</span>;
}
