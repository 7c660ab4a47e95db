/**
 * What is said where a model was retrained several times. `explanation/retrained.py` says the
 * same in plain text, which a test holds together.
 */

import { count } from "../format.js";
import type { Start, State, Tally, Verified } from "../protocol.js";
import { amount, klass, strong, text, them } from "./pieces.js";
import type { Sentence } from "./pieces.js";
import { ROBUST, among, nounOf, relabels } from "./summary.js";

/** From this size on the noise of retraining leaves no size exact. */
export const ABOUT = 10;

/** Whether the check was one training run, and another may come out otherwise. */
export function isOneRun(state: State): boolean {
  return state.start?.one_run === true && state.verified !== null;
}

/** "10 of 11". */
export function ofAll(tally: Tally): string {
  return `${tally.flips}\u00a0of\u00a0${tally.confidences.length}`;
}

/** What one training row is called beside a number: "rows". */
export function thing(state: State, size: number): string {
  return nounOf(state)[size === 1 ? 0 : 1].replace("training ", "");
}

/** "160 random rows of the same classes". */
export function randomRows(state: State): string {
  const size = state.steps.length;
  const classes = size === 1 ? "class" : "classes";
  return `${count(size)} random ${thing(state, size)} of the same ${classes}`;
}

/** Of two classes the other one is named; of several, each retraining may have its own. */
function decide(start: Start, tally: Tally): Sentence {
  const one = tally.flips === 1;
  return among(start)
    ? [text(one ? "decides otherwise" : "decide otherwise")]
    : [text(one ? "says " : "say "), klass("rival", start.claim.rival, false)];
}

export function unstable(state: State, subject: Sentence): Sentence[] {
  const { start, stability } = state;
  const told: Sentence =
    start === null || stability === null
      ? [text(": retrainings on the same rows do not agree.")]
      : [
          text(`: ${ofAll(stability)} retrainings on the same rows `),
          ...decide(start, stability),
          text("."),
        ];
  const exception = stability !== null && 4 * stability.flips >= 3 * stability.confidences.length;
  return [
    [...subject, text(" is "), strong("unstable"), ...told],
    [
      text(
        exception
          ? "The model at hand is the exception: chance made it, not a set of rows."
          : "Chance decides here, not a set of rows.",
      ),
    ],
  ];
}

/** The sentences about a set that fresh retrainings were asked about. */
export function found(
  state: State,
  verified: Verified,
  agreed: Tally,
  subject: Sentence,
  exact: string,
): Sentence[] {
  const { start, steps } = state;
  if (start === null) return [];
  const size = steps.length;
  const labels = relabels(state);
  const rows = nounOf(state)[1];
  const otherwise = decide(start, agreed);
  if (!verified.flipped) {
    const left = labels
      ? [text(" with "), amount(exact, rows), text(" changed")]
      : [text(" without "), amount(exact, rows)];
    return [
      [
        ...subject,
        text(": most retrainings"),
        ...left,
        text(" are not known to decide otherwise."),
      ],
      [strong(ofAll(agreed)), text(" "), ...otherwise, text(".")],
    ];
  }
  const of = size >= ABOUT ? `about\u00a0${exact}` : exact;
  const say: Sentence = [strong(ofAll(agreed)), text(" models "), ...otherwise, text(".")];
  const again = labels ? `with ${them(size)} changed` : `without ${them(size)}`;
  const second: Sentence = [text(`Retrained ${again}, `), ...say];
  if (verified.alike === true) {
    return [
      [...subject, text(" does "), strong("not"), text(` stand on particular ${thing(state, 2)}.`)],
      chance(state, start, verified, agreed) ?? second,
    ];
  }
  if (size >= ROBUST) {
    return [
      [
        ...subject,
        text(" is "),
        strong("robust"),
        text(`: no handful of ${thing(state, 2)} carries it.`),
      ],
      [
        text(labels ? "It takes other labels for " : "It takes "),
        amount(of, `${labels ? "training rows" : rows}:`),
        text(labels ? " with them " : " without them "),
        ...say,
      ],
    ];
  }
  if (labels) {
    const { favoured } = start.claim;
    const role = verified.label === favoured ? "favoured" : "rival";
    return [
      [
        ...subject,
        text(" would be "),
        klass(role, verified.label, false),
        text(" if "),
        amount(of, rows),
        text(size === 1 ? " was changed." : " were changed."),
      ],
      second,
    ];
  }
  return [[...subject, text(" stands on "), amount(of, `${rows}.`)], second];
}

/** Beside the set, what random rows do; null where that was not asked. */
function chance(state: State, start: Start, verified: Verified, agreed: Tally): Sentence | null {
  const { control } = verified;
  if (!control) return null;
  const labels = relabels(state);
  const [without, changed] = labels ? ["With", " changed"] : ["Without", ""];
  const set = `the set of ${count(state.steps.length)}${changed}`;
  return [
    text(`${without} ${randomRows(state)}${changed} `),
    strong(ofAll(control)),
    text(" models "),
    ...decide(start, control),
    text(` too; ${without.toLowerCase()} ${set}, `),
    strong(ofAll(agreed)),
    text("."),
  ];
}
