/** The training rows around the target on two axes, and where the decision changes. */

import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { middle } from "../../format.js";
import type { Axis, Plane as Drawn } from "../../protocol.js";
import { useView } from "../context.js";
import { ChevronIcon, SpinnerIcon } from "../icons.js";
import { useWidth } from "../width.js";
import { choose } from "./geometry.js";
import { Plot } from "./plot.js";
import { usePlanes } from "./use.js";

/** Height beside the curve, whose axis it then shares; in a tab it follows the width. */
const BESIDE = 284;
const WIDEST = 560;
/** Names to choose from: those that tell supports from the other rows come first. */
const MOST_NAMES = 500;

function AxisSelect(props: { plane: Drawn; side: "x" | "y"; title: string }): JSX.Element {
  const { plane, side, title } = props;
  const { wanted, ask } = usePlanes();
  const shown = wanted === null ? plane[side].feature : wanted[side === "x" ? 0 : 1];
  return (
    <label>
      <span>{title}</span>
      <select
        value={shown === null ? "" : String(shown)}
        onChange={({ currentTarget: { value } }) =>
          ask(...choose(plane, side, value === "" ? null : Number(value)))
        }
      >
        <option value="">principal components</option>
        {plane.features.slice(0, MOST_NAMES).map((name, i) => (
          <option key={i} value={String(i)}>
            {middle(name, 40)}
          </option>
        ))}
      </select>
    </label>
  );
}

function nameOf(axis: Axis, length: number): JSX.Element {
  const short = middle(axis.name, length);
  return <span {...(short === axis.name ? {} : { title: axis.name })}>{`${short} ↑`}</span>;
}

function Head(props: { plane: Drawn; beside: boolean; room: number }): JSX.Element {
  const { plane, beside, room } = props;
  const { live } = useView();
  const { wanted } = usePlanes();
  const [open, setOpen] = useState(false);
  const id = useId();
  const able = live && plane.features.length > 1;
  const taken = (able ? 76 : 0) + (beside ? 56 : 0) + (wanted === null ? 0 : 24);
  return (
    <>
      <div class="plane-head">
        {beside && <h3>Plane</h3>}
        {nameOf(plane.y, Math.max(10, Math.floor((room - taken) / 6.6)))}
        {wanted !== null && <SpinnerIcon />}
        {able && (
          <button
            type="button"
            class="plain"
            aria-expanded={open}
            aria-controls={id}
            onClick={() => setOpen(!open)}
          >
            axes
            <ChevronIcon />
          </button>
        )}
      </div>
      {able && (
        <div id={id} class="plane-axes" hidden={!open}>
          {open && (
            <>
              <AxisSelect plane={plane} side="x" title="across" />
              <AxisSelect plane={plane} side="y" title="up" />
            </>
          )}
        </div>
      )}
    </>
  );
}

export function Plane(props: { beside?: boolean }): JSX.Element {
  const { beside = false } = props;
  const { live } = useView();
  const { plane, wanted, note, ask } = usePlanes();
  const box = useRef<HTMLElement>(null);
  const room = Math.min(WIDEST, useWidth(box, beside ? 304 : 480));
  const unasked = plane === null && live && wanted === null && note === "";
  useEffect(() => {
    if (unasked) ask(null, null);
  }, [unasked, ask]);
  const height = beside ? BESIDE : Math.round(Math.min(380, Math.max(260, 0.7 * room)));
  return (
    <section ref={box} class={`plane${wanted === null ? "" : " waits"}`} aria-label="Plane">
      {plane !== null && (
        <>
          <Head plane={plane} beside={beside} room={room} />
          <Plot plane={plane} width={room} height={height} />
        </>
      )}
      {plane === null && wanted !== null && (
        <p class="plane-wait">
          <SpinnerIcon />
          Finding two directions to draw the rows on
        </p>
      )}
      <p class={note === "" ? "aloud" : "refused"} role="status">
        {wanted === null ? note : "Waiting for the plane."}
      </p>
    </section>
  );
}
