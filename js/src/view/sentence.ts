/**
 * The headline as pieces of text, so that it can be drawn, spoken and tested.
 * Two sentences at most; the second begins a new line where there is room.
 */

import { THIN, capital, className, count, middle, percent, signed, tick } from "../format.js";
import type { Claim, Start, State } from "../protocol.js";
import {
  ROBUST,
  among,
  certainty,
  confidenceNow,
  crossed,
  deedOf,
  nounOf,
  phaseOf,
  predicts,
  relabels,
} from "./summary.js";

export type Role = "favoured" | "rival";

export type Piece =
  | { kind: "text"; text: string }
  | { kind: "strong"; text: string }
  | { kind: "quiet"; text: string }
  /** A count and what is counted: one line as long as there is room for it. */
  | { kind: "amount"; text: string; noun: string }
  | { kind: "class"; role: Role; text: string };

export type Sentence = Piece[];

const text = (words: string): Piece => ({ kind: "text", text: words });
const strong = (words: string): Piece => ({ kind: "strong", text: words });
const amount = (of: string, noun: string): Piece => ({ kind: "amount", text: of, noun });
const quiet = (words: string): Piece => ({ kind: "quiet", text: words });

/** Longer names would push the count off the first line. */
const NAME = 40;

function klass(role: Role, label: string, first: boolean): Piece {
  const name = middle(className(label), NAME);
  return { kind: "class", role, text: first ? capital(name) : name };
}

/** "◆ good credit (50.3 %)": the confidence of what is decided. */
function decision(claim: Claim, label: string, confidence: number): Sentence {
  if (label === claim.favoured || predicts(claim)) {
    const role = label === claim.favoured ? "favoured" : "rival";
    return [klass(role, label, false), quiet(` (${certainty(claim, confidence)})`)];
  }
  const chance = percent(1 - confidence, 0, 1 - claim.threshold);
  return [klass("rival", label, false), quiet(` (${chance})`)];
}

/**
 * "● Class 3 (61 %)", of several classes with the one that the confidence is against;
 * where labels are changed the sentence names that one anyway.
 */
function opener(start: Start, labels: boolean): Sentence {
  const { claim } = start;
  const name = klass("favoured", claim.favoured, true);
  const sure = certainty(claim, claim.confidence);
  return among(start) && !labels
    ? [name, quiet(` (${sure} against `), klass("rival", claim.rival, false), quiet(")")]
    : [name, quiet(` (${sure})`)];
}

/** The sentences for any state of a run. */
export function sentences(state: State, live: boolean): Sentence[] {
  const start = state.start;
  if (start === null) return [[text(opening(state, live))]];
  const claim = start.claim;
  const noun = nounOf(state);
  const size = state.steps.length;
  const of = `${count(size)}\u00a0of\u00a0${count(start.rows)}`;
  const rows = noun[1];
  const subject = opener(start, relabels(state));
  const status = state.end?.status;
  const labels = relabels(state);

  if (status === "unflippable") {
    const tried = size > 0 ? [[text("Tried"), ...without(labels, of, rows)]] : [];
    return [
      [
        ...subject,
        text(" "),
        strong("cannot be flipped"),
        text(labels ? " by changing labels." : " by removing rows."),
      ],
      ...tried,
    ];
  }
  if (status === "flipped" && size > 0) return flipped(state, claim, subject, of, rows);

  const stopped = phaseOf(state, live) !== "running" && phaseOf(state, live) !== "paused";
  if (size === 0) {
    return stopped
      ? [[...subject, text(`: stopped before the first ${noun[0]} was ${deedOf(state).done}.`)]]
      : [
          [
            ...subject,
            text(labels ? ` changes with which ${noun[1]}?` : ` stands on which ${noun[1]}?`),
          ],
          outlook(start),
        ];
  }
  const now = confidenceNow(state, claim);
  if (crossed(state) && status !== "limit") {
    const label = state.verified?.label ?? claim.rival;
    if (labels) return relabelled(state, claim, subject, of, rows);
    const second: Sentence = [
      text(`Without ${them(size)}: `),
      ...decision(claim, label, now),
      text("."),
    ];
    return [
      [
        ...subject,
        text(" stands on "),
        stopped ? amount(of, `${rows}.`) : amount(of, rows),
        text(stopped ? "" : " or fewer."),
      ],
      second,
    ];
  }
  const verb = stopped ? " was " : " is ";
  const after = certainty(claim, now, 1);
  if (after === certainty(claim, claim.confidence, 1)) {
    // Where the confidence is saturated, only the log-odds tell how far the search has come.
    const [from, to] = [claim.margin, state.steps.at(-1)?.margin ?? claim.margin];
    return [
      [...subject, text(`${verb}still at `), strong(after), ...without(labels, of, rows)],
      [text(`The log-odds went from ${logOdds(from)} to `), strong(logOdds(to)), text(".")],
    ];
  }
  const way = now < claim.confidence && !predicts(claim) ? "down to " : "at ";
  return [
    [...subject, text(verb + way), strong(after), ...without(labels, of, rows)],
    ...(stopped ? [] : [outlook(start)]),
  ];
}

function them(size: number): string {
  return size === 1 ? "it" : "them";
}

/** "... without 3 of 40 training rows." */
function without(labels: boolean, of: string, rows: string): Sentence {
  return labels
    ? [text(" with "), amount(of, rows), text(" changed.")]
    : [text(" without "), amount(of, `${rows}.`)];
}

function logOdds(margin: number): string {
  return signed(margin.toFixed(2));
}

/** What the search is after. */
function outlook(start: Start): Sentence {
  const { claim } = start;
  if (predicts(claim)) return [text("Until it is "), klass("rival", claim.rival, false), text(".")];
  const lead = among(start) ? "Next in line is " : `Below ${tick(claim.threshold)}${THIN}% it is `;
  return [text(lead), klass("rival", claim.rival, false), text(".")];
}

function opening(state: State, live: boolean): string {
  if (state.end !== null) return "The run ended before it began.";
  if (state.targets?.chosen === null) return "Choose a test row, and this says what it stands on.";
  return live ? "Waiting for the first numbers." : "There is no explanation to show.";
}

function flipped(
  state: State,
  claim: Claim,
  subject: Sentence,
  of: string,
  rows: string,
): Sentence[] {
  const verified = state.verified;
  const after =
    verified === null
      ? decision(claim, claim.rival, confidenceNow(state, claim))
      : decision(claim, verified.label, verified.confidence);
  if (state.steps.length >= ROBUST) {
    return [
      [...subject, text(" is "), strong("robust"), text(": no handful of rows carries it.")],
      [text("It takes "), amount(of, rows), text(" to reach "), ...after, text(".")],
    ];
  }
  if (relabels(state)) return relabelled(state, claim, subject, of, rows);
  const lead = `${verified === null ? "W" : "Retrained w"}ithout ${them(state.steps.length)}: `;
  return [
    [...subject, text(" stands on "), amount(of, `${rows}.`)],
    [text(lead), ...after, text(".")],
  ];
}

/** Where labels are changed and no row is removed. */
function relabelled(
  state: State,
  claim: Claim,
  subject: Sentence,
  of: string,
  rows: string,
): Sentence[] {
  const { verified, steps } = state;
  const label = verified?.label ?? claim.rival;
  const after = decision(claim, label, verified?.confidence ?? confidenceNow(state, claim));
  const were = steps.length === 1 ? " was changed." : " were changed.";
  return [
    [
      ...subject,
      text(" would be "),
      klass(label === claim.favoured ? "favoured" : "rival", label, false),
      text(" if "),
      amount(of, rows),
      text(were),
    ],
    [
      text(verified === null ? "Then: " : `Retrained with ${them(steps.length)} changed: `),
      ...after,
      text("."),
    ],
  ];
}

/** For the live region and for titles. */
export function spoken(all: readonly Sentence[]): string {
  const words = (piece: Piece): string =>
    piece.kind === "amount" ? `${piece.text} ${piece.noun}` : piece.text;
  return all.map((sentence) => sentence.map(words).join("")).join(" ");
}
