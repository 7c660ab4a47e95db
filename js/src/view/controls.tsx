/** Pause, Resume and Cancel: only while there is something to stop. */

import type { JSX } from "preact";
import { CancelIcon, PauseIcon, ResumeIcon } from "./icons.js";
import type { Store } from "../store.js";
import { phaseOf } from "./summary.js";

export function Controls(props: { store: Store }): JSX.Element | null {
  const { store } = props;
  const phase = phaseOf(store.state, store.live);
  if (phase !== "running" && phase !== "paused") return null;
  const paused = phase === "paused";
  return (
    <div class="controls">
      <button
        type="button"
        class="boxed"
        onClick={() => store.send({ type: paused ? "resume" : "pause" })}
      >
        {paused ? <ResumeIcon /> : <PauseIcon />}
        {paused ? "Resume" : "Pause"}
      </button>
      <button type="button" class="boxed" onClick={() => store.send({ type: "cancel" })}>
        <CancelIcon />
        Cancel
      </button>
    </div>
  );
}
