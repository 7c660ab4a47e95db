/** The drawing itself: axes, region, lines, marks and their labels. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { useView } from "../context.js";
import { THIN, className, count, middle, tick as format } from "../../format.js";
import { Mark, roleOf } from "../shapes.js";
import { certainty, deedOf, nounOf, predicts } from "../summary.js";
import { confidenceTicks, predictionTicks } from "./extent.js";
import { HEIGHT, LEFT, POINTS, along, markSize, path, pixels } from "./geometry.js";
import type { Geometry } from "./geometry.js";
import type { Point } from "./extent.js";
import { Band, BandDots, axisWords } from "./banded.js";
import type { Claim } from "../../protocol.js";
import { flipWords, labels } from "./labels.js";
import { dash } from "./legend.js";

const UNIT = `${THIN}%`;

/** Names share the line with the curve's own labels. */
function nameLength(g: Geometry): number {
  return Math.max(8, Math.min(28, Math.floor((0.3 * g.width) / 7)));
}

function Axes(props: { g: Geometry; claim: Claim; axis: string }): JSX.Element {
  const { g, claim, axis } = props;
  const { threshold } = claim;
  const value = predicts(claim);
  const words = (p: number): string => (value ? certainty(claim, p) : format(p));
  const unit = value ? "" : UNIT;
  const right = g.x(g.rows);
  const { bottom } = g;
  const line = g.y(threshold);
  const ticks = value ? predictionTicks(g.extent, claim) : confidenceTicks(g.extent, threshold);
  return (
    <g aria-hidden="true">
      <rect
        class="rival-region"
        x={LEFT}
        y={line}
        width={right - LEFT}
        height={Math.max(0, bottom - line)}
      />
      {ticks.map((tick, i) => (
        <g key={tick}>
          <path class="grid" d={`M${LEFT} ${g.y(tick)}H${right}`} />
          <text class="axis" x={LEFT - 8} y={g.y(tick) + 4} text-anchor="end">
            {words(tick) + (i === ticks.length - 1 ? unit : "")}
          </text>
        </g>
      ))}
      <path class="decision" d={`M${LEFT} ${line}H${right}`} />
      <text class="axis decides" x={LEFT - 8} y={line + 4} text-anchor="end">
        <tspan>{words(threshold)}</tspan>
        <tspan class="unit">{unit}</tspan>
      </text>
      {g.ticks.map((tick) => (
        <text class="axis" key={tick} x={g.x(tick)} y={bottom + 17} text-anchor="middle">
          {count(tick)}
        </text>
      ))}
      <text class="axis" x={right} y={bottom + 34} text-anchor="end">
        {axis}
      </text>
    </g>
  );
}

function Baselines(props: { g: Geometry }): JSX.Element {
  const { state, screen } = useView();
  const { g } = props;
  const inside = `0 ${HEIGHT.top - 4} ${g.x(g.rows)} ${g.bottom - HEIGHT.top + 4}`.split(" ");
  const [, top, right, height] = inside.map(Number);
  return (
    <svg
      x="0"
      y={top}
      width={right}
      height={height}
      viewBox={inside.join(" ")}
      overflow="hidden"
      aria-hidden="true"
    >
      {state.rankings.map((ranking, i) => (
        <path
          key={ranking.method}
          class={
            screen.line === null
              ? "baseline"
              : screen.line === ranking.method
                ? "baseline stands-out"
                : "baseline gives-way"
          }
          d={path(g, ranking.curve)}
          stroke-dasharray={dash(i)}
        />
      ))}
    </svg>
  );
}

/** A ring on the decision line where each baseline flips. */
function BaselineFlips(props: { g: Geometry; threshold: number }): JSX.Element {
  const { state } = useView();
  const { g, threshold } = props;
  return (
    <g aria-hidden="true">
      {state.rankings
        .filter((r) => r.flips_at !== null && r.flips_at <= g.rows)
        .map((r) => (
          <circle
            key={r.method}
            class="flip-ring"
            cx={g.x(r.flips_at ?? 0)}
            cy={g.y(threshold)}
            r="4"
          />
        ))}
    </g>
  );
}

function ForcingLine(props: { g: Geometry; streaming: boolean }): JSX.Element {
  const { state, start, screen } = useView();
  const { g, streaming } = props;
  const until = screen.play?.step ?? state.steps.length;
  // Between lengths that were retrained no single row has a point of its own.
  const few = state.steps.length <= POINTS && g.band.length === 0;
  const size = markSize(state.steps.length);
  // The cursor moves more often than the line.
  const d = useMemo(() => path(g, g.line), [g]);
  const last = g.line.at(-1);
  const first = g.line[0];
  return (
    <g aria-hidden="true">
      <path class={until < state.steps.length ? "forcing ahead" : "forcing"} d={d} />
      {until < state.steps.length && (
        <path class="forcing" d={path(g, g.line.slice(0, until + 1))} />
      )}
      {few &&
        state.steps.map((step, i) => {
          if (i + 1 === g.flip) return null;
          const label = state.rows[String(step.row)]?.label;
          const role = roleOf(label ?? start.claim.rival, start.claim, step.positive);
          return (
            <g key={step.row} class={i < until ? "" : "ahead"}>
              <Mark role={role} x={g.x(i + 1)} y={g.y(step.confidence)} size={size} />
            </g>
          );
        })}
      <BandDots g={g} />
      {first && g.band.length === 0 && (
        <circle class="start-ring" cx={g.x(0)} cy={g.y(first[1])} r="4" />
      )}
      {streaming && g.flip === null && last && last[0] > 0 && (
        <g transform={`translate(${g.x(last[0])} ${g.y(last[1])})`}>
          <circle class="halo" r="10" />
          <circle class="mark favoured" r="5.5" />
        </g>
      )}
      {g.flip !== null && last && (
        <path
          class={until < state.steps.length ? "flip ahead" : "flip"}
          d="M0 -8L8 0L0 8L-8 0Z"
          transform={`translate(${g.x(g.flip)} ${g.y(last[1])})`}
        />
      )}
    </g>
  );
}

function Labels(props: { g: Geometry; streaming: boolean }): JSX.Element {
  const { state, start } = useView();
  const { claim } = start;
  const { g, streaming } = props;
  const { names, spots } = useMemo(() => {
    const edges = ([2, 3] as const).map((i) => g.band.map((p): Point => [p[0], p[i]]));
    const all = [g.line, ...edges, ...state.rankings.map((r) => r.curve)];
    const lines = all.map((line) => pixels(g, line));
    const length = nameLength(g);
    const names = {
      favoured: middle(className(claim.favoured), length),
      rival: middle(className(claim.rival), length),
    };
    return { names, spots: labels(g, lines, claim, names, streaming) };
  }, [g, state.rankings, claim, streaming]);
  return (
    <g aria-hidden="true">
      {(["favoured", "rival"] as const).map((role) => (
        <g key={role} transform={`translate(${spots[role].x} ${spots[role].y + 11})`}>
          <Mark role={role} x={6} y={-4} size={4.2} />
          <text class={`name ${role}`} x={16}>
            {names[role]}
          </text>
        </g>
      ))}
      <text class="value" x={spots.start.x} y={spots.start.y + 12}>
        {certainty(claim, g.line[0]?.[1] ?? claim.confidence)}
      </text>
      {spots.now && (
        <text class="value" x={spots.now.x} y={spots.now.y + 12}>
          {certainty(claim, g.line.at(-1)?.[1] ?? 0, 1)}
        </text>
      )}
      {spots.flip && g.flip !== null && (
        <>
          {spots.flip.y > g.y(g.line.at(-1)?.[1] ?? 0) && (
            <path class="leader" d={`M${g.x(g.flip)} ${spots.flip.y - 6}V${spots.flip.y}`} />
          )}
          <text class="value rival" x={spots.flip.x} y={spots.flip.y + 12}>
            {flipWords(g, g.flip)}
          </text>
        </>
      )}
    </g>
  );
}

function Cursor(props: { g: Geometry; step: number; label: string }): JSX.Element | null {
  const { state } = useView();
  const { g, step, label } = props;
  const point = g.line[step];
  if (point === undefined) return null;
  const x = g.x(step);
  const width = 0.53 * 12.5 * label.length + 18;
  const left = Math.min(Math.max(0, x - width / 2), g.width - width);
  const { bottom } = g;
  return (
    <g aria-hidden="true">
      <path class="cursor" d={`M${x} 24V${bottom}`} />
      {state.rankings.map((ranking) => {
        const p = along(ranking.curve, step);
        return p === null || p < g.extent[0] || step === 0 ? null : (
          <circle key={ranking.method} class="baseline-at" cx={x} cy={g.y(p)} r="2.5" />
        );
      })}
      <circle class="ring" cx={x} cy={g.y(point[1])} r="8" />
      <rect class="tip" x={left} y="2" width={width} height="22" rx="2" />
      <text class="tip-text" x={left + width / 2} y="17" text-anchor="middle">
        {label}
      </text>
    </g>
  );
}

export function Plot(props: {
  g: Geometry;
  cursor: number | null;
  label: string;
  streaming: boolean;
}): JSX.Element {
  const { state, start, screen, width } = useView();
  const { g, cursor, label, streaming } = props;
  // While a run is played, the line that says where it is takes this place where there is no other.
  const taken = screen.play !== null && width !== "wide";
  const axis = taken ? "" : axisWords(g, `${nounOf(state)[1]} ${deedOf(state).done}`);
  // What the cursor moves over stays as it is.
  const still = useMemo(
    () => (
      <>
        <Axes g={g} claim={start.claim} axis={axis} />
        <Band g={g} />
        <Baselines g={g} />
        <BaselineFlips g={g} threshold={start.claim.threshold} />
        <ForcingLine g={g} streaming={streaming} />
        <Labels g={g} streaming={streaming} />
      </>
    ),
    [g, start, axis, streaming],
  );
  return (
    <svg class="plot" width={g.width} height={g.height} aria-hidden="true">
      {still}
      {cursor !== null && <Cursor g={g} step={cursor} label={label} />}
    </svg>
  );
}
