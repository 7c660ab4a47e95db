/** An explanation in one short sentence, for lists. */

import { capital, className, count, middle } from "../../format.js";
import type { State } from "../../protocol.js";
import { ABOUT, ofAll, thing } from "../retrained.js";
import type { Piece, Role, Sentence } from "../sentence.js";
import {
  ROBUST,
  certainty,
  confidenceNow,
  crossed,
  nounOf,
  phaseOf,
  predicts,
  relabels,
} from "../summary.js";

const NAME = 32;

const text = (words: string): Piece => ({ kind: "text", text: words });
const strong = (words: string): Piece => ({ kind: "strong", text: words });

function klass(role: Role, label: string): Piece {
  const whole = className(label);
  const name = role === "favoured" ? capital(whole) : whole;
  return { kind: "class", role, text: middle(name, NAME), name };
}

export function briefly(state: State, live: boolean): Sentence {
  const { start, steps, end, verified } = state;
  if (start === null) {
    if (end !== null) return [text("The run ended before it began")];
    return [text(live ? "Waiting for the first numbers" : "There is no explanation to show")];
  }
  const { claim } = start;
  const size = steps.length;
  const subject = klass("favoured", claim.favoured);
  const of = [strong(count(size)), text(`\u00a0of\u00a0${count(start.rows)}`)];
  const running = phaseOf(state, live) === "running" || phaseOf(state, live) === "paused";
  const labels = relabels(state);

  if (end?.status === "unflippable") {
    const how = labels ? " by changing labels" : " by removing rows";
    return [subject, text(" "), strong("cannot be flipped"), text(how)];
  }
  if (end?.status === "unstable") {
    const { stability } = state;
    const told = stability === null ? "" : `: ${ofAll(stability)} retrainings decide otherwise`;
    return [subject, text(" is "), strong("unstable"), text(told)];
  }
  if (size === 0) {
    const noun = nounOf(state)[1];
    if (running) return [subject, text(` ${labels ? "changes with" : "stands on"} which ${noun}?`)];
    return [subject, text(": stopped before the first step")];
  }
  const agreed = verified?.agreement;
  if (verified && agreed && !verified.flipped) {
    const left = labels ? " retrainings with " : " retrainings without ";
    const told = `${labels ? " changed" : ""} decide otherwise`;
    return [subject, text(`: ${ofAll(agreed)}${left}`), ...of, text(told)];
  }
  if (verified?.alike) {
    return [
      subject,
      text(" does "),
      strong("not"),
      text(` stand on particular ${thing(state, 2)}`),
    ];
  }
  if (end?.status === "flipped" && size >= ROBUST) {
    const sure = certainty(claim, claim.confidence);
    return [subject, text(` (${sure}) is robust: it takes `), ...of];
  }
  if (end?.status === "flipped" || (crossed(state) && end?.status !== "limit")) {
    const after = verified?.label ?? claim.rival;
    const other = klass(after === claim.favoured ? "favoured" : "rival", after);
    if (labels)
      return [subject, text(" would be "), other, text(" with "), ...of, text(" changed")];
    if (running) return [subject, text(" stands on "), ...of, text(" or fewer")];
    const say = agreed ? `${ofAll(agreed)} ${agreed.flips === 1 ? "says" : "say"} ` : "";
    return [
      subject,
      text(` stands on ${agreed && size >= ABOUT ? "about\u00a0" : ""}`),
      ...of,
      text(`; without ${size === 1 ? "it" : "them"} ${say}`),
      other,
    ];
  }
  const now = confidenceNow(state, claim);
  const down = now < claim.confidence && !predicts(claim);
  return [
    subject,
    text(down ? ", down to " : ", at "),
    strong(certainty(claim, now, 1)),
    text(labels ? " with " : " without "),
    ...of,
    text(labels ? " changed" : ""),
  ];
}
