/** Supports and baseline entries in one form, so that one list draws both. */

import { className, middle, odds, ordinal } from "../../format.js";
import type { Claim, Entry, Item, Ranking, Start, State } from "../../protocol.js";
import { roleOf } from "../shapes.js";
import type { Role } from "../shapes.js";
import {
  certainty,
  changes,
  deedOf,
  isNoisy,
  logOdds,
  marginUnit,
  nounOf,
  putBack,
} from "../summary.js";

export interface Line {
  row: number;
  /** Place in the order of removal, or in the ranking. */
  place: number;
  label: string;
  /** The class that it gets, where labels are changed. */
  becomes: string | null;
  name: string | null;
  item: Item | null;
  role: Role;
  positive: boolean;
  /** Change of confidence at its removal; null where it was not measured. */
  change: number | null;
  /** Change of the log-odds at its removal; null where it was not measured. */
  oddsChange: number | null;
  /** Confidence after the removal; null for baselines. */
  confidence: number | null;
  /** Confidence with this row put back, as verified; null where not known. */
  back: number | null;
  /** Step of the forcing set that removes this row; null where none does. */
  step: number | null;
}

export function lookup(
  state: State,
  row: number,
  fallback: string,
): Pick<Line, "label" | "name" | "item"> {
  const key = String(row);
  const known = Object.hasOwn(state.rows, key) ? state.rows[key] : undefined;
  return known ?? { label: fallback, name: null, item: null };
}

export function supportLines(state: State, start: Start): Line[] {
  const moved = changes(state.steps, start.claim);
  const unit = marginUnit(start.claim);
  return state.steps.map((step, i) => {
    const known = lookup(state, step.row, step.positive ? start.claim.favoured : start.claim.rival);
    return {
      ...known,
      row: step.row,
      place: i + 1,
      role: roleOf(known.label, start.claim, step.positive),
      becomes: step.becomes ?? null,
      positive: step.positive,
      change: moved[i] ?? null,
      oddsChange: (step.margin - (state.steps[i - 1]?.margin ?? start.claim.margin)) / unit,
      confidence: step.confidence,
      back: putBack(state, i),
      step: i + 1,
    };
  });
}

/** Step of the forcing set by row. */
export function stepOf(state: State): Map<number, number> {
  return new Map(state.steps.map((step, i) => [step.row, i + 1]));
}

export function rankingLines(state: State, start: Start, ranking: Ranking): Line[] {
  const steps = stepOf(state);
  const curve = new Map(ranking.curve);
  const oddsChange = (entry: Entry): number | null => {
    const before = curve.get(entry.place - 1);
    const after = curve.get(entry.place);
    return before === undefined || after === undefined ? null : logOdds(after) - logOdds(before);
  };
  const line = (entry: Entry, positive: boolean): Line => {
    const known = lookup(state, entry.row, positive ? start.claim.favoured : start.claim.rival);
    return {
      ...known,
      row: entry.row,
      place: entry.place,
      role: roleOf(known.label, start.claim, positive),
      becomes: null,
      positive,
      change: entry.change,
      oddsChange: oddsChange(entry),
      confidence: null,
      back: null,
      step: steps.get(entry.row) ?? null,
    };
  };
  return [
    ...ranking.positive.map((entry) => line(entry, true)),
    ...ranking.negative.map((entry) => line(entry, false)),
  ].sort((a, b) => a.place - b.place);
}

/** The row of one line, as a selection. */
export function rowAt(lines: readonly Line[], index: number): number[] {
  const line = lines[index];
  return line === undefined ? [] : [line.row];
}

/** "row 412", or the name that the user gave it. */
export function rowName(line: Line, length = 24): string {
  return line.name === null || line.name === "" ? `row ${line.row}` : middle(line.name, length);
}

/** "training row 412, label cat, removed third, confidence 81 % to 64 %", as on the screen. */
export function spokenLine(line: Line, state: State, claim: Claim): string {
  const noun = nounOf(state)[0];
  const words = [`${noun} ${line.name ?? line.row}`, `label ${className(line.label)}`];
  if (line.becomes !== null) words.push(`becomes ${className(line.becomes)}`);
  if (!line.positive) words.push("negative");
  if (line.confidence === null) {
    words.push(`place ${line.place}`);
    if (line.step !== null) words.push("also in the forcing subset");
  } else {
    const from = line.confidence - (line.change ?? 0);
    const [before, after] = [certainty(claim, from), certainty(claim, line.confidence)];
    words.push(`${deedOf(state).done} ${ordinal(line.place)}`);
    if (isNoisy(state)) return words.join(", ");
    if (before !== after) words.push(`confidence ${before} to ${after}`);
    else {
      words.push(`confidence ${after}`);
      if (line.oddsChange !== null) words.push(`log-odds ${odds(line.oddsChange)}`);
    }
  }
  return words.join(", ");
}
