/** The plane: where things are on it, what a pointer finds, and asking for another one. */

import { describe, expect, it } from "vitest";
import type { Plane, State } from "../src/protocol.js";
import { emptyState } from "../src/state.js";
import {
  choose,
  clip,
  layout,
  nearest,
  pathOf,
  pixels,
  ticksOf,
  visible,
} from "../src/view/plane/geometry.js";
import { around, atEdge, beside, put } from "../src/view/plane/labels.js";
import { overlap } from "../src/view/curve/place.js";
import type { Box } from "../src/view/curve/place.js";
import { remarks } from "../src/view/plane/words.js";
import { TestLine, finished, running, start } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

/** Row 101 at the centre, 102 in a corner, 103 on the target; 412 is none of the set. */
function plane(change: Partial<Plane> = {}): Plane {
  return {
    kind: "features",
    x: { name: "age", feature: 0, low: 20, high: 80 },
    y: { name: "income", feature: 1, low: 0, high: 200_000 },
    features: ["age", "income", "debt"],
    rows: [101, 102, 103, 412, 413],
    xs: [5000, 0, 7000, 2000, 30_000],
    ys: [5000, 0, 7000, 8000, 5000],
    roles: [0, 1, 0, 1, 2],
    target: [7000, 7000],
    before: [[6000, 0, 6000, 10_000]],
    after: [[0, 3000, 10_000, 3000]],
    note: "Other features are held at the target's values.",
    ...change,
  };
}

const BOX: Box = { x: 0, y: 0, width: 100, height: 50 };
const images = (): State["start"] =>
  start({
    display: { kind: "image" },
    target: { name: "x", label: null, item: { kind: "image", image: "a" } },
  });

describe("geometry", () => {
  it("maps steps to pixels, and leaves out what lies outside", () => {
    const { frame } = layout(plane(), 304, 284);
    const { xs, ys, outside } = pixels(plane(), frame);
    expect([xs[0], ys[0]]).toEqual([frame.x + frame.width / 2, frame.y + frame.height / 2]);
    expect([xs[1], ys[1]]).toEqual([frame.x, frame.y + frame.height]);
    expect([outside, Number.isNaN(xs[4])]).toEqual([1, true]);
  });

  it("has as many ticks as have room, in one unit", () => {
    const axis = { name: "income", feature: 1, low: 0, high: 200_000 };
    const texts = ticksOf(axis, 300, () => 40).map((tick) => tick.text);
    expect(texts).toEqual(["0", "50k", "100k", "150k", "200k"]);
    expect(ticksOf(axis, 100, () => 40).length).toBeLessThan(3);
    expect(ticksOf({ ...axis, low: -1, high: 1 }, 300, () => 40)[0]?.text).toBe("\u22121");
  });

  it("finds the nearest point within reach, the upper of two", () => {
    const [xs, ys] = [
      [10, 10, NaN, 30],
      [10, 10, 20, 10],
    ];
    expect(nearest(xs, ys, 12, 10, 8)).toBe(1);
    expect(nearest(xs, ys, 27, 10, 8)).toBe(3);
    expect(nearest(xs, ys, 20, 30, 8)).toBeNull();
  });

  it("clips lines to the frame", () => {
    expect(clip([-50, 25, 150, 25], BOX)).toEqual([0, 25, 100, 25]);
    expect(clip([-10, 20, 20, -10], BOX)).toEqual([0, 10, 10, 0]);
    expect(clip([-10, 0, 0, -10], BOX)).toBeNull();
    expect(clip([50, 60, 50, 90], BOX)).toBeNull();
    const { frame } = layout(plane(), 304, 284);
    expect(visible([[-5000, 0, -5000, 10_000]], frame)).toEqual([]);
    const [line] = visible([[-10_000, 5000, 20_000, 5000]], frame);
    expect([line?.[0], line?.[2]]).toEqual([frame.x, frame.x + frame.width]);
  });

  it("draws what hangs together as one stroke", () => {
    const path = pathOf([
      [0, 0, 1, 1],
      [1, 1, 2, 0],
      [5, 5, 6, 6],
    ]);
    expect(path).toBe("M0.0 0.0L1.0 1.0L2.0 0.0M5.0 5.0L6.0 6.0");
  });
});

describe("labels", () => {
  const frame = { x: 0, y: 30, width: 200, height: 200 };

  it("cover neither each other nor a mark, and are left out before they do", () => {
    const marks = [0, 1, 2, 3].map((i) => ({ x: 100 + 9 * i, y: 100 }));
    const obstacles = { frame, segments: [], taken: marks.map((at) => around(at, 5)) };
    const boxes = marks.map((at, i) => put(beside(String(i), at, 7), obstacles)).filter(Boolean);
    expect(boxes.length).toBeGreaterThan(2);
    obstacles.taken.forEach((a, i) =>
      boxes.forEach((b) => {
        if (a !== b && i >= marks.length) expect(overlap(a, b!)).toBe(false);
        if (i < marks.length) expect(overlap(a, b!)).toBe(false);
      }),
    );
    const full = { frame, segments: [], taken: [frame] };
    expect(put(beside("1", { x: 100, y: 100 }, 7), full)).toBeNull();
  });

  it("name a boundary above the frame where it leaves there, else beside it", () => {
    const obstacles = { frame, segments: [], taken: [] };
    const top = put(atEdge("before", [[100, 30, 120, 230]], frame), obstacles);
    expect(top!.y + top!.height).toBeLessThan(frame.y);
    const again = put(atEdge("after", [[104, 30, 120, 230]], frame), obstacles);
    expect(overlap(top!, again!)).toBe(false);
    const across = put(atEdge("after", [[0, 130, 200, 130]], frame), obstacles);
    expect(across!.y).toBeGreaterThan(frame.y);
  });
});

describe("axes", () => {
  it("give way to the one that is chosen", () => {
    expect(choose(plane(), "x", 2)).toEqual([2, 1]);
    expect(choose(plane(), "x", 1)).toEqual([1, 0]);
    expect(choose(plane(), "y", 2)).toEqual([0, 2]);
    expect(choose(plane(), "y", null)).toEqual([null, null]);
    const component = { name: "component 1", feature: null, low: 0, high: 1 };
    const components = plane({ x: component, y: component });
    expect(choose(components, "x", 0)).toEqual([0, 1]);
    expect(choose(components, "y", 2)).toEqual([0, 2]);
  });
});

describe("remarks", () => {
  const seen = { before: true, after: true, outside: 0, absent: 0 };
  it("say what is not to be seen", () => {
    const state = finished(3);
    const all = remarks(state, plane(), { before: false, after: false, outside: 1, absent: 2 });
    expect(all.join(" ")).toContain("The boundary before lies outside.");
    expect(all.join(" ")).toContain("The boundary after lies outside.");
    expect(all.join(" ")).toContain("1 row lies outside.");
    expect(all.join(" ")).toContain("2 supports have no place here.");
    expect(remarks(state, plane(), seen)).toEqual([plane().note]);
  });

  it("do not say twice that there is no boundary, nor miss one before the end", () => {
    const none = { ...seen, before: false, after: false };
    const note = "There is no boundary: too wide.";
    expect(remarks(finished(3), plane({ note }), none)).toEqual([note]);
    expect(remarks(running(2), plane({ after: [] }), { ...seen, after: false })).toHaveLength(1);
  });
});

const tabs = (shadow: ShadowRoot): string[] =>
  [...shadow.querySelectorAll('[role="tab"]')].map(text);

async function opened(state: State, line: TestLine | null = null): Promise<ShadowRoot> {
  const shadow = draw(state, line);
  line?.tell({ schema: "forcing.v1", seq: 0, state });
  await settle();
  return shadow;
}

function answer(line: TestLine, seq: number, found: Plane | null, note = ""): Promise<void> {
  const asked = line.sent.filter((command) => command.type === "plane").at(-1);
  const request = asked?.type === "plane" ? asked.request : null;
  const events = [{ type: "plane" as const, request, plane: found, note }];
  line.tell({ schema: "forcing.v1", seq, events });
  return settle();
}

describe("the place", () => {
  it("of a table is beside the curve, and only with a plane", async () => {
    const shadow = await opened(finished(3, { plane: plane() }));
    expect(shadow.querySelector(".evidence .plane h3")).toBeTruthy();
    expect(tabs(shadow)).not.toContain("Plane");
    const without = await opened(finished(3), new TestLine());
    expect(without.querySelector(".plane")).toBeNull();
    expect(tabs(without)).not.toContain("Plane");
  });

  it("of pictures is a tab, which asks once when it is opened", async () => {
    const line = new TestLine();
    const state = finished(3, { start: images() });
    expect(tabs(await opened(state))).not.toContain("Plane");
    const shadow = await opened(state, line);
    expect(line.count("plane")).toBe(0);
    button(shadow, "Plane").click();
    await settle();
    // Pictures are asked for too.
    const asked = line.sent.filter((command) => command.type === "plane");
    expect(asked).toMatchObject([{ x: null, y: null }]);
    expect(text(shadow.querySelector(".plane [role=status]"))).toBe("Waiting for the plane.");
    await answer(line, 1, null, "Components need two columns.");
    expect(text(shadow.querySelector(".plane"))).toContain("Components need two columns.");
    expect(line.count("plane")).toBe(1);
  });

  it("is a tab for as long as pictures have one", async () => {
    const shadow = await opened(finished(3, { start: images(), plane: plane() }));
    button(shadow, "Plane").click();
    await settle();
    expect(shadow.querySelector(".plane canvas")).toBeTruthy();
  });
});

describe("supports", () => {
  const names = (shadow: ShadowRoot): string[] =>
    [...shadow.querySelectorAll(".plane-plot button")].map((b) => b.getAttribute("aria-label")!);

  it("are buttons in order, one of them a stop, that pick their row", async () => {
    const line = new TestLine();
    const shadow = await opened(finished(3, { plane: plane() }), line);
    expect(names(shadow)).toHaveLength(3);
    expect(names(shadow)[0]).toContain("training row 101, label bad, removed first");
    const stops = [...shadow.querySelectorAll(".plane-plot button[tabindex='0']")];
    expect(stops).toHaveLength(1);
    button(shadow, "training row 102").click();
    await settle();
    expect(line.sent.at(-1)).toEqual({ type: "select", rows: [102] });
    expect(shadow.querySelectorAll(".plane-plot .ring")).toHaveLength(1);
    // What is removed later is not removed yet there.
    expect(shadow.querySelectorAll(".plane-plot .hollow path")).toHaveLength(1);
    const third = shadow.querySelectorAll<HTMLElement>(".plane-plot button")[2]!;
    third.dispatchEvent(new MouseEvent("click", { ctrlKey: true, bubbles: true }));
    await settle();
    expect(line.sent.at(-1)).toEqual({ type: "select", rows: [102, 103] });
  });

  it("move the focus with the arrows and say what they are", async () => {
    const shadow = await opened(finished(3, { plane: plane() }));
    const first = shadow.querySelector<HTMLElement>(".plane-plot button")!;
    first.focus();
    first.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await settle();
    expect(shadow.activeElement?.getAttribute("aria-label")).toContain("row 102");
    expect(text(shadow.querySelector(".plane-plot .tip-text"))).toBe("2 · bad · row 102");
  });

  it("that have no place are counted", async () => {
    const shadow = await opened(finished(4, { plane: plane() }));
    expect(names(shadow)).toHaveLength(3);
    expect(text(shadow.querySelector(".plane-note"))).toContain("1 support has no place here.");
  });
});

describe("a pointer", () => {
  it("picks any row near it, and says which", async () => {
    const line = new TestLine();
    const shadow = await opened(finished(3, { plane: plane() }), line);
    const { frame } = layout(plane(), 304, 284);
    const at = (x: number, y: number): MouseEventInit => ({
      clientX: frame.x + frame.width * x,
      clientY: frame.y + frame.height * (1 - y),
      bubbles: true,
    });
    const plot = shadow.querySelector(".plane-plot")!;
    plot.dispatchEvent(new MouseEvent("click", at(0.21, 0.79)));
    await settle();
    expect(line.sent.at(-1)).toEqual({ type: "select", rows: [412] });
    expect(text(plot.querySelector(".tip-text"))).toBe("row 412, good");
    plot.dispatchEvent(new MouseEvent("click", { ...at(0.5, 0.5), shiftKey: true }));
    expect(line.sent.at(-1)).toEqual({ type: "select", rows: [412, 101] });
    plot.dispatchEvent(new MouseEvent("click", at(0.9, 0.1)));
    expect(line.sent.at(-1)).toEqual({ type: "select", rows: [] });
  });
});

describe("other axes", () => {
  const select = (shadow: ShadowRoot): HTMLSelectElement => shadow.querySelector(".plane select")!;

  it("are offered only with a kernel", async () => {
    const shadow = await opened(finished(3, { plane: plane() }));
    expect(() => button(shadow, "axes")).toThrow();
  });

  it("are asked for, waited for, and shown", async () => {
    const line = new TestLine();
    const shadow = await opened(finished(3, { plane: plane() }), line);
    button(shadow, "axes").click();
    await settle();
    expect([...select(shadow).options].map((o) => text(o))).toEqual([
      ...["principal components", "age", "income", "debt"],
    ]);
    select(shadow).value = "2";
    select(shadow).dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(line.sent.at(-1)).toMatchObject({ type: "plane", x: 2, y: 1 });
    expect(shadow.querySelector(".plane .spinner")).toBeTruthy();
    const x = { name: "debt", feature: 2, low: 0, high: 1 };
    await answer(line, 1, plane({ x }));
    expect(shadow.querySelector(".plane .spinner")).toBeNull();
    expect(text(shadow.querySelector(".plane-plot svg"))).toContain("debt →");
  });

  it("that are refused leave the plane as it is, and say why", async () => {
    const line = new TestLine();
    const shadow = await opened(finished(3, { plane: plane() }), line);
    button(shadow, "axes").click();
    await settle();
    select(shadow).value = "";
    select(shadow).dispatchEvent(new Event("change", { bubbles: true }));
    await answer(line, 1, null, "Components need columns of numbers alone.");
    expect(text(shadow.querySelector(".plane [role=status]"))).toBe(
      "Components need columns of numbers alone.",
    );
    expect(text(shadow.querySelector(".plane-plot svg"))).toContain("age →");
    expect(select(shadow).value).toBe("0");
  });

  it("are forgotten with the run", async () => {
    const line = new TestLine();
    const state = finished(3, { plane: plane() });
    const shadow = await opened(state, line);
    button(shadow, "axes").click();
    await settle();
    select(shadow).value = "2";
    select(shadow).dispatchEvent(new Event("change", { bubbles: true }));
    await answer(line, 1, plane({ x: { name: "debt", feature: 2, low: 0, high: 1 } }));
    const next = { ...emptyState(), ...state, start: start({ id: "run-2" }) };
    line.tell({ schema: "forcing.v1", seq: 2, state: next });
    await settle();
    expect(text(shadow.querySelector(".plane-plot svg"))).toContain("age →");
  });
});
