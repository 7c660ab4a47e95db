import { describe, expect, it } from "vitest";
import { parseComparison, parseState } from "../src/protocol.js";
import type { State, TargetEntry } from "../src/protocol.js";
import { apply } from "../src/state.js";
import { Store } from "../src/store.js";
import { compared, shared } from "../src/view/compare/sentence.js";
import { mountComparison } from "../src/view/index.js";
import { outcome, spokenEntry } from "../src/view/targets/entry.js";
import { classesOf, counted, everything, filtered } from "../src/view/targets/filter.js";
import { TestLine, finished, running, start, step } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

const SCHEMA = "forcing.v1" as const;

function entry(target: number, change: Partial<TargetEntry> = {}): TargetEntry {
  return {
    target,
    name: `test row ${target}`,
    label: "good",
    decision: "bad",
    confidence: 0.9 - target / 100,
    wrong: true,
    image: null,
    text: null,
    status: null,
    size: null,
    ...change,
  };
}

const ENTRIES = [
  entry(0),
  entry(1, { name: "Zoë's loan", status: "flipped", size: 3 }),
  entry(2, { label: "bad", wrong: false, text: "pay back today" }),
  entry(3, { label: "3", decision: "good" }),
];

function explored(change: Partial<State> = {}, entries = ENTRIES): State {
  const targets = { entries, total: entries.length, chosen: 1 };
  return finished(3, { targets, ...change });
}

const lines = (shadow: ShadowRoot): HTMLElement[] => [
  ...shadow.querySelectorAll<HTMLElement>(".target-entry"),
];
const named = (shadow: ShadowRoot): string[] =>
  lines(shadow).map((line) => line.getAttribute("title") ?? "");

describe("the filter", () => {
  const names = (words: string): number[] =>
    filtered(ENTRIES, { ...everything, words }).map((e) => e.target);

  it("looks in names, texts and classes, whatever the case and the accents", () => {
    expect(names("ZOE")).toEqual([1]);
    expect(names("today pay")).toEqual([2]);
    expect(names("class 3")).toEqual([3]);
    expect(names("  ")).toEqual([0, 1, 2, 3]);
    expect(names("good nothing")).toEqual([]);
  });
  it("tells wrong from right, and classes by label or decision", () => {
    const of = (change: object): number[] =>
      filtered(ENTRIES, { ...everything, ...change }).map((e) => e.target);
    expect(of({ verdict: "right" })).toEqual([2]);
    expect(of({ verdict: "wrong", of: "3" })).toEqual([3]);
    expect(of({ of: "good" })).toEqual([0, 1, 3]);
    expect(counted(ENTRIES)).toEqual({ all: 4, wrong: 3, right: 1 });
    expect(classesOf(ENTRIES)).toEqual(["3", "bad", "good"]);
  });
});

describe("an entry", () => {
  it("says what was found", () => {
    const say = (status: TargetEntry["status"], size: number | null): string =>
      outcome(entry(0, { status, size }), false);
    expect(say(null, null)).toBe("");
    expect(say("flipped", 1)).toBe("1 row");
    expect(say("flipped", 1200)).toBe("1\u202f200 rows");
    expect(say("unflippable", 0)).toBe("no flip");
    expect(say("limit", 7)).toBe("> 7 rows");
    expect(say("cancelled", 7)).toBe("stopped");
    expect(outcome(entry(0, { status: "flipped", size: 2 }), true)).toBe("2 labels");
  });
  it("is spoken as a sentence", () => {
    expect(spokenEntry(entry(0), "3 rows")).toBe(
      "test row 0, decided bad with 90\u202f%, which is wrong, labelled good; 3 rows",
    );
  });
});

describe("the list", () => {
  it("is there only where there are targets", () => {
    expect(draw(finished()).querySelector("aside")).toBeNull();
  });

  it("explains what is clicked, and what Enter is pressed on", () => {
    const line = new TestLine();
    const shadow = draw(explored(), line);
    expect(lines(shadow).map((l) => l.getAttribute("aria-selected"))).toEqual([
      ...["false", "true", "false", "false"],
    ]);
    expect(text(lines(shadow)[1] ?? null)).toContain("3 rows");
    lines(shadow)[0]?.click();
    const press = new KeyboardEvent("keydown", { key: "Enter", bubbles: true });
    lines(shadow)[2]?.dispatchEvent(press);
    expect(line.sent.filter((command) => command.type === "explain")).toEqual([
      { type: "explain", target: 0 },
      { type: "explain", target: 2 },
    ]);
  });

  it("shows at once what was chosen, until the kernel says otherwise", async () => {
    const line = new TestLine();
    const shadow = draw(explored(), line);
    line.tell({ schema: SCHEMA, seq: 1, state: explored() });
    lines(shadow)[0]?.click();
    await settle();
    expect(lines(shadow)[0]?.getAttribute("aria-selected")).toBe("true");
    line.tell({ schema: SCHEMA, seq: 2, events: [{ type: "chosen", target: 3 }] });
    await settle();
    expect(lines(shadow)[3]?.getAttribute("aria-selected")).toBe("true");
    expect(lines(shadow)[0]?.getAttribute("aria-selected")).toBe("false");
  });

  it("follows a new run, and what became of it", async () => {
    const line = new TestLine();
    const shadow = draw(explored(), line);
    line.tell({ schema: SCHEMA, seq: 1, state: explored() });
    line.tell({ schema: SCHEMA, seq: 2, events: [{ type: "chosen", target: 0 }] });
    const target = { ...start().target, name: "test row 0" };
    line.tell({ schema: SCHEMA, seq: 3, events: [start({ id: "run-2", target })] });
    await settle();
    expect(lines(shadow)).toHaveLength(4);
    expect(lines(shadow)[0]?.querySelector(".spinner")).not.toBeNull();
    const event = { type: "explained" as const, target: 0, status: "flipped" as const, size: 7 };
    const end = { type: "end" as const, status: "flipped" as const, reason: "", seconds: 1 };
    line.tell({ schema: SCHEMA, seq: 4, events: [end, event] });
    await settle();
    expect(text(lines(shadow)[0] ?? null)).toContain("7 rows");
  });

  it("is searched as one types", async () => {
    const shadow = draw(explored(), new TestLine());
    const search = shadow.querySelector<HTMLInputElement>("input[type=search]")!;
    search.value = "zoe";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    expect(named(shadow)).toEqual(["Zoë's loan"]);
    search.value = "nobody";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    await settle();
    expect(named(shadow)).toEqual([]);
    button(shadow, "Show all").click();
    await settle();
    expect(named(shadow)).toHaveLength(4);
    button(shadow, "Right").click();
    await settle();
    expect(named(shadow)).toEqual(["test row 2"]);
  });

  it("draws a part of ten thousand", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => entry(i));
    const shadow = draw(explored({}, many), new TestLine());
    expect(lines(shadow).length).toBeLessThan(40);
    expect(text(shadow.querySelector(".list-foot"))).toContain("of 10 000");
  });

  it("without a kernel is read only, and says so", () => {
    const state = explored();
    const targets = { ...state.targets!, total: 9 };
    const shadow = draw({ ...state, targets });
    const foot = text(shadow.querySelector(".list-foot"));
    expect(foot).toContain("needs the running kernel");
    expect(foot).toContain("5 more were not saved");
    expect(lines(shadow)[0]?.getAttribute("aria-disabled")).toBe("true");
  });

  it("stays where its target could not be explained", async () => {
    const line = new TestLine();
    const shadow = draw(explored(), line);
    const end = { type: "end" as const, status: "failed" as const, reason: "No.", seconds: 0 };
    const state = { ...explored(), start: null, steps: [], rankings: [], end };
    line.tell({ schema: SCHEMA, seq: 1, state });
    await settle();
    expect(lines(shadow)).toHaveLength(4);
    expect(text(shadow.querySelector(".checks"))).toContain("Failed: No.");
  });

  it("shows no markup that came as data", () => {
    const bad = "<img src=x onerror=alert(1)>";
    const all = entry(0, { name: bad, label: bad, decision: bad, text: bad });
    const shadow = draw(explored({}, [all, entry(1)]));
    expect(shadow.querySelector("img, script")).toBeNull();
  });
});

describe("two beside each other", () => {
  const other = (rows: number[], data = "abc"): State => ({
    ...finished(),
    start: start({ id: "run-2", made: { ...start().made, data } }),
    steps: rows.map((row, i) => step(i + 1, 0.55, { row })),
  });

  it("say in one sentence what they share", () => {
    const say = (b: State): string => compared([finished(), b], ["one", "two"]).join("");
    expect(say(other([101, 103, 7, 8]))).toBe(
      "one stands on 3 training rows, two stands on 4 training rows; 2 rows are in both.",
    );
    expect(say(other([7]))).toContain("two stands on 1 training row; no row is in both.");
    expect(say(other([101], "xyz"))).toContain("made with different training data");
    expect(shared(finished(), other([101], "xyz")).size).toBe(0);
    const stopped = { ...running(2), end: null };
    expect(compared([finished(), stopped], ["one", ""]).join("")).toContain(
      "B has 2 training rows removed",
    );
  });

  it("are kept beside while another is chosen, and let go again", async () => {
    const line = new TestLine();
    const shadow = draw(explored(), line);
    line.tell({ schema: SCHEMA, seq: 1, state: explored() });
    await settle();
    button(shadow, "Keep beside").click();
    await settle();
    expect(text(shadow.querySelector(".compared"))).toContain("Choose another row");
    expect(shadow.querySelectorAll(".headline")).toHaveLength(1);
    const { targets } = explored();
    const state = { ...other([101, 9]), targets: targets && { ...targets, chosen: 0 } };
    line.tell({ schema: SCHEMA, seq: 2, state });
    await settle();
    expect(shadow.querySelectorAll(".headline")).toHaveLength(2);
    expect(text(shadow.querySelector(".compared"))).toContain("1 row is in both.");
    // Marked in both lists, with a word.
    const marks = [...shadow.querySelectorAll(".both")].map(text);
    expect(marks).toEqual(["in both", "in both"]);
    button(shadow, "Close").click();
    await settle();
    expect(shadow.querySelectorAll(".headline")).toHaveLength(1);
    expect(shadow.querySelector(".both")).toBeNull();
  });

  it("are read from a saved comparison, or not at all", () => {
    const form = { schema: SCHEMA, compare: [finished(), other([101])], names: ["one", "two"] };
    expect(parseComparison(form)?.names).toEqual(["one", "two"]);
    // Who does not know this form shows its text.
    expect(parseState(form)).toBeNull();
    for (const change of [
      { schema: "forcing.v2" },
      { compare: [finished()] },
      { compare: [finished(), { ...finished(), steps: 3 }] },
      { compare: [finished(), finished(), finished()] },
      { names: ["one"] },
      { names: ["one", 2] },
      { names: null },
    ]) {
      expect(parseComparison({ ...form, ...change })).toBeNull();
    }
    expect(parseComparison(null)).toBeNull();
  });

  it("pick the same row on both sides", async () => {
    const root = document.createElement("div");
    document.body.append(root);
    const states: [State, State] = [finished(), other([9, 101])];
    const view = mountComparison(root, { states, names: ["one", "<two>"] });
    await settle();
    const shadow = root.shadowRoot!;
    const sides = [...shadow.querySelectorAll(".side")];
    sides[0]?.querySelector<HTMLElement>(".row:not(.header)")?.click();
    await settle();
    const chosen = sides.map((side) => text(side.querySelector(".row.chosen .meta")));
    expect(chosen[0]).toContain("row 101");
    expect(chosen[1]).toContain("row 101");
    expect(text(shadow.querySelector(".compared"))).toContain("<two> stands on");
    view.dispose();
    expect(shadow.childNodes).toHaveLength(0);
    root.remove();
  });
});

describe("what is picked", () => {
  const events = (seq: number, rows: number[]) => ({
    schema: SCHEMA,
    seq,
    events: [{ type: "selected" as const, rows }],
  });

  it("is not undone by what comes back late", () => {
    const line = new TestLine();
    const store = new Store({ state: finished(), live: line });
    line.tell({ schema: SCHEMA, seq: 0, state: finished() });
    store.select([101]);
    store.select([102]);
    line.tell(events(1, [101]));
    expect(store.selected).toEqual([102]);
    line.tell(events(2, [102]));
    expect(store.selected).toEqual([102]);
    // From elsewhere, also what this view had picked before.
    line.tell(events(3, [101]));
    expect(store.selected).toEqual([101]);
    expect(line.count("select")).toBe(2);
    store.dispose();
  });

  it("stays with a chosen target only", () => {
    const state = apply(explored(), { type: "chosen", target: 3 });
    expect(state.targets?.chosen).toBe(3);
    expect(apply(finished(), { type: "chosen", target: 3 }).targets).toBeNull();
  });
});
