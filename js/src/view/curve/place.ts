/** Labels where they cover neither a line nor each other. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Path = readonly (readonly [x: number, y: number])[];

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/** Whether a line with rising x runs through a box. */
export function crosses(path: Path, box: Box): boolean {
  const right = box.x + box.width;
  for (let i = 1; i < path.length; i++) {
    const a = path[i - 1];
    const b = path[i];
    if (!a || !b || b[0] < box.x || a[0] > right) continue;
    const slope = b[0] === a[0] ? 0 : (b[1] - a[1]) / (b[0] - a[0]);
    const from = a[1] + slope * (Math.max(a[0], box.x) - a[0]);
    const to = a[1] + slope * (Math.min(b[0], right) - a[0]);
    if (Math.max(from, to) > box.y && Math.min(from, to) < box.y + box.height) return true;
  }
  return false;
}

/** The first candidate that is free, else the one with the fewest conflicts. */
export function place(
  candidates: readonly Box[],
  lines: readonly Path[],
  taken: readonly Box[],
): Box {
  let best = candidates[0];
  if (best === undefined) throw new Error("a label needs at least one place");
  let fewest = Infinity;
  for (const box of candidates) {
    const conflicts =
      3 * taken.filter((other) => overlap(box, other)).length +
      lines.filter((line) => crosses(line, box)).length;
    if (conflicts < fewest) [best, fewest] = [box, conflicts];
    if (fewest === 0) break;
  }
  return best;
}

/** Width of a text in the UI font, near enough to keep labels apart. */
export function textWidth(text: string, size: number): number {
  return Array.from(text).length * size * 0.56;
}
