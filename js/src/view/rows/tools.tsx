/** The line above a list: search, sort, filter and group; what to do with several rows. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { className, count, middle } from "../../format.js";
import { useCursor, useView } from "../context.js";
import { UndoIcon } from "../icons.js";
import { deedOf, hasPutBack, isNoisy } from "../summary.js";
import { asFound } from "./arrange.js";
import type { Grouping, Order } from "./arrange.js";
import type { Line } from "./lines.js";

/** Fewer rows are read, not searched. */
export const FEW = 8;
/** More labels than these are found by searching. */
const LABELS = 20;

type Choice = readonly [value: string, words: string];

function Choose(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChoose: (value: string) => void;
}): JSX.Element {
  return (
    <label class="choose">
      {props.label}{" "}
      <select value={props.value} onChange={(event) => props.onChoose(event.currentTarget.value)}>
        {props.choices.map(([value, words]) => (
          <option key={value} value={value} selected={value === props.value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Tools(props: {
  lines: readonly Line[];
  /** How many of them are left by the filter. */
  kept: number;
  supports: boolean;
}): JSX.Element {
  const { state, start, screen, dispatch } = useView();
  const { lines, kept, supports } = props;
  const { arrangement } = screen;
  const cursor = useCursor();
  const table = start.display.kind === "table";
  const labels = useMemo(() => [...new Set(lines.map((line) => line.label))], [lines]);
  const signs = useMemo(() => new Set(lines.map((line) => line.positive)).size > 1, [lines]);
  const several = labels.length > 1 && labels.length <= LABELS;

  const noisy = isNoisy(state);
  const backs = noisy ? hasPutBack(state) : state.verified !== null;
  const orders: Choice[] = [
    ["order", supports ? "order of removal" : "place"],
    ...(noisy ? [] : [["change", "largest change"] as const]),
    ...(supports && backs ? [["back", `if ${deedOf(state).back}`] as const] : []),
    ["row", "row number"],
    ...(several ? [["label", "label"] as const] : []),
  ];
  const shows: Choice[] = [
    ["all", "all rows"],
    ...(signs
      ? ([
          ["positive", "positive"],
          ["negative", "negative"],
        ] as const)
      : []),
    ...(several
      ? labels.map((label): Choice => [`label:${label}`, middle(className(label), 28)])
      : []),
  ];
  // Always there, so that a cursor that passes moves nothing on this line.
  if (supports) {
    const { upTo } = arrangement;
    shows.push(["up-to", upTo === null ? "up to the cursor" : `the first ${count(upTo)}`]);
  }
  const groups: Choice[] = [
    ["none", "none"],
    ...(several ? [["label", "label"] as const] : []),
    ...(signs ? [["sign", "sign"] as const] : []),
    ...(table ? [["feature", "largest difference"] as const] : []),
  ];
  const change = (what: Partial<typeof arrangement>): void =>
    dispatch({ type: "arrange", change: what });
  const show = arrangement.upTo === null ? arrangement.show : "up-to";
  const changed = arrangement.text !== "" || show !== "all";
  return (
    <div class="tools" role="search" aria-label="Rows of this list">
      <input
        type="search"
        placeholder="Search rows"
        aria-label="Search rows"
        value={arrangement.text}
        onInput={(event) => change({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") change({ text: "" });
        }}
      />
      <Choose
        label="Sort by"
        value={arrangement.order}
        choices={orders}
        onChoose={(order) => change({ order: order as Order })}
      />
      {shows.length > 1 && (
        <Choose
          label="Show"
          value={show}
          choices={shows}
          onChoose={(chosen) =>
            change(
              chosen === "up-to"
                ? { show: "all", upTo: cursor ?? lines.length }
                : { show: chosen, upTo: null },
            )
          }
        />
      )}
      {groups.length > 1 && start.display.kind !== "image" && (
        <Choose
          label="Group by"
          value={arrangement.group}
          choices={groups}
          onChoose={(group) => change({ group: group as Grouping, open: [] })}
        />
      )}
      {changed && (
        <span class="kept" role="status">
          {`${count(kept)} of ${count(lines.length)}`}
          <button type="button" class="plain" onClick={() => change(asFound)}>
            Show all rows
          </button>
        </span>
      )}
    </div>
  );
}

/** With several rows picked: what can be done with all of them. */
export function Together(props: { lines: readonly Line[] }): JSX.Element | null {
  const { screen, selected, select, dispatch, toggle } = useView();
  const inSet = useMemo(() => new Set(props.lines.map((line) => line.row)), [props.lines]);
  const rows = selected.filter((row) => inSet.has(row));
  if (rows.length < 2 || toggle === null) return null;
  const out = rows.filter((row) => !screen.back.includes(row));
  const back = out.length > 0;
  const those = count(back ? out.length : rows.length);
  return (
    <p class="together">
      <span>{`${count(rows.length)} rows selected`}</span>
      <button
        type="button"
        class="boxed"
        onClick={() => dispatch({ type: "put", rows: back ? out : rows, back })}
      >
        <UndoIcon />
        {back ? `Put back ${those} ${out.length === 1 ? "row" : "rows"}` : `Take out ${those} rows`}
      </button>
      <button type="button" class="plain" onClick={() => select([])}>
        Clear selection
      </button>
    </p>
  );
}
