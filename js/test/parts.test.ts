import { describe, expect, it } from "vitest";
import type { WhatIf } from "../src/protocol.js";
import { rowsExtent } from "../src/view/curve/extent.js";
import { thin } from "../src/view/curve/geometry.js";
import { crosses, overlap, place } from "../src/view/curve/place.js";
import { csv, rowsText } from "../src/view/export/text.js";
import { fit, numeric, sharedColumns } from "../src/view/rows/columns.js";
import type { Fit } from "../src/view/rows/columns.js";
import { supportLines } from "../src/view/rows/lines.js";
import { move } from "../src/view/rows/roving.js";
import { blank, screenReducer } from "../src/view/screen.js";
import { certainty, legendName } from "../src/view/summary.js";
import { toneOf } from "../src/view/theme.js";
import { runs } from "../src/view/words.js";
import { widthOf } from "../src/view/width.js";
import { finished, running, start } from "./fixtures.js";

describe("text marks", () => {
  it("cut a text, in UTF-16 units, and survive any offsets", () => {
    expect(runs("🙂 help me", [[3, 7, 0.5]])).toEqual([
      { text: "🙂 ", weight: 0 },
      { text: "help", weight: 0.5 },
      { text: " me", weight: 0 },
    ]);
    const odd = runs("abc", [
      [2, 1, 1],
      [1, 99, 5],
      [0, 2, -1],
    ]);
    expect(odd.map((run) => run.text).join("")).toBe("abc");
  });
});

describe("labels of the curve", () => {
  const box = { x: 10, y: 10, width: 20, height: 10 };
  it("know what they would cover", () => {
    expect(overlap(box, { ...box, x: 29 })).toBe(true);
    expect(overlap(box, { ...box, x: 30 })).toBe(false);
    const line = [[0, 0] as const, [40, 40] as const];
    expect(crosses(line, box)).toBe(true);
    expect(crosses(line, { ...box, y: 50 })).toBe(false);
  });
  it("take the first free place", () => {
    const free = { ...box, y: 100 };
    expect(place([box, free], [], [box])).toBe(free);
  });
});

describe("the axis of rows", () => {
  it("grows by jumps while a run streams", () => {
    const widths = [1, 2, 3, 4, 5, 6].map((n) => rowsExtent(running(n), true));
    expect(new Set(widths).size).toBeLessThan(3);
  });
  it("leaves out a baseline that would squeeze the line", () => {
    const state = finished(9);
    const far = { ...state.rankings[0]!, flips_at: 288 };
    expect(rowsExtent({ ...state, rankings: [far] }, false)).toBeLessThan(20);
  });
  it("draws no more points than its pixels show, and the last", () => {
    const points = Array.from({ length: 10_001 }, (_, k) => [k, 0.5] as const);
    expect(thin(points, 500).length).toBeLessThan(1100);
    expect(thin(points, 500).at(-1)).toEqual([10_000, 0.5]);
  });
});

describe("features", () => {
  it("that most rows differ in are said once", () => {
    const state = finished(4);
    expect(sharedColumns(supportLines(state, state.start!), 2)).toEqual([0, 1]);
    expect(sharedColumns(supportLines(finished(2), start()), 2)).toEqual([]);
  });
  it("give way to each other, and strips to numbers, before a number is clipped", () => {
    const state = finished(4);
    const lines = supportLines(state, state.start!);
    const display = state.start!.display;
    const columns = display.kind === "table" ? display.columns : [];
    const slots = (width: number): Fit => fit(width, 2, lines, columns, [40, "clerk"]);
    expect(slots(400)).toEqual({ slots: 2, strips: true });
    expect(slots(200)).toEqual({ slots: 2, strips: false });
    expect(slots(80)).toEqual({ slots: 1, strips: true });
  });
  it("are numbers only in columns of numbers", () => {
    const column = { name: "a", low: 0, high: 1 };
    expect(numeric("0.5", column)).toBe(0.5);
    expect(numeric("", column)).toBeNull();
    expect(numeric("x", column)).toBeNull();
    expect(numeric(3, { ...column, low: null })).toBeNull();
    expect(numeric(3, { ...column, low: 1 })).toBeNull();
  });
});

describe("keys", () => {
  it("move in a grid and stop at its ends", () => {
    expect(move("ArrowDown", 1, 10, 4)).toBe(5);
    expect(move("ArrowDown", 8, 10, 4)).toBe(8);
    expect(move("ArrowLeft", 0, 10, 4)).toBe(0);
    expect(move("End", 0, 10, 1)).toBe(9);
    expect(move("a", 0, 10, 1)).toBeNull();
    expect(move("constructor", 0, 10, 1)).toBeNull();
  });
});

describe("exports", () => {
  it("are read back by Python and by spreadsheets, and run nothing there", () => {
    const state = finished(2);
    state.rows["101"]!.label = '=HYPERLINK("x")';
    state.rows["102"]!.name = "a,b";
    const [head, first, second] = csv(state, state.start!).split("\r\n");
    expect(head).toMatch(/^order,row,name,label,.*,age,job$/);
    expect(first).toContain(`"'=HYPERLINK(""x"")"`);
    expect(second).toContain('"a,b"');
    expect(JSON.parse(rowsText(state))).toEqual([101, 102]);
  });
});

describe("the screen", () => {
  it("takes only the answer to its last question", () => {
    const asked = screenReducer(screenReducer(blank, { type: "toggle", row: 1 }), {
      type: "asked",
      request: 7,
    });
    const answer: Omit<WhatIf, "request"> = {
      type: "what-if",
      out: [],
      label: "a",
      confidence: 1,
      flipped: false,
    };
    expect(screenReducer(asked, { type: "answer", answer: { ...answer, request: 6 } })).toBe(asked);
    const told = screenReducer(asked, { type: "answer", answer: { ...answer, request: 7 } });
    expect(told).toMatchObject({ asked: null, answer: { back: [1], label: "a" } });
    expect(screenReducer(told, { type: "toggle", row: 1 })).toMatchObject({
      back: [],
      answer: null,
    });
  });
});

describe("the host", () => {
  it("is believed about its theme", () => {
    const body = document.createElement("body");
    expect(toneOf(body, true)).toBe("dark");
    body.dataset.vscodeThemeKind = "vscode-light";
    expect(toneOf(body, true)).toBe("light");
    body.dataset.jpThemeLight = "false";
    expect(toneOf(body, false)).toBe("dark");
  });
  it("gives one of three widths", () => {
    expect([300, 480, 719, 720].map(widthOf)).toEqual(["narrow", "medium", "medium", "wide"]);
  });
});

describe("how sure a model is", () => {
  const claim = { favoured: "a", rival: "b", confidence: 0.61, margin: 0.4473, threshold: 0.5 };
  it("is told in per cent, and of a regression as its prediction", () => {
    expect(certainty(claim, 0.5004)).toBe("50.04\u202f%");
    const above = { ...claim, confidence: 0.55, cut: 170, prediction: 181.2931 };
    expect(certainty(above, 0.55)).toBe("181.3");
    expect(certainty(above, 0.5)).toBe("170");
    expect(certainty(above, 0.45)).toBe("158.7");
    // Never rounded to the threshold.
    expect(certainty(above, 0.50001)).toBe("170.002");
  });
});

describe("the name of a method", () => {
  it("keeps its own capitals inside a line", () => {
    const names = ["influence-cg", "tracin", "knn-shapley", "nearest", "my-own"].map(legendName);
    expect(names).toEqual(["influence, CG", "TracIn", "kNN-Shapley", "nearest", "my own"]);
  });
});
