/** The supports, or the rows of one baseline, in order. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count as counted, middle, value } from "../../format.js";
import type { State } from "../../protocol.js";
import { useCursor, useView } from "../context.js";
import type { View } from "../context.js";
import { useWidth } from "../width.js";
import type { Width } from "../width.js";
import { deedOf, hasPutBack, isNoisy, phaseOf, relabels } from "../summary.js";
import { arranged, between } from "./arrange.js";
import { Card } from "./card.js";
import { MOST_SLOTS, fit, sharedColumns } from "./columns.js";
import type { Fit } from "./columns.js";
import { Detail } from "./detail.js";
import { GroupLine, summed } from "./group.js";
import type { Line } from "./lines.js";
import { UNITS, measure } from "./measure.js";
import { indexOf, useRoving } from "./roving.js";
import { Row } from "./row.js";
import type { ListFacts } from "./row.js";
import { FEW, Together, Tools } from "./tools.js";
import { useVirtual } from "./virtual.js";

/** Row heights are fixed, so that a long list knows where every row is. */
const HEIGHTS: Record<"table" | "text", Record<Width, number>> = {
  table: { wide: 52, medium: 80, narrow: 84 },
  text: { wide: 64, medium: 88, narrow: 92 },
};
/** What stands beside the features of a row, with its gaps. */
const ASIDE: Record<Width, number> = { wide: 396, medium: 36, narrow: 0 };
/** How much of that the change of each row takes, where single rows are told apart. */
const CHANGE = 50;
/** Width of the content in which three features have room for their strips. */
const COMFORTABLE = 520;
const CARD = { least: 128, gap: 16, foot: { supports: 70, ranking: 52 }, change: 22 };

function Header(props: { facts: ListFacts; grouped: boolean }): JSX.Element | null {
  const { start, state, width } = useView();
  const { facts } = props;
  const { display, target } = start;
  if (display.kind === "image") return null;
  const aims = target.item.kind === "table" ? target.item.values : [];
  const own = facts.shared.length < facts.slots;
  const noisy = isNoisy(state);
  const content =
    display.kind === "text" ? (
      <span class="content">words shared with the target underlined, thicker is heavier</span>
    ) : (
      <span class="content features">
        {facts.shared.map((i) => (
          <span key={i} class="feature-head" title={display.columns[i]?.name ?? ""}>
            <b>{middle(display.columns[i]?.name ?? "", 24)}</b>
            <span>{`target ${value(aims[i] ?? null, 18)}`}</span>
          </span>
        ))}
        {own && (
          <span class="differs" style={{ gridColumn: `${facts.shared.length + 1} / -1` }}>
            <i class="target-key" /> target
            <span>
              {props.grouped && width === "wide"
                ? "of a group: median and middle 80\u202f%"
                : facts.shared.length > 0
                  ? "also differs in"
                  : "differs most from it in"}
            </span>
          </span>
        )}
      </span>
    );
  if (width !== "wide") {
    return (
      <div class="row header">
        {!noisy && <span class="unit">{`bar: change of ${UNITS[facts.measure.unit]}`}</span>}
        {content}
      </div>
    );
  }
  return (
    <div class="row header" aria-hidden="true">
      <span class="place">{facts.supports ? "order" : "place"}</span>
      <span class="identity">training row</span>
      {!noisy && <span class="moved">{facts.measure.unit}</span>}
      {content}
      <span class="tail">
        {!facts.supports
          ? "in the set"
          : noisy && !hasPutBack(state)
            ? ""
            : state.verified === null
              ? "leaves"
              : `${relabels(state) ? "" : "if "}${deedOf(state).back}`}
      </span>
    </div>
  );
}

/** The place of the next removal while a run streams. */
function Slot(props: { n: number; item?: boolean }): JSX.Element {
  const role = props.item ? { role: "listitem" as const } : {};
  return (
    <div class="slot" {...role}>
      {`step ${counted(props.n)}`}
    </div>
  );
}

/** What is known of single rows where retraining alone moves the decision. */
function noiseOf(state: State): string {
  if (state.steps.length < 2) return "";
  const verb = relabels(state) ? "Labels were changed" : "Rows were removed";
  const one = `what one ${relabels(state) ? "label" : "row"} alone does`;
  return hasPutBack(state)
    ? `${verb} together.`
    : `${verb} together; ${one} is below the noise of retraining.`;
}

/** Why no row can be put back. */
function whyNot(view: View): string {
  if (relabels(view.state)) {
    return "This run changes labels. A refit can leave rows out, so nothing can be put back here.";
  }
  if (view.state.end === null) return "Rows can be put back once the search has ended.";
  return "Rows can be put back while the kernel runs.";
}

/** Scrolls to the row under the cursor, else to the one picked last; draws nothing. */
function Follow(props: {
  places: ReadonlyMap<number, number>;
  across: number;
  reveal: (line: number) => void;
}): null {
  const { state, selected } = useView();
  const { places, across, reveal } = props;
  const cursor = useCursor();
  const under = cursor === null ? undefined : state.steps[cursor - 1]?.row;
  const shown = under ?? selected.at(-1);
  const chosen = shown === undefined ? undefined : places.get(shown);
  useEffect(() => {
    if (chosen !== undefined) reveal(Math.floor(chosen / across));
  }, [chosen, across, reveal]);
  return null;
}

export function List(props: { lines: Line[]; supports: boolean; label: string }): JSX.Element {
  const view = useView();
  const { start, state, live, screen, dispatch, select, selected, width, toggle } = view;
  const { lines, supports } = props;
  const { arrangement } = screen;
  const box = useRef<HTMLDivElement>(null);
  const anchor = useRef<number | null>(null);
  const [asked, setAsked] = useState(false);
  const room = useWidth(box, 720);
  const kind = start.display.kind;
  const running = supports && phaseOf(state, live) === "running";
  const tools = lines.length > FEW && !running;
  const grouped = tools && arrangement.group !== "none" && kind !== "image";
  const { display, target } = start;
  const noisy = isNoisy(state);
  const { slots, strips } = useMemo((): Fit => {
    if (display.kind !== "table" || target.item.kind !== "table") return { slots: 1, strips: true };
    const spared = noisy && width === "wide" ? CHANGE : 0;
    const content = room - ASIDE[width] + spared;
    const most = width === "wide" && content >= COMFORTABLE ? MOST_SLOTS : MOST_SLOTS - 1;
    return fit(content, most, lines, display.columns, target.item.values);
  }, [lines, display, target, room, width, noisy]);
  const facts = useMemo((): ListFacts => {
    // Each group says what it has in common itself.
    const apart = running || grouped || width === "narrow";
    const shared = apart ? [] : sharedColumns(lines, slots);
    return { supports, measure: measure(lines, start.claim), shared, slots };
  }, [lines, start, supports, slots, running, grouped, width]);

  // All that takes a look at every row is done here, and not while the list scrolls.
  const { entries, places, kept, largest } = useMemo(() => {
    const entries = tools
      ? arranged(lines, arrangement, display)
      : lines.map((line) => ({ kind: "line" as const, line }));
    const places = new Map<number, number>();
    let kept = 0;
    let largest = 1e-12;
    entries.forEach((entry, i) => {
      if (entry.kind === "line") places.set(entry.line.row, i);
      else largest = Math.max(largest, Math.abs(summed(entry, facts.measure)));
      kept += entry.kind === "group" ? entry.lines.length : 0;
    });
    return { entries, places, kept: kept === 0 ? places.size : kept, largest };
  }, [lines, arrangement, display, tools, facts.measure]);

  const cards = kind === "image";
  const across = cards ? Math.max(2, Math.floor((room + CARD.gap) / (CARD.least + CARD.gap))) : 1;
  const side = (room - CARD.gap * (across - 1)) / across;
  const height = cards
    ? Math.round(side + CARD.foot[supports ? "supports" : "ranking"] - (noisy ? CARD.change : 0))
    : HEIGHTS[kind === "text" ? "text" : "table"][width];
  const virtual = useVirtual(box, Math.ceil(entries.length / across), height, running);
  const { reveal } = virtual;

  const rowAt = (index: number): number | null => {
    const entry = entries[index];
    return entry?.kind === "line" ? entry.line.row : null;
  };
  /** From the row that the selection began with to this one. */
  const extend = (index: number): void => {
    const from = anchor.current === null ? undefined : places.get(anchor.current);
    select(between(entries, from ?? index, index));
  };
  const roving = useRoving(
    box,
    entries.length,
    across,
    (index) => reveal(Math.floor(index / across)),
    (index, event) => {
      const row = rowAt(index);
      // The focus alone picks nothing: a click with the control key adds to what is picked.
      if (row === null || !(event instanceof KeyboardEvent)) return;
      if (event.shiftKey) {
        anchor.current ??= selected.at(-1) ?? null;
        extend(index);
      } else {
        anchor.current = row;
        select([row]);
      }
    },
  );
  const features = (shown: boolean): void => dispatch({ type: "features", shown });
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = indexOf(event.target);
    const row = index === null ? null : rowAt(index);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    let handled = true;
    const search = box.current?.parentElement?.querySelector<HTMLElement>("input[type=search]");
    if (event.key === "Escape" && (screen.features || selected.length > 0)) {
      if (screen.features) features(false);
      else select([]);
    } else if (event.key === "/" && search) {
      search.focus();
    } else if (row !== null && plain && event.key.toLowerCase() === "p" && supports) {
      if (toggle === null) setAsked(true);
      else toggle(row);
    } else if (row !== null && kind === "table" && plain && event.key === "ArrowRight") {
      if (!selected.includes(row)) select([row]);
      features(true);
    } else if (row !== null && kind === "table" && plain && event.key === "ArrowLeft") {
      features(false);
    } else {
      handled = false;
    }
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    } else roving.onKeyDown(event);
  };
  // With the shift key a click would mark the words between.
  const onMouseDown = (event: MouseEvent): void => {
    if (event.shiftKey) event.preventDefault();
  };
  const onClickCapture = (event: MouseEvent): void => {
    const place = event.target instanceof Element ? event.target.closest("[data-place]") : null;
    if (place === null) return;
    const index = Number(place.getAttribute("data-place"));
    if (event.shiftKey) {
      // What a click does alone must not happen too.
      event.stopPropagation();
      event.preventDefault();
      anchor.current ??= selected.at(-1) ?? null;
      extend(index);
    } else anchor.current = rowAt(index);
  };

  const Part = cards ? Card : Row;
  // The tab key must find a row even where the last one used has scrolled away.
  const stop = Math.min(
    Math.max(roving.current, virtual.first * across),
    virtual.last * across - 1,
  );
  const drawn: ComponentChildren[] = [];
  for (let i = virtual.first * across; i < Math.min(entries.length, virtual.last * across); i++) {
    const entry = entries[i];
    if (entry === undefined) continue;
    const at = { index: i, tabIndex: i === stop ? 0 : -1 };
    drawn.push(
      entry.kind === "group" ? (
        <GroupLine
          key={`group ${entry.key}`}
          group={entry}
          measure={facts.measure}
          slots={slots}
          largest={largest}
          {...at}
        />
      ) : (
        <Part
          key={entry.line.row}
          line={entry.line}
          count={entries.length}
          facts={facts}
          passing={virtual.passing}
          {...at}
        />
      ),
    );
  }
  const [from, to] = virtual.seen;
  const noise = noisy && supports ? noiseOf(state) : "";
  const key = noisy ? "" : `bar: change of ${UNITS[facts.measure.unit]}`;
  const all = entries.length;
  return (
    <div
      class={`list ${kind} ${supports ? "supports" : "ranking"} ${strips ? "" : "stripless"} ${noisy ? "noisy" : ""}`}
      style={{ "--row": `${height}px`, "--across": across, "--slots": slots }}
    >
      <Follow places={places} across={across} reveal={reveal} />
      {noise !== "" && <p class="noise">{noise}</p>}
      {tools && <Tools lines={lines} kept={kept} supports={supports} />}
      {supports && <Together lines={lines} />}
      <Header facts={facts} grouped={grouped} />
      {all === 0 && lines.length > 0 && <p class="nothing">No row is like that.</p>}
      <div
        ref={box}
        class={virtual.window === null ? "rows" : "rows scrolls"}
        style={virtual.window === null ? {} : { maxHeight: `${virtual.window}px` }}
        onKeyDown={onKeyDown}
        onFocusIn={roving.onFocusIn}
        onMouseDown={onMouseDown}
        onClickCapture={onClickCapture}
      >
        <div style={{ height: `${virtual.before}px` }} />
        <div role="list" aria-label={props.label} class={cards ? "cards" : "lines"}>
          {drawn}
          {running && cards && virtual.window === null && <Slot n={lines.length + 1} item />}
        </div>
        <div style={{ height: `${virtual.after}px` }} />
      </div>
      {running && !cards && <Slot n={lines.length + 1} />}
      {cards && lines.length > 0 && virtual.window === null && key !== "" && (
        <p class="key">{key}</p>
      )}
      {virtual.window !== null && (
        <p class="window-note">
          {cards
            ? [`${counted(all)} in all`, "scroll, or arrow keys", key].filter(Boolean).join(" · ")
            : places.size === all
              ? `Rows ${counted(from)} to ${counted(to)} of ${counted(all)} · scroll, or arrow keys`
              : `${counted(kept)} rows in groups · scroll, or arrow keys`}
        </p>
      )}
      {asked && toggle === null && (
        <p class="nothing" role="status">
          {whyNot(view)}
        </p>
      )}
      {display.kind === "table" && !running && lines.length > 0 && (
        <button
          type="button"
          class="plain all-features"
          aria-expanded={screen.features}
          onClick={() => features(!screen.features)}
        >
          {screen.features
            ? "Show fewer features"
            : `Show all ${counted(display.columns.length)} features`}
        </button>
      )}
      {screen.features && display.kind === "table" && !running && (
        <Detail lines={lines} onClose={() => features(false)} />
      )}
    </div>
  );
}
