/** Where a run is, or how it ended: an icon and a few words. */

import type { JSX } from "preact";
import { capital, count } from "../../format.js";
import type { Progress, State } from "../../protocol.js";
import {
  CheckedIcon,
  InfoIcon,
  PauseIcon,
  ShieldIcon,
  SpinnerIcon,
  StopIcon,
  UnstableIcon,
  WarningIcon,
} from "../icons.js";
import { ROBUST, phaseOf } from "../summary.js";

export type Mood =
  | "running"
  | "paused"
  | "checked"
  | "robust"
  | "unstable"
  | "stopped"
  | "warning"
  | "open"
  | "lost";

const DOING: Record<Progress["phase"], string> = {
  prepare: "Preparing",
  search: "Searching",
  refine: "Shrinking the set",
  verify: "Refitting to check",
  bound: "Looking for a bound",
  rank: "Running baselines",
};

/** What a list says of a run, free of its drawing. */
export function standing(state: State, live: boolean): { mood: Mood; words: string } {
  const { end, verified, progress } = state;
  const size = state.steps.length;
  const at = size > 0 ? ` at step ${count(size)}` : "";
  switch (phaseOf(state, live)) {
    case "waiting":
      return { mood: "running", words: "Starting" };
    case "running": {
      const phase = progress?.phase ?? "search";
      const step = phase === "search" && size > 0 ? ` · step ${count(size)}` : "";
      return { mood: "running", words: DOING[phase] + step };
    }
    case "paused":
      return { mood: "paused", words: `Paused${at}` };
    case "lost":
      return { mood: "lost", words: `Kernel lost${at}` };
    case "ended":
      break;
  }
  const fresh = verified?.agreement != null;
  if (fresh && !verified.flipped && end?.status === "limit") {
    return { mood: "warning", words: "Not confirmed" };
  }
  switch (end?.status) {
    case "flipped": {
      const robust = size >= ROBUST;
      if (verified === null) {
        return { mood: "open", words: robust ? "Robust, not checked" : "Not checked" };
      }
      if (!verified.flipped) return { mood: "warning", words: "Not confirmed" };
      if (verified.alike) return { mood: "warning", words: "No different from chance" };
      const word = fresh ? "confirmed" : "verified";
      return robust
        ? { mood: "robust", words: `Robust, ${word}` }
        : { mood: "checked", words: capital(word) };
    }
    case "unstable":
      return { mood: "unstable", words: "Unstable" };
    case "unflippable":
      return { mood: "open", words: "Cannot be flipped" };
    case "failed":
      return { mood: "warning", words: `Failed${at}` };
    default:
      return { mood: "stopped", words: `Stopped${at}` };
  }
}

const ICONS: Record<Mood, () => JSX.Element> = {
  running: SpinnerIcon,
  paused: PauseIcon,
  checked: CheckedIcon,
  robust: ShieldIcon,
  unstable: UnstableIcon,
  stopped: StopIcon,
  lost: StopIcon,
  warning: WarningIcon,
  open: InfoIcon,
};

export function StateLine(props: { state: State; live: boolean }): JSX.Element {
  const { mood, words } = standing(props.state, props.live);
  const Icon = ICONS[mood];
  return (
    <span class="standing">
      <Icon />
      <span>{words}</span>
    </span>
  );
}
