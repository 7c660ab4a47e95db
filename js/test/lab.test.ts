/** The pure parts of the lab extension, and the registry that it reads. */

import { afterEach, describe, expect, it } from "vitest";
import { lastView } from "../src/lab/template.js";
import { contrast, legible, roleColours } from "../src/lab/colours.js";
import { readFile } from "../src/lab/damage.js";
import { arrange, following } from "../src/lab/listing.js";
import type { Item } from "../src/lab/listing.js";
import { DEFAULTS, loadPreferences, parsePreferences } from "../src/lab/preferences.js";
import { enterRun, followRuns, knownRuns, onRuns, showRun } from "../src/registry.js";
import type { Run } from "../src/registry.js";
import { Store } from "../src/store.js";
import { standing } from "../src/view/brief/line.js";
import { briefly } from "../src/view/brief/sentence.js";
import { SPARK, spark } from "../src/view/brief/spark.js";
import { spoken } from "../src/view/sentence.js";
import { finished, running } from "./fixtures.js";

function run(): Run {
  const store = new Store({ state: finished(), live: null });
  return {
    store,
    roots: new Set(),
    attach: () => () => undefined,
    isModel: () => Promise.resolve(false),
  };
}

describe("the registry", () => {
  const ends: (() => void)[] = [];
  afterEach(() => ends.splice(0).forEach((end) => end()));

  it("tells of runs that come, are drawn, and leave", () => {
    let told = 0;
    ends.push(onRuns(() => (told += 1)));
    const one = run();
    const leave = enterRun(one);
    expect([...knownRuns()]).toEqual([one]);
    const root = document.createElement("div");
    const detach = showRun(one, root);
    expect([...one.roots]).toEqual([root]);
    detach();
    expect(one.roots.size).toBe(0);
    leave();
    leave();
    expect(knownRuns().size).toBe(0);
    expect(told).toBe(4);
  });

  it("is followed run by run", () => {
    const said: string[] = [];
    const one = run();
    const leave = enterRun(one);
    const end = followRuns((which) => {
      said.push(which === one ? "one" : "other");
      return () => said.push("left");
    });
    const other = enterRun(run());
    leave();
    expect(said).toEqual(["one", "other", "left"]);
    end();
    other();
    expect(said).toEqual(["one", "other", "left", "left"]);
  });

  it("is one for all bundles of a page", () => {
    ends.push(enterRun(run()));
    const page = globalThis as unknown as Record<symbol, { runs: Set<Run> } | undefined>;
    expect(page[Symbol.for("forcing.runs.v1")]?.runs.size).toBe(1);
  });
});

describe("the list", () => {
  const item = (key: string, group: string, ended: boolean): Item => ({
    key,
    group,
    title: group,
    state: ended ? finished() : running(2),
    live: !ended,
    store: null,
  });
  const items = [item("a", "one", true), item("b", "one", false), item("c", "two", true)];

  it("groups by notebook, running ones on top", () => {
    const keys = arrange(items, new Set()).map((group) => group.items.map(({ key }) => key));
    expect(keys).toEqual([["b", "a"], ["c"]]);
  });

  it("leaves out what was cleared, but nothing that runs", () => {
    const keys = arrange(items, new Set(["a", "b", "c"])).map((group) => group.items);
    expect(keys).toEqual([[items[1]]]);
  });

  it("goes round", () => {
    expect(following(items, null)?.key).toBe("a");
    expect(following(items, "a")?.key).toBe("b");
    expect(following(items, "c")?.key).toBe("a");
    expect(following([], "c")).toBeNull();
  });
});

describe("an explanation at a glance", () => {
  const said = (state: Parameters<typeof briefly>[0], live: boolean): string =>
    spoken([briefly(state, live)]).replace(/\u00a0|\u202f/g, " ");

  it("is one sentence", () => {
    expect(said(finished(3), false)).toBe("Bad stands on 3 of 1 200; without them good");
    expect(said(finished(325), false)).toBe("Bad (61 %) is robust: it takes 325 of 1 200");
    expect(said(running(6), true)).toBe("Bad, down to 58.0 % without 6 of 1 200");
  });

  it("says how it stands", () => {
    expect(standing(finished(3), false)).toEqual({ mood: "checked", words: "Verified" });
    expect(standing(finished(325), false).words).toBe("Robust, verified");
    expect(standing(running(6), true).words).toContain("step 6");
    expect(standing({ ...running(6), paused: true }, true).words).toBe("Paused at step 6");
    expect(standing(running(6), false)).toEqual({ mood: "lost", words: "Kernel lost at step 6" });
  });

  it("has a line that stays in its box", () => {
    for (const state of [finished(1), finished(325), finished(2000), running(0), running(6)]) {
      const drawn = spark(state, true);
      for (const [x, y] of drawn?.points ?? [[-1, -1]]) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(SPARK.width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(SPARK.height);
      }
    }
    expect(spark(finished(2000), false)?.points.length).toBeLessThan(300);
  });
});

describe("the settings", () => {
  it("take what fits and leave the rest", async () => {
    expect(parsePreferences(undefined)).toEqual(DEFAULTS);
    const odd = { baselines: [1], maxRemovals: -3, favouredColour: 7, autorun: "yes" };
    expect(parsePreferences(odd)).toEqual(DEFAULTS);
    expect(parsePreferences({ maxRemovals: 40, autorun: true })).toEqual({
      ...DEFAULTS,
      maxRemovals: 40,
      autorun: true,
    });
    expect(await loadPreferences(null)).toEqual(DEFAULTS);
  });

  it("keep colours legible", () => {
    const navy = [0, 0, 80] as const;
    expect(legible(navy, [255, 255, 255], 4.5)).toEqual(navy);
    const ground = [17, 17, 17] as const;
    expect(contrast(legible(navy, ground, 4.5), ground)).toBeGreaterThanOrEqual(4.5);
    expect(roleColours("rival", null, ground).map(([, value]) => value)).toEqual([null, null]);
  });
});

describe("running on opening", () => {
  it("stops at the last view", () => {
    expect(lastView(["a = 1", "%%mfs --at x\nfit()", "b"])).toBe(1);
    expect(lastView(["import forcing", "study = forcing.Study(m, X, y)", "study.view(x)"])).toBe(2);
    expect(lastView(["import pandas", "frame.view(x)"])).toBe(-1);
    expect(lastView(["import forcing", "# forcing.explain(x)"])).toBe(-1);
  });
});

describe("a file", () => {
  it("says what is wrong with it", () => {
    const text = JSON.stringify(finished());
    expect(readFile(text).fault).toBeNull();
    expect(readFile(" ").fault?.kind).toBe("empty");
    expect(readFile(text.slice(0, 90)).fault?.kind).toBe("json");
    expect(readFile("[]").fault?.kind).toBe("other");
    expect(readFile('{"schema": "forcing.v9"}').fault).toEqual({
      kind: "version",
      found: "forcing.v9",
    });
    expect(readFile(JSON.stringify({ ...finished(), steps: 3 })).fault).toEqual({
      kind: "content",
      part: "steps",
    });
  });
});
