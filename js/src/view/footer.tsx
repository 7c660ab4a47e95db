/** What was explained with what, and the rows to take away. */

import type { JSX } from "preact";
import { THIN, count, middle, tick } from "../format.js";
import { useView } from "./context.js";
import { Exports } from "./export/index.js";
import { Help } from "./help.js";
import { Shape } from "./shapes.js";
import { hasGap, methodName } from "./summary.js";
import type { Start, State } from "../protocol.js";

const METHODS: Record<string, string> = {
  mfs: "Algorithm 1, exact updates",
  "mfs-newton": "Algorithm 1, one Newton step per update",
  "mfs-retrain": "Algorithm 1, refitted at every step",
  relabel: "Algorithm 1 on labels, exact updates",
};

/** How the set was found; nothing until a step tells what kind of search it is. */
function searchedBy(state: State, start: Start): string {
  if (start.method === "mfs" && !hasGap(state)) {
    return state.steps.length > 0 ? "Searched without gradients" : "";
  }
  return METHODS[start.method] ?? methodName(start.method)[1];
}

/** What differs from one retraining to the next, beside the seed. */
function leftOut(state: State): string {
  const share = state.stability?.leave_out ?? 0;
  return share > 0
    ? `each retraining also leaves out a random ${tick(share)}${THIN}% of the rows`
    : "";
}

/** A reader of two explanations meets one class in both colours: said once why. */
function Roles(): JSX.Element {
  return (
    <p class="roles">
      Colours mean roles, not classes: <Shape role="favoured" size={9} />
      {"\u00a0the class decided here, "}
      <Shape role="rival" size={9} />
      {"\u00a0the one it is decided against."}
    </p>
  );
}

export function Footer(): JSX.Element {
  const { state, start, width } = useView();
  const size = `${count(start.rows)} rows × ${count(start.features)}`;
  const parts =
    width === "narrow"
      ? [size]
      : [
          middle(start.model, 60),
          `${size} features`,
          state.end?.status === "unstable" ? "" : searchedBy(state, start),
          leftOut(state),
        ];
  const { verified } = state;
  const notes = [...start.notes];
  const { display } = start;
  if (display.kind === "table" && display.omitted > 0) {
    notes.push(`${count(display.omitted)} further features are not shown.`);
  }
  if (verified !== null && verified.by !== "") notes.push(`Checked by refitting ${verified.by}.`);
  return (
    <footer>
      {notes.length > 0 && (
        <ul class="notes" aria-label="Notes">
          {notes.map((note, i) => (
            <li key={i}>{note}</li>
          ))}
        </ul>
      )}
      <Roles />
      <div class="foot-line">
        <span class="about">{parts.filter((part) => part !== "").join(" · ")}</span>
        <Help />
        <Exports />
      </div>
    </footer>
  );
}
