/** One valid state of every kind that the view draws: what a fuzz begins from. */

import type { Event, Item, Plane, Rows, State } from "../src/protocol.js";
import { finished, noisy, running, stability, start, step, tally, unstable } from "./fixtures.js";

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function rowsOf(state: State, item: (row: number) => Item): Rows {
  return Object.fromEntries(
    state.steps.map((s) => [String(s.row), { label: "bad", name: null, item: item(s.row) }]),
  );
}

function images(): State {
  const state = finished(5, {
    start: start({
      display: { kind: "image" },
      target: { name: "test row 3", label: "bad", item: { kind: "image", image: "t" } },
    }),
  });
  return {
    ...state,
    rows: rowsOf(state, (row) => ({ kind: "image", image: `i${row}` })),
    images: Object.fromEntries(["t", "i101", "i102", "i103"].map((id) => [id, PIXEL])),
  };
}

function texts(): State {
  const state = finished(5, {
    start: start({
      display: { kind: "text" },
      target: {
        name: "message 3",
        label: "bad",
        item: { kind: "text", text: "win a prize now", marks: [[0, 3, 0.9]] },
      },
    }),
  });
  return {
    ...state,
    rows: rowsOf(state, () => ({
      kind: "text",
      text: "you win a free prize",
      marks: [
        [4, 7, 1],
        [15, 20, 0.2],
      ],
    })),
  };
}

function regression(): State {
  const claim = {
    ...{ favoured: "above 170", rival: "below 170", confidence: 0.61, margin: 11, threshold: 0.5 },
    ...{ cut: 170, prediction: 181 },
  };
  const state = finished(4, { start: start({ claim, classes: 2 }) });
  for (const row of Object.values(state.rows)) row.label = "value 206";
  return { ...state, verified: { ...state.verified!, label: "below 170" } };
}

function relabelled(): State {
  const state = finished(4, { start: start({ method: "relabel" }), bound: null });
  return { ...state, steps: state.steps.map((s) => ({ ...s, becomes: "good" })) };
}

export const PLANE: Plane = {
  kind: "features",
  x: { name: "age", feature: 0, low: 18, high: 80 },
  y: { name: "job", feature: 1, low: -1, high: 3 },
  features: ["age", "job"],
  rows: [100, 101, 102, 103],
  xs: [0, 2000, 5000, 10_000],
  ys: [10_000, 3000, 5000, 0],
  roles: [0, 0, 1, 2],
  target: [4000, 4000],
  before: [[0, 0, 5000, 5000, 10_000, 9000]],
  after: [[0, 1000, 10_000, 10_000]],
  note: "The other features are held at the target.",
};

function everything(): State {
  return finished(4, {
    plane: PLANE,
    alternatives: {
      sets: [
        { rows: [101, 102, 200], shared: 2, label: "good", confidence: 0.48, verified: true },
        { rows: [300], shared: 0, label: "good", confidence: 0.49, verified: null },
      ],
      searching: false,
      note: "There are no more within five rows.",
    },
    targets: {
      entries: [0, 1, 2].map((target) => ({
        ...{ target, name: `test row ${target}`, label: "good", decision: "bad" },
        ...{ confidence: 0.9 - target / 10, wrong: target === 0, image: null, text: "some text" },
        status: target === 1 ? ("flipped" as const) : null,
        size: target === 1 ? 4 : null,
      })),
      total: 3,
      chosen: 1,
    },
  });
}

function several(): State {
  const state = finished(4, { start: start({ classes: 3 }) });
  return {
    ...state,
    steps: state.steps.map((s, i) => ({ ...s, positive: i % 2 === 0, gap: null })),
    rankings: ["influence", "representer", "made-up"].map((method, i) => ({
      ...state.rankings[0]!,
      method,
      flips_at: i === 1 ? null : 5 + i,
      predicted: 3,
      negative: [{ row: 103, place: 2, score: -1, change: null }],
    })),
  };
}

const ended = (status: "unflippable" | "cancelled" | "failed" | "limit"): State =>
  running(3, { end: { type: "end", status, reason: "Every row was tried.", seconds: 1 } });

export const STATES: Record<string, State> = {
  table: finished(3),
  image: images(),
  text: texts(),
  regression: regression(),
  relabel: relabelled(),
  several: several(),
  everything: everything(),
  robust: finished(150),
  noisy: noisy(16),
  unstable: unstable(),
  running: running(3, { start: start({ baselines: ["influence", "representer"] }) }),
  beginning: running(0, {
    progress: { type: "progress", phase: "search", done: 1, total: 9, note: "" },
  }),
  paused: running(2, { paused: true }),
  unflippable: ended("unflippable"),
  cancelled: ended("cancelled"),
  failed: ended("failed"),
  limit: ended("limit"),
};

/** Every kind of event, in an order in which a run may send them. */
export function eventsOfARun(): Event[] {
  const state = everything();
  const rows = state.rows;
  const { alternatives, targets } = state;
  return [
    { type: "targets", ...targets! },
    start({ baselines: ["influence"] }),
    stability(),
    { type: "progress", phase: "search", done: 1, total: null, note: "" },
    { type: "step", steps: [step(1, 0.6), step(2, 0.55)], rows },
    {
      type: "band",
      points: [
        [0, 0.61, 0.6, 0.63],
        [2, 0.55, 0.53, 0.58],
      ],
    },
    { type: "paused", paused: true },
    { type: "selected", rows: [101] },
    { type: "paused", paused: false },
    { type: "step", steps: [step(3, 0.48)], rows: {} },
    { type: "refined", steps: [step(1, 0.55), step(2, 0.49)], before: 3, seconds: 1, rows },
    { ...state.verified!, put_back: [0.51, 0.52], agreement: tally(9), control: tally(2) },
    state.bound!,
    { type: "ranking", ranking: state.rankings[0]!, rows },
    { type: "plane", request: null, plane: PLANE, note: "" },
    { type: "alternatives", ...alternatives!, rows },
    {
      ...{ type: "what-if", request: 1, out: [101], error: null },
      ...{ label: "good", confidence: 0.4, flipped: true, tally: tally(8) },
    },
    { type: "explained", target: 1, status: "flipped", size: 2 },
    state.end!,
  ];
}
