import { describe, expect, it } from "vitest";
import type { State } from "../src/protocol.js";
import { advanced, pace, stepped, toggled } from "../src/view/playback/play.js";
import { blank, screenReducer } from "../src/view/screen.js";
import { finished, running, start } from "./fixtures.js";
import { TestLine } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

describe("a run that is played", () => {
  it("takes about seven seconds, and no picture is too short to see", () => {
    for (const last of [11, 40, 300, 10_000]) {
      const { stride, wait } = pace(last, false);
      expect(wait).toBeGreaterThanOrEqual(60);
      const whole = (wait * last) / stride;
      expect(whole).toBeGreaterThan(6000);
      expect(whole).toBeLessThan(8000);
    }
    expect(pace(2, false)).toEqual({ stride: 1, wait: 700 });
  });

  it("stops seldom for people who asked for less motion", () => {
    expect(pace(300, true).stride).toBe(25);
    expect(pace(5, true).stride).toBe(1);
  });

  it("begins at the cursor, goes to its end, and begins anew from there", () => {
    expect(toggled(null, 4, 11)).toEqual({ step: 4, running: true });
    expect(toggled(null, 11, 11)).toEqual({ step: 0, running: true });
    expect(toggled({ step: 3, running: true }, 3, 11)).toEqual({ step: 3, running: false });
    expect(advanced({ step: 10, running: true }, 11, 3)).toEqual({ step: 11, running: true });
    expect(advanced({ step: 11, running: true }, 11, 3)).toBeNull();
  });

  it("moves one removal at a time and stays inside", () => {
    expect(stepped(null, null, 11, -1)).toEqual({ step: 10, running: false });
    expect(stepped(null, null, 11, 1)).toEqual({ step: 1, running: false });
    expect(stepped({ step: 0, running: true }, null, 11, -1)!.step).toBe(0);
    expect(stepped({ step: 11, running: true }, null, 11, 1)!.step).toBe(11);
  });

  it("holds the cursor: a pointer that passes does not move it", () => {
    const played = screenReducer(blank, { type: "play", play: { step: 2, running: true } });
    expect(screenReducer(played, { type: "cursor", step: 5 })).toBe(played);
  });

  it("says where it is and pales what is still to come", async () => {
    const shadow = draw(finished(4));
    button(shadow, "One removal back").click();
    button(shadow, "One removal back").click();
    await settle();
    button(shadow, "One removal back").click();
    await settle();
    expect(text(shadow.querySelector(".play-line"))).toMatch(/^After 2 of 4 removals: bad \(56/);
    expect(shadow.querySelectorAll(".row.ahead")).toHaveLength(2);
    expect(shadow.querySelector("[role=slider]")!.getAttribute("aria-valuenow")).toBe("2");
    expect(shadow.querySelector("path.forcing.ahead")).not.toBeNull();
    button(shadow, "Show all").click();
    await settle();
    expect(shadow.querySelector(".play-line")).toBeNull();
    expect(shadow.querySelectorAll(".ahead")).toHaveLength(0);
  });

  it("is played and held by the space key on the curve", async () => {
    const shadow = draw(finished(4));
    const slider = shadow.querySelector("[role=slider]")!;
    const space = (): void => {
      slider.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    };
    space();
    await settle();
    expect(text(button(shadow, "Pause"))).toBe("Pause");
    expect(text(shadow.querySelector(".play-line"))).toContain("After 0 of 4 removals");
    space();
    await settle();
    expect(text(button(shadow, "Play"))).toBe("Play");
  });

  it("has an end", () => {
    expect(draw(running(3), new TestLine()).querySelector(".playback")).toBeNull();
  });
});

describe("many baselines", () => {
  const state = finished(4);
  const rankings = Array.from({ length: 12 }, (_, i) => ({
    ...state.rankings[0]!,
    method: `method-${i + 1}`,
  }));
  it("fold into two lines, and one line stands out on request", async () => {
    const shadow = draw({ ...state, rankings });
    expect(text(shadow.querySelector(".legend"))).not.toContain("method 12");
    button(shadow, "+6 more").click();
    await settle();
    expect(text(shadow.querySelector(".legend"))).toContain("method 12");
    const name = button(shadow, "method 12");
    name.dispatchEvent(new FocusEvent("focus"));
    await settle();
    expect(shadow.querySelectorAll("path.baseline.stands-out")).toHaveLength(1);
    expect(shadow.querySelectorAll("path.baseline.gives-way")).toHaveLength(11);
  });
});

describe("a search by refits", () => {
  it("says that its curve comes at the end", () => {
    const progress = { type: "progress", phase: "search", done: 4, total: 60, note: "" } as const;
    const shadow = draw(running(0, { progress, steps: [], start: start() }), new TestLine());
    expect(text(shadow.querySelector(".unknown"))).toContain("4 of at most 60 times");
    expect(text(shadow.querySelector(".checks"))).not.toContain("Lower bound");
    const known = { ...progress, total: null };
    expect(draw(running(0, { progress: known }), new TestLine()).querySelector(".unknown")).toBe(
      null,
    );
  });
});

describe("a gallery", () => {
  it("names the class of each picture where several are negative", () => {
    const image = start({
      display: { kind: "image" },
      target: { name: null, label: null, item: { kind: "image", image: "t" } },
    });
    const of = (labels: string[]): State => {
      const state = finished(4, { start: image });
      const steps = state.steps.map((s, i) => ({ ...s, positive: i < 2 }));
      const rows = steps.map((s, i) => [
        String(s.row),
        { label: labels[i]!, name: null, item: { kind: "image", image: `p${i}` } },
      ]);
      return { ...state, steps, rows: Object.fromEntries(rows) as State["rows"] };
    };
    const names = (shadow: ShadowRoot): string[] =>
      [...shadow.querySelectorAll(".gallery .card.small .label")].map(text);
    const mixed = draw(of(["bad", "bad", "good", "ugly"]));
    expect(names(mixed)).toEqual(["good", "ugly"]);
    expect(names(draw(of(["bad", "bad", "good", "good"])))).toEqual([]);
  });
});
