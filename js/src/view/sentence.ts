/**
 * The headline as pieces of text, so that it can be drawn, spoken and tested. Two lines at
 * most; the second begins a new line where there is room. `explanation/sentence.py` says the
 * same in plain text, which a test holds together.
 */

import { THIN, count, percent, signed, tick } from "../format.js";
import type { Claim, Start, State } from "../protocol.js";
import { amount, klass, quiet, strong, text, them } from "./pieces.js";
import type { Piece, Sentence } from "./pieces.js";
import { found, isOneRun, unstable } from "./retrained.js";
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

export type { Piece, Role, Sentence } from "./pieces.js";

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
  if (status === "unstable") return unstable(state, subject);
  const agreed = state.verified?.agreement;
  if (state.verified && agreed && size > 0) {
    const told = found(state, state.verified, agreed, subject, of);
    return withBound(state, state.verified.flipped, told);
  }
  // The comparisons that come after the check change nothing about the set.
  if ((status === "flipped" || state.verified?.flipped === true) && size > 0) {
    return withBound(state, true, flipped(state, claim, subject, of, rows));
  }

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
    if (labels) return relabelled(state, claim, subject, of, rows);
    const second: Sentence = [
      text(`Without ${them(size)}: `),
      ...decision(claim, claim.rival, now),
      text("."),
    ];
    return withBound(state, true, [
      [
        ...subject,
        text(" stands on "),
        stopped ? amount(of, `${rows}.`) : amount(of, rows),
        text(stopped ? "" : " or fewer."),
      ],
      second,
    ]);
  }
  const verb = stopped ? " was " : " is ";
  const after = certainty(claim, now, 1);
  if (after === certainty(claim, claim.confidence, 1)) {
    // Where the confidence is saturated, only the log-odds tell how far the search has come.
    const [from, to] = [claim.margin, state.steps.at(-1)?.margin ?? claim.margin];
    return withBound(state, false, [
      [...subject, text(`${verb}still at `), strong(after), ...without(labels, of, rows)],
      [text(`The log-odds went from ${logOdds(from)} to `), strong(logOdds(to)), text(".")],
    ]);
  }
  const way = now < claim.confidence && !predicts(claim) ? "down to " : "at ";
  return withBound(state, false, [
    [...subject, text(verb + way), strong(after), ...without(labels, of, rows)],
    ...(stopped ? [] : [outlook(start)]),
  ]);
}

/** Adds what is known of all sets; that it takes one row at least needs no saying. */
function withBound(state: State, found: boolean, all: Sentence[]): Sentence[] {
  const least = state.bound?.rows ?? 0;
  const last = all.at(-1);
  if (least < 2 || last === undefined) return all;
  // What the noise of retraining leaves open no bound closes.
  if (found && least >= state.steps.length && state.verified?.agreement) return all;
  // No line breaks inside: it moves to a line of its own as a whole.
  const kept = (of: string): string => of.replaceAll(" ", "\u00a0");
  const words: Sentence =
    found && least >= state.steps.length
      ? [text(` ${kept("No smaller set flips it.")}`)]
      : [
          text(` ${kept("At least ")}`),
          strong(count(least)),
          text(kept(` are needed${found ? "" : " to flip it"}.`)),
        ];
  // On the line of the sentence before it, which has room where there are two.
  return [...all.slice(0, -1), [...last, ...words]];
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

/** What one training run leaves open. */
const ANOTHER = "; another training run may decide otherwise";

function again(state: State): string {
  return isOneRun(state) ? "Retrained once" : "Retrained";
}

function flipped(
  state: State,
  claim: Claim,
  subject: Sentence,
  of: string,
  rows: string,
): Sentence[] {
  const { verified, steps } = state;
  const labels = relabels(state);
  const after =
    verified === null
      ? decision(claim, claim.rival, confidenceNow(state, claim))
      : decision(claim, verified.label, verified.confidence);
  const those = them(steps.length);
  const lead =
    verified === null
      ? labels
        ? "Then: "
        : `Without ${those}: `
      : `${again(state)} ${labels ? `with ${those} changed` : `without ${those}`}: `;
  const proviso = isOneRun(state) ? ANOTHER : "";
  const second = [text(lead), ...after, text(`${proviso}.`)];
  if (verified?.flipped === false) {
    return [[...subject, text(" stays"), ...without(labels, of, rows)], second];
  }
  if (steps.length >= ROBUST) {
    const what = rows.replace("training ", "");
    const takes = labels ? "It takes other labels for " : "It takes ";
    return [
      [...subject, text(" is "), strong("robust"), text(`: no handful of ${what} carries it.`)],
      [
        text(takes),
        amount(of, labels ? "training rows" : rows),
        text(" to reach "),
        ...after,
        text(`${proviso}.`),
      ],
    ];
  }
  if (labels) return relabelled(state, claim, subject, of, rows);
  return [[...subject, text(" stands on "), amount(of, `${rows}.`)], second];
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
      text(verified === null ? "Then: " : `${again(state)} with ${them(steps.length)} changed: `),
      ...after,
      text(isOneRun(state) ? `${ANOTHER}.` : "."),
    ],
  ];
}

/** As plain text, with names in full. */
export function spoken(all: readonly Sentence[]): string {
  const words = (piece: Piece): string =>
    piece.kind === "amount"
      ? `${piece.text} ${piece.noun}`
      : piece.kind === "class"
        ? piece.name
        : piece.text;
  return all
    .map((sentence) => sentence.map(words).join(""))
    .join(" ")
    .replaceAll("\u00a0", " ");
}

/** The sentences with what else there is to know of a run that found nothing or is held. */
export function answer(state: State, live: boolean): string {
  return [spoken(sentences(state, live)), outcome(state, live)].filter(Boolean).join(" ");
}

function outcome(state: State, live: boolean): string {
  const { end } = state;
  const phase = phaseOf(state, live);
  if (phase === "lost") return "Stopped: the kernel can no longer be reached.";
  if (phase === "paused") return "Paused.";
  if (end === null || end.reason === "") return "";
  if (end.status === "flipped" || end.status === "unstable") return "";
  // "Stopped at step 0." after "stopped before the first row was removed" says nothing more.
  if (end.status === "cancelled" && state.steps.length === 0) return "";
  return end.status === "failed" ? `Failed: ${end.reason}` : end.reason;
}

/** For the live region: thin spaces in a number would make two of it. */
export function aloud(state: State, live: boolean): string {
  return answer(state, live).replace(new RegExp(`(\\d)${THIN}(?=\\d)`, "g"), "$1");
}
