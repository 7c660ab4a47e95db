/** Other sets: looked for on request, shown with what they share, kept without a kernel. */

import { describe, expect, it } from "vitest";
import type { Alternatives, AlternativesEvent, State } from "../src/protocol.js";
import { duration, secondsEach, setLines } from "../src/view/alternatives/lines.js";
import { TestLine, finished, running, start } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

const row = (label: string): State["rows"][string] => ({
  label,
  name: null,
  item: { kind: "table", values: [50, "nurse"], differs: [0, 1] },
});
const ROWS = { "205": row("bad"), "206": row("good") };
const SET = { rows: [102, 205, 206], shared: 1, label: "good", confidence: 0.498, verified: true };
const event = (change: Partial<AlternativesEvent>): AlternativesEvent => ({
  type: "alternatives",
  sets: [],
  searching: false,
  note: "",
  rows: {},
  ...change,
});

function tell(line: TestLine, seq: number, change: Partial<AlternativesEvent>): Promise<void> {
  line.tell({ schema: "forcing.v1", seq, events: [event(change)] });
  return settle();
}

function saved(change: Partial<Alternatives> = {}): State {
  const state = finished(3);
  const alternatives = { sets: [SET], searching: false, note: "", ...change };
  return { ...state, alternatives, rows: { ...state.rows, ...ROWS } };
}

const tabs = (shadow: ShadowRoot): string[] =>
  [...shadow.querySelectorAll('[role="tab"]')].map(text);
const panel = (shadow: ShadowRoot): string => text(shadow.querySelector('[role="tabpanel"]'));

async function opened(state: State, line: TestLine | null = null): Promise<ShadowRoot> {
  const shadow = draw(state, line);
  button(shadow, "Alternatives").click();
  await settle();
  return shadow;
}

describe("the tab", () => {
  it("is there where there are others, or someone who may look for some", () => {
    expect(tabs(draw(finished(3)))).not.toContain("Alternatives");
    expect(tabs(draw(finished(3), new TestLine()))).toContain("Alternatives");
    expect(tabs(draw(saved()))).toContain("Alternatives 1");
    expect(tabs(draw(running(2), new TestLine()))).not.toContain("Alternatives");
  });
});

describe("the search", () => {
  it("says what it costs, is asked for, tells how far it is, and can be stopped", async () => {
    const line = new TestLine();
    const state = finished(3);
    state.end = { ...state.end!, seconds: 3.4 };
    state.bound = { ...state.bound!, seconds: 0.1 };
    const shadow = await opened(state, line);
    line.tell({ schema: "forcing.v1", seq: 0, state });
    expect(panel(shadow)).toContain("its rows held in place: about 3 s a set");
    button(shadow, "Look for other sets").click();
    expect(line.count("alternatives")).toBe(1);

    await tell(line, 1, { searching: true, note: "Searching · step 4" });
    expect(panel(shadow)).toContain("Searching · step 4");
    expect(() => button(shadow, "Look for")).toThrow();
    // A reader hears of each set, not of each step.
    expect(text(shadow.querySelector(".alternatives [role=status]"))).toBe(
      "Searching. 0 other sets found.",
    );
    button(shadow, "Stop").click();
    expect(line.count("cancel")).toBe(1);

    await tell(line, 2, { sets: [SET], rows: ROWS, note: "Stopped." });
    expect(tabs(shadow)).toContain("Alternatives 1");
    expect(panel(shadow)).toContain("Stopped.");
    expect(button(shadow, "Look for more")).toBeTruthy();
    expect(shadow.querySelector(".spinner")).toBeNull();
  });

  it("that found all there is offers no more, and says why", async () => {
    const line = new TestLine();
    const why = "alternatives() needs a model with an objective.";
    const shadow = await opened({ ...finished(3), ...saved({ sets: [], note: why }) }, line);
    expect(panel(shadow)).toContain(why);
    expect(() => button(shadow, "Look for")).toThrow();
  });

  it("that was cut off does not spin", async () => {
    const shadow = await opened(saved({ searching: true, note: "Searching" }));
    expect(panel(shadow)).toContain("The search was cut off.");
    expect(shadow.querySelector(".spinner")).toBeNull();
  });
});

describe("a set", () => {
  it("is a line that opens to its rows, those of the first set ticked", async () => {
    const shadow = await opened(saved());
    const line = button(shadow, "Set 2");
    expect(text(line).replace(/\s/g, " ")).toBe(
      "Set 2 3 rows 1 shared with the first good (50.2 %) verified",
    );
    expect(line.getAttribute("aria-expanded")).toBe("false");
    expect(shadow.querySelector(".members .row")).toBeNull();
    line.click();
    await settle();
    expect(line.getAttribute("aria-expanded")).toBe("true");
    const shown = [...shadow.querySelectorAll(".members .row:not(.header)")];
    expect(shown.map((one) => text(one.querySelector(".meta")))).toEqual([
      "row 102",
      "row 205",
      "row 206 · negative",
    ]);
    expect(shown.map((one) => text(one.querySelector(".tail")))).toEqual(["step 2", "", ""]);
    expect(shown[0]?.getAttribute("aria-label")).toContain("also in the forcing subset");
  });

  it("says where it was not checked, or not confirmed", async () => {
    const sets = [
      { ...SET, verified: null },
      { ...SET, rows: [205], verified: false, label: "bad", confidence: 0.51, shared: 0 },
    ];
    const shadow = await opened(saved({ sets }));
    expect(text(button(shadow, "Set 2"))).not.toContain("verified");
    const second = text(button(shadow, "Set 3"));
    expect(second).toContain("1 row");
    expect(second).toContain("none shared");
    expect(second).toContain("not confirmed");
  });

  it("of a regression has the side of each value", () => {
    const claim = {
      ...{ favoured: "above 170", rival: "below 170", confidence: 0.61, margin: 11 },
      ...{ threshold: 0.5, cut: 170, prediction: 181 },
    };
    const rows = { "1": row("value 206"), "2": row("value 96.5"), "3": row("odd") };
    const state = { ...finished(3, { start: start({ claim }) }), rows };
    const lines = setLines(state, state.start!, { ...SET, rows: [1, 2, 3] });
    expect(lines.map((line) => line.role)).toEqual(["favoured", "rival", "rival"]);
  });
});

it("costs what the run did without its comparisons and its bound", () => {
  const state = finished(3);
  const [ranking] = state.rankings;
  const rankings = [{ ...ranking!, seconds: 2 }];
  const bound = { type: "bound" as const, rows: 2, seconds: 1 };
  const end = { ...state.end!, seconds: 7.5 };
  expect(secondsEach({ ...state, rankings, bound, end })).toBeCloseTo(4.5);
  expect([0.2, 4.4, 200].map(duration)).toEqual([
    "less than a second",
    "about 4\u00a0s",
    "about 3\u00a0min",
  ]);
});
