import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseMessage } from "../src/guards.js";
import type { BandPoint, Event } from "../src/protocol.js";
import { apply, emptyState, reduce } from "../src/state.js";
import type { Feed } from "../src/state.js";
import { Store } from "../src/store.js";
import { TestLine, finished, running, stability, start, step } from "./fixtures.js";

const SCHEMA = "forcing.v1" as const;
const batch = (n: number): Event => ({ type: "step", steps: [step(n, 0.6)], rows: {} });
const events = (seq: number, ...list: Event[]) => ({ schema: SCHEMA, seq, events: list });

describe("apply", () => {
  it("adds up a run", () => {
    const list: Event[] = [
      start(),
      batch(1),
      batch(2),
      { type: "progress", phase: "refine", done: 1, total: 2, note: "" },
      { type: "refined", steps: [step(1, 0.49)], before: 2, seconds: 1, rows: {} },
      { type: "bound", rows: 1, seconds: 1 },
      { type: "end", status: "flipped", reason: "", seconds: 1 },
    ];
    const state = list.reduce(apply, emptyState());
    expect(state.steps).toHaveLength(1);
    expect(state).toMatchObject({ searched: 2, refined: true, progress: null, paused: false });
  });

  it("keeps what retrainings say until another run begins", () => {
    const band = (...points: BandPoint[]): Event => ({ type: "band", points });
    const list: Event[] = [
      start(),
      stability(),
      band([0, 0.61, 0.6, 0.63]),
      batch(1),
      band([0, 0.61, 0.6, 0.63], [1, 0.55, 0.5, 0.6]),
      { type: "refined", steps: [step(1, 0.55), step(2, 0.49)], before: 4, seconds: 1, rows: {} },
    ];
    const state = list.reduce(apply, emptyState());
    expect(state.stability?.confidences).toHaveLength(11);
    expect(state.band.map(([k]) => k)).toEqual([0, 1]);
    // A set may come back larger.
    expect(state.steps).toHaveLength(2);
    expect(apply(state, start())).toMatchObject({ stability: null, band: [] });
  });

  it("replaces a ranking that comes again", () => {
    const ranking = finished().rankings[0]!;
    const again: Event = { type: "ranking", ranking: { ...ranking, tried: 99 }, rows: {} };
    expect(apply(finished(), again).rankings).toEqual([{ ...ranking, tried: 99 }]);
  });

  it("changes no state that it was given", () => {
    const state = Object.freeze(finished());
    Object.freeze(state.steps);
    Object.freeze(state.rows);
    expect(() => apply(state, batch(4))).not.toThrow();
  });
});

describe("reduce", () => {
  const at = (seq: number | null): Feed => ({ state: running(1), seq, behind: false });

  it("takes the next message", () => {
    expect(reduce(at(4), events(5, batch(2))).state.steps).toHaveLength(2);
  });
  it("passes over a message that it has", () => {
    const feed = at(4);
    expect(reduce(feed, events(4, batch(2)))).toBe(feed);
  });
  it("sees a gap and waits for the whole state", () => {
    const gap = reduce(at(4), events(6, batch(3)));
    expect(gap).toMatchObject({ behind: true, seq: 4 });
    expect(reduce(gap, events(5, batch(2))).behind).toBe(true);
    const whole = reduce(gap, { schema: SCHEMA, seq: 7, state: finished() });
    expect(whole).toEqual({ state: finished(), seq: 7, behind: false });
  });
  it("begins anew with a start, whatever was missed", () => {
    expect(reduce(at(4), events(9, start()))).toMatchObject({ behind: false, seq: 9 });
  });
  it("keeps its state when the answer is older", () => {
    const feed = at(4);
    expect(reduce(feed, { schema: SCHEMA, seq: 2, state: finished() })).toBe(feed);
  });
});

describe("Store", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("asks once, again after two seconds, and no more once it has the state", () => {
    const line = new TestLine();
    const store = new Store({ state: null, live: line });
    expect(line.count("sync")).toBe(1);
    line.tell(events(7, batch(1)));
    line.tell(events(8, batch(2)));
    expect(line.count("sync")).toBe(1);
    vi.advanceTimersByTime(2000);
    expect(line.count("sync")).toBe(2);
    line.tell({ schema: SCHEMA, seq: 8, state: running(2) });
    vi.advanceTimersByTime(4000);
    expect(line.count("sync")).toBe(2);
    expect(store.state.steps).toHaveLength(2);
    store.dispose();
  });

  it("says so when nobody answers, asks ever less often, and takes it back", () => {
    const line = new TestLine();
    const store = new Store({ state: null, live: line });
    const told = vi.fn();
    store.subscribe(told);
    vi.advanceTimersByTime(5900);
    expect(store.silent).toBe(false);
    vi.advanceTimersByTime(200);
    expect(store.silent).toBe(true);
    expect(told).toHaveBeenCalledTimes(1);
    const asked = line.count("sync");
    vi.advanceTimersByTime(600_000);
    expect(line.count("sync") - asked).toBeLessThan(25);
    line.tell({ schema: SCHEMA, seq: 8, state: running(2) });
    expect(store.silent).toBe(false);
    store.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks a run that has fallen silent whether it is still there, and one that ended never", () => {
    const line = new TestLine();
    const store = new Store({ state: null, live: line });
    line.tell({ schema: SCHEMA, seq: 8, state: running(2) });
    vi.advanceTimersByTime(5100);
    expect(line.count("sync")).toBe(2);
    vi.advanceTimersByTime(7000);
    expect(store.silent).toBe(true);
    line.tell({ schema: SCHEMA, seq: 9, state: finished() });
    const asked = line.count("sync");
    vi.advanceTimersByTime(600_000);
    expect(line.count("sync")).toBe(asked);
    expect(store.silent).toBe(false);
    store.dispose();
  });

  it("keeps what it has when the line closes", () => {
    const line = new TestLine();
    const store = new Store({ state: running(2), live: line });
    line.close();
    expect(store.live).toBe(false);
    expect(store.state.steps).toHaveLength(2);
    vi.advanceTimersByTime(10_000);
    expect(line.count("sync")).toBe(1);
    store.dispose();
  });

  it("gathers wishes for pictures", () => {
    const line = new TestLine();
    const store = new Store({ state: null, live: line });
    store.pictures.want("a");
    store.pictures.want("b");
    vi.advanceTimersByTime(50);
    expect(line.sent.at(-1)).toEqual({ type: "images", ids: ["a", "b"] });
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
    line.tell({ schema: SCHEMA, images: ["a"], buffers: [png] });
    expect(store.pictures.url("a")).toMatch(/^blob:/);
    store.dispose();
    expect(store.pictures.url("a")).toBeNull();
  });

  it("shows a pause at once", () => {
    const line = new TestLine();
    const store = new Store({ state: running(2), live: line });
    store.send({ type: "pause" });
    expect(store.state.paused).toBe(true);
    store.send({ type: "resume" });
    expect(store.state.paused).toBe(false);
    store.dispose();
  });
});

describe("the saved form", () => {
  const bundle = { "text/plain": "robust" };

  it("is what the kernel answers, and nothing where the line breaks or the output stays", async () => {
    const line = new TestLine();
    const store = new Store({ state: finished(), live: line });
    const asked = store.saved();
    expect(line.count("saved")).toBe(1);
    line.tell(parseMessage({ schema: SCHEMA, saved: bundle })!);
    expect(await asked).toEqual(bundle);
    const stays = store.saved();
    line.tell(parseMessage({ schema: SCHEMA, saved: null })!);
    expect(await stays).toBeNull();
    const lost = store.saved();
    line.close();
    expect(await lost).toBeNull();
    expect(await store.saved()).toBeNull();
    store.dispose();
  });
});
