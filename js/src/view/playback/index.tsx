/** Plays a finished run again: its buttons, its clock and the line that says where it is. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { className, count, middle, percent } from "../../format.js";
import { useCursor, useView } from "../context.js";
import type { View } from "../context.js";
import { PauseIcon, ResumeIcon } from "../icons.js";
import { Shape } from "../shapes.js";
import { certainty, decides, deedOf, nounOf, phaseOf, predicts } from "../summary.js";
import { advanced, pace, stepped, toggled } from "./play.js";

function calm(): boolean {
  return typeof matchMedia === "function" && matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Whether there is a run to play, and room for its buttons. */
export function playable(view: View): boolean {
  const { state, live, width } = view;
  return width !== "narrow" && state.steps.length > 1 && phaseOf(state, live) === "ended";
}

/** Starts or holds, as the button and the space key do. */
export function playOrHold(view: View, cursor: number | null): void {
  const { screen, state, dispatch } = view;
  dispatch({ type: "play", play: toggled(screen.play, cursor, state.steps.length) });
}

function Previous(): JSX.Element {
  return (
    <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M4.5 4V12M11.5 4 6.5 8 11.5 12Z" />
    </svg>
  );
}

function Next(): JSX.Element {
  return (
    <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M11.5 4V12M4.5 4 9.5 8 4.5 12Z" />
    </svg>
  );
}

export function Playback(): JSX.Element | null {
  const view = useView();
  const { screen, state, dispatch } = view;
  const { play } = screen;
  const cursor = useCursor();
  const last = state.steps.length;
  const able = playable(view);

  useEffect(() => {
    if (play?.running !== true || !able) return;
    const { stride, wait } = pace(last, calm());
    const next = advanced(play, last, stride);
    const timer = setTimeout(() => dispatch({ type: "play", play: next }), wait);
    return () => clearTimeout(timer);
  }, [play, last, able, dispatch]);

  if (!able) return null;
  const running = play?.running === true;
  const move = (by: -1 | 1): void =>
    dispatch({ type: "play", play: stepped(play, cursor, last, by) });
  return (
    <span class="playback" role="group" aria-label="Play the removals">
      <button
        type="button"
        class="plain"
        aria-label="One removal back"
        title="One removal back"
        onClick={() => move(-1)}
      >
        <Previous />
      </button>
      <button type="button" class="plain" onClick={() => playOrHold(view, cursor)}>
        {running ? <PauseIcon /> : <ResumeIcon />}
        {running ? "Pause" : "Play"}
      </button>
      <button
        type="button"
        class="plain"
        aria-label="One removal on"
        title="One removal on"
        onClick={() => move(1)}
      >
        <Next />
      </button>
    </span>
  );
}

/** "After 4 of 11 removals: bad credit (55.5 %)". */
export function PlayLine(): JSX.Element | null {
  const view = useView();
  const { screen, state, start, dispatch } = view;
  const { play } = screen;
  if (play === null) return null;
  const { claim } = start;
  const p = state.steps[play.step - 1]?.confidence ?? claim.confidence;
  const role = decides(claim, p);
  const sure =
    role === "favoured" || predicts(claim)
      ? certainty(claim, p, 1)
      : percent(1 - p, 1, 1 - claim.threshold);
  const of = `${count(play.step)} of ${count(state.steps.length)}`;
  const deed = deedOf(state).done === "removed" ? "removals" : "changes";
  return (
    // Spoken where it is held, not at every picture.
    <p class="play-line" aria-live={play.running ? "off" : "polite"}>
      {`After ${of} ${deed}: `}
      <b class={`class ${role}`}>
        <Shape role={role} />
        {middle(className(role === "favoured" ? claim.favoured : claim.rival), 28)}
      </b>{" "}
      <span class="quiet">{`(${sure})`}</span>
      {!(play.running && playable(view)) && (
        <button
          type="button"
          class="plain"
          title={`Shows all ${nounOf(state)[1]} again`}
          onClick={() => dispatch({ type: "play", play: null })}
        >
          Show all
        </button>
      )}
    </p>
  );
}
