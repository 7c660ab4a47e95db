/** What was checked, what is still to be, and where a run is. */

import type { ComponentChildren, JSX } from "preact";
import { className, count, middle, points, quantity } from "../format.js";
import type { Loss } from "../host.js";
import type { Claim, Progress, State, Step } from "../protocol.js";
import {
  CheckedIcon,
  InfoIcon,
  PendingIcon,
  ShieldIcon,
  SpinnerIcon,
  StopIcon,
  WarningIcon,
} from "./icons.js";
import {
  ROBUST,
  certainty,
  changes,
  confidenceNow,
  deedOf,
  logOdds,
  phaseOf,
  predictionUnit,
  predicts,
  refits,
  relabels,
} from "./summary.js";
import type { Phase } from "./summary.js";

function Check(props: {
  icon: JSX.Element;
  word?: string;
  pending?: boolean;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <li class={props.pending ? "check pending" : "check"}>
      {props.icon}
      <span>
        {props.word && <b>{props.word}</b>}
        {props.word && props.children ? " " : null}
        {props.children}
      </span>
    </li>
  );
}

const DOING: Record<Progress["phase"], string> = {
  prepare: "Preparing",
  search: "Searching",
  refine: "Shrinking the set",
  verify: "Refitting to check",
  bound: "Looking for a lower bound",
  rank: "Running baselines",
};

function doing(state: State): string {
  const progress = state.progress;
  const size = state.steps.length;
  if (progress === null || progress.phase === "search") {
    return size === 0 ? "Searching" : `Searching · step ${count(size)}`;
  }
  const part =
    progress.total === null ? "" : ` · ${count(progress.done)} of ${count(progress.total)}`;
  const note = progress.note === "" ? "" : ` · ${progress.note}`;
  return DOING[progress.phase] + part + note;
}

function Running(props: { state: State; phase: Phase; silent: boolean }): JSX.Element {
  const { state, phase, silent } = props;
  const start = state.start;
  // Nothing turns for someone who may be gone.
  if (silent) {
    const had = state.start === null ? "" : ", this is what had come";
    return (
      <Check icon={<WarningIcon />} word="No answer from the kernel:">
        {`it is busy or out of reach${had}`}
      </Check>
    );
  }
  if (phase === "paused") {
    return (
      <Check icon={<StopIcon />} word="Paused">{`at step ${count(state.steps.length)}`}</Check>
    );
  }
  const searching = state.progress === null || state.progress.phase === "search";
  const now =
    start !== null && searching && state.steps.length > 0
      ? `· ${certainty(start.claim, confidenceNow(state, start.claim), 1)}`
      : null;
  return (
    <Check icon={<SpinnerIcon />} word={doing(state)}>
      {now}
    </Check>
  );
}

/** Why a run ended without a flip. */
function Stopped(props: { state: State; phase: Phase; loss: Loss }): JSX.Element | null {
  const { state, phase, loss } = props;
  const at = state.steps.length > 0 ? ` at step ${count(state.steps.length)}` : "";
  if (phase === "lost") {
    return (
      <Check icon={<StopIcon />} word={`Stopped${at}:`}>
        {loss === "version"
          ? "the kernel has another version of forcing, which this view cannot read"
          : "the kernel can no longer be reached, this is what had come"}
      </Check>
    );
  }
  const reason = state.end?.reason ?? "";
  switch (state.end?.status) {
    case "cancelled":
    case "limit":
    case "exited":
      return (
        <Check icon={<StopIcon />} word={`Stopped${at}${reason ? ":" : ""}`}>
          {reason}
        </Check>
      );
    case "failed":
      return (
        <Check icon={<WarningIcon />} word={`Failed${at}${reason ? ":" : ""}`}>
          {reason}
        </Check>
      );
    case "unflippable":
      return (
        <Check icon={<InfoIcon />} word={reason ? "Why:" : "No set was found"}>
          {reason}
        </Check>
      );
    default:
      return null;
  }
}

/** The estimator without its parameters, which are in the footer. */
function estimator(by: string): string {
  const name = by.replace(/\(.*$/s, "").trim();
  return name === "" ? "your model" : middle(name, 48);
}

function VerifiedCheck(props: { state: State; open: boolean }): JSX.Element | null {
  const { state, open } = props;
  const verified = state.verified;
  if (verified?.flipped) {
    return (
      <Check icon={<CheckedIcon />} word="Verified">
        {`by refitting ${estimator(verified.by)}`}
      </Check>
    );
  }
  if (verified) {
    return (
      <Check icon={<WarningIcon />} word="Not confirmed:">
        refitting your model keeps the decision
      </Check>
    );
  }
  if (open) {
    return (
      <Check icon={<PendingIcon />} pending>
        Verified
      </Check>
    );
  }
  return state.end?.status === "flipped" ? (
    <Check icon={<InfoIcon />}>Not checked by refitting</Check>
  ) : null;
}

function IrreducibleCheck(props: { state: State; open: boolean }): JSX.Element | null {
  const { state, open } = props;
  const verified = state.verified;
  const name = className(middle(state.start?.claim.favoured ?? "", 32));
  const which = state.steps.length === 1 ? "it" : "any one";
  if (verified?.irreducible === true && verified.flipped) {
    return (
      <Check icon={<CheckedIcon />} word="Irreducible:">
        {`${relabels(state) ? "change" : "put"} ${which} back and it is ${name} again`}
      </Check>
    );
  }
  if (verified?.irreducible === false) {
    return (
      <Check icon={<InfoIcon />} word="Not irreducible:">
        {`some single ${relabels(state) ? "label" : "row"} can be ${deedOf(state).back} without a change`}
      </Check>
    );
  }
  return open ? (
    <Check icon={<PendingIcon />} pending>
      Irreducible
    </Check>
  ) : null;
}

/** While it is looked for; the headline says what was found. */
function BoundCheck(props: { state: State; open: boolean }): JSX.Element | null {
  // Without an objective there is nothing to bound: a search by refits may bring none.
  const awaited = !relabels(props.state) && !refits(props.state);
  return props.open && props.state.bound === null && awaited ? (
    <Check icon={<PendingIcon />} pending>
      Lower bound
    </Check>
  ) : null;
}

/** The furthest that one removal moved what the reader is told: points, or the prediction. */
function furthest(steps: readonly Step[], claim: Claim): string {
  if (!predicts(claim)) {
    const largest = Math.max(...changes(steps, claim).map(Math.abs));
    return `${points(largest).replace("+", "")} points`;
  }
  const unit = Math.abs(predictionUnit(claim));
  const all = [claim.confidence, ...steps.map((step) => step.confidence)].map(logOdds);
  return quantity(unit * Math.max(...all.slice(1).map((o, i) => Math.abs(o - (all[i] ?? o)))));
}

function RobustCheck(props: { state: State }): JSX.Element | null {
  const { start, steps, end } = props.state;
  if (start === null || end?.status !== "flipped" || steps.length < ROBUST) return null;
  return (
    <Check icon={<ShieldIcon />}>
      No single {relabels(props.state) ? "change" : "removal"} moves{" "}
      {predicts(start.claim) ? "the prediction" : "it"} by more than{" "}
      <b>{furthest(steps, start.claim)}</b>
    </Check>
  );
}

export function Checks(props: {
  state: State;
  live: boolean;
  /** The kernel leaves questions unanswered. */
  silent: boolean;
  loss: Loss;
}): JSX.Element {
  const { state, live, silent, loss } = props;
  const phase = phaseOf(state, live);
  const open = phase === "running" || phase === "paused";
  const says = open || (phase === "waiting" && silent);
  return (
    <ul class="checks" aria-label="Checks">
      {says && <Running state={state} phase={phase} silent={silent} />}
      <Stopped state={state} phase={phase} loss={loss} />
      <VerifiedCheck state={state} open={open} />
      <IrreducibleCheck state={state} open={open} />
      <BoundCheck state={state} open={open} />
      <RobustCheck state={state} />
    </ul>
  );
}
