import { describe, expect, it } from "vitest";
import type { State } from "../src/protocol.js";
import { arranged, asFound, between, picked } from "../src/view/rows/arrange.js";
import type { Arrangement, Entry } from "../src/view/rows/arrange.js";
import { supportLines } from "../src/view/rows/lines.js";
import type { Line } from "../src/view/rows/lines.js";
import { TestLine, finished, start, step } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

/** Twelve supports, every third with the rival's label, that differ in one of two features. */
function many(steps = 12): State {
  const state = finished(steps);
  const list = state.steps.map((s, i) => ({ ...s, positive: i % 3 !== 2, row: 200 - i }));
  const back = list.map((_, i) => 0.51 + ((i * 5) % steps) / 1000);
  const rows = list.map((s, i) => [
    String(s.row),
    {
      label: s.positive ? "bad" : "good",
      name: i === 4 ? "client Meyer" : null,
      item: { kind: "table", values: [50 + i, "nurse"], differs: i % 2 ? [1, 0] : [0, 1] },
    },
  ]);
  return {
    ...state,
    steps: list,
    verified: state.verified && { ...state.verified, put_back: back },
    rows: Object.fromEntries(rows) as State["rows"],
  };
}

const state = many();
const lines = supportLines(state, state.start!);
const display = start().display;
const with_ = (change: Partial<Arrangement>, of: Line[] = lines): Entry[] =>
  arranged(of, { ...asFound, ...change }, display);
const rows = (entries: Entry[]): number[] =>
  entries.flatMap((entry) => (entry.kind === "line" ? [entry.line.row] : []));

describe("an arrangement", () => {
  it("sorts by what is known, and leaves the list itself alone", () => {
    expect(rows(with_({}))).toEqual(lines.map((line) => line.row));
    expect(rows(with_({ order: "row" }))).toEqual([...rows(with_({}))].reverse());
    const back = with_({ order: "back" }).map((entry) =>
      entry.kind === "line" ? entry.line.back! : 0,
    );
    expect(back).toEqual([...back].sort((a, b) => b - a));
    const change = with_({ order: "change" }).map((entry) =>
      entry.kind === "line" ? Math.abs(entry.line.oddsChange!) : 0,
    );
    expect(change).toEqual([...change].sort((a, b) => b - a));
    expect(lines.map((line) => line.place)).toEqual(lines.map((_, i) => i + 1));
  });

  it("puts what was not measured last", () => {
    const unknown = lines.map((line, i) => (i === 0 ? { ...line, back: null } : line));
    expect(rows(with_({ order: "back" }, unknown)).at(-1)).toBe(lines[0]!.row);
  });

  it("filters by sign, label, step and words", () => {
    expect(rows(with_({ show: "negative" }))).toHaveLength(4);
    expect(rows(with_({ show: "positive" }))).toHaveLength(8);
    expect(rows(with_({ show: "label:good" }))).toEqual(rows(with_({ show: "negative" })));
    expect(rows(with_({ upTo: 3 }))).toEqual([200, 199, 198]);
    expect(rows(with_({ text: "MEYER bad" }))).toEqual([196]);
    expect(rows(with_({ text: "age 57" }))).toEqual([193]);
    expect(rows(with_({ text: "nobody" }))).toEqual([]);
  });

  it("groups, the largest first, and shows the rows of open groups only", () => {
    const closed = with_({ group: "label" });
    expect(closed.map((entry) => entry.kind === "group" && entry.title)).toEqual(["bad", "good"]);
    const open = with_({ group: "sign", open: ["-"] });
    expect(open).toHaveLength(2 + 4);
    expect(open.slice(2).every((entry) => entry.kind === "line" && !entry.line.positive)).toBe(
      true,
    );
    const titles = with_({ group: "feature" }).map((e) => (e.kind === "group" ? e.title : ""));
    expect(titles).toEqual(["differ most in age", "differ most in job"]);
  });

  it("has no groups of pictures", () => {
    const flat = arranged(lines, { ...asFound, group: "label" }, { kind: "image" });
    expect(flat.every((entry) => entry.kind === "line")).toBe(true);
  });
});

describe("a selection", () => {
  it("is one row, or one more or less", () => {
    expect(picked([1, 2], 3, false)).toEqual([3]);
    expect(picked([1, 2], 3, true)).toEqual([1, 2, 3]);
    expect(picked([1, 2, 3], 2, true)).toEqual([1, 3]);
  });
  it("goes from one row to another, the newest last", () => {
    const entries = with_({});
    expect(between(entries, 1, 3)).toEqual([199, 198, 197]);
    expect(between(entries, 3, 1)).toEqual([197, 198, 199]);
  });
});

const places = (shadow: ShadowRoot): HTMLElement[] => [
  ...shadow.querySelectorAll<HTMLElement>("[data-place]"),
];
const click = (node: Element, keys: MouseEventInit = {}): void => {
  node.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...keys }));
};
const key = (node: Element, name: string, keys: KeyboardEventInit = {}): void => {
  const init = { key: name, bubbles: true, cancelable: true, ...keys };
  node.dispatchEvent(new KeyboardEvent("keydown", init));
};
const current = (shadow: ShadowRoot): string[] =>
  [...shadow.querySelectorAll("[aria-current=true] .meta")].map((node) =>
    text(node).replace(" · negative", ""),
  );

describe("a long list", () => {
  it("can be searched; a short one has nothing to search", async () => {
    expect(draw(finished(8)).querySelector(".tools")).toBeNull();
    const shadow = draw(many());
    const search = shadow.querySelector<HTMLInputElement>("input[type=search]")!;
    key(shadow.querySelector(".rows [data-index='0']")!, "/");
    expect(shadow.activeElement).toBe(search);
    search.value = "meyer";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    expect(places(shadow)).toHaveLength(1);
    expect(text(shadow.querySelector(".kept"))).toContain("1 of 12");
    button(shadow, "Show all rows").click();
    await settle();
    expect(places(shadow)).toHaveLength(12);
  });

  it("shows the removals up to the cursor", async () => {
    const shadow = draw(many());
    click(places(shadow)[3]!);
    await settle();
    const show = shadow.querySelectorAll("select")[1]!;
    show.value = "up-to";
    show.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(places(shadow)).toHaveLength(4);
  });

  it("opens a group by its button", async () => {
    const shadow = draw(many());
    const [by] = [...shadow.querySelectorAll("select")].slice(-1);
    by!.value = "sign";
    by!.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(places(shadow)).toHaveLength(0);
    const group = shadow.querySelector<HTMLButtonElement>(".row.group button")!;
    expect(group.getAttribute("aria-expanded")).toBe("false");
    group.click();
    await settle();
    expect(places(shadow)).toHaveLength(8);
  });

  it("selects with clicks and the keys held with them, and lets go with Escape", async () => {
    const line = new TestLine();
    const shadow = draw(many(), line);
    click(places(shadow)[0]!);
    await settle();
    click(places(shadow)[2]!, { ctrlKey: true });
    await settle();
    expect(current(shadow)).toEqual(["row 200", "row 198"]);
    click(places(shadow)[4]!, { shiftKey: true });
    await settle();
    expect(current(shadow)).toEqual(["row 198", "row 197", "client Meyer"]);
    const chosen = line.sent.filter((command) => command.type === "select").at(-1);
    expect(chosen).toEqual({ type: "select", rows: [198, 197, 196] });
    key(shadow.querySelector(".rows [data-index='4']")!, "Escape");
    await settle();
    expect(current(shadow)).toEqual([]);
  });

  it("extends the selection with shift and the arrows", async () => {
    const shadow = draw(many());
    key(shadow.querySelector(".rows [data-index='0']")!, "ArrowDown");
    await settle();
    key(shadow.querySelector(".rows [data-index='1']")!, "ArrowDown", { shiftKey: true });
    await settle();
    expect(current(shadow)).toEqual(["row 199", "row 198"]);
  });

  it("puts several rows back at once, and Ctrl Z takes that back", async () => {
    const line = new TestLine();
    const shadow = draw(many(), line);
    line.tell({ schema: "forcing.v1", seq: 9, state: many() });
    await settle();
    click(places(shadow)[0]!);
    await settle();
    click(places(shadow)[2]!, { shiftKey: true });
    await settle();
    button(shadow, "Put back 3 rows").click();
    await settle();
    const asked = line.sent.filter((command) => command.type === "what-if").at(-1);
    expect(asked).toMatchObject({ out: [197, 196, 195, 194, 193, 192, 191, 190, 189] });
    expect(text(shadow.querySelector(".what-if"))).toContain("With rows 200, 199 and 198 put back");
    button(shadow, "Restore all").click();
    await settle();
    expect(shadow.querySelector(".what-if")).toBeNull();
    const root = shadow.querySelector(".forcing")!;
    key(root, "z", { ctrlKey: true });
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain("With rows 200, 199 and 198 put back");
    key(root, "z", { ctrlKey: true });
    await settle();
    expect(shadow.querySelector(".what-if")).toBeNull();
  });

  it("puts the focused row back with p", async () => {
    const shadow = draw(many());
    key(shadow.querySelector(".rows [data-index='1']")!, "p");
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain("With row 199 put back");
  });

  it("says why a run that changes labels has no what-if, once it is asked", async () => {
    const labels = { start: start({ method: "relabel" }), bound: null };
    const shadow = draw({ ...many(), ...labels }, new TestLine());
    key(shadow.querySelector(".rows [data-index='1']")!, "p");
    await settle();
    expect(text(shadow.querySelector(".list"))).toContain("This run changes labels.");
  });

  it("shows every feature of the picked row beside the target", async () => {
    const shadow = draw(many());
    key(shadow.querySelector(".rows [data-index='1']")!, "ArrowRight");
    await settle();
    const cells = [...shadow.querySelectorAll(".detail tbody tr")].map((row) =>
      [...row.children].map(text),
    );
    expect(cells).toEqual([
      ["job", "clerk", "nurse"],
      ["age", "40", "51"],
    ]);
    key(shadow.querySelector(".detail")!, "Escape");
    await settle();
    expect(shadow.querySelector(".detail")).toBeNull();
  });
});

describe("what-if of a regression", () => {
  it("says predictions, and no chances", async () => {
    const claim = { ...start().claim, cut: 3, prediction: 3.5, margin: 0.5 };
    const steps = [step(1, 0.55), step(2, 0.49)];
    const shadow = draw(finished(2, { start: start({ claim }), steps }));
    button(shadow, "Put back").click();
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toMatch(/bad \(prediction 3\.\d+\)/);
  });
});
