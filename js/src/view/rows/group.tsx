/** The line over the rows of one group: how many, and what they do together. */

import type { JSX } from "preact";
import { count, middle } from "../../format.js";
import { useView } from "../context.js";
import { Shape } from "../shapes.js";
import type { Group } from "./arrange.js";
import type { Measure } from "./measure.js";

function Chevron(props: { open: boolean }): JSX.Element {
  return (
    <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d={props.open ? "M3.5 6 8 10.5 12.5 6" : "M6 3.5 10.5 8 6 12.5"} />
    </svg>
  );
}

export function GroupLine(props: {
  group: Group;
  index: number;
  tabIndex: number;
  measure: Measure;
  /** The largest sum of all groups: one scale for their bars. */
  largest: number;
}): JSX.Element {
  const { screen, dispatch } = useView();
  const { group, measure } = props;
  const { open } = screen.arrangement;
  const sum = summed(group, measure);
  const role = group.lines[0]?.role ?? "other";
  const alike = group.lines.every((line) => line.role === role);
  const toggle = (): void => {
    const next = group.open ? open.filter((key) => key !== group.key) : [...open, group.key];
    dispatch({ type: "arrange", change: { open: next } });
  };
  return (
    <div role="listitem" class="row group">
      <button
        type="button"
        data-index={props.index}
        tabIndex={props.tabIndex}
        aria-expanded={group.open}
        onClick={toggle}
      >
        <Chevron open={group.open} />
        {/* Always a cell: without one the others would move to its place. */}
        <span>{alike && <Shape role={role} />}</span>
        <b>{count(group.lines.length)}</b>
        <span class="clip">{middle(group.title, 60)}</span>
        <span class="bar" aria-hidden="true">
          <span
            class="fill"
            style={{ width: `${((100 * Math.abs(sum)) / props.largest).toFixed(1)}%` }}
          />
        </span>
        <span class="change">{`${measure.write(sum)} together`}</span>
      </button>
    </div>
  );
}

export function summed(group: Group, measure: Measure): number {
  return group.lines.reduce((sum, line) => sum + (measure.of(line) ?? 0), 0);
}
