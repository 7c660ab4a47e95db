/** The proof for a learner with noise: what each retraining decides, a strip of dots for each set. */

import { extent } from "d3-array";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { THIN, className, count, middle, tick as format } from "../../format.js";
import type { Claim, State, Tally } from "../../protocol.js";
import { useView } from "../context.js";
import { randomRows, thing } from "../retrained.js";
import { Mark, Shape } from "../shapes.js";
import { certainty, phaseOf, predicts, relabels } from "../summary.js";
import { useWidth } from "../width.js";
import { STRIP, dots, stripExtent, stripScale, stripTicks, strips } from "./geometry.js";
import type { Strip } from "./geometry.js";

const WORDS =
  "One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen".split(
    " ",
  );
const AXIS = 24;

/** What was left out, and what for. */
function named(state: State, key: Strip["key"]): readonly [title: string, note: string] {
  const size = state.steps.length;
  const [without, changed] = relabels(state) ? ["With", " changed"] : ["Without", ""];
  switch (key) {
    case "all":
      return ["All rows", "trained again with other seeds"];
    case "set": {
      const those = size === 0 ? "set" : size === 1 ? "" : count(size);
      const rows = size === 0 ? "" : thing(state, size);
      const words = ["the", those, rows].filter(Boolean).join(" ");
      return [`${without} ${words}${changed}`, "fresh, never used in the search"];
    }
    case "random": {
      const rows = size === 0 ? "random rows" : randomRows(state).replace(/ of the same .*/, "");
      return [`${without} ${rows}${changed}`, "same classes: the control"];
    }
  }
}

/** "Eleven retrainings each"; nothing where the strips have not as many. */
function title(all: readonly Strip[]): string {
  const sizes = new Set(all.flatMap(({ tally }) => (tally ? [tally.confidences.length] : [])));
  const [size] = sizes;
  if (sizes.size !== 1 || size === undefined) return "Retrainings";
  const word = WORDS[size - 1] ?? count(size);
  if (size === 1) return "One retraining each";
  return `${word} retrainings${all.length > 1 ? " each" : ""}`;
}

function spoken(state: State, claim: Claim, { key, tally }: Strip): string {
  const [what, note] = named(state, key);
  if (tally === null) return `${what}: not known yet`;
  const { flips, confidences } = tally;
  const of = confidences.length;
  const range = extent(confidences).map((p) => certainty(claim, p ?? claim.confidence));
  return (
    `${what}, ${note}: ${of - flips} of ${of} retrainings decide ${className(claim.favoured)}, ` +
    `${flips} otherwise; ${predicts(claim) ? "predictions" : "confidence"} ${range.join(" to ")}`
  );
}

function Count(props: { claim: Claim; tally: Tally | null }): JSX.Element {
  const { claim, tally } = props;
  if (tally === null) return <span class="count quiet">waits</span>;
  const of = tally.confidences.length;
  return (
    <span class="count">
      {middle(className(claim.favoured), 20)} <b>{`${of - tally.flips} of ${of}`}</b>
    </span>
  );
}

function Line(props: {
  strip: Strip;
  width: number;
  x: (p: number) => number;
  plain: boolean;
}): JSX.Element {
  const { state, start } = useView();
  const { strip, width, x, plain } = props;
  const { claim } = start;
  const [what, note] = named(state, strip.key);
  const edge = x(claim.threshold);
  const { height, radius } = STRIP;
  return (
    <div class="strip" role="listitem">
      <span class="what" aria-hidden={!plain}>
        <b>{what}</b>
        <span class="quiet">{note}</span>
      </span>
      {!plain && (
        <svg
          class="dots"
          width={width}
          height={height}
          role="img"
          aria-label={spoken(state, claim, strip)}
        >
          <rect class="rival-region" width={edge} height={height} />
          <path class="decision" d={`M${edge} 0V${height}`} />
          <path class="grid" d={`M0 ${height - 0.5}H${width}`} />
          {strip.tally &&
            dots(strip.tally, claim, x).map((dot, i) => (
              <Mark key={i} role={dot.role} x={dot.x} y={height / 2 + dot.dy} size={radius} />
            ))}
        </svg>
      )}
      <span class="tally" aria-hidden={!plain}>
        {plain && strip.tally && <Shape role="favoured" size={9} />}
        <Count claim={claim} tally={strip.tally} />
      </span>
    </div>
  );
}

function Axis(props: {
  claim: Claim;
  width: number;
  x: (p: number) => number;
  ticks: readonly number[];
}): JSX.Element {
  const { claim, width, x, ticks } = props;
  const words = (p: number): string =>
    predicts(claim) ? certainty(claim, p) : `${format(p)}${THIN}%`;
  return (
    <svg class="dots axis-line" width={width} height={AXIS} aria-hidden="true">
      {ticks.map((tick) => (
        <text class="axis" key={tick} x={x(tick)} y="17" text-anchor="middle">
          {words(tick)}
        </text>
      ))}
      <text class="axis decides" x={x(claim.threshold)} y="17" text-anchor="middle">
        {words(claim.threshold)}
      </text>
    </svg>
  );
}

export function Retrainings(): JSX.Element | null {
  const { state, live } = useView();
  const phase = phaseOf(state, live);
  const all = strips(state, phase === "running" || phase === "paused");
  return all.length === 0 ? null : <Strips all={all} />;
}

function Strips(props: { all: readonly Strip[] }): JSX.Element {
  const { state, start, width } = useView();
  const { all } = props;
  const box = useRef<HTMLDivElement>(null);
  const pixels = useWidth(box, 380);
  const { claim } = start;
  const known = all.flatMap(({ tally }) => (tally ? [tally] : []));
  const span = stripExtent(known, claim.threshold);
  const x = stripScale(span, pixels);
  const plain = width === "narrow";
  // Where chance decides, the headline says what the one strip shows.
  const titled = state.end?.status !== "unstable";
  return (
    <section class={titled ? "retrainings" : "retrainings alone"} aria-label="Retrainings">
      {titled && <h3>{title(all)}</h3>}
      <div role="list" aria-label={title(all)}>
        {all.map((strip) => (
          <Line key={strip.key} strip={strip} width={pixels} x={x} plain={plain} />
        ))}
      </div>
      {/* As wide as the strips, and measured in their stead. */}
      <div class="strip foot" hidden={plain}>
        <div class="measured" ref={box}>
          <Axis claim={claim} width={pixels} x={x} ticks={stripTicks(span, claim, pixels)} />
        </div>
      </div>
    </section>
  );
}
