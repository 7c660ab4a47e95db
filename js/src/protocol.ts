/**
 * The forms of `docs/protocol.md`: what the kernel tells a view, what a view
 * asks of the kernel, and what a notebook keeps. The guards that let a payload
 * in are in `guards.ts`.
 */

import type { PHASES, SCHEMA, STATUSES } from "./guards.js";

export { SCHEMA, parseComparison, parseHello, parseMessage, parseState } from "./guards.js";

export interface Claim {
  favoured: string;
  rival: string;
  confidence: number;
  margin: number;
  threshold: number;
  /** Of a regression: the value that separates its two decisions. */
  cut?: number | null;
  /** Of a regression whose margin is its distance from the cut: the prediction. */
  prediction?: number | null;
}

export interface Column {
  name: string;
  /** 2nd and 98th percentile of the training rows; null for a column of words. */
  low: number | null;
  high: number | null;
}

export type Display =
  { kind: "table"; columns: Column[]; omitted: number } | { kind: "image" } | { kind: "text" };

export type Value = number | string | null;
export type Mark = [start: number, end: number, weight: number];

export interface TableItem {
  kind: "table";
  values: Value[];
  /** Columns by how much the row differs from the target, most first. */
  differs: number[];
}
export interface ImageItem {
  kind: "image";
  image: string;
}
export interface TextItem {
  kind: "text";
  text: string;
  marks: Mark[];
}
export type Item = TableItem | ImageItem | TextItem;

export interface Target {
  name: string | null;
  label: string | null;
  item: Item;
}

/** A training row as it is shown; `item` is null where it was not sent. */
export interface Row {
  label: string;
  name: string | null;
  item: Item | null;
}
export type Rows = Record<string, Row>;

export interface Made {
  version: string;
  created: string;
  seed: number | null;
  data: string;
  packages: Record<string, string>;
}

export interface Start {
  type: "start";
  id: string;
  claim: Claim;
  method: string;
  model: string;
  rows: number;
  features: number;
  classes?: number;
  limit: number;
  /** Whether one training run was asked about, of a model whose training may come out otherwise. */
  one_run?: boolean;
  baselines: string[];
  display: Display;
  target: Target;
  notes: string[];
  made: Made;
}

export interface Step {
  n: number;
  row: number;
  positive: boolean;
  confidence: number;
  margin: number;
  /** Null where the model has no objective. */
  gap: number | null;
  seconds: number;
  /** The class that the row gets, where labels are changed. */
  becomes?: string | null;
}

export interface Steps {
  type: "step";
  steps: Step[];
  rows: Rows;
}

/** What retrainings that differ by chance alone decide at the target. */
export interface Tally {
  /** How many decide otherwise than the model. */
  flips: number;
  /** In the favoured class, one for each retraining. */
  confidences: number[];
}

/** What retrainings on all rows decide. */
export interface Stability extends Tally {
  type: "stability";
  /** Share of the rows that each retraining leaves out at random. */
  leave_out: number;
  seconds: number;
}

/** Confidence over several retrainings after the first so many rows were removed. */
export type BandPoint = [rows: number, mean: number, low: number, high: number];

export interface Band {
  type: "band";
  points: BandPoint[];
}

export interface Refined {
  type: "refined";
  steps: Step[];
  before: number;
  seconds: number;
  rows: Rows;
}

export interface Verified {
  type: "verified";
  flipped: boolean;
  label: string;
  confidence: number;
  irreducible: boolean | null;
  put_back: number[];
  by: string;
  seconds: number;
  /** Fresh retrainings without the set. */
  agreement?: Tally | null;
  /** Retrainings without as many random rows of the same classes. */
  control?: Tally | null;
  /** Whether the control cannot be told from the set. */
  alike?: boolean;
  /** How many sets were put to this test. */
  candidates?: number;
  /** Lengths of the same order that cannot be told from this one. */
  sizes?: [first: number, last: number] | null;
  /** Why nothing is said of irreducibility. */
  note?: string;
}

export interface Bound {
  type: "bound";
  rows: number;
  seconds: number;
}

export interface Entry {
  row: number;
  /** Place in the ranking, from 1. */
  place: number;
  score: number;
  change: number | null;
}

export interface Ranking {
  method: string;
  flips_at: number | null;
  tried: number;
  /** How many of its first rows the method itself says suffice. */
  predicted?: number | null;
  curve: [k: number, confidence: number][];
  positive: Entry[];
  negative: Entry[];
  seconds: number;
}

export interface RankingEvent {
  type: "ranking";
  ranking: Ranking;
  rows: Rows;
}

export type Phase = (typeof PHASES)[number];

export interface Progress {
  type: "progress";
  phase: Phase;
  done: number;
  total: number | null;
  note: string;
}

export interface WhatIf {
  type: "what-if";
  request: number;
  out: number[];
  /** Why there is no answer; what follows is then that of the run. */
  error?: string | null;
  label: string;
  confidence: number;
  flipped: boolean;
  /** What several retrainings decide, of which this is the median. */
  tally?: Tally | null;
}

/** Whether the run is held; no part of the run itself. */
export interface Paused {
  type: "paused";
  paused: boolean;
}

/** Rows that were picked in Python or in another view; no part of the run. */
export interface Selected {
  type: "selected";
  rows: number[];
}

/** One axis of a plane. */
export interface Axis {
  name: string;
  /** Place among `Plane.features`; null for a principal component. */
  feature: number | null;
  /** Values at its two ends. */
  low: number;
  high: number;
}

/** A slice through the target, with the training rows projected on it. */
export interface Plane {
  kind: "data" | "features" | "components";
  x: Axis;
  y: Axis;
  /** Names that an axis may have, those in which the supports differ most from the others first. */
  features: string[];
  /** Positions of the rows that are drawn; null where all are, in their order. */
  rows: number[] | null;
  /** Where they are: 0 at the low end of an axis, 10 000 at its high end. */
  xs: number[];
  ys: number[];
  /** 0 favoured, 1 rival, 2 another class. */
  roles: number[];
  target: [x: number, y: number];
  /** Decision boundary of the model as given, and without the set: lines x, y, x, y, ... */
  before: number[][];
  after: number[][];
  /** What else there is to know, such as at what the other features are held. */
  note: string;
}

export interface PlaneEvent {
  type: "plane";
  /** Number of the question; null for the plane that a run brings itself. */
  request: number | null;
  /** Null where there is none to draw; `note` says why. */
  plane: Plane | null;
  note: string;
}

/** Another set that flips the decision. */
export interface Alternative {
  rows: number[];
  /** How many of them are in the forcing set too. */
  shared: number;
  label: string;
  confidence: number;
  verified: boolean | null;
}

export interface Alternatives {
  sets: Alternative[];
  searching: boolean;
  /** Why there are no more. */
  note: string;
}

export interface AlternativesEvent extends Alternatives {
  type: "alternatives";
  rows: Rows;
}

/** One test row of a list to choose from. */
export interface TargetEntry {
  /** Position among the rows that were given. */
  target: number;
  name: string;
  label: string | null;
  decision: string;
  /** In the decision. */
  confidence: number;
  wrong: boolean | null;
  /** Id of its picture, or a short text. */
  image: string | null;
  text: string | null;
  /** How its explanation ended, and with how many rows; null before. */
  status: Status | null;
  size: number | null;
}

/** The test rows of `explore`, those to look at first first. */
export interface Targets {
  entries: TargetEntry[];
  /** How many there are; `entries` may hold fewer in the saved form. */
  total: number;
  chosen: number | null;
}

export interface TargetsEvent extends Targets {
  type: "targets";
}

/** Which of the targets is explained from now on. */
export interface Chosen {
  type: "chosen";
  target: number;
}

/** What became of one of the targets. */
export interface Explained {
  type: "explained";
  target: number;
  status: Status;
  size: number;
}

export type Status = (typeof STATUSES)[number];

export interface End {
  type: "end";
  status: Status;
  reason: string;
  seconds: number;
}

export type Event =
  | Start
  | Stability
  | Steps
  | Band
  | Refined
  | Verified
  | Bound
  | RankingEvent
  | Progress
  | WhatIf
  | Paused
  | Selected
  | PlaneEvent
  | AlternativesEvent
  | TargetsEvent
  | Chosen
  | Explained
  | End;

export interface State {
  schema: typeof SCHEMA;
  start: Start | null;
  stability: Stability | null;
  band: BandPoint[];
  steps: Step[];
  searched: number;
  refined: boolean;
  verified: Verified | null;
  bound: Bound | null;
  rankings: Ranking[];
  progress: Progress | null;
  end: End | null;
  paused: boolean;
  plane: Plane | null;
  alternatives: Alternatives | null;
  targets: Targets | null;
  rows: Rows;
  /** Picture id to data URL; only in the saved form. */
  images: Record<string, string>;
}

/** Two explanations side by side: `{ schema, compare: [State, State], names }` as saved. */
export interface Comparison {
  states: [State, State];
  names: [string, string];
}

export interface EventsMessage {
  schema: typeof SCHEMA;
  seq: number;
  events: Event[];
}
export interface StateMessage {
  schema: typeof SCHEMA;
  seq: number;
  state: State;
}
export interface ImagesMessage {
  schema: typeof SCHEMA;
  images: string[];
  /** PNG or JPEG bytes, one for each id. */
  buffers: Uint8Array[];
}
/** The explanation as one HTML file, as it was asked for. */
export interface PageMessage {
  schema: typeof SCHEMA;
  page: string;
}
/** What an output becomes at the end of its run, by MIME type; null where it stays as it is. */
export type Bundle = Record<string, unknown>;
export interface SavedMessage {
  schema: typeof SCHEMA;
  saved: Bundle | null;
}
export type Message = EventsMessage | StateMessage | ImagesMessage | PageMessage | SavedMessage;

/** The kernel's one answer on the control comm. */
export interface Hello {
  type: "hello";
  schema: typeof SCHEMA;
  subshell: boolean;
}

export type Command =
  /** `renderer`: whether the host draws the saved form, so that the live view may become it. */
  | { type: "hello"; schema: typeof SCHEMA; renderer: boolean }
  | { type: "sync" }
  | { type: "pause" }
  | { type: "resume" }
  | { type: "cancel" }
  | { type: "what-if"; request: number; out: number[] }
  | { type: "images"; ids: string[] }
  | { type: "select"; rows: number[] }
  /** Two of `Plane.features`, by place; null and null for principal components. */
  | { type: "plane"; request: number; x: number | null; y: number | null }
  | { type: "alternatives" }
  | { type: "explain"; target: number }
  | { type: "page" }
  | { type: "saved" };
