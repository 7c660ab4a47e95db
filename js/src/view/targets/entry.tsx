/** One line of the list: what is decided, whether that is right, and what was found. */

import type { JSX } from "preact";
import { className, count, middle, percent } from "../../format.js";
import type { TargetEntry } from "../../protocol.js";
import type { Store } from "../../store.js";
import { CrossIcon, SpinnerIcon } from "../icons.js";
import { PictureOf } from "../picture.js";

/** Width of names in letters. */
const NAME = 26;

/** "3 rows", or how else the run for it ended; "" before. */
export function outcome(entry: TargetEntry, labels: boolean): string {
  const { status, size } = entry;
  if (status === null || size === null) return "";
  const [one, many] = labels ? ["label", "labels"] : ["row", "rows"];
  switch (status) {
    case "flipped":
      return `${count(size)} ${size === 1 ? one : many}`;
    case "unflippable":
      return "no flip";
    case "unstable":
      return "unstable";
    case "limit":
      return `> ${count(size)} ${many}`;
    case "failed":
      return "failed";
    default:
      return "stopped";
  }
}

/** "test row 12, decided benign with 98 %, which is wrong, labelled malignant; 3 rows". */
export function spokenEntry(entry: TargetEntry, found: string): string {
  const { name, decision, label, wrong } = entry;
  const words = [name];
  if (decision !== "")
    words.push(`decided ${className(decision)} with ${percent(entry.confidence)}`);
  if (wrong) words.push(`which is wrong, labelled ${className(label ?? "")}`);
  else if (wrong === false) words.push("which is right");
  return words.join(", ") + (found === "" ? "" : `; ${found}`);
}

export interface EntryProps {
  entry: TargetEntry;
  store: Store;
  index: number;
  count: number;
  tabIndex: number;
  chosen: boolean;
  /** Whether its run goes on. */
  running: boolean;
  labels: boolean;
  /** Null where nobody can explain it. */
  choose: ((target: number) => void) | null;
}

export function Entry(props: EntryProps): JSX.Element {
  const { entry, store, chosen, running, choose } = props;
  const found = running ? "searching" : outcome(entry, props.labels);
  const open = choose !== null || chosen;
  const truth = entry.wrong === true ? [`not ${middle(className(entry.label ?? ""), NAME)}`] : [];
  const name = middle(entry.name, NAME);
  // Beside a picture there is room for three lines, but not for long ones.
  const apart = entry.image !== null && truth.length > 0;
  const names = ["target-entry", chosen ? "chosen" : "", open ? "" : "closed"];
  return (
    <div
      role="option"
      class={names.filter((name) => name !== "").join(" ")}
      data-index={props.index}
      tabIndex={props.tabIndex}
      aria-selected={chosen}
      aria-disabled={!open}
      aria-posinset={props.index + 1}
      aria-setsize={props.count}
      aria-label={spokenEntry(entry, found)}
      title={entry.name}
      onClick={() => choose?.(entry.target)}
    >
      {entry.image !== null && <PictureOf store={store} id={entry.image} alt="" />}
      <span class="what">
        <span class="decided">
          {entry.wrong === true && <CrossIcon />}
          <b class="clip">
            {middle(entry.decision === "" ? "no answer" : className(entry.decision), NAME)}
          </b>
          {entry.decision !== "" && <span class="end">{percent(entry.confidence)}</span>}
        </span>
        {entry.text !== null && <span class="gist clip">{entry.text}</span>}
        <span class="meta">
          <span class="clip">{[...(apart ? [] : [name]), ...truth].join(" · ")}</span>
          <span class={entry.status === "flipped" ? "end found" : "end"}>
            {running ? <SpinnerIcon /> : found}
          </span>
        </span>
        {apart && <span class="clip">{name}</span>}
      </span>
    </div>
  );
}
