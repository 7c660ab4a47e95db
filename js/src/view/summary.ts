/** Facts that several parts of the view read off the state. */

import { percent, quantity } from "../format.js";
import type { Claim, Start, State, Step } from "../protocol.js";

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

/** Whether a confidence is that against one of several others. */
export function among(start: Start): boolean {
  return (start.classes ?? 2) > 2;
}

/** Logarithm of the odds, finite where a probability was rounded to 0 or 1. */
export function logOdds(p: number): number {
  const inside = Math.min(1 - 1e-15, Math.max(1e-15, p));
  return Math.log(inside / (1 - inside));
}

/** Margin per unit of log-odds: 1 but for scores and predictions, which have their own scale. */
export function marginUnit(claim: Claim): number {
  const odds = logOdds(claim.confidence) - logOdds(claim.threshold);
  // What a saturated confidence was rounded from is not known.
  const known = Math.abs(odds) > 1e-6 && Math.abs(odds) < 25;
  const unit = known ? claim.margin / odds : 1;
  return Math.abs(unit - 1) > 1e-3 ? unit : 1;
}

/** Change of a regression's prediction per unit of log-odds of its confidence. */
export function predictionUnit(claim: Claim): number {
  return ((claim.prediction ?? 0) - (claim.cut ?? 0)) / logOdds(claim.confidence);
}

/** The confidence at which a regression predicts this value. */
export function confidenceAt(claim: Claim, value: number): number {
  return 1 / (1 + Math.exp(-(value - (claim.cut ?? 0)) / predictionUnit(claim)));
}

/** Whether a reader is told predictions, and not how likely a class is. */
export function predicts(claim: Claim): boolean {
  const { cut, prediction } = claim;
  if (typeof cut !== "number" || typeof prediction !== "number" || prediction === cut) return false;
  // A prediction that does not fit its confidence has no scale to be told on.
  const unit = Math.abs(predictionUnit(claim));
  return unit > 0 && unit < 1e100;
}

/** How sure the model is, at this confidence: in per cent; of a regression, its prediction. */
export function certainty(claim: Claim, p: number, digits = 0): string {
  if (!predicts(claim)) return percent(p, digits, claim.threshold);
  const cut = claim.cut ?? 0;
  return quantity(cut + predictionUnit(claim) * logOdds(p), cut);
}

/** Whether the model has an objective, whose loss gap each step knows. */
export function hasGap(state: State): boolean {
  return state.steps.some((step) => step.gap !== null);
}

/** Whether the search refits the model for whole sets of rows, and so knows no steps on its way. */
export function refits(state: State): boolean {
  const { progress, steps } = state;
  if (steps.length > 0) return !hasGap(state);
  return progress !== null && progress.total !== null && progress.phase === "search";
}

/** Whether retraining alone moves the decision: what a single row does is then below that. */
export function isNoisy(state: State): boolean {
  return state.stability !== null || state.verified?.agreement != null;
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

/** Whether it was asked what each row does when it alone is put back. */
export function hasPutBack(state: State): boolean {
  return state.steps.length > 0 && state.verified?.put_back.length === state.steps.length;
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
  "influence-1exact": ["Influence, exact", "Influence, each row exact"],
  "influence-cg": ["Influence, CG", "Influence, conjugate gradients"],
  "influence-lissa": ["Influence, LiSSA", "Influence, LiSSA"],
  "influence-arnoldi": ["Influence, Arnoldi", "Influence, Arnoldi"],
  representer: ["Representer", "Representer points"],
  prefix: ["Prefix", "Prefix set"],
  "prefix-refined": ["Prefix, refined", "Prefix set, refined"],
  tracin: ["TracIn", "TracIn"],
  "knn-shapley": ["kNN-Shapley", "Shapley values of neighbours"],
  nearest: ["Nearest", "Nearest neighbours"],
  random: ["Random", "Random order"],
  "random-favoured": ["Random, own class", "Random order, own class"],
};

/** A method's name, short for tabs and legend, and long for headings. */
export function methodName(method: string): readonly [short: string, title: string] {
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known) return known;
  const words = method.replace(/[-_]+/g, " ");
  const title = words.charAt(0).toUpperCase() + words.slice(1);
  return [title, title];
}

/** In the middle of a line: names with capitals of their own keep them. */
export function legendName(method: string): string {
  const name = methodName(method)[0];
  return /^\p{Lu}\p{Ll}+\b/u.test(name) && !/^\p{Lu}\p{Ll}+\p{Lu}/u.test(name)
    ? name.charAt(0).toLowerCase() + name.slice(1)
    : name;
}
