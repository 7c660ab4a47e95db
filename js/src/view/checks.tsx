/** What was checked, what is still to be, and where a run is. */

import type { ComponentChildren, JSX } from "preact";
import { capital, className, count, middle, points, quantity } from "../format.js";
import type { Loss } from "../host.js";
import type { Claim, Progress, State, Step, Tally, Verified } from "../protocol.js";
import {
  CheckedIcon,
  InfoIcon,
  PendingIcon,
  ShieldIcon,
  SpinnerIcon,
  StopIcon,
  WarningIcon,
} from "./icons.js";
import { isOneRun, ofAll, randomRows, thing } from "./retrained.js";
import {
  ROBUST,
  certainty,
  changes,
  confidenceNow,
  deedOf,
  isNoisy,
  logOdds,
  phaseOf,
  predictionUnit,
  predicts,
  refits,
  relabels,
} from "./summary.js";
import type { Phase } from "./summary.js";

function Check(props: {
  /** None for what qualifies the checks beside it. */
  icon?: JSX.Element;
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
  // A search by refits knows how many it may make, and what they take.
  const counts = progress?.total !== undefined && progress.total !== null;
  if (progress === null || (progress.phase === "search" && !counts)) {
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
    const once = isOneRun(state) ? "one training run: " : "";
    return (
      <Check icon={<CheckedIcon />} word="Verified">
        {`by ${once}refitting ${estimator(verified.by)}`}
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

/** What fresh retrainings say, and random rows beside them. */
function FreshChecks(props: { state: State; verified: Verified; agreed: Tally }): JSX.Element {
  const { state, verified, agreed } = props;
  const { control, sizes, candidates = 1 } = verified;
  const fresh = `${ofAll(agreed)} fresh retrainings`;
  const one = state.steps.length === 1;
  const changed = relabels(state) ? ", changed," : "";
  const random =
    control && `${randomRows(state)}${changed} ${one ? "flips" : "flip"} ${ofAll(control)}`;
  return (
    <>
      {verified.flipped ? (
        <Check icon={<CheckedIcon />} word="Confirmed">{`by ${fresh}`}</Check>
      ) : (
        <Check icon={<WarningIcon />} word="Not confirmed:">
          {`${fresh} ${agreed.flips === 1 ? "decides" : "decide"} otherwise`}
        </Check>
      )}
      {random &&
        (!verified.flipped ? (
          <Check icon={<InfoIcon />} word="For comparison:">
            {random}
          </Check>
        ) : verified.alike === true ? (
          <Check icon={<WarningIcon />} word="No different from chance:">
            {random}
          </Check>
        ) : (
          <Check icon={<CheckedIcon />} word="Not chance:">
            {random}
          </Check>
        ))}
      <StableCheck state={state} />
      {sizes && sizes[0] < sizes[1] && (
        <Check>{`${count(sizes[0])} to ${count(sizes[1])} ${thing(state, 2)} cannot be told apart`}</Check>
      )}
      {candidates > 1 && <Check>{`${count(candidates)} candidates were put to the test`}</Check>}
    </>
  );
}

function StableCheck(props: { state: State }): JSX.Element | null {
  const { stability, end } = props.state;
  // Where it is not stable, the headline says so.
  if (stability === null || end?.status === "unstable") return null;
  const of = stability.confidences.length;
  const kept = of - stability.flips;
  return (
    <Check icon={<CheckedIcon />} word="Stable:">
      {`${kept} of ${of} retrainings on all rows ${kept === 1 ? "decides" : "decide"} as the model`}
    </Check>
  );
}

/** While fresh retrainings are waited for. */
function FreshPending(): JSX.Element {
  return (
    <>
      {["Confirmed", "Not chance"].map((word) => (
        <Check key={word} icon={<PendingIcon />} pending>
          {word}
        </Check>
      ))}
    </>
  );
}

/** Checks of a learner whose training does not repeat itself. */
function NoisyChecks(props: { state: State; open: boolean }): JSX.Element {
  const { state, open } = props;
  const { verified } = state;
  const note = verified?.note ?? "";
  if (verified?.agreement) {
    return (
      <>
        <FreshChecks state={state} verified={verified} agreed={verified.agreement} />
        <IrreducibleCheck state={state} open={false} />
        {verified.flipped && verified.irreducible === null && note !== "" && (
          <Check>{capital(note.replace(/\.$/, ""))}</Check>
        )}
      </>
    );
  }
  return (
    <>
      <StableCheck state={state} />
      {verified === null && open ? (
        <FreshPending />
      ) : (
        <>
          <VerifiedCheck state={state} open={open} />
          <IrreducibleCheck state={state} open={open} />
        </>
      )}
    </>
  );
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
      {isNoisy(state) ? (
        <NoisyChecks state={state} open={open} />
      ) : (
        <>
          <VerifiedCheck state={state} open={open} />
          <IrreducibleCheck state={state} open={open} />
          <BoundCheck state={state} open={open} />
          <RobustCheck state={state} />
        </>
      )}
    </ul>
  );
}
