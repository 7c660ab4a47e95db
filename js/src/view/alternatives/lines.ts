/** The rows of another set as lines of the list that draws the supports. */

import type { Alternative, Claim, Start, State } from "../../protocol.js";
import { lookup, stepOf } from "../rows/lines.js";
import type { Line } from "../rows/lines.js";
import { roleOf } from "../shapes.js";

/** Whether a label is that of the favoured class; of a regression, whose labels are values, its side. */
function supports(label: string, claim: Claim): boolean {
  const { cut, prediction } = claim;
  if (typeof cut !== "number" || typeof prediction !== "number") return label === claim.favoured;
  return Number(label.replace(/^value /, "")) >= cut === prediction >= cut;
}

export function setLines(state: State, start: Start, set: Alternative): Line[] {
  const steps = stepOf(state);
  return set.rows.map((row, i) => {
    // How far each of them moved the decision was not kept.
    const known = lookup(state, row, "");
    const positive = supports(known.label, start.claim);
    return {
      ...known,
      row,
      place: i + 1,
      becomes: null,
      role: roleOf(known.label, start.claim, positive),
      positive,
      change: null,
      oddsChange: null,
      confidence: null,
      back: null,
      step: steps.get(row) ?? null,
    };
  });
}

/**
 * Seconds that one set may take: what the run itself took without its bound and its
 * comparisons, which other sets do without.
 */
export function secondsEach(state: State): number {
  const aside = state.rankings.reduce((sum, ranking) => sum + ranking.seconds, 0);
  return Math.max(0, (state.end?.seconds ?? 0) - aside - (state.bound?.seconds ?? 0));
}

/** "less than a second", "about 3 s", "about 2 min". */
export function duration(seconds: number): string {
  if (seconds < 1) return "less than a second";
  return seconds < 90
    ? `about ${Math.round(seconds)}\u00a0s`
    : `about ${Math.round(seconds / 60)}\u00a0min`;
}
