/** What a search by retrainings adds to the plot: its band, and a point at each length it tried. */

import type { JSX } from "preact";
import { Mark } from "../shapes.js";
import type { Point } from "./extent.js";
import { LEFT, bandPath, markSize, path } from "./geometry.js";
import type { Geometry } from "./geometry.js";
import { textWidth } from "./place.js";

/** What the retrainings of the search spread over, and where it went on after the set so far. */
export function Band(props: { g: Geometry }): JSX.Element | null {
  const { g } = props;
  if (g.band.length === 0) return null;
  const size = g.line.length - 1;
  const on = g.band.filter(([k]) => k >= size).map(([k, mean]): Point => [k, mean]);
  return (
    <g aria-hidden="true">
      <path class="band" d={bandPath(g)} />
      {on.length > 1 && <path class={size === 0 ? "forcing" : "forcing ahead"} d={path(g, on)} />}
    </g>
  );
}

/** A point at each length that was retrained. */
export function BandDots(props: { g: Geometry }): JSX.Element {
  const { g } = props;
  const drawn = g.band.filter(([k]) => k !== g.flip);
  return (
    <>
      {drawn.map(([k, mean]) => (
        <Mark key={k} role="favoured" x={g.x(k)} y={g.y(mean)} size={markSize(drawn.length)} />
      ))}
    </>
  );
}

/** The longest that has room: what is on the axis, and what the band is. */
export function axisWords(g: Geometry, rows: string): string {
  if (g.band.length === 0) return rows;
  const words = [
    `${rows}; band: the retrainings of the search`,
    `${rows}; band: the retrainings`,
  ].find((text) => textWidth(text, 11.5) < g.width - LEFT);
  return words ?? rows;
}
