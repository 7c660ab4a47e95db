/** What was explained with what, and the rows to take away. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count, middle } from "../format.js";
import { useView } from "./context.js";
import { copy, csv, rowsText, save } from "./export.js";
import { Help } from "./help.js";
import { Shape } from "./shapes.js";
import { CopyIcon, SaveIcon } from "./icons.js";
import { hasGap, methodName } from "./summary.js";
import type { Start, State } from "../protocol.js";

const COPIED_MS = 2000;

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

function CopyRows(): JSX.Element {
  const { state, width } = useView();
  const [done, setDone] = useState<"no" | "yes" | "failed">("no");
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (done === "no") return;
    const timer = setTimeout(() => setDone("no"), COPIED_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const words = {
    no: width === "wide" ? "Copy rows" : "Copy",
    yes: "Copied",
    failed: "No clipboard",
  };
  return (
    <button
      ref={ref}
      type="button"
      class="plain"
      title="Copies the positions of the training rows as a list"
      onClick={() => {
        const owner = ref.current?.ownerDocument ?? document;
        void copy(owner, rowsText(state)).then((taken) => setDone(taken ? "yes" : "failed"));
      }}
    >
      <CopyIcon />
      <span aria-live="polite">{words[done]}</span>
    </button>
  );
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
      : [middle(start.model, 60), `${size} features`, searchedBy(state, start)];
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
        {state.steps.length > 0 && (
          <span class="exports">
            <CopyRows />
            {state.end !== null && (
              <button
                type="button"
                class="plain"
                onClick={(event) => {
                  const owner = event.currentTarget.ownerDocument;
                  save(owner, "forcing-set.csv", csv(state, start), "text/csv;charset=utf-8");
                }}
              >
                <SaveIcon />
                CSV
              </button>
            )}
          </span>
        )}
      </div>
    </footer>
  );
}
