/** The rows that are not in the set: many, pale, and drawn once. */

import type { Plane } from "../../protocol.js";
import { shapePath } from "../shapes.js";
import { roleAt } from "./geometry.js";
import type { Points } from "./geometry.js";

const TOKENS = { favoured: "--favoured", rival: "--rival", other: "--baseline" } as const;
const ROLES = ["favoured", "rival", "other"] as const;

/** Many small copies are quicker drawn without the way to a graphics card. */
const CPU: CanvasRenderingContext2DSettings = { willReadFrequently: true };

/** The more points, the smaller and the paler, so that a crowd shows where it is dense. */
function look(n: number): { size: number; alpha: number } {
  if (n > 20_000) return { size: 1, alpha: 0.12 };
  if (n > 3_000) return { size: 1.3, alpha: 0.32 };
  return { size: 1.8, alpha: 0.42 };
}

/** A custom property as a colour that a canvas takes. */
function colour(canvas: HTMLCanvasElement, token: string): string {
  canvas.style.color = `var(${token})`;
  return getComputedStyle(canvas).color;
}

/** Draws all points; each is a copy of one of three marks, which is quicker than a path each. */
export function paint(
  canvas: HTMLCanvasElement,
  plane: Plane,
  points: Points,
  width: number,
  height: number,
): void {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const marks = canvas.ownerDocument.createElement("canvas");
  const { size, alpha } = look(plane.xs.length);
  const side = Math.ceil(2 * 1.3 * size * scale) + 2;
  marks.width = ROLES.length * side;
  marks.height = side;
  const context = canvas.getContext("2d", CPU);
  const stamp = marks.getContext("2d", CPU);
  if (context === null || stamp === null) return;
  ROLES.forEach((role, i) => {
    stamp.setTransform(scale, 0, 0, scale, (i + 0.5) * side, side / 2);
    stamp.fillStyle = colour(canvas, TOKENS[role]);
    stamp.fill(new Path2D(shapePath(role, size)));
  });
  context.globalAlpha = alpha;
  for (let i = 0; i < points.xs.length; i++) {
    const x = points.xs[i] ?? NaN;
    if (Number.isNaN(x)) continue;
    const at = ROLES.indexOf(roleAt(plane, i)) * side;
    // Whole pixels: copies need no smoothing there.
    const left = Math.round(x * scale - side / 2);
    const top = Math.round((points.ys[i] ?? 0) * scale - side / 2);
    context.drawImage(marks, at, 0, side, side, left, top, side, side);
  }
}

/** Calls back when the colours that a canvas was drawn with may have changed, or the screen. */
export function onRepaint(canvas: HTMLCanvasElement, callback: () => void): () => void {
  const { body, documentElement } = canvas.ownerDocument;
  const observer = new MutationObserver(callback);
  const stage = canvas.closest(".stage");
  if (stage) observer.observe(stage, { attributeFilter: ["data-tone", "data-contrast"] });
  // Another theme of the same tone, and colours that a reader has chosen.
  observer.observe(body, { attributeFilter: ["data-jp-theme-name"] });
  observer.observe(documentElement, { attributeFilter: ["style"] });
  let ratio = window.devicePixelRatio;
  const resized = (): void => {
    if (window.devicePixelRatio !== ratio) callback();
    ratio = window.devicePixelRatio;
  };
  window.addEventListener("resize", resized);
  return () => {
    observer.disconnect();
    window.removeEventListener("resize", resized);
  };
}
