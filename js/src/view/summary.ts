/** Facts that several parts of the view read off the state. */

import type { Claim, State, Step } from "../protocol.js";

/** Sets this large say "robust" instead of pretending to explain. */
export const ROBUST = 100;

export type Phase =
  | "waiting" // nothing has come yet
  | "running"
  | "paused"
  | "ended"
  | "lost"; // no end came, and nobody is there to send one

export function phaseOf(state: State, live: boolean): Phase {
  if (state.end !== null) return "ended";
  if (!live) return "lost";
  if (state.start === null) return "waiting";
  return state.paused ? "paused" : "running";
}

/** Confidence in the favoured class after the last step. */
export function confidenceNow(state: State, claim: Claim): number {
  return state.steps.at(-1)?.confidence ?? claim.confidence;
}

/** Whether the last step brought the decision over, as far as the engine tracks it. */
export function crossed(state: State): boolean {
  const last = state.steps.at(-1);
  return last !== undefined && last.margin < 0;
}

/** Confidence moved by each step, in order. */
export function changes(steps: readonly Step[], claim: Claim): number[] {
  return steps.map((step, i) => step.confidence - (steps[i - 1]?.confidence ?? claim.confidence));
}

/** True where favoured and rival are the only classes: then one probability says both. */
export function binary(claim: Claim): boolean {
  const { confidence: p, margin, threshold: t } = claim;
  if (p <= 0 || p >= 1 || t <= 0 || t >= 1) return true;
  const rival = p * Math.exp(-(margin + Math.log(t / (1 - t))));
  return Math.abs(p + rival - 1) < 1e-3;
}

/** What a confidence in the favoured class decides. */
export function decides(claim: Claim, confidence: number): "favoured" | "rival" {
  return confidence >= claim.threshold ? "favoured" : "rival";
}

/** Confidence in the favoured class with one support put back, as verified; null if not known. */
export function putBack(state: State, index: number): number | null {
  const { verified, steps } = state;
  if (verified?.put_back.length !== steps.length) return null;
  return verified.put_back[index] ?? null;
}

export type Noun = readonly [one: string, many: string];

/** Whether labels are changed and no row is removed. */
export function relabels(state: State): boolean {
  return state.start?.method === "relabel";
}

/** What a run does to a row, and how that is undone. */
export function deedOf(state: State): { done: string; back: string } {
  return relabels(state)
    ? { done: "changed", back: "changed back" }
    : { done: "removed", back: "put back" };
}

/** What the training rows are called. */
export function nounOf(state: State): Noun {
  if (relabels(state)) return ["training label", "training labels"];
  switch (state.start?.display.kind) {
    case "image":
      return ["training image", "training images"];
    case "text":
      return ["training text", "training texts"];
    default:
      return ["training row", "training rows"];
  }
}

const METHODS: Record<string, readonly [short: string, title: string]> = {
  mfs: ["MFS", "Forcing subset"],
  relabel: ["Labels", "Labels to change"],
  influence: ["Influence", "Influence functions"],
  representer: ["Representer", "Representer points"],
  random: ["Random", "Random order"],
  chance: ["Random", "Random order"],
  neighbours: ["Neighbours", "Nearest neighbours"],
  "smallest-k": ["Smallest k", "Smallest k"],
};

/** A method's name, short for tabs and legend, and long for headings. */
export function methodName(method: string): readonly [short: string, title: string] {
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known) return known;
  const words = method.replace(/[-_]+/g, " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return [title, title];
}
