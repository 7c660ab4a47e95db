/** A text with the words that matter underlined, thicker for more weight. */

import type { JSX } from "preact";
import type { Mark } from "../protocol.js";

export interface Run {
  text: string;
  /** 0 for plain text. */
  weight: number;
}

/**
 * Cuts a text at its marks. Offsets count UTF-16 units, which the kernel sends;
 * marks that overlap or run over the end are cut back.
 */
export function runs(text: string, marks: readonly Mark[]): Run[] {
  const result: Run[] = [];
  let at = 0;
  const put = (end: number, weight: number): void => {
    if (end > at) result.push({ text: text.slice(at, end), weight });
    at = Math.max(at, end);
  };
  for (const [start, end, weight] of [...marks].sort((a, b) => a[0] - b[0])) {
    put(Math.min(start, text.length), 0);
    put(Math.min(end, text.length), Math.min(1, Math.max(0.01, weight)));
  }
  put(text.length, 0);
  return result;
}

export function Words(props: { text: string; marks: readonly Mark[] }): JSX.Element {
  return (
    <>
      {runs(props.text, props.marks).map((run, i) =>
        run.weight === 0 ? (
          <span key={i}>{run.text}</span>
        ) : (
          <mark
            key={i}
            style={{ textDecorationThickness: `${(1 + 1.4 * run.weight).toFixed(1)}px` }}
          >
            {run.text}
          </mark>
        ),
      )}
    </>
  );
}
