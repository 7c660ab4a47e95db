/** Contrast of every colour that the view draws with, on the grounds of its hosts (WCAG 1.4.3, 1.4.11). */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Colour = readonly [red: number, green: number, blue: number];

const css = readFileSync("src/view/style/tokens.css", "utf8");

/** Ink and ground as the themes define them, and which rules of ours then hold. */
const HOSTS: Record<string, { ground: string; ink: string; rules: string[] }> = {
  "JupyterLab Light": { ground: "#ffffff", ink: "#000000", rules: [] },
  "JupyterLab Dark": { ground: "#111111", ink: "#ffffff", rules: ["dark"] },
  "JupyterLab Dark High Contrast": { ground: "#111111", ink: "#ffffff", rules: ["dark", "more"] },
  "VS Code Light Modern": { ground: "#ffffff", ink: "#3b3b3b", rules: [] },
  "VS Code Dark Modern": { ground: "#1f1f1f", ink: "#cccccc", rules: ["dark"] },
  "VS Code High Contrast": { ground: "#000000", ink: "#ffffff", rules: ["dark", "more"] },
  "VS Code High Contrast Light": { ground: "#ffffff", ink: "#292929", rules: ["more"] },
  "a page, light": { ground: "#ffffff", ink: "#000000", rules: [] },
  "a page, dark": { ground: "#121212", ink: "#ffffff", rules: ["dark"] },
};

const SELECTORS: Record<string, string> = {
  dark: '.stage[data-tone="dark"]',
  more: '.stage[data-contrast="more"]',
};

/** The declarations of the first rule with this selector. */
function rule(selector: string): Map<string, string> {
  const at = css.indexOf(`\n${selector} {`);
  if (at < 0) throw new Error(`no rule ${selector}`);
  const body = css.slice(css.indexOf("{", at) + 1, css.indexOf("\n}", at));
  const declarations = body.split(";").map((line) => /(--[\w-]+):\s*([\s\S]+)/.exec(line));
  return new Map(declarations.flatMap((m) => (m ? [[m[1]!, m[2]!.trim()] as const] : [])));
}

function tokens(host: string): (name: string) => Colour {
  const { ground, ink, rules } = HOSTS[host]!;
  const all = new Map([...rule(".stage"), ...rules.flatMap((name) => [...rule(SELECTORS[name]!)])]);
  all.set("--ground", ground).set("--ink", ink);
  const value = (text: string): Colour => {
    const hex = /#([0-9a-f]{6})/.exec(text)?.[1];
    const mix = /^color-mix\(in srgb, var\((--[\w-]+)\) (\d+)%, var\((--[\w-]+)\)\)$/.exec(text);
    if (mix) {
      const [a, b, part] = [value(all.get(mix[1]!)!), value(all.get(mix[3]!)!), +mix[2]! / 100];
      return [0, 1, 2].map((i) => part * a[i]! + (1 - part) * b[i]!) as unknown as Colour;
    }
    if (hex === undefined) throw new Error(`no colour: ${text}`);
    return [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)) as unknown as Colour;
  };
  return (name) => value(all.get(`--${name}`)!);
}

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((c) => {
    const x = c / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function ratio(a: Colour, b: Colour): number {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x! + 0.05) / (y! + 0.05);
}

const TEXT = 4.5;
const DRAWING = 3;

/** What stands on what. */
const PAIRS: [front: string, back: string, least: number][] = [
  ["ink", "ground", TEXT],
  ["ink", "fill", TEXT],
  ["secondary", "ground", TEXT],
  ["secondary", "fill", TEXT],
  ["ground", "ink", TEXT],
  ...(["favoured", "rival"] as const).flatMap((role): [string, string, number][] => [
    [`${role}-text`, "ground", TEXT],
    [`${role}-text`, "fill", TEXT],
    [role, "ground", DRAWING],
    [role, "fill", DRAWING],
    [role, "rival-region", DRAWING],
  ]),
  ["rival-text", "rival-region", TEXT],
  ["baseline", "ground", DRAWING],
  ["baseline", "fill", DRAWING],
  ["baseline", "rival-region", DRAWING],
  ["changed", "fill", DRAWING],
  ["checked", "ground", DRAWING],
];

describe.each(Object.keys(HOSTS))("in %s", (host) => {
  it.each(PAIRS)("%s on %s", (front, back, least) => {
    const of = tokens(host);
    expect(ratio(of(front), of(back))).toBeGreaterThanOrEqual(least);
  });
});

describe("high contrast", () => {
  it.each(["JupyterLab Dark High Contrast", "VS Code High Contrast Light"])("%s", (host) => {
    const of = tokens(host);
    for (const name of ["ink", "secondary"]) {
      expect(ratio(of(name), of("ground"))).toBeGreaterThanOrEqual(7);
    }
    // There lines that only divide are to be seen too.
    expect(ratio(of("hairline"), of("ground"))).toBeGreaterThanOrEqual(3);
  });

  it("asks the same of a theme and of the system", () => {
    const bySystem = css.slice(css.indexOf("prefers-contrast: more"));
    for (const [name, value] of rule(SELECTORS.more!)) {
      expect(bySystem).toContain(`${name}: ${value};`);
    }
  });

  it("leaves no colour of ours where the system forces its own", () => {
    const forced = css.slice(css.indexOf("forced-colors: active"));
    const ours = [...rule(".stage").keys()].filter((name) => name !== "--font");
    for (const name of ours) expect(forced).toMatch(new RegExp(`${name}: [A-Z]\\w+;`));
  });
});
