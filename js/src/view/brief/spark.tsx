/** The confidence curve without its axes. */

import type { JSX } from "preact";
import type { Claim, State, Tally } from "../../protocol.js";
import { forcingLine, rowsExtent } from "../curve/extent.js";
import type { Point } from "../curve/extent.js";
import { dots, stripExtent, stripScale } from "../retrainings/geometry.js";
import { Mark } from "../shapes.js";
import { phaseOf } from "../summary.js";

export const SPARK = { width: 248, height: 44, side: 9, top: 8, bottom: 12 };
/** More points than this would be finer than the pixels. */
const MOST = 240;

export interface Spark {
  /** Pixels. */
  points: [number, number][];
  decision: number;
  end: "running" | "flipped" | "stopped";
}

export function spark(state: State, live: boolean): Spark | null {
  const { start, steps, end, verified } = state;
  // Where chance decides there is no way to draw.
  if (start === null || end?.status === "unstable") return null;
  const { threshold } = start.claim;
  const phase = phaseOf(state, live);
  const running = phase === "running" || phase === "paused";
  const line = forcingLine(state, start.claim);
  const last = line.length - 1;
  const flipped = verified?.flipped ?? (end?.status === "flipped" && last > 0);

  // Where a run has ended the line takes the whole width.
  const rows = end?.status === "flipped" ? Math.max(1, last) : rowsExtent(state, live);
  const stride = Math.ceil(line.length / MOST);
  const drawn = line.filter((_, i) => i % stride === 0 || i === last);
  const confidences = line.map(([, p]) => p);
  const top = Math.max(...confidences, threshold + 1e-6);
  const low = Math.min(...confidences, threshold);
  const { width, height, side } = SPARK;
  const x = (k: number): number => side + ((width - 2 * side) * k) / rows;
  const y = (p: number): number =>
    SPARK.top + ((height - SPARK.top - SPARK.bottom) * (top - p)) / (top - low);
  return {
    points: drawn.map(([k, p]: Point) => [x(k), y(p)]),
    decision: y(threshold),
    end: running ? "running" : flipped && steps.length > 0 ? "flipped" : "stopped",
  };
}

/** What each retraining on all rows decides. */
function Chances(props: { tally: Tally; claim: Claim }): JSX.Element {
  const { tally, claim } = props;
  const { width, height } = SPARK;
  const x = stripScale(stripExtent([tally], claim.threshold), width);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path class="decides" d={`M${x(claim.threshold)} 4V${height - 4}`} />
      {dots(tally, claim, x).map((dot, i) => (
        <Mark key={i} role={dot.role} x={dot.x} y={height / 2 + dot.dy * 0.8} size={3.6} />
      ))}
    </svg>
  );
}

export function Sparkline(props: { state: State; live: boolean }): JSX.Element | null {
  const { start, stability, end } = props.state;
  if (start !== null && stability !== null && end?.status === "unstable") {
    return <Chances tally={stability} claim={start.claim} />;
  }
  const drawn = spark(props.state, props.live);
  const last = drawn?.points.at(-1);
  if (drawn === null || last === undefined) return null;
  const [x, y] = last;
  return (
    <svg class="spark" viewBox={`0 0 ${SPARK.width} ${SPARK.height}`} aria-hidden="true">
      <path class="decides" d={`M0 ${drawn.decision}H${SPARK.width}`} />
      <path
        class="confidence"
        d={`M${drawn.points.map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L")}`}
      />
      {drawn.end === "running" && (
        <g transform={`translate(${x} ${y})`}>
          <circle class="halo" r="6.5" />
          <circle class="mark favoured" r="3.5" />
        </g>
      )}
      {drawn.end === "stopped" && <circle class="mark favoured" cx={x} cy={y} r="3" />}
      {drawn.end === "flipped" && (
        <path class="flip" d="M0 -5.5L5.5 0L0 5.5L-5.5 0Z" transform={`translate(${x} ${y})`} />
      )}
    </svg>
  );
}
