/** States that a finished run passed through or might have ended in. */

import type { End, Plane, State, Tally, Verified } from "../src/protocol.js";

const end = (status: End["status"], reason: string): End => ({
  type: "end",
  status,
  reason,
  seconds: 1,
});

/** The run as it was after `steps` removals. */
export function streaming(state: State, steps: number): State {
  const start = state.start && { ...state.start, baselines: ["influence", "representer"] };
  return {
    ...state,
    start,
    steps: state.steps.slice(0, steps),
    refined: false,
    verified: null,
    bound: null,
    rankings: state.rankings.slice(0, 1),
    progress: { type: "progress", phase: "search", done: steps, total: null, note: "" },
    end: null,
  };
}

export function stopped(state: State, steps: number, status: End["status"], reason: string): State {
  return { ...streaming(state, steps), progress: null, rankings: [], end: end(status, reason) };
}

/** Names at the limits of what a layout takes. */
export function longNames(state: State): State {
  const rename = (label: string): string => `${label} with a name that goes on and on, as some do`;
  const { start } = state;
  if (start === null) return state;
  const display =
    start.display.kind === "table"
      ? {
          ...start.display,
          columns: start.display.columns.map((column, i) => ({
            ...column,
            name: `a_very_long_feature_name_of_a_pipeline__${column.name}_number_${i}`,
          })),
        }
      : start.display;
  const rows = Object.entries(state.rows).map(([key, row], i) => {
    const item =
      i % 4 === 0
        ? null
        : row.item?.kind === "table"
          ? { ...row.item, values: row.item.values.map((v, j) => (j % 3 ? v : null)) }
          : row.item;
    return [key, { ...row, label: rename(row.label), name: `client ${key} of the branch`, item }];
  });
  return {
    ...state,
    start: {
      ...start,
      display,
      claim: {
        ...start.claim,
        favoured: rename(start.claim.favoured),
        rival: rename(start.claim.rival),
      },
      target: { ...start.target, label: rename(start.target.label ?? "") },
      notes: ["Preprocessing is kept as fitted.", "<img src=x onerror=alert(1)> stays text."],
    },
    verified: state.verified && { ...state.verified, label: rename(state.verified.label) },
    rows: Object.fromEntries(rows) as State["rows"],
  };
}

/** As if somebody had asked for other sets; those that the state has stay. */
export function otherSets(state: State, note: string, searching = false): State {
  const sets = state.alternatives?.sets ?? [];
  return { ...state, alternatives: { sets: searching ? sets.slice(0, 2) : sets, searching, note } };
}

/** A run compared with `count` baselines. */
export function compared(state: State, count: number): State {
  const [first] = state.rankings;
  if (first === undefined) return state;
  const rankings = Array.from({ length: count }, (_, i) => ({
    ...first,
    method: `method-${i + 1}`,
    flips_at: (first.flips_at ?? 0) + i,
    curve: first.curve.map(([k, p]): [number, number] => [k * (1 + i / 8), p]),
  }));
  return { ...state, rankings };
}

/** A search by refits, which knows no step before its end. */
export function refitting(state: State): State {
  const progress = { type: "progress", phase: "search", done: 42, total: 600, note: "" } as const;
  return { ...streaming(state, 0), progress };
}

/** Rows scattered around two centres, the same at each call; supports lie between them. */
export function scattered(state: State, x: number | null, y: number | null, n: number): Plane {
  let seed = 7 + 3 * (x ?? 11) + 5 * (y ?? 13);
  const uniform = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const normal = (): number => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(6.2832 * uniform());
  const display = state.start?.display;
  const features =
    display?.kind === "table"
      ? display.columns.map((column) => column.name)
      : ["brightness", "a_feature_with_a_very_long_name_as_pipelines_make_them"];
  const name = (i: number | null, k: number): string =>
    i === null ? `component ${k} (${38 - 20 * k} % of the variance)` : (features[i] ?? "");
  const wanted = new Map(state.steps.map((step) => [step.row, step.positive ? 0 : 1]));
  const made = Array.from({ length: n }, (_, row) => {
    const support = wanted.get(row);
    const role = support ?? (uniform() < 0.06 ? 2 : uniform() < 0.5 ? 0 : 1);
    const spread = support === undefined ? 1600 : 900;
    const centre = role === 0 ? 4000 : role === 1 ? 6200 : 5000;
    return { role, at: [centre + spread * normal(), 5000 + spread * normal()] };
  });
  const steps = (v: number | undefined): number =>
    Math.round(Math.min(20_000, Math.max(-10_000, v ?? 0)));
  return {
    kind: x === null ? "components" : "features",
    x: { name: name(x, 1), feature: x, low: -3.2, high: 4.1 },
    y: { name: name(y, 2), feature: y, low: 12_000, high: 182_000 },
    features,
    rows: null,
    xs: made.map((one) => steps(one.at[0])),
    ys: made.map((one) => steps(one.at[1])),
    roles: made.map((one) => one.role),
    target: [5000, 5300],
    before: x === null ? [] : [[6300, 0, 6100, 2500, 5600, 5000, 5900, 10_000]],
    after: [[0, 7000, 2500, 6400, 5000, 5200, 7000, 2000, 7400, 0]],
    note: "Other features are held at the target's values.",
  };
}

export function withPlane(state: State, n: number): State {
  return { ...state, plane: scattered(state, 0, 1, n) };
}

/** Confidences of retrainings around a mean, the same at each call. */
function spread(mean: number, n = 11, width = 0.027): number[] {
  const places = Array.from({ length: n }, (_, i) => (i - (n - 1) / 2) / (n - 1));
  return places.map((at, i) => mean + 2 * width * at + 0.004 * Math.sin(7 * i + 100 * mean));
}

function tally(mean: number, threshold: number): Tally {
  const confidences = spread(mean);
  return { flips: confidences.filter((p) => p < threshold).length, confidences };
}

/** The run as that of a forest whose training does not repeat itself, of so many removals. */
export function retrained(state: State, size: number, change: Partial<Verified> = {}): State {
  const { start } = state;
  if (start === null) return state;
  const { threshold } = start.claim;
  const from = threshold + 0.14;
  const to = threshold - 0.035;
  const at = (k: number): number => from + (to - from) * (k / size) ** 1.3;
  const lengths = [0, 1, 2, 4, 8, 16, 32, 64, 128].filter((k) => k < size);
  const steps = state.steps.slice(0, size).map((step, i) => {
    const confidence = at(i + 1);
    return { ...step, confidence, margin: confidence - threshold, gap: null };
  });
  return {
    ...state,
    start: {
      ...start,
      claim: { ...start.claim, confidence: from, margin: 0.58 },
      model: "RandomForestClassifier, 100 trees",
      baselines: [],
      notes: [],
    },
    stability: {
      type: "stability",
      ...tally(from, threshold),
      leave_out: 0.01,
      seconds: 4,
    },
    band: [...lengths, size].map((k) => [k, at(k), at(k) - 0.026, at(k) + 0.026]),
    steps,
    bound: null,
    rankings: [],
    verified: state.verified && {
      ...state.verified,
      label: start.claim.rival,
      flipped: true,
      confidence: to,
      irreducible: null,
      put_back: [],
      by: "RandomForestClassifier(n_estimators=100)",
      agreement: tally(threshold - 0.02, threshold),
      control: tally(from - 0.01, threshold),
      sizes: [Math.round(0.94 * size), Math.round(1.06 * size)],
      note: "row by row is not meant here: one row's part is below the noise",
      ...change,
    },
  };
}

/** What random rows do as well. */
export function alike(state: State, size: number): State {
  const threshold = state.start?.claim.threshold ?? 0.5;
  return retrained(state, size, { alike: true, control: tally(threshold - 0.012, threshold) });
}

export function unconfirmed(state: State, size: number): State {
  const threshold = state.start?.claim.threshold ?? 0.5;
  const shown = retrained(state, size, { flipped: false, agreement: tally(threshold, threshold) });
  return { ...shown, end: end("limit", "The budget of 200 trainings is spent.") };
}

/** Before there is a set: some lengths were tried. */
export function retraining(state: State, size: number): State {
  const shown = retrained(state, size);
  return {
    ...shown,
    steps: [],
    band: shown.band.slice(0, 5),
    refined: false,
    verified: null,
    progress: { type: "progress", phase: "search", done: 30, total: 200, note: "" },
    end: null,
  };
}

/** Chance decides. */
export function unstable(state: State): State {
  const { start } = state;
  if (start === null) return state;
  const { threshold } = start.claim;
  const mean = threshold + 0.008;
  return {
    ...retraining(state, 10),
    start: { ...start, claim: { ...start.claim, confidence: threshold + 0.05 }, notes: [] },
    stability: { type: "stability", ...tally(mean, threshold), leave_out: 0.01, seconds: 4 },
    band: [],
    progress: null,
    end: end("unstable", "4 of 11 retrainings on all rows decide otherwise."),
  };
}
