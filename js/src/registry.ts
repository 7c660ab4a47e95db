/**
 * The runs that this page knows of, for whoever wants to list them. Stores live in bundles that
 * do not know each other, perhaps of two versions of the package: what they share is plain data
 * on the global object, and each run brings the code that draws it.
 */

import type { Pictures } from "./pictures.js";
import type { Store } from "./store.js";

/** A store as others may use it. */
export type RunStore = Pick<Store, "state" | "live" | "send" | "subscribe"> & {
  /** Not of versions before it was there. */
  readonly saved?: Store["saved"];
  readonly pictures: Pick<Pictures, "url" | "want" | "subscribe">;
};

export interface Run {
  readonly store: RunStore;
  /** The elements that it is drawn in now. */
  readonly roots: Set<HTMLElement>;
  /** Draws it once more; returns the end. */
  readonly attach: (root: HTMLElement) => () => void;
  /** Whether an output with the view of this widget model shows it. */
  readonly isModel: (id: string) => Promise<boolean>;
}

interface Registry {
  readonly runs: Set<Run>;
  readonly listeners: Set<() => void>;
}

const KEY = Symbol.for("forcing.runs.v1");

function registry(): Registry {
  const page = globalThis as unknown as Record<symbol, Registry | undefined>;
  return (page[KEY] ??= { runs: new Set(), listeners: new Set() });
}

function tell(): void {
  registry().listeners.forEach((listener) => listener());
}

export function knownRuns(): ReadonlySet<Run> {
  return registry().runs;
}

/** Called when a run is entered or leaves, or is drawn at another place. */
export function onRuns(listener: () => void): () => void {
  registry().listeners.add(listener);
  return () => registry().listeners.delete(listener);
}

/** Returns what takes it out again. */
export function enterRun(run: Run): () => void {
  registry().runs.add(run);
  tell();
  return () => {
    if (registry().runs.delete(run)) tell();
  };
}

/** Draws a run and notes where; returns the end. */
export function showRun(run: Run, root: HTMLElement): () => void {
  const detach = run.attach(root);
  run.roots.add(root);
  tell();
  return () => {
    detach();
    run.roots.delete(root);
    tell();
  };
}
