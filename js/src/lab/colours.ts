/** The reader's own colours of the two roles, made legible on the ground of the theme. */

import type { Preferences } from "./preferences.js";

export type Rgb = readonly [red: number, green: number, blue: number];

/** WCAG 2.2: text, and marks that mean something. */
const TEXT_CONTRAST = 4.5;
const MARK_CONTRAST = 3;

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The colour itself, or as little darker or lighter as it takes. */
export function legible(colour: Rgb, ground: Rgb, least: number): Rgb {
  const black: Rgb = [0, 0, 0];
  const white: Rgb = [255, 255, 255];
  const away = contrast(ground, white) > contrast(ground, black) ? white : black;
  for (let part = 0; part < 1; part += 0.02) {
    const mixed = colour.map((c, i) => Math.round(c + part * ((away[i] ?? 0) - c)));
    if (contrast(mixed as unknown as Rgb, ground) >= least) return mixed as unknown as Rgb;
  }
  return away;
}

/** The custom properties that the view's own tokens give way to; null takes one off. */
export function roleColours(
  role: "favoured" | "rival",
  colour: Rgb | null,
  ground: Rgb,
): [property: string, value: string | null][] {
  const value = (least: number): string | null =>
    colour && `rgb(${legible(colour, ground, least).join(" ")})`;
  return [
    [`--forcing-${role}`, value(MARK_CONTRAST)],
    [`--forcing-${role}-text`, value(TEXT_CONTRAST)],
  ];
}

/** Null for what is no opaque CSS colour of its own. */
export function resolveColour(text: string): Rgb | null {
  if (text === "" || /var\(|currentcolor|inherit|initial|unset|revert/i.test(text)) return null;
  if (!CSS.supports("color", text)) return null;
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.fillStyle = text;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, alpha] = context.getImageData(0, 0, 1, 1).data;
  return alpha === 255 ? [r ?? 0, g ?? 0, b ?? 0] : null;
}

/** Puts the colours of the settings on the page, for all views. */
export function applyColours({ favouredColour, rivalColour }: Preferences): void {
  const { style } = document.documentElement;
  const layout = getComputedStyle(document.body).getPropertyValue("--jp-layout-color0").trim();
  const ground = resolveColour(layout) ?? [255, 255, 255];
  const properties = [
    ...roleColours("favoured", resolveColour(favouredColour), ground),
    ...roleColours("rival", resolveColour(rivalColour), ground),
  ];
  for (const [property, value] of properties) {
    if (value === null) style.removeProperty(property);
    else style.setProperty(property, value);
  }
}
