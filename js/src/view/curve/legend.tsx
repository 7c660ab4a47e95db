/** One entry per line, named with where it flips. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { count } from "../../format.js";
import { PendingIcon } from "../icons.js";
import { useView } from "../context.js";
import { crossed, deedOf, hasGap, legendName, phaseOf } from "../summary.js";
import { Playback } from "../playback/index.js";
import type { Ranking } from "../../protocol.js";

/** Dashes tell the baselines apart without a colour; the first is solid. */
export const DASHES = [
  ...["", "5 3.5", "1.5 3", "9 3 1.5 3"],
  ...["14 4", "3 6", "9 3 1.5 3 1.5 3", "14 3 4 3"],
];

/** More baselines than fit into two lines wait behind a button. */
const NAMED = { wide: 6, medium: 3, narrow: 3 };

export function dash(index: number): string {
  return DASHES[index % DASHES.length] ?? "";
}

/** "flips at 10", or what is known instead. */
export function flipsAt(ranking: Ranking): string {
  if (ranking.flips_at !== null) return `flips at ${count(ranking.flips_at)}`;
  return ranking.tried > 0 ? `no flip by ${count(ranking.tried)}` : "does not flip";
}

function Swatch(props: { class: string; dash?: string; dot?: boolean }): JSX.Element {
  return (
    <svg class="swatch" width="26" height="10" aria-hidden="true">
      <path class={props.class} d="M0 5H26" stroke-dasharray={props.dash ?? ""} />
      {props.dot && <circle class="mark favoured" cx="13" cy="5" r="3.5" />}
    </svg>
  );
}

/** `tight`: beside a plane there is no room for more than the numbers. */
export function Legend(props: { tight: boolean }): JSX.Element {
  const { state, start, live, screen, dispatch, width } = useView();
  const phase = phaseOf(state, live);
  const running = phase === "running" || phase === "paused";
  const steps = count(state.steps.length);
  const flips = state.verified === null ? crossed(state) : state.verified.flipped;
  const tried = state.band.reduce((most, [k]) => Math.max(most, k), 0);
  const ours =
    state.steps.length === 0 && tried > 0
      ? `${count(tried)} tried`
      : running && !flips
        ? `step ${steps}`
        : flips
          ? `${state.band.length > 0 ? "most flip at " : "flips at "}${steps}`
          : `${steps} ${deedOf(state).done}`;
  const short = (words: string): string =>
    width === "narrow" || props.tight ? words.replace(/^(most flip|flips) at /, "") : words;
  const waiting = start.baselines.filter(
    (name) => !state.rankings.some((ranking) => ranking.method === name),
  );
  const [all, setAll] = useState(false);
  const { rankings } = state;
  const named = NAMED[width];
  const folds = rankings.length > named + 1;
  const shown = folds && !all ? rankings.slice(0, named) : rankings;
  // Of many lines, one stands out while its name is pointed at.
  const many = rankings.length > 3;
  const line = (method: string | null): void => dispatch({ type: "line", method });
  return (
    <div class="legend">
      <ul aria-label="Lines">
        <li>
          <Swatch class="forcing" dot />
          <b>MFS</b> {short(ours)}
        </li>
        {shown.map((ranking, i) => {
          const { method } = ranking;
          const entry = (
            <>
              <Swatch class="baseline" dash={dash(i)} />
              {legendName(method)} {short(flipsAt(ranking))}
            </>
          );
          return (
            <li
              key={method}
              class={screen.line === method ? "stands-out" : ""}
              {...(many
                ? { onPointerEnter: () => line(method), onPointerLeave: () => line(null) }
                : {})}
            >
              {many ? (
                <button
                  type="button"
                  class="plain"
                  title="Makes this line stand out"
                  onFocus={() => line(method)}
                  onBlur={() => line(null)}
                >
                  {entry}
                </button>
              ) : (
                entry
              )}
            </li>
          );
        })}
        {folds && (
          <li>
            <button type="button" class="plain" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? "fewer" : `+${count(rankings.length - named)} more`}
            </button>
          </li>
        )}
        {waiting.map((name) => (
          <li key={name}>
            {running ? <PendingIcon /> : null}
            {`${legendName(name)} ${running ? "waits" : "did not run"}`}
          </li>
        ))}
      </ul>
      <span class="curve-tools">
        <Playback />
        {hasGap(state) && (
          <button
            type="button"
            class="plain"
            aria-pressed={screen.gap}
            title="What the opposite decision costs: loss of the counterfactual model less loss of the model"
            onClick={() => dispatch({ type: "gap" })}
          >
            Loss gap
          </button>
        )}
      </span>
    </div>
  );
}
