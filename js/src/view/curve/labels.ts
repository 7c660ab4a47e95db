/** Where the curve's words go. */

import type { Claim } from "../../protocol.js";
import { count } from "../../format.js";
import { certainty } from "../summary.js";
import { HEIGHT, LEFT } from "./geometry.js";
import type { Geometry } from "./geometry.js";
import { place, textWidth } from "./place.js";
import type { Box, Path } from "./place.js";

const LINE = 16;

export interface Spots {
  favoured: Box;
  rival: Box;
  start: Box;
  /** The last value while a run streams. */
  now: Box | null;
  flip: Box | null;
}

/** Narrower than this, long words at the flip would run into the names of the classes. */
const ROOMY = 420;

/** What is written at the mark of the flip. */
export function flipWords(g: Geometry, flip: number): string {
  const most = g.width < ROOMY ? "most flip" : "most retrainings flip";
  return `${g.band.length > 0 ? most : "flips"} at ${count(flip)}`;
}

export function labels(
  g: Geometry,
  lines: readonly Path[],
  claim: Claim,
  names: { favoured: string; rival: string },
  streaming: boolean,
): Spots {
  const right = g.x(g.rows);
  const line = g.y(claim.threshold);
  const { bottom } = g;
  const taken: Box[] = [];
  const take = (box: Box): Box => {
    taken.push(box);
    return box;
  };
  const clamp = (x: number, width: number): number => Math.min(Math.max(LEFT, x), right - width);

  const first = g.line[0]?.[1] ?? claim.confidence;
  const startY = g.y(first);
  const startWidth = textWidth(certainty(claim, first, 1), 13) + 4;
  const start = take(
    place(
      [
        { x: LEFT + 10, y: startY - LINE - 5 },
        { x: LEFT + 12, y: startY + 4 },
        { x: LEFT + 4, y: startY - LINE - 10 },
      ].map((spot) => ({ ...spot, width: startWidth, height: LINE })),
      lines,
      [],
    ),
  );

  let flip: Box | null = null;
  const last = g.line.at(-1);
  if (g.flip !== null && last !== undefined) {
    const width = textWidth(flipWords(g, g.flip), 13);
    const mark = { x: g.x(g.flip), y: g.y(last[1]) };
    const y = Math.max(mark.y, line) + 15;
    const under = { x: clamp(mark.x - width / 2, width), y, width, height: LINE };
    const beside = { ...under, x: mark.x + 14, y: mark.y - LINE / 2 };
    const before = { ...beside, x: mark.x - 14 - width };
    const room = y <= bottom - LINE;
    flip = take(room ? under : beside.x + width <= right ? beside : before);
  }

  let now: Box | null = null;
  if (streaming && g.flip === null && last !== undefined && last[0] > 0) {
    const width = textWidth("59.55 %", 13);
    const x = g.x(last[0]);
    const y = g.y(last[1]);
    now = take(
      place(
        [
          { x: x + 10, y: y - LINE - 4, width, height: LINE },
          { x: x + 12, y: y + 4, width, height: LINE },
          { x: x - width - 6, y: y + 8, width, height: LINE },
        ].map((box) => ({ ...box, x: clamp(box.x, width) })),
        lines,
        taken,
      ),
    );
  }

  const name = (role: "favoured" | "rival"): Box => {
    const width = 18 + textWidth(names[role], 12.5);
    const y = role === "favoured" ? Math.max(HEIGHT.top, line - LINE - 4) : line + 6;
    const spots = [LEFT + 8, right - width - 8, (LEFT + right - width) / 2];
    return take(
      place(
        spots.map((x) => ({ x, y, width, height: LINE })),
        lines,
        taken,
      ),
    );
  };
  return { start, flip, now, favoured: name("favoured"), rival: name("rival") };
}
