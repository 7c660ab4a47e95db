/** The decision with some rows of the set put back. */

import type { JSX } from "preact";
import { className, count, listed, middle, percent } from "../format.js";
import { useView } from "./context.js";
import { InfoIcon, SpinnerIcon, UndoIcon, WarningIcon } from "./icons.js";
import type { Screen } from "./screen.js";
import { Shape, roleOf } from "./shapes.js";
import type { Start, Tally } from "../protocol.js";
import { among, certainty, predicts } from "./summary.js";

/** More names than this become a number. */
const NAMED = 4;

function named(back: readonly number[]): string {
  if (back.length === 1) return `row ${back[0] ?? ""}`;
  if (back.length > NAMED) return `${count(back.length)} rows`;
  return `rows ${listed(back.map(String))}`;
}

/** "10 of 11 retrainings: ", of those that decide as is told after it. */
function counted(start: Start, tally: Tally, flipped: boolean): string {
  const of = tally.confidences.length;
  const agree = flipped ? tally.flips : of - tally.flips;
  // Of several classes each retraining may have its own.
  const decide = flipped && among(start) ? " decide otherwise, the median is" : ":";
  return `${agree}\u00a0of\u00a0${of} retrainings${decide} `;
}

/** Ctrl Z anywhere in the view, but not where words are written. */
export function undoKey(event: KeyboardEvent, screen: Screen, undo: () => void): void {
  const wanted = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
  const writes = event.target instanceof Element && event.target.matches("input, textarea");
  if (!wanted || writes || screen.past.length === 0) return;
  event.preventDefault();
  event.stopPropagation();
  undo();
}

export function WhatIfLine(): JSX.Element | null {
  const { start, screen, live, dispatch } = useView();
  const { back, answer, asked } = screen;
  if (back.length === 0) return null;
  const { claim } = start;
  let result: JSX.Element;
  if (answer !== null && "error" in answer) {
    result = (
      <span class="quiet">
        <WarningIcon /> {answer.error === "" ? "the refit failed" : answer.error}
      </span>
    );
  } else if (answer !== null) {
    const role = roleOf(answer.label, claim);
    const sure =
      role === "favoured" || predicts(claim)
        ? certainty(claim, answer.confidence, 1)
        : percent(1 - answer.confidence, 1, 1 - claim.threshold);
    const name = middle(className(answer.label), 32);
    result = (
      <>
        {answer.tally && counted(start, answer.tally, role !== "favoured")}
        <b class={`class ${role}`}>
          <Shape role={role} />
          {name}
        </b>{" "}
        <span class="quiet">{`(${predicts(claim) ? "prediction " : ""}${sure})`}</span>
      </>
    );
  } else if (asked !== null && live) {
    result = (
      <span class="quiet waits">
        <SpinnerIcon /> refitting
      </span>
    );
  } else {
    result = (
      <span class="quiet">
        <InfoIcon />{" "}
        {live ? "the kernel did not answer" : "several rows at once need the running kernel"}
      </span>
    );
  }
  return (
    <p class="what-if" role="status">
      <span>
        {`With ${named(back)} put back: `}
        {result}
      </span>
      <span class="ways">
        <button
          type="button"
          class="plain"
          title="Undoes the last change (Ctrl Z)"
          onClick={() => dispatch({ type: "undo" })}
        >
          <UndoIcon />
          Undo
        </button>
        {back.length > 1 && (
          <button type="button" class="plain" onClick={() => dispatch({ type: "restore" })}>
            Restore all
          </button>
        )}
      </span>
    </p>
  );
}
