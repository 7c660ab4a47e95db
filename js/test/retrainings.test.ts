import { describe, expect, it } from "vitest";
import type { State, Verified } from "../src/protocol.js";
import { standing } from "../src/view/brief/line.js";
import { briefly } from "../src/view/brief/sentence.js";
import { rowAxis } from "../src/view/curve/axis.js";
import { bandLine } from "../src/view/curve/band.js";
import { geometry } from "../src/view/curve/geometry.js";
import { compared } from "../src/view/compare/sentence.js";
import {
  STRIP,
  dots,
  stripExtent,
  stripScale,
  stripTicks,
  strips,
} from "../src/view/retrainings/geometry.js";
import { spoken } from "../src/view/sentence.js";
import { outcome } from "../src/view/targets/entry.js";
import {
  TestLine,
  finished,
  noisy,
  running,
  stability,
  start,
  step,
  tally,
  unstable,
} from "./fixtures.js";
import { draw, text } from "./page.js";

const { claim } = start();
const all = (shadow: ShadowRoot, selector: string): string[] =>
  [...shadow.querySelectorAll(selector)].map(text);

describe("a strip of dots", () => {
  const x = stripScale([0.4, 0.7], 300);

  it("keeps each dot in its box, on its side of the decision and clear of the others", () => {
    const many = { flips: 3, confidences: [0.499, 0.498, 0.5, 0.62, 0.62, 0.621, 0.7, 0.1] };
    const drawn = dots(many, claim, x);
    expect(drawn.map((dot) => dot.role)).toEqual([
      ...["rival", "rival", "rival"],
      ...["favoured", "favoured", "favoured", "favoured", "favoured"],
    ]);
    for (const [i, a] of drawn.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(STRIP.radius);
      expect(a.x).toBeLessThanOrEqual(300 - STRIP.radius);
      for (const b of drawn.slice(i + 1)) {
        expect(Math.hypot(a.x - b.x, a.dy - b.dy)).toBeGreaterThan(2 * STRIP.radius);
      }
    }
  });

  it("shares its height among as many as there are", () => {
    const same = { flips: 0, confidences: Array.from({ length: 51 }, () => 0.61) };
    const drawn = dots(same, claim, x);
    for (const { dy } of drawn) {
      expect(Math.abs(dy) + STRIP.radius).toBeLessThanOrEqual(STRIP.height / 2);
    }
    expect(new Set(drawn.map((dot) => dot.dy)).size).toBe(51);
  });

  it("shows both sides of the decision, however close the dots are", () => {
    const [low, high] = stripExtent([{ flips: 0, confidences: [0.61, 0.612] }], 0.5);
    expect(low).toBeLessThan(0.45);
    expect(high).toBeGreaterThan(0.612);
    expect(stripExtent([{ flips: 1, confidences: [0, 1] }], 0.5)).toEqual([0, 1]);
  });

  it("has ticks that leave the decision's number its room", () => {
    const ticks = stripTicks([0.4, 0.7], claim, 400);
    expect(ticks).toContain(0.6);
    expect(ticks).not.toContain(0.5);
    const value = { ...claim, cut: 170, prediction: 181 };
    expect(stripTicks([0.3, 0.7], value, 400).length).toBeGreaterThan(1);
  });

  it("is there for what is known, and while a run goes on for what is to come", () => {
    const keys = (state: State, open: boolean): string[] => strips(state, open).map((s) => s.key);
    expect(keys(noisy(), false)).toEqual(["all", "set", "random"]);
    expect(keys(noisy(3, { control: null }), false)).toEqual(["all", "set"]);
    expect(keys(unstable(), false)).toEqual(["all"]);
    expect(keys(finished(), false)).toEqual([]);
    expect(keys(running(0, { stability: stability() }), true)).toEqual(["all", "set", "random"]);
    expect(keys(running(0, { stability: stability() }), false)).toEqual(["all"]);
  });
});

describe("the section of retrainings", () => {
  it("names each strip and says what it counts", () => {
    const shadow = draw(noisy(16));
    const section = shadow.querySelector(".retrainings")!;
    expect(text(section.querySelector("h3"))).toBe("Eleven retrainings each");
    const names = [...section.querySelectorAll("[role=img]")].map((node) =>
      node.getAttribute("aria-label"),
    );
    expect(names).toEqual([
      expect.stringContaining(
        "All rows, trained again with other seeds: 11 of 11 retrainings decide bad, 0 otherwise",
      ),
      expect.stringContaining("Without the 16 rows, fresh, never used in the search: 1 of 11"),
      expect.stringContaining("Without 16 random rows, same classes: the control: 11 of 11"),
    ]);
    expect(all(shadow, ".strip .count")).toEqual(["bad 11 of 11", "bad 1 of 11", "bad 11 of 11"]);
    expect(section.querySelectorAll(".mark.rival")).toHaveLength(10);
    expect(section.querySelectorAll(".mark.favoured")).toHaveLength(23);
  });

  it("is not there where training repeats itself", () => {
    expect(draw(finished()).querySelector(".retrainings")).toBeNull();
  });

  it("is all there is where chance decides", () => {
    const shadow = draw(unstable());
    expect(text(shadow.querySelector(".headline"))).toBe(
      "Bad (61 %) is unstable: 4 of 11 retrainings on the same rows say good. " +
        "Chance decides here, not a set of rows.",
    );
    expect(shadow.querySelectorAll(".strip [role=img]")).toHaveLength(1);
    for (const gone of [".curve", ".tabs", ".check", ".list"]) {
      expect(shadow.querySelector(gone)).toBeNull();
    }
    expect(text(shadow.querySelector("footer"))).toContain(
      "each retraining also leaves out a random 1 % of the rows",
    );
  });

  it("waits for fresh retrainings while a run goes on", () => {
    const state = running(0, { stability: stability(), band: [[0, 0.61, 0.6, 0.63]] });
    const shadow = draw(state, new TestLine());
    expect(all(shadow, ".strip .count")).toEqual(["bad 11 of 11", "waits", "waits"]);
    expect(all(shadow, ".check.pending")).toEqual(["Confirmed", "Not chance"]);
  });

  it("speaks of labels where labels are changed", () => {
    const shadow = draw({ ...noisy(3), start: start({ method: "relabel" }) });
    expect(all(shadow, ".strip .what b")).toEqual([
      "All rows",
      "With the 3 labels changed",
      "With 3 random labels changed",
    ]);
  });
});

describe("checks by retrainings", () => {
  const checks = (state: State): string[] => all(draw(state), ".check");

  it("say what confirmed it, and what chance does", () => {
    expect(checks(noisy(16, { candidates: 2 }))).toEqual([
      "Confirmed by 10 of 11 fresh retrainings",
      "Not chance: 16 random rows of the same classes flip 0 of 11",
      "Stable: 11 of 11 retrainings on all rows decide as the model",
      "15 to 17 rows cannot be told apart",
      "2 candidates were put to the test",
      "Row by row is not meant here",
    ]);
  });

  it("warn where random rows do as well", () => {
    const shadow = draw(noisy(12, { alike: true, control: tally(8), sizes: null, note: "" }));
    expect(all(shadow, ".check").slice(0, 2)).toEqual([
      "Confirmed by 10 of 11 fresh retrainings",
      "No different from chance: 12 random rows of the same classes flip 8 of 11",
    ]);
    expect(text(shadow.querySelector(".headline"))).toContain("does not stand on particular rows.");
  });

  it("claim nothing where it was not confirmed", () => {
    const told: Partial<Verified> = { flipped: false, agreement: tally(6), sizes: null };
    const end = { type: "end", status: "limit", reason: "No more.", seconds: 1 } as const;
    expect(checks({ ...noisy(16, told), end })).toEqual([
      "Stopped at step 16: No more.",
      "Not confirmed: 6 of 11 fresh retrainings decide otherwise",
      "For comparison: 16 random rows of the same classes flip 0 of 11",
      "Stable: 11 of 11 retrainings on all rows decide as the model",
    ]);
  });

  it("say that one training run is one", () => {
    const state = finished(3, { start: start({ one_run: true }) });
    expect(checks(state)[0]).toBe("Verified by one training run: refitting your pipeline");
    expect(text(draw(state).querySelector(".headline"))).toContain(
      "Retrained once without them: good (50.3 %); another training run may decide otherwise.",
    );
  });
});

describe("the curve of a search by retrainings", () => {
  it("is straight between the lengths that were trained, on its own axis", () => {
    const state = noisy(160);
    const g = geometry(state, claim, false, 800, 200);
    expect(g.line).toHaveLength(161);
    expect(g.flip).toBe(160);
    const at = (k: number): [number, number] => [g.x(k), g.y(g.line[k]![1])];
    const [[ax, ay], [bx, by], [cx, cy]] = [at(64), at(90), at(128)];
    expect((by - ay) / (bx - ax)).toBeCloseTo((cy - by) / (cx - bx), 6);
    // By doublings: a hundred rows take no more room than the first few.
    expect(g.x(10) - g.x(0)).toBeGreaterThan(g.x(160) - g.x(60));
    for (const k of [0, 1, 7, 63, 160]) expect(g.rowsAt(g.x(k))).toBeCloseTo(k, 6);
    expect(g.band.at(-1)?.[0]).toBe(160);
  });

  it("has a straight axis for few rows, and ticks that have room", () => {
    expect(rowAxis(12, [0, 400], true).x(6)).toBe(200);
    expect(rowAxis(400, [0, 400], false).x(200)).toBe(200);
    const axis = rowAxis(5000, [0, 300], true);
    const places = axis.ticks.map((k) => axis.x(k));
    expect(axis.ticks.length).toBeGreaterThan(5);
    expect(places.every((x, i) => i === 0 || x - places[i - 1]! > 20)).toBe(true);
  });

  it("holds of a band whatever it says", () => {
    const steps = [step(1, 0.6), step(2, 0.55), step(3, 0.48)];
    const state = { ...noisy(3), steps };
    const linear = (k: number): number => k;
    expect(bandLine([], state, claim, linear).map(([, p]) => p)).toEqual([
      0.61,
      expect.closeTo(0.61 - 0.13 / 3, 9),
      expect.closeTo(0.61 - 0.26 / 3, 9),
      0.48,
    ]);
    expect(bandLine([[9, 0.4, 0.3, 0.5]], state, claim, linear)).toHaveLength(4);
  });

  it("draws its band, a point at each length, and where most flip", () => {
    const shadow = draw(noisy(16));
    expect(shadow.querySelectorAll("path.band")).toHaveLength(1);
    expect(shadow.querySelectorAll(".plot g > .mark.favoured").length).toBeGreaterThan(4);
    expect(all(shadow, ".plot .value.rival")).toEqual(["most retrainings flip at 16"]);
    expect(text(shadow.querySelector(".plot"))).toContain(
      "training rows removed; band: the retrainings of the search",
    );
    expect(shadow.querySelector("[role=slider]")!.getAttribute("aria-valuemax")).toBe("16");
  });

  it("is there before there is a set", () => {
    const state = running(0, { band: noisy(16).band, stability: stability() });
    const shadow = draw(state, new TestLine());
    expect(shadow.querySelector("path.band")).not.toBeNull();
    expect(text(shadow.querySelector(".legend"))).toContain("16 tried");
  });
});

describe("rows below the noise", () => {
  it("have no bars, and a line that says why", () => {
    const shadow = draw(noisy(6));
    expect(text(shadow.querySelector(".noise"))).toBe(
      "Rows were removed together; what one row alone does is below the noise of retraining.",
    );
    expect(shadow.querySelector(".list .bar, .list .change")).toBeNull();
    expect(text(shadow.querySelector(".row.header"))).not.toContain("confidence");
    expect(shadow.querySelector(".if-back")).toBeNull();
  });

  it("say what each does when it is put back, where that was asked", () => {
    const shadow = draw(noisy(2, { put_back: [0.53, 0.56] }));
    expect(text(shadow.querySelector(".noise"))).toBe("Rows were removed together.");
    expect(all(shadow, ".if-back")).toEqual(["53 %", "56 %"]);
  });
});

describe("at a glance", () => {
  const said = (state: State): string =>
    spoken([briefly(state, false)]).replace(/\u00a0|\u202f/g, " ");
  const end = { type: "end", status: "limit", reason: "", seconds: 1 } as const;
  const unsure = { ...noisy(16, { flipped: false, agreement: tally(6) }), end };

  it("is one sentence", () => {
    expect(said(noisy(16))).toBe("Bad stands on about 16 of 1 200; without them 10 of 11 say good");
    expect(said(noisy(12, { alike: true }))).toBe("Bad does not stand on particular rows");
    expect(said(unstable())).toBe("Bad is unstable: 4 of 11 retrainings decide otherwise");
    expect(said(unsure)).toBe("Bad: 6 of 11 retrainings without 16 of 1 200 decide otherwise");
  });

  it("says how it stands", () => {
    expect(standing(noisy(16), false)).toEqual({ mood: "checked", words: "Confirmed" });
    expect(standing(noisy(160), false).words).toBe("Robust, confirmed");
    expect(standing(noisy(12, { alike: true }), false).words).toBe("No different from chance");
    expect(standing(unstable(), false)).toEqual({ mood: "unstable", words: "Unstable" });
    expect(standing(unsure, false)).toEqual({ mood: "warning", words: "Not confirmed" });
  });

  it("is a word in lists and beside others", () => {
    const entry = {
      ...{ target: 1, name: "test row 1", label: null, decision: "bad", confidence: 0.55 },
      ...{ wrong: null, image: null, text: null, status: "unstable" as const, size: 0 },
    };
    expect(outcome(entry, false)).toBe("unstable");
    const words = compared([unstable(), noisy(3)], ["a", "b"]).join("");
    expect(words).toContain("a is unstable, b stands on 3 training rows");
  });
});
