/** The answer in one sentence, spoken when it changes, but not at every step. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { aloud, sentences } from "./sentence.js";
import type { Piece } from "./sentence.js";
import { Shape } from "./shapes.js";
import type { State } from "../protocol.js";

/** A reader is told at most this often while numbers stream. */
const SPEAK_MS = 4000;

/** A shape stays on the line of its name, unless the name itself must break. */
const LONG_WORD = 24;

export function Words(props: { piece: Piece; size?: number }): JSX.Element {
  const { piece, size = 15 } = props;
  const first = piece.text.split(" ", 1)[0] ?? "";
  switch (piece.kind) {
    case "text":
      return <>{piece.text}</>;
    case "strong":
      return <strong>{piece.text}</strong>;
    case "quiet":
      return <span class="quiet">{piece.text}</span>;
    case "amount":
      return (
        <span class="amount">
          <strong>{piece.text}</strong> {piece.noun}
        </span>
      );
    case "class":
      return (
        <strong
          class={`class ${piece.role}`}
          {...(piece.text === piece.name ? {} : { title: piece.name })}
        >
          <span class={first.length <= LONG_WORD ? "keep" : ""}>
            <Shape role={piece.role} size={size} />
            {first}
          </span>
          {piece.text.slice(first.length)}
        </strong>
      );
  }
}

/** The latest of a changing text, no more often than every `wait` milliseconds. */
function useThrottled(text: string, wait: number, now: boolean): string {
  const [shown, setShown] = useState(text);
  const last = useRef(0);
  useEffect(() => {
    const rest = now ? 0 : Math.max(0, last.current + wait - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setShown(text);
    }, rest);
    return () => clearTimeout(timer);
  }, [text, wait, now]);
  return shown;
}

export function Headline(props: { state: State; live: boolean }): JSX.Element {
  const { state, live } = props;
  const all = sentences(state, live);
  const heard = useThrottled(aloud(state, live), SPEAK_MS, state.end !== null || !live);
  return (
    <>
      <h2 class="headline">
        {all.map((sentence, i) => (
          <span class="sentence" key={i}>
            {sentence.map((piece, j) => (
              <Words piece={piece} key={j} />
            ))}{" "}
          </span>
        ))}
      </h2>
      <p class="aloud" aria-live="polite">
        {heard}
      </p>
    </>
  );
}
