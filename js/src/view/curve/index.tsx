/** The confidence curve: proof of the sentence, and the way to a single step. */

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { className, count, value } from "../../format.js";
import { useCursor, useView } from "../context.js";
import { certainty, deedOf, hasGap, phaseOf, refits, relabels } from "../summary.js";
import { PlayLine, playOrHold, playable } from "../playback/index.js";
import { useWidth } from "../width.js";
import { Gap } from "./gap.js";
import { HEIGHT, geometry } from "./geometry.js";
import { Legend } from "./legend.js";
import { Plot } from "./plot.js";

/** Below this the curve is no longer readable; the layout scrolls instead. */
const LEAST = 240;

/** A search by refits tries sets, not rows one by one: it has no curve on its way. */
function Unknown(): JSX.Element | null {
  const { state, live } = useView();
  const { progress } = state;
  if (progress === null || !refits(state) || state.steps.length + state.band.length > 0)
    return null;
  if (phaseOf(state, live) !== "running") return null;
  return (
    <p class="unknown">
      {`This model is searched by refitting it, ${count(progress.done)} of at most ${count(progress.total ?? 0)} times. `}
      The curve is drawn at the end of the search.
    </p>
  );
}

/** Below this the legend of two baselines would take two lines. */
const TIGHT = 640;

export function Curve(): JSX.Element {
  const view = useView();
  const { state, start, live, screen, dispatch, select, width } = view;
  const { claim } = start;
  const box = useRef<HTMLDivElement>(null);
  const pixels = Math.max(LEAST, useWidth(box, 720));
  const plot = width === "narrow" ? 150 : HEIGHT.plot;
  const g = useMemo(
    () => geometry(state, claim, live, pixels, plot),
    [state, claim, live, pixels, plot],
  );
  const last = state.steps.length;
  const moved = useCursor();
  const cursor = moved === null ? null : Math.min(moved, last);
  const point = (step: number | null): void => dispatch({ type: "cursor", step });
  /** The start is a place for the cursor, but no row. */
  const pick = (step: number | null): void => {
    if (screen.play !== null) {
      // While the run is played, the cursor moves the film.
      dispatch({ type: "play", play: step === null ? null : { step, running: false } });
      return;
    }
    const row = step === null ? null : (state.steps[step - 1]?.row ?? null);
    select(row === null ? [] : [row]);
    if (row === null) point(step);
  };

  const stepAt = (event: PointerEvent): number => {
    const left = (event.currentTarget as Element).getBoundingClientRect().left;
    const k = Math.round(g.rowsAt(event.clientX - left));
    return Math.min(last, Math.max(0, k));
  };
  const onKey = (event: KeyboardEvent): void => {
    const from = cursor ?? (event.key === "ArrowLeft" || event.key === "ArrowDown" ? last + 1 : -1);
    const leap = Math.max(1, Math.round(last / 10));
    if (event.key === " " && playable(view)) {
      event.preventDefault();
      event.stopPropagation();
      playOrHold(view, cursor);
      return;
    }
    const steps: Record<string, number | null> = {
      ArrowRight: from + 1,
      ArrowUp: from + 1,
      ArrowLeft: from - 1,
      ArrowDown: from - 1,
      PageUp: from + leap,
      PageDown: from - leap,
      Home: 0,
      End: last,
      Escape: null,
    };
    const to = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    pick(to === null ? null : Math.min(last, Math.max(0, to)));
  };

  const at = cursor ?? last;
  const { done } = deedOf(state);
  const confidence = g.line[at]?.[1] ?? claim.confidence;
  const gap = screen.gap && cursor !== null ? state.steps[cursor - 1]?.gap : undefined;
  const label =
    `${count(at)} ${done} · ${certainty(claim, confidence, 1)}` +
    (gap === undefined || gap === null ? "" : ` · gap ${value(gap)}`);
  return (
    <section
      class="curve"
      aria-label={`Confidence over ${relabels(state) ? "labels" : "rows"} ${done}`}
    >
      <Legend tight={pixels < TIGHT} />
      <div class="canvas" ref={box}>
        <div
          class="slider"
          role="slider"
          tabIndex={0}
          aria-label={`Confidence in ${className(claim.favoured)} by training ${relabels(state) ? "labels" : "rows"} ${done}`}
          aria-orientation="horizontal"
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={at}
          aria-valuetext={label}
          onPointerMove={(event) => point(stepAt(event))}
          onPointerDown={(event) => pick(stepAt(event))}
          onPointerLeave={(event) => {
            if (event.pointerType === "mouse") point(null);
          }}
          onKeyDown={onKey}
        >
          <Plot
            g={g}
            cursor={cursor}
            label={label}
            streaming={phaseOf(state, live) === "running"}
          />
          <Unknown />
          {screen.gap && hasGap(state) && <Gap g={g} steps={state.steps} cursor={cursor} />}
        </div>
        <PlayLine />
      </div>
    </section>
  );
}
