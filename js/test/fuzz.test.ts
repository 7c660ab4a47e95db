/**
 * Whatever a payload holds, the view draws or refuses it: no exception, nothing
 * that runs, no markup from a string, no number that a drawing cannot take.
 */

import { act } from "preact/test-utils";
import { describe, expect, it } from "vitest";
import { parseMessage, parseState } from "../src/protocol.js";
import type { State } from "../src/protocol.js";
import { mount } from "../src/view/index.js";
import type { MountedView } from "../src/view/index.js";
import { TestLine, finished, start, step } from "./fixtures.js";
import { FLAG, HOSTILE, NUMBERS, mutate, random } from "./mutate.js";
import { STATES, eventsOfARun } from "./seeds.js";

const SCHEMA = "forcing.v1";
/** Elements by which a page loads, runs or leads elsewhere: the view has none of them. */
const FORBIDDEN =
  "script, iframe, object, embed, link, meta, base, form, a[href], area, image, use";
const DRAWN = "d x y x1 x2 y1 y2 cx cy r width height transform viewBox points".split(" ");

/** What is wrong with what is drawn; empty where nothing is. */
function faults(root: ParentNode): string[] {
  const found: string[] = [];
  for (const element of root.querySelectorAll(FORBIDDEN)) found.push(`<${element.tagName}>`);
  for (const element of root.querySelectorAll("*")) {
    const tag = element.tagName.toLowerCase();
    for (const { name, value } of Array.from(element.attributes)) {
      if (name.startsWith("on")) found.push(`${tag} ${name}`);
      if (name === "src" && !/^(data:image\/(png|jpeg|gif|webp);base64,|blob:)/.test(value)) {
        found.push(`${tag} src=${value.slice(0, 60)}`);
      }
      if (["href", "srcdoc", "srcset", "action", "xlink:href"].includes(name)) {
        found.push(`${tag} ${name}`);
      }
      if (name === "style" && /url|expression|example|[{}<]|NaN|Infinity/.test(value)) {
        found.push(`${tag} style=${value.slice(0, 60)}`);
      }
      if (DRAWN.includes(name) && /NaN|Infinity|undefined/.test(value)) {
        found.push(`${tag} ${name}=${value.slice(0, 60)}`);
      }
    }
  }
  if (root.querySelectorAll("style").length > 1) found.push("<style>");
  if (FLAG in window) found.push("a script ran");
  return found;
}

const KEYS = ["End", "ArrowLeft", "Home", "ArrowRight", "?", "Escape"];

/** Goes through the view as a reader does: every tab, the curve, the first buttons. */
function goThrough(shadow: ShadowRoot): void {
  const press = (target: Element | null, key: string): void =>
    void act(() => {
      const options = { key, bubbles: true, composed: true, cancelable: true };
      target?.dispatchEvent(new KeyboardEvent("keydown", options));
    });
  for (const key of KEYS) press(shadow.querySelector("[role=slider]"), key);
  const tabs = shadow.querySelectorAll<HTMLElement>("[role=tab]").length;
  for (let i = 0; i < Math.min(8, tabs); i++) {
    void act(() => shadow.querySelectorAll<HTMLElement>("[role=tab]")[i]?.click());
  }
  for (const name of [".toggle", ".card", ".brief", ".row", ".legend button"]) {
    void act(() => shadow.querySelector<HTMLElement>(name)?.click());
  }
}

/** Draws a state, uses the view, and takes it away; says what was wrong. */
function drawn(state: State, line: TestLine | null, used: boolean): string[] {
  const root = document.createElement("div");
  document.body.append(root);
  const views: MountedView[] = [];
  try {
    void act(() => void views.push(mount(root, { state, live: line })));
    const shadow = root.shadowRoot!;
    const first = faults(shadow);
    if (shadow.textContent.trim() === "") first.push("nothing is drawn");
    if (!used || first.length > 0) return first;
    goThrough(shadow);
    return faults(shadow);
  } finally {
    void act(() => views.forEach((view) => view.dispose()));
    root.remove();
  }
}

/** A failure names its seed and the payload, which then can be run alone. */
function check(state: State, line: TestLine | null, used: boolean, seed: number): void {
  let found: string[];
  try {
    found = drawn(state, line, used);
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}\n${brief(state)}`, { cause: error });
  }
  if (found.length > 0) throw new Error(`seed ${seed}: ${found.join("; ")}\n${brief(state)}`);
}

function brief(state: State): string {
  return JSON.stringify(state, (_, x: unknown) =>
    typeof x === "string" ? x.slice(0, 40) : Array.isArray(x) ? x.slice(0, 6) : x,
  ).slice(0, 4000);
}

describe.each(Object.keys(STATES))("a mutated state: %s", (kind) => {
  const valid = STATES[kind]!;

  it("is drawn as it is", () => {
    expect(parseState(JSON.parse(JSON.stringify(valid)))).toEqual(valid);
    expect(drawn(valid, new TestLine(), true)).toEqual([]);
  });

  it("is refused or drawn, and harms nothing", () => {
    const first = 1000 * Object.keys(STATES).indexOf(kind);
    let accepted = 0;
    for (let seed = first; seed < first + 300; seed++) {
      const next = random(seed);
      const state = parseState(mutate(valid, next));
      if (state === null) continue;
      accepted += 1;
      if (accepted > 30) continue;
      check(state, next() < 0.5 ? new TestLine() : null, accepted % 4 === 0, seed);
    }
    // A fuzz whose payloads are all refused tests the guards alone.
    expect(accepted).toBeGreaterThan(30);
  }, 60_000);
});

describe("mutated messages", () => {
  it("never end the store, and never put markup on the screen", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const next = random(seed);
      const line = new TestLine();
      const root = document.createElement("div");
      document.body.append(root);
      const view = mount(root, { state: null, live: line });
      void act(() => {
        eventsOfARun().forEach((event, i) => {
          const message = { schema: SCHEMA, seq: i, events: [event] };
          const known = parseMessage(next() < 0.3 ? mutate(message, next) : message);
          if (known !== null) line.tell(known);
          const whole = parseMessage(mutate({ schema: SCHEMA, seq: i, state: finished(3) }, next));
          if (whole !== null && next() < 0.1) line.tell(whole);
        });
      });
      const found = faults(root.shadowRoot!);
      void act(() => view.dispose());
      root.remove();
      expect(found, `seed ${seed}`).toEqual([]);
    }
  }, 60_000);

  it("with thousands of changes are refused or read, never thrown on", () => {
    const events = eventsOfARun();
    for (let seed = 1; seed <= 4000; seed++) {
      const next = random(seed);
      const message = { schema: SCHEMA, seq: seed, events: [events[seed % events.length]!] };
      expect(() => parseMessage(mutate(message, next, 6))).not.toThrow();
    }
  }, 60_000);
});

describe("extreme numbers", () => {
  const claim = start().claim;

  it.each<[string, State]>([
    ["rows beyond 32 bits", finished(3, { start: start({ rows: Number.MAX_SAFE_INTEGER }) })],
    [
      "steps of the same row, and of huge ones",
      finished(3, { steps: [1, 2, 3].map((n) => step(n, 0.5, { row: 2 ** 40 })) }),
    ],
    [
      "a curve that runs backwards",
      finished(3, {
        rankings: [
          {
            ...finished().rankings[0]!,
            curve: [
              [9, 0.4],
              [3, 0.5],
              [3, 0.7],
              [0, 0.61],
            ],
          },
        ],
      }),
    ],
    [
      "a curve of nothing",
      finished(3, { rankings: [{ ...finished().rankings[0]!, curve: [], positive: [] }] }),
    ],
    [
      "checks of another number of rows",
      finished(3, { verified: { ...finished().verified!, put_back: [0.5, 0.6, 0.7, 0.8, 0.9] } }),
    ],
    ["no steps at a flip", finished(3, { steps: [], rows: {} })],
    ...[-5, 0, 1, 2, 1e300, -1e300, 5e-324].map((p): [string, State] => [
      `a confidence of ${p}`,
      finished(3, {
        start: start({ claim: { ...claim, confidence: p } }),
        steps: [1, 2, 3].map((n) => step(n, 0.5, { confidence: p, margin: -p })),
      }),
    ]),
    ...NUMBERS.map((x): [string, State] => [
      `a threshold of ${x}`,
      finished(3, { start: start({ claim: { ...claim, threshold: x } }) }),
    ]),
    ...NUMBERS.map((x): [string, State] => [
      `a regression at ${x}`,
      finished(3, {
        start: start({ claim: { ...claim, cut: x, prediction: x === 0 ? 5e-324 : 2 * x } }),
      }),
    ]),
  ])("draw: %s", (_, state) => {
    const known = parseState(JSON.parse(JSON.stringify(state)));
    expect(known).not.toBeNull();
    expect(drawn(known!, null, true)).toEqual([]);
  });
});

describe("hostile strings", () => {
  it.each(HOSTILE.map((text) => [text.slice(0, 40), text]))(
    "stay text: %s",
    (_, text) => {
      const everywhere = (x: unknown): unknown =>
        typeof x === "string"
          ? text
          : Array.isArray(x)
            ? x.map(everywhere)
            : typeof x === "object" && x !== null
              ? Object.fromEntries(Object.entries(x).map(([key, y]) => [key, everywhere(y)]))
              : x;
      for (const state of Object.values(STATES)) {
        const { start: first, verified, end } = state;
        // What tells the forms apart stays.
        const bad = everywhere(state) as State;
        const item = {
          ...(everywhere(first!.target.item) as object),
          kind: first!.target.item.kind,
        };
        const display = { ...(everywhere(first!.display) as object), kind: first!.display.kind };
        const hostile = {
          ...bad,
          schema: SCHEMA,
          start: {
            ...bad.start,
            type: "start",
            method: first!.method,
            display,
            target: { name: text, label: text, item },
          },
          verified: verified && { ...bad.verified, type: "verified" },
          stability: state.stability,
          bound: state.bound,
          progress: state.progress,
          end: end && { ...end, reason: text },
          targets: state.targets && {
            ...bad.targets,
            entries: state.targets.entries.map((entry) => ({
              ...entry,
              ...{ name: text, label: text, decision: text, image: text, text },
            })),
          },
          plane: state.plane && { ...bad.plane, kind: state.plane.kind },
          rows: Object.fromEntries(
            Object.entries(state.rows).map(([key, row]) => [
              key,
              {
                label: text,
                name: text,
                item: row.item && { ...(everywhere(row.item) as object), kind: row.item.kind },
              },
            ]),
          ),
        };
        const known = parseState(hostile);
        expect(known).not.toBeNull();
        expect(drawn(known!, new TestLine(), true)).toEqual([]);
      }
    },
    60_000,
  );
});
