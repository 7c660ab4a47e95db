/** One line of a list for tables and texts: who, how far, what, and what if. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { className, middle } from "../../format.js";
import { BothMark } from "../compare/mark.js";
import { useCursor, useView } from "../context.js";
import { TickIcon } from "../icons.js";
import { Shape } from "../shapes.js";
import { isNoisy } from "../summary.js";
import { Words } from "../words.js";
import { Bar, Change } from "./bar.js";
import { rowColumns } from "./columns.js";
import { Feature } from "./feature.js";
import { picked } from "./arrange.js";
import { rowName, spokenLine } from "./lines.js";
import type { Line } from "./lines.js";
import type { Measure } from "./measure.js";
import { IfBack, Toggle } from "./toggle.js";

/** What a list says to each of its rows. */
export interface ListFacts {
  supports: boolean;
  measure: Measure;
  /** Features in columns of their own, and how many features a row shows. */
  shared: readonly number[];
  slots: number;
  /** Whether small cards say their label: in a gallery of several classes. */
  labels?: boolean;
}

export interface RowProps {
  line: Line;
  index: number;
  count: number;
  tabIndex: number;
  facts: ListFacts;
  /** Flies past: only what says where it is is drawn. */
  passing: boolean;
}

function Identity(props: { line: Line }): JSX.Element {
  const { line } = props;
  return (
    <span class="identity">
      <span
        class={`label ${line.role}`}
        title={line.becomes === null ? line.label : `${line.label} → ${line.becomes}`}
      >
        <Shape role={line.role} />
        <span class="clip">{middle(className(line.label), 28)}</span>
      </span>
      <span class="meta clip">
        {rowName(line)}
        <BothMark row={line.row} />
        {line.becomes !== null
          ? ` → ${middle(className(line.becomes), 28)}`
          : !line.positive && " · negative"}
      </span>
    </span>
  );
}

function Content(props: { line: Line; facts: ListFacts }): JSX.Element {
  const { start } = useView();
  const { line, facts } = props;
  const { display, target } = start;
  if (line.item === null) return <span class="content absent">not kept in the saved form</span>;
  if (line.item.kind === "text") {
    return (
      <span class="content words">
        <Words text={line.item.text} marks={line.item.marks} />
      </span>
    );
  }
  if (line.item.kind !== "table" || display.kind !== "table") return <span class="content" />;
  const { values } = line.item;
  const aims = target.item.kind === "table" ? target.item.values : [];
  return (
    <span class="content features">
      {rowColumns(line.item, facts.shared, facts.slots, display.columns.length).map((i) => {
        const column = display.columns[i];
        return column ? (
          <Feature
            key={i}
            column={column}
            own={values[i]}
            target={aims[i]}
            role={line.role}
            named={!facts.shared.includes(i)}
          />
        ) : null;
      })}
    </span>
  );
}

function Tail(props: Omit<RowProps, "count" | "passing">): JSX.Element {
  const { toggle } = useView();
  const { line, facts } = props;
  if (!facts.supports) {
    return (
      <span class="tail">
        {line.step !== null && (
          <span class="member">
            <TickIcon />
            {`step ${line.step}`}
          </span>
        )}
      </span>
    );
  }
  return (
    <span class="tail">
      <IfBack line={line} />
      {toggle !== null && <Toggle line={line} index={props.index} tabIndex={props.tabIndex} />}
    </span>
  );
}

export function Row(props: RowProps): JSX.Element {
  const { state, start, screen, dispatch, selected, select, toggle } = useView();
  const { line, facts, index, count, tabIndex, passing } = props;
  const { play } = screen;
  const chosen = useCursor() === line.step && line.step !== null;
  const back = line.step !== null && screen.back.includes(line.row);
  const clickable = facts.supports && toggle !== null;
  const picks = selected.includes(line.row);
  const ahead = play !== null && line.step !== null && line.step > play.step;
  const noisy = isNoisy(state);
  const names = [
    "row clickable",
    chosen || picks ? "chosen" : "",
    back ? "back" : "",
    ahead ? "ahead" : "",
  ];
  const inside = useMemo(
    () => (
      <>
        <span class="place">{line.place}</span>
        <Identity line={line} />
        {!noisy && (
          <span class="moved">
            <Bar line={line} measure={facts.measure} />
            <Change line={line} measure={facts.measure} />
          </span>
        )}
        {passing ? <span class="content" /> : <Content line={line} facts={facts} />}
        <Tail line={line} facts={facts} index={index} tabIndex={tabIndex} />
      </>
    ),
    [line, facts, noisy, index, tabIndex, passing],
  );
  return (
    <div
      role="listitem"
      class={names.filter((name) => name !== "").join(" ")}
      aria-posinset={index + 1}
      aria-setsize={count}
      {...(picks ? { "aria-current": "true" as const } : {})}
      data-place={index}
      // Rows without a button of their own are stops of the arrow keys themselves.
      {...(clickable
        ? {}
        : {
            tabIndex,
            "data-index": index,
            "aria-label": spokenLine(line, state, start.claim),
          })}
      onPointerEnter={() => dispatch({ type: "cursor", step: line.step })}
      onPointerLeave={() => dispatch({ type: "cursor", step: null })}
      onClick={(event) => select(picked(selected, line.row, event.ctrlKey || event.metaKey))}
    >
      {inside}
    </div>
  );
}
