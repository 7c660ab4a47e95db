/**
 * The edge: anything that comes from a comm, a notebook or a file passes here
 * once, and the rest of the code trusts its types. No guard throws on any JSON.
 */

import type * as P from "./protocol.js";

export const SCHEMA = "forcing.v1";
export const PHASES = ["prepare", "search", "refine", "verify", "bound", "rank"] as const;
export const STATUSES = [
  "flipped",
  "unflippable",
  "unstable",
  "limit",
  "cancelled",
  "exited",
  "failed",
] as const;

type Guard<T> = (x: unknown) => x is T;

const string: Guard<string> = (x) => typeof x === "string";
const boolean: Guard<boolean> = (x) => typeof x === "boolean";
const number: Guard<number> = (x): x is number => typeof x === "number" && Number.isFinite(x);
const natural: Guard<number> = (x): x is number =>
  typeof x === "number" && Number.isSafeInteger(x) && x >= 0;

const object = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && !Array.isArray(x);

function literal<const T extends string>(...allowed: readonly T[]): Guard<T> {
  return (x): x is T => (allowed as readonly unknown[]).includes(x);
}

function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (x): x is T | null => x === null || guard(x);
}

function list<T>(guard: Guard<T>): Guard<T[]> {
  return (x): x is T[] => Array.isArray(x) && x.every(guard);
}

function record<T>(guard: Guard<T>): Guard<Record<string, T>> {
  return (x): x is Record<string, T> => object(x) && Object.values(x).every(guard);
}

/** Tied to the interface: a field that is missing here does not compile. */
function shape<T>(fields: { [K in keyof T]-?: Guard<T[K]> }): Guard<T> {
  const entries = Object.entries<Guard<unknown>>(fields);
  return (x): x is T =>
    object(x) && entries.every(([key, guard]) => Object.hasOwn(x, key) && guard(x[key]));
}

/** A shape with keys that 1.x added: who wrote before does not say them. */
function grown<T, K extends keyof T>(
  first: Guard<Omit<T, K>>,
  added: { [P in K]-?: Guard<T[P]> },
): Guard<T> {
  const entries = Object.entries<Guard<unknown>>(added);
  return (x): x is T =>
    first(x) && entries.every(([key, guard]) => !Object.hasOwn(x, key) || guard((x as never)[key]));
}

/** One of several shapes, told apart by the literal in `key`. */
function variant<T>(key: string, guards: Record<string, Guard<T>>): Guard<T> {
  return (x): x is T => {
    if (!object(x)) return false;
    const tag = x[key];
    return typeof tag === "string" && Object.hasOwn(guards, tag) && guards[tag]?.(x) === true;
  };
}

const value: Guard<P.Value> = (x): x is P.Value => x === null || number(x) || string(x);

const mark: Guard<P.Mark> = (x): x is P.Mark =>
  Array.isArray(x) && x.length === 3 && natural(x[0]) && natural(x[1]) && number(x[2]);

const curvePoint: Guard<[number, number]> = (x): x is [number, number] =>
  Array.isArray(x) && x.length === 2 && natural(x[0]) && number(x[1]);

const bandPoint: Guard<P.BandPoint> = (x): x is P.BandPoint =>
  Array.isArray(x) && x.length === 4 && natural(x[0]) && x.slice(1).every(number);

const span: Guard<[number, number]> = (x): x is [number, number] =>
  Array.isArray(x) && x.length === 2 && x.every(natural);

const item = variant<P.Item>("kind", {
  table: shape<P.TableItem>({
    kind: literal("table"),
    values: list(value),
    differs: list(natural),
  }),
  image: shape<P.ImageItem>({ kind: literal("image"), image: string }),
  text: shape<P.TextItem>({ kind: literal("text"), text: string, marks: list(mark) }),
});

const display = variant<P.Display>("kind", {
  table: shape<Extract<P.Display, { kind: "table" }>>({
    kind: literal("table"),
    columns: list(shape<P.Column>({ name: string, low: nullable(number), high: nullable(number) })),
    omitted: natural,
  }),
  image: shape<{ kind: "image" }>({ kind: literal("image") }),
  text: shape<{ kind: "text" }>({ kind: literal("text") }),
});

const rows = record(shape<P.Row>({ label: string, name: nullable(string), item: nullable(item) }));

const step = grown<P.Step, "becomes">(
  shape<Omit<P.Step, "becomes">>({
    n: natural,
    row: natural,
    positive: boolean,
    confidence: number,
    margin: number,
    gap: nullable(number),
    seconds: number,
  }),
  { becomes: nullable(string) },
);

const claim = grown<P.Claim, "cut" | "prediction">(
  shape<Omit<P.Claim, "cut" | "prediction">>({
    favoured: string,
    rival: string,
    confidence: number,
    margin: number,
    threshold: number,
  }),
  { cut: nullable(number), prediction: nullable(number) },
);

const firstStart = shape<Omit<P.Start, "classes" | "one_run">>({
  type: literal("start"),
  id: string,
  claim,
  method: string,
  model: string,
  rows: natural,
  features: natural,
  limit: natural,
  baselines: list(string),
  display,
  target: shape<P.Target>({ name: nullable(string), label: nullable(string), item }),
  notes: list(string),
  made: shape<P.Made>({
    version: string,
    created: string,
    seed: nullable(number),
    data: string,
    packages: record(string),
  }),
});

const start = grown<P.Start, "classes" | "one_run">(firstStart, {
  classes: natural,
  one_run: boolean,
});

const tallyFields = { flips: natural, confidences: list(number) };
const tallyShape = shape<P.Tally>(tallyFields);
/** No more retrainings decide otherwise than there are. */
const counted = (x: P.Tally): boolean =>
  x.confidences.length > 0 && x.flips <= x.confidences.length;
const tally: Guard<P.Tally> = (x): x is P.Tally => tallyShape(x) && counted(x);

const stabilityShape = shape<P.Stability>({
  type: literal("stability"),
  ...tallyFields,
  leave_out: number,
  seconds: number,
});
const stability: Guard<P.Stability> = (x): x is P.Stability => stabilityShape(x) && counted(x);

type Retrained = "agreement" | "control" | "alike" | "candidates" | "sizes" | "note";

const firstVerified = shape<Omit<P.Verified, Retrained>>({
  type: literal("verified"),
  flipped: boolean,
  label: string,
  confidence: number,
  irreducible: nullable(boolean),
  put_back: list(number),
  by: string,
  seconds: number,
});

const verified = grown<P.Verified, Retrained>(firstVerified, {
  agreement: nullable(tally),
  control: nullable(tally),
  alike: boolean,
  candidates: natural,
  sizes: nullable(span),
  note: string,
});

const bound = shape<P.Bound>({ type: literal("bound"), rows: natural, seconds: number });

const entry = shape<P.Entry>({
  row: natural,
  place: natural,
  score: number,
  change: nullable(number),
});

const firstRanking = shape<Omit<P.Ranking, "predicted">>({
  method: string,
  flips_at: nullable(natural),
  tried: natural,
  curve: list(curvePoint),
  positive: list(entry),
  negative: list(entry),
  seconds: number,
});

const ranking = grown<P.Ranking, "predicted">(firstRanking, { predicted: nullable(natural) });

const progress = shape<P.Progress>({
  type: literal("progress"),
  phase: literal(...PHASES),
  done: number,
  total: nullable(number),
  note: string,
});

const axis = shape<P.Axis>({
  name: string,
  feature: nullable(natural),
  low: number,
  high: number,
});

const pair: Guard<[number, number]> = (x): x is [number, number] =>
  Array.isArray(x) && x.length === 2 && number(x[0]) && number(x[1]);

const planeShape = shape<P.Plane>({
  kind: literal("data", "features", "components"),
  x: axis,
  y: axis,
  features: list(string),
  rows: nullable(list(natural)),
  xs: list(number),
  ys: list(number),
  roles: list(natural),
  target: pair,
  before: list(list(number)),
  after: list(list(number)),
  note: string,
});

const plane: Guard<P.Plane> = (x): x is P.Plane =>
  planeShape(x) &&
  x.ys.length === x.xs.length &&
  x.roles.length === x.xs.length &&
  (x.rows === null || x.rows.length === x.xs.length);

const alternativesFields = {
  sets: list(
    shape<P.Alternative>({
      rows: list(natural),
      shared: natural,
      label: string,
      confidence: number,
      verified: nullable(boolean),
    }),
  ),
  searching: boolean,
  note: string,
};

const status = literal(...STATUSES);

const targetsFields = {
  entries: list(
    shape<P.TargetEntry>({
      target: natural,
      name: string,
      label: nullable(string),
      decision: string,
      confidence: number,
      wrong: nullable(boolean),
      image: nullable(string),
      text: nullable(string),
      status: nullable(status),
      size: nullable(natural),
    }),
  ),
  total: natural,
  chosen: nullable(natural),
};

const end = shape<P.End>({
  type: literal("end"),
  status,
  reason: string,
  seconds: number,
});

/** The first kernels did not say `error`. */
const firstWhatIf = shape<Omit<P.WhatIf, "error" | "tally">>({
  type: literal("what-if"),
  request: natural,
  out: list(natural),
  label: string,
  confidence: number,
  flipped: boolean,
});

const whatIf = grown<P.WhatIf, "error" | "tally">(firstWhatIf, {
  error: nullable(string),
  tally: nullable(tally),
});

const events: { [K in P.Event["type"]]: Guard<Extract<P.Event, { type: K }>> } = {
  start,
  stability,
  band: shape<P.Band>({ type: literal("band"), points: list(bandPoint) }),
  step: shape<P.Steps>({ type: literal("step"), steps: list(step), rows }),
  refined: shape<P.Refined>({
    type: literal("refined"),
    steps: list(step),
    before: natural,
    seconds: number,
    rows,
  }),
  verified,
  bound,
  ranking: shape<P.RankingEvent>({ type: literal("ranking"), ranking, rows }),
  progress,
  "what-if": whatIf,
  paused: shape<P.Paused>({ type: literal("paused"), paused: boolean }),
  selected: shape<P.Selected>({ type: literal("selected"), rows: list(natural) }),
  plane: shape<P.PlaneEvent>({
    type: literal("plane"),
    request: nullable(natural),
    plane: nullable(plane),
    note: string,
  }),
  alternatives: shape<P.AlternativesEvent>({
    type: literal("alternatives"),
    ...alternativesFields,
    rows,
  }),
  targets: shape<P.TargetsEvent>({ type: literal("targets"), ...targetsFields }),
  chosen: shape<P.Chosen>({ type: literal("chosen"), target: natural }),
  explained: shape<P.Explained>({
    type: literal("explained"),
    target: natural,
    status,
    size: natural,
  }),
  end,
};

type Added = "stability" | "band" | "plane" | "alternatives" | "targets";

const firstState = shape<Omit<P.State, Added>>({
  schema: literal(SCHEMA),
  start: nullable(start),
  steps: list(step),
  searched: natural,
  refined: boolean,
  verified: nullable(verified),
  bound: nullable(bound),
  rankings: list(ranking),
  progress: nullable(progress),
  end: nullable(end),
  paused: boolean,
  rows,
  images: record(string),
});

const state = grown<P.State, Added>(firstState, {
  stability: nullable(stability),
  band: list(bandPoint),
  plane: nullable(plane),
  alternatives: nullable(shape<P.Alternatives>(alternativesFields)),
  targets: nullable(shape<P.Targets>(targetsFields)),
});

/** The saved form, or null where it is of another schema or malformed. */
export function parseState(x: unknown): P.State | null {
  return state(x) ? { ...NONE_ADDED, ...x } : null;
}

/** Two saved forms side by side, or null. */
export function parseComparison(x: unknown): P.Comparison | null {
  if (!object(x) || x.schema !== SCHEMA || !Array.isArray(x.compare) || x.compare.length !== 2) {
    return null;
  }
  const [first, second] = x.compare.map(parseState);
  if (!first || !second || !list(string)(x.names) || x.names.length !== 2) return null;
  return { states: [first, second], names: [x.names[0] ?? "", x.names[1] ?? ""] };
}

/** What a state of before these keys were added has of them. */
const NONE_ADDED: Pick<P.State, Added> = {
  stability: null,
  band: [],
  plane: null,
  alternatives: null,
  targets: null,
};

/** The known events of a message; null where a known one is malformed. */
function parseEvents(x: unknown[]): P.Event[] | null {
  const known: P.Event[] = [];
  for (const event of x) {
    if (!object(event) || !string(event.type)) return null;
    if (!Object.hasOwn(events, event.type)) continue;
    if (!events[event.type as P.Event["type"]](event)) return null;
    known.push(event);
  }
  return known;
}

/** A message of the kernel, or null where the view cannot use it. */
export function parseMessage(x: unknown, buffers: readonly Uint8Array[] = []): P.Message | null {
  if (!object(x) || x.schema !== SCHEMA) return null;
  if (list(string)(x.images)) {
    if (x.images.length !== buffers.length) return null;
    return { schema: SCHEMA, images: x.images, buffers: [...buffers] };
  }
  if (string(x.page)) return { schema: SCHEMA, page: x.page };
  if (x.saved === null || object(x.saved)) return { schema: SCHEMA, saved: x.saved };
  if (!natural(x.seq)) return null;
  if (Array.isArray(x.events)) {
    const known = parseEvents(x.events);
    return known && { schema: SCHEMA, seq: x.seq, events: known };
  }
  const whole = parseState(x.state);
  return whole && { schema: SCHEMA, seq: x.seq, state: whole };
}

/** Whether this was said by another version of the protocol, which nothing here can read. */
export function isOfAnotherVersion(x: unknown): boolean {
  return object(x) && string(x.schema) && x.schema.startsWith("forcing.") && x.schema !== SCHEMA;
}

/** The answer to `hello` on the control comm. */
export function parseHello(x: unknown): P.Hello | null {
  return object(x) && x.type === "hello" && x.schema === SCHEMA && boolean(x.subshell)
    ? { type: "hello", schema: SCHEMA, subshell: x.subshell }
    : null;
}
