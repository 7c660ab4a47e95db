/** A picture with its place and how far it moved the confidence; the card is the button. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { className, middle } from "../../format.js";
import { BothMark } from "../compare/mark.js";
import { useCursor, useView } from "../context.js";
import { TickIcon } from "../icons.js";
import { Picture } from "../picture.js";
import { Shape } from "../shapes.js";
import { certainty, decides, deedOf, isNoisy, phaseOf, relabels } from "../summary.js";
import { Bar, Change } from "./bar.js";
import { picked } from "./arrange.js";
import { spokenLine } from "./lines.js";
import type { Line } from "./lines.js";
import type { ListFacts } from "./row.js";

export interface CardProps {
  line: Line;
  index: number;
  count: number;
  tabIndex: number;
  facts: ListFacts;
  /** Small cards of a gallery have no words beneath. */
  small?: boolean;
  /** Flies past: no picture is asked for, and nothing is said beneath. */
  passing?: boolean;
}

function Foot(props: Pick<CardProps, "line" | "facts" | "small">): JSX.Element {
  const { state, start, screen, toggle } = useView();
  const { line, facts } = props;
  const noisy = isNoisy(state);
  if (props.small) {
    return (
      <>
        {!noisy && <Bar line={line} measure={facts.measure} />}
        <span class="foot">
          <span class="place">{line.place}</span>
          {!noisy && <Change line={line} measure={facts.measure} />}
        </span>
        {facts.labels && (
          <span class={`label ${line.role}`} title={line.label}>
            <Shape role={line.role} size={9} />
            <span class="clip">{middle(className(line.label), 16)}</span>
          </span>
        )}
      </>
    );
  }
  const back = screen.back.includes(line.row);
  // What one removal leaves is no more than a place on the line between two lengths.
  const after = line.back ?? (noisy ? null : line.confidence);
  const hint =
    toggle === null || line.step === null || !facts.supports
      ? null
      : back
        ? "take out"
        : line.back === null
          ? "put back"
          : null;
  return (
    <>
      <span class="foot">
        <span class={`label ${line.role}`}>
          <Shape role={line.role} />
          <span class="clip">
            {line.becomes === null
              ? middle(className(line.label), 16)
              : `${middle(line.label, 9)} → ${middle(line.becomes, 9)}`}
          </span>
        </span>
        <span class="place">{facts.supports ? `step ${line.place}` : line.place}</span>
      </span>
      {!noisy && (
        <span class="foot">
          <Bar line={line} measure={facts.measure} />
          <Change line={line} measure={facts.measure} />
        </span>
      )}
      {facts.supports && (
        <span class="foot meta">
          {hint === null && after !== null && !back ? (
            <span class="if-back">
              {line.back === null ? "leaves: " : `${deedOf(state).back}: `}
              <Shape role={decides(start.claim, after)} size={9} />
              {certainty(start.claim, after)}
            </span>
          ) : (
            hint
          )}
        </span>
      )}
    </>
  );
}

export function Card(props: CardProps): JSX.Element {
  const { state, start, live, screen, dispatch, selected, select, toggle } = useView();
  const { line, facts, index, count } = props;
  const chosen = useCursor() === line.step && line.step !== null;
  const back = line.step !== null && screen.back.includes(line.row);
  const spoken = spokenLine(line, state, start.claim);
  const able = toggle !== null && line.step !== null;
  const action = line.step === null || relabels(state) ? "" : back ? "Take out: " : "Put back: ";
  const id = line.item?.kind === "image" ? line.item.image : null;
  const picks = selected.includes(line.row);
  const ahead = screen.play !== null && line.step !== null && line.step > screen.play.step;
  const fresh =
    facts.supports && index === count - 1 && phaseOf(state, live) === "running" && !props.small;
  const names = [
    "card",
    props.small ? "small" : "",
    fresh ? "fresh" : "",
    chosen || picks ? "chosen" : "",
    back ? "back" : "",
    ahead ? "ahead" : "",
  ];
  const { small = false, passing = false } = props;
  const inside = useMemo(
    () => (
      <>
        <span class="frame">
          {passing ? <span class="picture" /> : <Picture id={id} alt="" />}
          {!facts.supports && line.step !== null && (
            <span class="also">
              <TickIcon />
            </span>
          )}
          {back && <span class="ribbon">back in</span>}
          <BothMark row={line.row} />
        </span>
        {!passing && <Foot line={line} facts={facts} small={small} />}
      </>
    ),
    [id, line, facts, back, small, passing],
  );
  return (
    <div
      role="listitem"
      class="cell"
      aria-posinset={index + 1}
      aria-setsize={count}
      {...(picks ? { "aria-current": "true" as const } : {})}
      {...(props.small ? {} : { "data-place": index })}
    >
      <button
        type="button"
        class={names.filter((name) => name !== "").join(" ")}
        data-index={index}
        tabIndex={props.tabIndex}
        aria-disabled={!able}
        {...(line.step === null ? {} : { "aria-pressed": back })}
        onPointerEnter={() => dispatch({ type: "cursor", step: line.step })}
        onPointerLeave={() => dispatch({ type: "cursor", step: null })}
        onClick={(event) => {
          const several = event.ctrlKey || event.metaKey;
          select(picked(selected, line.row, several));
          if (!several && line.step !== null) toggle?.(line.row);
        }}
      >
        <span class="aloud">{action + spoken}</span>
        <span class="face" aria-hidden="true">
          {inside}
        </span>
      </button>
    </div>
  );
}
