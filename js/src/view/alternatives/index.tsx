/** Other sets that flip the same decision: looked for on request, each open to its rows. */

import type { JSX } from "preact";
import { useId, useMemo, useState } from "preact/hooks";
import { className, count, middle, percent } from "../../format.js";
import type { Alternative, State } from "../../protocol.js";
import { useView } from "../context.js";
import { CancelIcon, CheckedIcon, InfoIcon, SpinnerIcon } from "../icons.js";
import { List } from "../rows/list.js";
import { Shape, roleOf } from "../shapes.js";
import { certainty, nounOf, predicts } from "../summary.js";
import { duration, secondsEach, setLines } from "./lines.js";

/** Whether there is a tab: there are others, or somebody who may look for some. */
export function mayHaveOthers(state: State, live: boolean): boolean {
  if ((state.alternatives?.sets.length ?? 0) > 0) return true;
  return live && state.end?.status === "flipped" && state.steps.length > 0;
}

function Chevron(): JSX.Element {
  return (
    <svg class="icon chevron" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M6 3.5 10.5 8 6 12.5" />
    </svg>
  );
}

function Outcome(props: { set: Alternative }): JSX.Element {
  const { claim } = useView().start;
  const { label, confidence, verified } = props.set;
  const role = roleOf(label, claim);
  const sure =
    role === "favoured" || predicts(claim)
      ? certainty(claim, confidence)
      : percent(1 - confidence, 0, 1 - claim.threshold);
  return (
    <>
      <span class="outcome">
        <b class={`class ${role}`}>
          <Shape role={role} />
          {middle(className(label), 32)}
        </b>{" "}
        <span class="quiet">{`(${sure})`}</span>
      </span>{" "}
      {verified !== null && (
        <span class="quiet verdict">
          {verified ? <CheckedIcon /> : <InfoIcon />}
          {verified ? "verified" : "not confirmed"}
        </span>
      )}
    </>
  );
}

function OtherSet(props: { set: Alternative; number: number }): JSX.Element {
  const { state, start, width } = useView();
  const { set, number } = props;
  const [open, setOpen] = useState(false);
  const id = useId();
  const lines = useMemo(() => (open ? setLines(state, start, set) : []), [open, state, start, set]);
  const noun = nounOf(state)[set.rows.length === 1 ? 0 : 1].replace("training ", "");
  const size = `${count(set.rows.length)} ${noun}`;
  const of = width === "narrow" ? "" : " with the first";
  const shared = set.shared === 0 ? "none shared" : `${count(set.shared)} shared${of}`;
  return (
    <li>
      <button
        type="button"
        class="set"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Chevron />
        <b>{`Set ${number}`}</b> <span>{size}</span> <span class="quiet shared">{shared}</span>{" "}
        <Outcome set={set} />
      </button>
      <div id={id} class="members" hidden={!open}>
        {open && (
          <List lines={lines} supports={false} label={`Set ${number}, in order of removal`} />
        )}
      </div>
    </li>
  );
}

/** What a search costs before it starts, how far it is, why it has ended. */
function Search(): JSX.Element | null {
  const { state, store, live } = useView();
  const { alternatives } = state;
  const sets = alternatives?.sets.length ?? 0;
  if (live && alternatives?.searching) {
    return (
      <p class="search">
        <SpinnerIcon />
        <span>{alternatives.note}</span>
        <button type="button" class="boxed" onClick={() => store.send({ type: "cancel" })}>
          <CancelIcon />
          Stop
        </button>
      </p>
    );
  }
  const note = alternatives?.searching ? "The search was cut off." : (alternatives?.note ?? "");
  const over = note !== "" && note !== "Stopped." && !alternatives?.searching;
  const cost = `Searches and refits again with ${sets > 0 ? "their" : "its"} rows held in place: ${duration(secondsEach(state))} a set.`;
  return (
    <div class="search">
      {note !== "" && <p class="quiet">{note}</p>}
      {live && !over && (
        <>
          <button type="button" class="boxed" onClick={() => store.send({ type: "alternatives" })}>
            {sets > 0 ? "Look for more" : "Look for other sets"}
          </button>
          <span class="quiet">{cost}</span>
        </>
      )}
    </div>
  );
}

/** For readers: each set that is found, not each step of the search. */
function told(found: State["alternatives"]): string {
  if (found === null) return "";
  const sets = found.sets.length;
  const number = `${count(sets)} other set${sets === 1 ? "" : "s"} found.`;
  return found.searching ? `Searching. ${number}` : `${number} ${found.note}`.trim();
}

export function Alternatives(): JSX.Element {
  const { state } = useView();
  const { sets, note } = state.alternatives ?? { sets: [], note: "" };
  const lead =
    sets.length > 0
      ? "Each of these sets flips the decision on its own."
      : note === "" || state.alternatives?.searching
        ? "A set like this is rarely the only one that flips the decision."
        : "";
  return (
    <div class="alternatives">
      {lead !== "" && <p class="quiet lead">{lead}</p>}
      {sets.length > 0 && (
        <ul class="sets" aria-label="Other sets">
          {sets.map((set, i) => (
            <OtherSet key={set.rows.join()} set={set} number={i + 2} />
          ))}
        </ul>
      )}
      <Search />
      <p class="aloud" role="status">
        {told(state.alternatives)}
      </p>
    </div>
  );
}
