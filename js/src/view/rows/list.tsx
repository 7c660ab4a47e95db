/** The supports, or the rows of one baseline, in order. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { count as counted, middle, value } from "../../format.js";
import { useView } from "../context.js";
import { useWidth } from "../width.js";
import type { Width } from "../width.js";
import { deedOf, phaseOf, relabels } from "../summary.js";
import { Card } from "./card.js";
import { fit, sharedColumns } from "./columns.js";
import type { Fit } from "./columns.js";
import { rowAt } from "./lines.js";
import type { Line } from "./lines.js";
import { UNITS, measure } from "./measure.js";
import { useRoving } from "./roving.js";
import { Row } from "./row.js";
import type { ListFacts } from "./row.js";
import { useVirtual } from "./virtual.js";

/** Row heights are fixed, so that a long list knows where every row is. */
const HEIGHTS: Record<"table" | "text", Record<Width, number>> = {
  table: { wide: 52, medium: 80, narrow: 84 },
  text: { wide: 64, medium: 88, narrow: 92 },
};
/** What stands beside the features of a row, with its gaps. */
const ASIDE: Record<Width, number> = { wide: 396, medium: 36, narrow: 0 };
/** Width of the content in which three features have room for their strips. */
const COMFORTABLE = 520;
const CARD = { least: 128, gap: 16, foot: { supports: 70, ranking: 52 } };

function Header(props: { facts: ListFacts }): JSX.Element | null {
  const { start, state, width } = useView();
  const { facts } = props;
  const { display, target } = start;
  if (display.kind === "image") return null;
  const aims = target.item.kind === "table" ? target.item.values : [];
  const own = facts.shared.length < facts.slots;
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
            <span>{facts.shared.length > 0 ? "also differs in" : "differs most from it in"}</span>
          </span>
        )}
      </span>
    );
  if (width !== "wide") {
    return (
      <div class="row header">
        <span class="unit">{`bar: change of ${UNITS[facts.measure.unit]}`}</span>
        {content}
      </div>
    );
  }
  return (
    <div class="row header" aria-hidden="true">
      <span class="place">{facts.supports ? "order" : "place"}</span>
      <span class="identity">training row</span>
      <span class="moved">{facts.measure.unit}</span>
      {content}
      <span class="tail">
        {facts.supports
          ? state.verified === null
            ? "leaves"
            : `${relabels(state) ? "" : "if "}${deedOf(state).back}`
          : "in the set"}
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

export function List(props: { lines: Line[]; supports: boolean; label: string }): JSX.Element {
  const { start, state, live, screen, select, width } = useView();
  const { lines, supports } = props;
  const box = useRef<HTMLDivElement>(null);
  const room = useWidth(box, 720);
  const kind = start.display.kind;
  const running = supports && phaseOf(state, live) === "running";
  const { display, target } = start;
  const { slots, strips } = useMemo((): Fit => {
    if (display.kind !== "table" || target.item.kind !== "table") return { slots: 1, strips: true };
    const content = room - ASIDE[width];
    const most = width === "wide" && content >= COMFORTABLE ? 3 : 2;
    return fit(content, most, lines, display.columns, target.item.values);
  }, [lines, display, target, room, width]);
  const facts = useMemo((): ListFacts => {
    const shared = running || width === "narrow" ? [] : sharedColumns(lines, slots);
    return { supports, measure: measure(lines, start.claim), shared, slots };
  }, [lines, start, supports, slots, running, width]);

  const cards = kind === "image";
  const across = cards ? Math.max(2, Math.floor((room + CARD.gap) / (CARD.least + CARD.gap))) : 1;
  const side = (room - CARD.gap * (across - 1)) / across;
  const height = cards
    ? Math.round(side + CARD.foot[supports ? "supports" : "ranking"])
    : HEIGHTS[kind === "text" ? "text" : "table"][width];
  const virtual = useVirtual(box, Math.ceil(lines.length / across), height, running);
  const { reveal } = virtual;
  const roving = useRoving(
    box,
    lines.length,
    across,
    (index) => reveal(Math.floor(index / across)),
    (index) => select(rowAt(lines, index)),
  );

  const chosen = lines.findIndex((line) => line.step !== null && line.step === screen.cursor);
  useEffect(() => {
    if (chosen >= 0) reveal(Math.floor(chosen / across));
  }, [chosen, across, reveal]);

  const Part = cards ? Card : Row;
  // The tab key must find a row even where the last one used has scrolled away.
  const stop = Math.min(
    Math.max(roving.current, virtual.first * across),
    virtual.last * across - 1,
  );
  const drawn: ComponentChildren[] = [];
  for (let i = virtual.first * across; i < Math.min(lines.length, virtual.last * across); i++) {
    const line = lines[i];
    if (line === undefined) continue;
    drawn.push(
      <Part
        key={line.row}
        line={line}
        index={i}
        count={lines.length}
        tabIndex={i === stop ? 0 : -1}
        facts={facts}
      />,
    );
  }
  const [from, to] = virtual.seen;
  const unit = UNITS[facts.measure.unit];
  return (
    <div
      class={`list ${kind} ${supports ? "supports" : "ranking"} ${strips ? "" : "stripless"}`}
      style={{ "--row": `${height}px`, "--across": across, "--slots": slots }}
    >
      <Header facts={facts} />
      <div
        ref={box}
        class={virtual.window === null ? "rows" : "rows scrolls"}
        style={virtual.window === null ? {} : { maxHeight: `${virtual.window}px` }}
        onKeyDown={roving.onKeyDown}
        onFocusIn={roving.onFocusIn}
      >
        <div style={{ height: `${virtual.before}px` }} />
        <div role="list" aria-label={props.label} class={cards ? "cards" : "lines"}>
          {drawn}
          {running && cards && virtual.window === null && <Slot n={lines.length + 1} item />}
        </div>
        <div style={{ height: `${virtual.after}px` }} />
      </div>
      {running && !cards && <Slot n={lines.length + 1} />}
      {cards && lines.length > 0 && virtual.window === null && (
        <p class="key">{`bar: change of ${unit}`}</p>
      )}
      {virtual.window !== null && (
        <p class="window-note">
          {cards
            ? `${counted(lines.length)} in all · scroll, or arrow keys · bar: change of ${unit}`
            : `Rows ${counted(from)} to ${counted(to)} of ${counted(lines.length)} · scroll, or arrow keys`}
        </p>
      )}
    </div>
  );
}
