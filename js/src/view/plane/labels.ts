/** Words and numbers on a plane, where they cover nothing that counts. */

import { overlap, textWidth } from "../curve/place.js";
import type { Box } from "../curve/place.js";
import { clip } from "./geometry.js";
import type { Segment } from "./geometry.js";

const LINE = 14;
const SIZE = 12.5;
/** A label that costs so much would cover another one, or a mark. */
const COVERS = 10;

/** What a label is to keep clear of. */
export interface Obstacles {
  frame: Box;
  segments: readonly Segment[];
  /** Of labels and marks. */
  taken: Box[];
}

export interface At {
  x: number;
  y: number;
}

export function around(at: At, reach: number): Box {
  return { x: at.x - reach, y: at.y - reach, width: 2 * reach, height: 2 * reach };
}

function cost(box: Box, { frame, segments, taken }: Obstacles): number {
  const out =
    box.x < frame.x - 8 ||
    box.x + box.width > frame.x + frame.width + 6 ||
    box.y < frame.y - 20 ||
    box.y + box.height > frame.y + frame.height;
  const crossed = segments.some((segment) => clip(segment, box) !== null);
  const covered = taken.filter((other) => overlap(box, other)).length;
  return COVERS * (covered + Number(out)) + Number(crossed);
}

/** The best of the candidates, which from then on is taken; null where each covers something. */
export function put(candidates: readonly Box[], obstacles: Obstacles): Box | null {
  let best: Box | null = null;
  let least = COVERS;
  for (const box of candidates) {
    const own = cost(box, obstacles);
    if (own < least) [best, least] = [box, own];
    if (least === 0) break;
  }
  if (best !== null) obstacles.taken.push(best);
  return best;
}

/** Beside, above and below a mark, then further away. */
export function beside(text: string, at: At, reach: number): Box[] {
  const width = textWidth(text, SIZE) + 3;
  const box = (x: number, y: number): Box => ({ x, y, width, height: LINE });
  return [reach, reach + 7].flatMap((r) => {
    const [left, right] = [at.x - r - width, at.x + r];
    const [above, below] = [at.y - r - LINE, at.y + r];
    const [middle, centre] = [at.y - LINE / 2, at.x - width / 2];
    return [
      box(right, middle),
      box(left, middle),
      box(centre, above),
      box(centre, below),
      box(right - 2, above + 2),
      box(left + 2, above + 2),
      box(right - 2, below - 2),
      box(left + 2, below - 2),
    ];
  });
}

/** Where a line leaves the frame, at the top first; inside along the line where that is full. */
export function atEdge(text: string, segments: readonly Segment[], frame: Box): Box[] {
  const width = textWidth(text, SIZE) + 2;
  const most = frame.x + frame.width + 4 - width;
  const ends = segments.flatMap(([x1, y1, x2, y2]) => [
    { x: x1, y: y1 },
    { x: x2, y: y2 },
  ]);
  const above = ends
    .filter((end) => end.y <= frame.y + 0.5)
    .flatMap(({ x }) => [x - width / 2, x - width + 6, x - 6])
    .map((x) => ({
      x: Math.min(most, Math.max(frame.x - 6, x)),
      y: frame.y - LINE - 5,
      width,
      height: LINE,
    }));
  const onEdge = ends.filter(
    ({ x, y }) =>
      Math.min(x - frame.x, frame.x + frame.width - x, frame.y + frame.height - y) < 0.5,
  );
  // Long lines have many points: a few of them are enough.
  const some = ends.filter((_, i) => i % Math.ceil(ends.length / 8) === 0);
  const inside = [...onEdge, ...some].flatMap((end) =>
    [4, 12].flatMap((r) =>
      [end.y - LINE - r, end.y + r].flatMap((y) =>
        [end.x + 4, end.x - width - 4].map((x) => ({
          x: Math.min(most - 8, Math.max(frame.x + 4, x)),
          y,
          width,
          height: LINE,
        })),
      ),
    ),
  );
  return [...above, ...inside];
}
