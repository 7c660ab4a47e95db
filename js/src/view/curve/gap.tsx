/** The loss gap under the curve, on demand, over the same rows. */

import { area, line } from "d3-shape";
import type { JSX } from "preact";
import type { Step } from "../../protocol.js";
import { value } from "../../format.js";
import { linear } from "../scale.js";
import { LEFT } from "./geometry.js";
import type { Geometry } from "./geometry.js";

const TOP = 18;
const PLOT = 48;
export const GAP_HEIGHT = TOP + PLOT + 10;

/** The price of the opposite decision, on the rows that remain after each removal. */
export function Gap(props: {
  g: Geometry;
  steps: readonly Step[];
  cursor: number | null;
}): JSX.Element {
  const { g, steps, cursor } = props;
  const points = steps.map((step, i): [number, number] => [i + 1, step.gap ?? 0]);
  const most = Math.max(1e-12, ...points.map(([, gap]) => gap));
  const y = linear([0, most], [TOP + PLOT, TOP]);
  const at = (p: [number, number]): number => g.x(p[0]);
  const height = (p: [number, number]): number => y(Math.max(0, p[1]));
  const under = area().x(at).y0(y(0)).y1(height)(points) ?? "";
  const over = line(at, height)(points) ?? "";
  const right = g.x(g.rows);
  const chosen = cursor === null ? undefined : points[cursor - 1];
  return (
    <svg
      class="gap"
      width={g.width}
      height={GAP_HEIGHT}
      role="img"
      aria-label="Loss gap after each removal"
    >
      <text class="axis" x={LEFT} y={11}>
        loss gap, nats
      </text>
      <text class="axis" x={LEFT - 8} y={TOP + 5} text-anchor="end">
        {value(most)}
      </text>
      <text class="axis" x={LEFT - 8} y={TOP + PLOT + 4} text-anchor="end">
        0
      </text>
      <path class="grid" d={`M${LEFT} ${y(0)}H${right}`} />
      <path class="gap-area" d={under} />
      <path class="gap-line" d={over} />
      {chosen && (
        <>
          <path class="cursor" d={`M${at(chosen)} ${TOP - 6}V${TOP + PLOT}`} />
          <circle class="ring small" cx={at(chosen)} cy={height(chosen)} r="4" />
        </>
      )}
    </svg>
  );
}
