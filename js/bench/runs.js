/** Made-up runs of any length, in the form in which a kernel sends them. */

const COLUMNS = 30;
/** As many as a kernel names of a row. */
const DIFFERING = 12;
/** Rows of each sign that a ranking sends. */
const GALLERY = 24;

const WORDS =
  "the a to for you me we have on at back call now please today send home text free win prize claim cash urgent award offer".split(
    " ",
  );

/** The same numbers at every call, so that two measurements draw the same. */
function random(seed) {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

function tableItem(next) {
  const values = Array.from({ length: COLUMNS }, () => Number((1000 * next()).toPrecision(4)));
  const differs = [...values.keys()].sort((a, b) => values[b] - values[a]).slice(0, DIFFERING);
  return { kind: "table", values, differs };
}

function textItem(next) {
  const words = Array.from({ length: 24 }, () => WORDS[Math.floor(WORDS.length * next())]);
  const marks = [];
  let at = 0;
  for (const [i, word] of words.entries()) {
    if (i % 4 === 0) marks.push([at, at + word.length, next()]);
    at += word.length + 1;
  }
  return { kind: "text", text: words.join(" "), marks };
}

function itemOf(kind, row, next) {
  if (kind === "table") return tableItem(next);
  if (kind === "text") return textItem(next);
  return { kind: "image", image: `row-${row}` };
}

const margin = (p) => Math.log(p / (1 - p));

function startOf(kind, id, steps) {
  const next = random(7);
  const columns = Array.from({ length: COLUMNS }, (_, i) => ({
    name: `measurement ${i}`,
    low: 0,
    high: 1000,
  }));
  return {
    type: "start",
    id,
    claim: {
      favoured: "good credit",
      rival: "bad credit",
      confidence: 0.9,
      margin: margin(0.9),
      threshold: 0.5,
    },
    method: "mfs",
    model: "LogisticRegression in a Pipeline",
    rows: 10 * steps + 1000,
    features: COLUMNS,
    classes: 2,
    limit: 6 * steps,
    baselines: ["influence", "representer"],
    display: kind === "table" ? { kind, columns, omitted: 0 } : { kind },
    target: { name: "test row 17", label: "bad credit", item: itemOf(kind, "target", next) },
    notes: ["Preprocessing is kept as fitted."],
    made: { version: "0.0", created: "2026-01-01", seed: 0, data: "0", packages: {} },
  };
}

function stepsOf(kind, steps) {
  const next = random(11);
  const all = [];
  const rows = {};
  for (let i = 1; i <= steps; i++) {
    const confidence = 0.9 - (0.401 * i) / steps;
    const positive = next() < 0.8;
    const row = 7 * i;
    all.push({
      n: i,
      row,
      positive,
      confidence,
      margin: margin(confidence),
      seconds: i / 100,
      gap: (0.3 * (steps - i)) / steps,
    });
    rows[row] = {
      label: positive ? "good credit" : "bad credit",
      name: null,
      item: itemOf(kind, row, next),
    };
  }
  return { all, rows };
}

function rankingOf(method, steps) {
  const entry = (row, place) => ({ row, place, score: 1 / place, change: -0.4 / steps });
  const places = [...Array(Math.min(GALLERY, Math.floor(steps / 2))).keys()];
  return {
    method,
    flips_at: Math.round(1.4 * steps),
    tried: Math.round(1.4 * steps),
    predicted: null,
    curve: Array.from({ length: 101 }, (_, i) => [
      Math.round((1.4 * steps * i) / 100),
      0.9 - 0.00401 * i,
    ]),
    positive: places.map((i) => entry(7 * (2 * i + 1), 2 * i + 1)),
    negative: places.map((i) => entry(7 * (2 * i + 2), 2 * i + 2)),
    seconds: 0.1,
  };
}

const progress = { type: "progress", phase: "search", done: 1, total: null, note: "" };

/** The messages of a search, `batch` steps in each, as JSON; the first brings the start. */
export function searching(kind, id, steps, batch) {
  const { all, rows } = stepsOf(kind, steps);
  const messages = [];
  for (let from = 0; from < steps; from += batch) {
    const some = all.slice(from, from + batch);
    const seen = Object.fromEntries(some.map((step) => [step.row, rows[step.row]]));
    const events = [{ type: "step", steps: some, rows: seen }, progress];
    if (from === 0) events.unshift(startOf(kind, id, steps));
    messages.push(JSON.stringify({ schema: "forcing.v1", seq: messages.length + 1, events }));
  }
  return messages;
}

/** The whole state of a run that has ended, as JSON of the message that answers `sync`. */
export function finished(kind, id, steps, seq) {
  const { all, rows } = stepsOf(kind, steps);
  const state = {
    schema: "forcing.v1",
    start: startOf(kind, id, steps),
    steps: all,
    searched: steps,
    refined: true,
    verified: {
      type: "verified",
      flipped: true,
      label: "bad credit",
      confidence: 0.499,
      irreducible: true,
      put_back: all.map(() => 0.503),
      by: "Pipeline()",
      seconds: 0.1,
    },
    bound: { type: "bound", rows: Math.ceil(steps / 3), seconds: 0.1 },
    rankings: ["influence", "representer"].map((method) => rankingOf(method, steps)),
    progress: null,
    end: { type: "end", status: "flipped", reason: "", seconds: 1 },
    paused: false,
    plane: null,
    alternatives: null,
    targets: null,
    rows,
    images: {},
  };
  return JSON.stringify({ schema: "forcing.v1", seq, state });
}
