/** The line over the rows of one group: how many, and what they do together. */

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { count, middle } from "../../format.js";
import type { Column } from "../../protocol.js";
import { useView } from "../context.js";
import { isNoisy } from "../summary.js";
import { Shape } from "../shapes.js";
import type { Role } from "../shapes.js";
import type { Group } from "./arrange.js";
import { Feature } from "./feature.js";
import type { Measure } from "./measure.js";
import { profileOf } from "./profile.js";

function Chevron(props: { open: boolean }): JSX.Element {
  return (
    <svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path d={props.open ? "M3.5 6 8 10.5 12.5 6" : "M6 3.5 10.5 8 6 12.5"} />
    </svg>
  );
}

const NONE: readonly Column[] = [];

/** Where the rows of a group lie, beside the target. */
function Profile(props: { group: Group; role: Role; slots: number }): JSX.Element {
  const { start } = useView();
  const { group, role, slots } = props;
  const { display, target } = start;
  const columns = display.kind === "table" ? display.columns : NONE;
  const aims = target.item.kind === "table" ? target.item.values : [];
  const spreads = useMemo(() => profileOf(group.lines, columns, slots), [group, columns, slots]);
  return (
    <span class="content features">
      {spreads.map(({ column: i, low, middle: half, high }) => {
        const column = columns[i];
        return column ? (
          <Feature
            key={i}
            column={column}
            own={half}
            target={aims[i]}
            role={role}
            named
            spread={[low, high]}
          />
        ) : null;
      })}
    </span>
  );
}

export function GroupLine(props: {
  group: Group;
  slots: number;
  index: number;
  tabIndex: number;
  measure: Measure;
  /** The largest sum of all groups: one scale for their bars. */
  largest: number;
}): JSX.Element {
  const { state, start, screen, width, dispatch } = useView();
  const { group, measure } = props;
  const { open } = screen.arrangement;
  const sum = summed(group, measure);
  const role = group.lines[0]?.role ?? "other";
  const alike = group.lines.every((line) => line.role === role);
  const toggle = (): void => {
    const next = group.open ? open.filter((key) => key !== group.key) : [...open, group.key];
    dispatch({ type: "arrange", change: { open: next } });
  };
  const noisy = isNoisy(state);
  const bar = noisy ? null : (
    <span class="bar" aria-hidden="true">
      <span
        class="fill"
        style={{ width: `${((100 * Math.abs(sum)) / props.largest).toFixed(1)}%` }}
      />
    </span>
  );
  const profiled = width === "wide" && start.display.kind === "table";
  return (
    <div role="listitem" class={profiled ? "row group profiled" : "row group"}>
      <button
        type="button"
        data-index={props.index}
        tabIndex={props.tabIndex}
        aria-expanded={group.open}
        onClick={toggle}
      >
        <Chevron open={group.open} />
        {profiled ? (
          <>
            <span class="identity">
              <span class="label">
                {alike && <Shape role={role} />}
                <b>{count(group.lines.length)}</b>
                {group.lines.length === 1 ? "row" : "rows"}
              </span>
              {/* The first of the features says it too, where there is no room for words. */}
              <span class={screen.arrangement.group === "feature" ? "aloud" : "meta clip"}>
                {middle(group.title, 60)}
              </span>
            </span>
            {!noisy && (
              <span class="moved">
                {bar}
                <span class="change">{measure.write(sum)}</span>
              </span>
            )}
            <Profile group={group} role={alike ? role : "other"} slots={props.slots} />
            <span class="tail meta">{!noisy && "together"}</span>
          </>
        ) : (
          <>
            {/* Always a cell: without one the others would move to its place. */}
            <span>{alike && <Shape role={role} />}</span>
            <b>{count(group.lines.length)}</b>
            <span class="clip">{middle(group.title, 60)}</span>
            {bar}
            {!noisy && <span class="change">{`${measure.write(sum)} together`}</span>}
          </>
        )}
      </button>
    </div>
  );
}

export function summed(group: Group, measure: Measure): number {
  return group.lines.reduce((sum, line) => sum + (measure.of(line) ?? 0), 0);
}
