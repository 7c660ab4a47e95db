/** How far the confidence moved, on the list's one scale. */

import type { JSX } from "preact";
import { points } from "../../format.js";

export function Bar(props: { change: number | null; largest: number }): JSX.Element {
  const { change, largest } = props;
  const part = change === null ? 0 : Math.abs(change) / largest;
  const rises = change !== null && change > 0;
  return (
    <span class="bar" aria-hidden="true">
      {part > 0 && (
        <span
          class={rises ? "fill rises" : "fill"}
          style={{ width: `${(100 * part).toFixed(1)}%` }}
        />
      )}
    </span>
  );
}

export function Change(props: { change: number | null; digits: number }): JSX.Element {
  return (
    <span class="change">{props.change === null ? "–" : points(props.change, props.digits)}</span>
  );
}
