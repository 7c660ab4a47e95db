/** Positive and negative examples of every method, side by side and of one size. */

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { className, count, middle, value } from "../format.js";
import type { Item, Ranking, Start } from "../protocol.js";
import { useCursor, useView } from "./context.js";
import { flipsAt } from "./curve/legend.js";
import { TickIcon } from "./icons.js";
import { Bar, Change } from "./rows/bar.js";
import { Card } from "./rows/card.js";
import { rankingLines, rowAt, rowName, spokenLine, supportLines } from "./rows/lines.js";
import type { Line } from "./rows/lines.js";
import { UNITS, measure } from "./rows/measure.js";
import { useRoving } from "./rows/roving.js";
import type { ListFacts } from "./rows/row.js";
import { Shape } from "./shapes.js";
import type { Role } from "./shapes.js";
import { crossed, deedOf, isNoisy, methodName, nounOf, relabels } from "./summary.js";
import { Words } from "./words.js";

/** Examples of each sign: full rows of small cards, or lines. */
const SHOWN = { image: { positive: 12, negative: 4 }, other: { positive: 5, negative: 3 } };

interface Gallery {
  method: string;
  flips: string;
  lines: Line[];
  supports: boolean;
}

function useGalleries(): Gallery[] {
  const { state, start } = useView();
  return useMemo(() => {
    const size = state.steps.length;
    const flips = state.verified?.flipped ?? crossed(state);
    return [
      {
        method: "mfs",
        flips: flips ? `flips at ${count(size)}` : `${count(size)} ${deedOf(state).done}`,
        lines: supportLines(state, start),
        supports: true,
      },
      ...state.rankings.map((ranking) => ({
        method: ranking.method,
        flips: flipsAt(ranking) + says(ranking),
        lines: rankingLines(state, start, ranking),
        supports: false,
      })),
    ];
  }, [state, start]);
}

/** What a method that claims a set of its own says of its size. */
function says(ranking: Ranking): string {
  const { predicted } = ranking;
  return typeof predicted === "number" ? `, says ${count(predicted)}` : "";
}

/** What sets a row apart, in one line. */
function Gist(props: { item: Item | null; start: Start }): JSX.Element {
  const { item, start } = props;
  if (item === null) return <span class="gist absent">not kept</span>;
  if (item.kind === "text") {
    return (
      <span class="gist clip">
        <Words text={item.text} marks={item.marks} />
      </span>
    );
  }
  if (item.kind === "table" && start.display.kind === "table") {
    const i = item.differs[0] ?? 0;
    const aims = start.target.item.kind === "table" ? start.target.item.values : [];
    return (
      <span class="gist facts">
        <span class="clip">{middle(start.display.columns[i]?.name ?? "", 22)}</span>
        <b>{value(item.values[i] ?? null, 12)}</b>
        <span>{`vs ${value(aims[i] ?? null, 12)}`}</span>
      </span>
    );
  }
  return <span class="gist" />;
}

function Brief(props: {
  line: Line;
  index: number;
  count: number;
  tabIndex: number;
  facts: ListFacts;
}): JSX.Element {
  const { state, start, screen, dispatch, select, toggle } = useView();
  const { line, facts } = props;
  const chosen = useCursor() === line.step && line.step !== null;
  const back = line.step !== null && screen.back.includes(line.row);
  const action = line.step === null || relabels(state) ? "" : back ? "Take out: " : "Put back: ";
  return (
    <div role="listitem" aria-posinset={props.index + 1} aria-setsize={props.count}>
      <button
        type="button"
        class={["brief", chosen ? "chosen" : "", back ? "back" : ""].join(" ")}
        data-index={props.index}
        tabIndex={props.tabIndex}
        aria-disabled={toggle === null || line.step === null}
        {...(line.step === null ? {} : { "aria-pressed": back })}
        onPointerEnter={() => dispatch({ type: "cursor", step: line.step })}
        onPointerLeave={() => dispatch({ type: "cursor", step: null })}
        onClick={() => {
          select([line.row]);
          if (line.step !== null) toggle?.(line.row);
        }}
      >
        <span class="aloud">{action + spokenLine(line, state, start.claim)}</span>
        <span class="face" aria-hidden="true">
          <span class="place">{line.place}</span>
          <span class="clip meta">
            {facts.labels && (
              <span class={`label ${line.role}`} title={line.label}>
                <Shape role={line.role} size={9} />
                <span class="clip">{middle(className(line.label), 14)}</span>
              </span>
            )}
            {rowName(line, 18)}
            {!facts.supports && line.step !== null && <TickIcon />}
          </span>
          {!isNoisy(state) && (
            <>
              <Bar line={line} measure={facts.measure} />
              <Change line={line} measure={facts.measure} />
            </>
          )}
          <Gist item={line.item} start={start} />
        </span>
      </button>
    </div>
  );
}

/** "No dog supports cat in this ranking." */
function Nothing(props: { gallery: Gallery; positive: boolean }): JSX.Element {
  const { state, start } = useView();
  const one = nounOf(state)[0];
  const favoured = middle(className(start.claim.favoured), 24);
  const where = props.gallery.supports ? "the forcing subset" : "this ranking";
  return (
    <p class="nothing">
      {props.positive
        ? `No ${one} of ${favoured} is among the first of ${where}.`
        : `No ${one} of another class supports ${favoured} in ${where}.`}
    </p>
  );
}

/** Of rows with several labels: that of all, which the sides of a regression have. */
function sharedRole(lines: readonly Line[]): Role {
  const roles = new Set(lines.map((line) => line.role));
  return roles.size === 1 ? (lines[0]?.role ?? "other") : "other";
}

function Examples(props: { gallery: Gallery; positive: boolean; facts: ListFacts }): JSX.Element {
  const { start, dispatch, select } = useView();
  const { gallery, positive, facts } = props;
  const image = start.display.kind === "image";
  const box = useRef<HTMLDivElement>(null);
  const all = gallery.lines.filter((line) => line.positive === positive);
  const room = SHOWN[image ? "image" : "other"][positive ? "positive" : "negative"];
  const more = gallery.supports && all.length > room ? all.length - room + 1 : 0;
  const shown = all.slice(0, more > 0 ? room - 1 : room);
  const roving = useRoving(
    box,
    shown.length,
    image ? 4 : 1,
    () => undefined,
    (index) => select(rowAt(shown, index)),
  );
  const first = all[0];
  const mixed = !positive && all.some((line) => line.label !== first?.label);
  const role = positive ? "favoured" : mixed ? sharedRole(all) : (first?.role ?? "rival");
  const label = positive
    ? start.claim.favoured
    : role === "rival"
      ? start.claim.rival
      : (first?.label ?? "");
  const Part = image ? Card : Brief;
  const own = mixed ? { ...facts, labels: true } : facts;
  return (
    <div class="examples">
      <p class="sign">
        <b class={`class ${role}`}>
          <Shape role={role} />
          {role === "other" && mixed ? "other classes" : middle(className(label), 24)}
        </b>
        {` · ${positive ? "positive" : "negative"}${gallery.supports && all.length > 0 ? `, ${count(all.length)}` : ""}`}
      </p>
      {all.length === 0 ? (
        <Nothing gallery={gallery} positive={positive} />
      ) : (
        <div
          ref={box}
          role="list"
          class={image ? "thumbs" : "briefs"}
          aria-label={`${methodName(gallery.method)[1]}, ${positive ? "positive" : "negative"}`}
          onKeyDown={roving.onKeyDown}
          onFocusIn={roving.onFocusIn}
        >
          {shown.map((line, i) => (
            <Part
              key={line.row}
              line={line}
              index={i}
              count={shown.length}
              tabIndex={i === roving.current ? 0 : -1}
              facts={own}
              small
            />
          ))}
          {more > 0 && (
            <div role="listitem">
              <button
                type="button"
                class="more"
                onClick={() => dispatch({ type: "tab", tab: "mfs" })}
              >
                {`+${count(more)}`}
                <span class="aloud"> more, in the list of supports</span>
              </button>
            </div>
          )}
        </div>
      )}
    </div>
  );
}

export function Galleries(): JSX.Element {
  const { start, state } = useView();
  const galleries = useGalleries();
  const all = galleries.flatMap((gallery) => gallery.lines);
  const scale = measure(all, start.claim);
  const image = start.display.kind === "image";
  return (
    <div class={`galleries ${start.display.kind}`}>
      <div class="columns">
        {galleries.map((gallery) => {
          const facts: ListFacts = {
            supports: gallery.supports,
            measure: scale,
            shared: [],
            slots: 1,
          };
          return (
            <section key={gallery.method} class="gallery">
              <h3>
                {methodName(gallery.supports && relabels(state) ? "relabel" : gallery.method)[1]}
                <span>{gallery.flips}</span>
              </h3>
              <Examples gallery={gallery} positive facts={facts} />
              <Examples gallery={gallery} positive={false} facts={facts} />
            </section>
          );
        })}
      </div>
      <p class="key">
        <span>
          <TickIcon /> also in the forcing subset
        </span>
        <span>number: place in the order</span>
        <span>
          {[
            ...(isNoisy(state) ? [] : [`bar: change of ${UNITS[scale.unit]}`]),
            ...(image ? [] : ["the feature that differs most"]),
          ].join("; ")}
        </span>
      </p>
    </div>
  );
}
