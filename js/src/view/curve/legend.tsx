/** One entry per line, named with where it flips. */

import type { JSX } from "preact";
import { count } from "../../format.js";
import { PendingIcon } from "../icons.js";
import { useView } from "../context.js";
import { crossed, deedOf, hasGap, legendName, phaseOf } from "../summary.js";
import type { Ranking } from "../../protocol.js";

/** Dashes tell the baselines apart without a colour; the first is solid. */
export const DASHES = ["", "5 3.5", "1.5 3", "9 3 1.5 3"];

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

export function Legend(): JSX.Element {
  const { state, start, live, screen, dispatch, width } = useView();
  const phase = phaseOf(state, live);
  const running = phase === "running" || phase === "paused";
  const steps = count(state.steps.length);
  const flips = state.verified === null ? crossed(state) : state.verified.flipped;
  const ours =
    running && !flips
      ? `step ${steps}`
      : flips
        ? `flips at ${steps}`
        : `${steps} ${deedOf(state).done}`;
  const short = (words: string): string =>
    width === "narrow" ? words.replace("flips at ", "") : words;
  const waiting = start.baselines.filter(
    (name) => !state.rankings.some((ranking) => ranking.method === name),
  );
  return (
    <div class="legend">
      <ul aria-label="Lines">
        <li>
          <Swatch class="forcing" dot />
          <b>MFS</b> {short(ours)}
        </li>
        {state.rankings.map((ranking, i) => (
          <li key={ranking.method}>
            <Swatch class="baseline" dash={dash(i)} />
            {legendName(ranking.method)} {short(flipsAt(ranking))}
          </li>
        ))}
        {waiting.map((name) => (
          <li key={name}>
            {running ? <PendingIcon /> : null}
            {`${legendName(name)} ${running ? "waits" : "did not run"}`}
          </li>
        ))}
      </ul>
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
    </div>
  );
}
