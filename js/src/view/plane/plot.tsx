/** The drawing: pale rows on a canvas, above them all that can change or be picked. */

import type { JSX } from "preact";
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { className, count, middle } from "../../format.js";
import type { Plane } from "../../protocol.js";
import { useCursor, useView } from "../context.js";
import { textWidth } from "../curve/place.js";
import type { Box } from "../curve/place.js";
import { picked } from "../rows/arrange.js";
import { lookup, rowName, spokenLine, supportLines } from "../rows/lines.js";
import type { Line } from "../rows/lines.js";
import { useRoving } from "../rows/roving.js";
import { shapePath } from "../shapes.js";
import type { Role } from "../shapes.js";
import { held, layout, nearest, pathOf, pixels, roleAt, visible, xOf, yOf } from "./geometry.js";
import type { Layout } from "./geometry.js";
import { around, atEdge, beside, put } from "./labels.js";
import { onRepaint, paint } from "./points.js";
import { remarks, spoken } from "./words.js";

/** Numbers and buttons are for sets of a size that can be told apart. */
const NUMBERED = 30;
const BUTTONS = 300;
/** How near a pointer must come, in pixels. */
const REACH = { support: 12, row: 8 };
const TARGET = 8;

interface Spot {
  x: number;
  y: number;
  role: Role;
  line: Line;
}

function markSize(supports: number): number {
  return supports > 200 ? 2.6 : supports > NUMBERED ? 3.4 : 4.6;
}

function Axes(props: { g: Layout; name: string }): JSX.Element {
  const { g } = props;
  const { x, y, width, height } = g.frame;
  const bottom = y + height;
  const short = middle(props.name, Math.floor(width / 6.4) - 2);
  return (
    <>
      <path class="frame" d={`M${x} ${y}V${bottom}H${x + width}`} />
      {g.across.map((tick) => (
        <text class="axis" key={tick.at} x={x + tick.at} y={bottom + 17} text-anchor="middle">
          {tick.text}
        </text>
      ))}
      {g.up.map((tick) => (
        <text class="axis" key={tick.at} x={x - 8} y={y + tick.at + 4} text-anchor="end">
          {tick.text}
        </text>
      ))}
      <text class="axis" x={x + width} y={bottom + 34} text-anchor="end">
        {`${short} →`}
      </text>
    </>
  );
}

/** Supports of each role as one path: those that are removed so far, and those that follow. */
function Marks(props: { spots: readonly Spot[]; until: number }): JSX.Element {
  const { spots, until } = props;
  const size = markSize(spots.length);
  return (
    <>
      {[false, true].flatMap((ahead) =>
        (["favoured", "rival", "other"] as const).map((role) => (
          <g key={`${role} ${ahead}`} class={`mark ${role}${ahead ? " hollow" : ""}`}>
            {spots
              .filter((spot) => spot.role === role && spot.line.place > until === ahead)
              .map(({ x, y, line }) => (
                <path
                  key={line.row}
                  d={shapePath(role, size)}
                  transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
                />
              ))}
          </g>
        )),
      )}
    </>
  );
}

function Label(props: { box: Box | null; text: string; strong?: boolean }): JSX.Element | null {
  const { box, text, strong } = props;
  if (box === null) return null;
  return (
    <text
      class={strong ? "value" : "value edge"}
      x={box.x + box.width / 2}
      y={box.y + 11}
      text-anchor="middle"
    >
      {text}
    </text>
  );
}

function Tip(props: { g: Layout; x: number; y: number; text: string }): JSX.Element {
  const { g, x, y, text } = props;
  const width = textWidth(text, 11.5) + 16;
  const left = Math.min(Math.max(0, x - width / 2), Math.max(0, g.width - width));
  const top = y - 34 < 0 ? y + 13 : y - 34;
  return (
    <>
      <rect class="tip" x={left} y={top} width={width} height="21" rx="2" />
      <text class="tip-text" x={left + width / 2} y={top + 14.5} text-anchor="middle">
        {text}
      </text>
    </>
  );
}

export function Plot(props: { plane: Plane; width: number; height: number }): JSX.Element {
  const { plane, width, height } = props;
  const { state, start, dispatch, selected, select } = useView();
  const cursor = useCursor();
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [painted, repaint] = useReducer((n: number) => n + 1, 0);
  /** The support under the pointer or with the focus. */
  const [shown, setShown] = useState<number | null>(null);

  const g = useMemo(() => layout(plane, width, height), [plane, width, height]);
  const { frame } = g;
  const points = useMemo(() => pixels(plane, frame), [plane, frame]);
  const places = useMemo(
    () => (plane.rows === null ? null : new Map(plane.rows.map((row, i) => [row, i]))),
    [plane],
  );
  useEffect(() => {
    if (canvas.current) paint(canvas.current, plane, points, width, height);
  }, [plane, points, width, height, painted]);
  useEffect(() => {
    const own = canvas.current;
    return own === null ? undefined : onRepaint(own, () => repaint(undefined));
  }, []);

  const indexOf = (row: number): number => (places === null ? row : (places.get(row) ?? -1));
  const lines = useMemo(() => supportLines(state, start), [state, start]);
  const spots = useMemo(() => {
    const spotOf = (line: Line): Spot[] => {
      const i = places === null ? line.row : places.get(line.row);
      const [x, y] = [plane.xs[i ?? -1], plane.ys[i ?? -1]];
      if (i === undefined || x === undefined || y === undefined) return [];
      return [{ x: xOf(frame, held(x)), y: yOf(frame, held(y)), role: roleAt(plane, i), line }];
    };
    return lines.flatMap(spotOf);
  }, [lines, plane, places, frame]);
  const ups = useMemo(() => ({ xs: spots.map((s) => s.x), ys: spots.map((s) => s.y) }), [spots]);
  const boundaries = useMemo(
    () => ({ before: visible(plane.before, frame), after: visible(plane.after, frame) }),
    [plane, frame],
  );
  const target = {
    x: xOf(frame, held(plane.target[0])),
    y: yOf(frame, held(plane.target[1])),
  };
  const labels = useMemo(() => {
    const segments = [...boundaries.before, ...boundaries.after];
    const few = spots.length <= NUMBERED;
    const taken = [around(target, TARGET + 2)];
    if (spots.length <= BUTTONS) taken.push(...spots.map((spot) => around(spot, 5)));
    const obstacles = { frame, segments, taken };
    const edge = (name: "before" | "after"): Box | null =>
      put(atEdge(name, boundaries[name], frame), obstacles);
    return {
      target: put(beside("target", target, TARGET + 6), obstacles),
      before: edge("before"),
      after: edge("after"),
      numbers: few
        ? spots.map(({ x, y, line }) => put(beside(String(line.place), { x, y }, 7), obstacles))
        : [],
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the target is a part of the plane
  }, [spots, boundaries, frame, plane]);

  const show = (row: number | null): void => {
    setShown(row);
    dispatch({ type: "cursor", step: spots.find((s) => s.line.row === row)?.line.step ?? null });
  };
  const pick = (row: number, event: MouseEvent | KeyboardEvent): void =>
    select(picked(selected, row, event.ctrlKey || event.metaKey || event.shiftKey));
  const roving = useRoving(
    root,
    Math.min(BUTTONS, spots.length),
    1,
    () => undefined,
    (index) => show(spots[index]?.line.row ?? null),
  );
  const under = (event: MouseEvent, reach: number): number | null => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    return nearest(ups.xs, ups.ys, event.clientX - left, event.clientY - top, reach);
  };
  const onClick = (event: MouseEvent): void => {
    const support = under(event, REACH.support);
    if (support !== null) {
      pick(spots[support]?.line.row ?? 0, event);
      return;
    }
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const i = nearest(points.xs, points.ys, x, y, REACH.row);
    if (i !== null) pick(plane.rows?.[i] ?? i, event);
    else if (selected.length > 0) select([]);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || (shown === null && selected.length === 0)) {
      roving.onKeyDown(event);
      return;
    }
    event.stopPropagation();
    show(null);
    select([]);
  };

  const until = cursor ?? lines.length;
  const at = (row: number): { x: number; y: number } | null => {
    const spot = spots.find((s) => s.line.row === row);
    if (spot) return spot;
    const [x, y] = [points.xs[indexOf(row)], points.ys[indexOf(row)]];
    return x === undefined || y === undefined || Number.isNaN(x) ? null : { x, y };
  };
  const current = cursor === null ? undefined : state.steps[cursor - 1]?.row;
  const ringed = new Set([
    ...selected.slice(-BUTTONS),
    ...(current === undefined ? [] : [current]),
  ]);
  const newest = selected.at(-1);
  const told = shown ?? newest;
  const tipAt = told === undefined ? null : at(told);
  const line = lines.find((one) => one.row === told);
  const tip = (): string => {
    if (told === undefined) return "";
    if (line !== undefined) {
      return `${line.place} · ${className(middle(line.label, 20))} · ${rowName(line, 16)}`;
    }
    const role = roleAt(plane, indexOf(told));
    const { favoured, rival } = start.claim;
    const label = { favoured, rival, other: "another class" }[role];
    return `row ${told}, ${className(middle(lookup(state, told, label).label, 20))}`;
  };
  const notes = remarks(state, plane, {
    before: boundaries.before.length > 0,
    after: boundaries.after.length > 0,
    outside: points.outside,
    absent: lines.length - spots.length,
  });
  return (
    <>
      <p class="aloud">{spoken(plane, spots.length)}</p>
      <div
        ref={root}
        class="plane-plot"
        style={{ width: `${width}px`, height: `${height}px` }}
        onPointerMove={(event) => {
          const i = event.pointerType === "mouse" ? under(event, REACH.support) : null;
          show(i === null ? null : (spots[i]?.line.row ?? null));
        }}
        onPointerLeave={() => show(null)}
        onClick={onClick}
        onKeyDown={onKeyDown}
        onFocusIn={roving.onFocusIn}
        onFocusOut={() => show(null)}
      >
        <canvas ref={canvas} aria-hidden="true" />
        <svg width={width} height={height} aria-hidden="true">
          <Axes g={g} name={plane.x.name} />
          <path class="boundary" d={pathOf(boundaries.before)} />
          <path class="boundary after" d={pathOf(boundaries.after)} />
          <Marks spots={spots} until={until} />
          <g class="target-mark" transform={`translate(${target.x} ${target.y})`}>
            <circle r={TARGET} />
            <path d="M-12 0H-4M4 0H12M0 -12V-4M0 4V12" />
          </g>
          {[...ringed].map((row) => {
            const place = at(row);
            return place && <circle key={row} class="ring" cx={place.x} cy={place.y} r="8" />;
          })}
          <Label box={labels.before} text="before" />
          <Label box={labels.after} text="after" />
          {labels.numbers.map((box, i) => (
            <Label key={i} box={box} text={String(spots[i]?.line.place)} strong />
          ))}
          <Label box={labels.target} text="target" strong />
          {tipAt && (shown !== null || line === undefined) && (
            <Tip g={g} x={tipAt.x} y={tipAt.y} text={tip()} />
          )}
        </svg>
        {spots.length > 0 && (
          <ul aria-label="Supports on the plane">
            {spots.slice(0, BUTTONS).map((spot, i) => (
              <li key={spot.line.row}>
                <button
                  type="button"
                  data-index={i}
                  tabIndex={i === roving.current ? 0 : -1}
                  aria-pressed={selected.includes(spot.line.row)}
                  aria-label={spokenLine(spot.line, state, start.claim)}
                  style={{ left: `${spot.x - 12}px`, top: `${spot.y - 12}px` }}
                  onClick={(event) => {
                    event.stopPropagation();
                    pick(spot.line.row, event);
                  }}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      {notes.length > 0 && <p class="plane-note">{notes.join(" ")}</p>}
      {spots.length > BUTTONS && (
        <p class="aloud">{`The first ${count(BUTTONS)} can be reached here, all in the list.`}</p>
      )}
    </>
  );
}
