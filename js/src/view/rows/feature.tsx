/** One feature of a row beside the target's: a strip for numbers, words for the rest. */

import type { JSX } from "preact";
import { middle, value } from "../../format.js";
import type { Column, Value } from "../../protocol.js";
import { Mark } from "../shapes.js";
import type { Role } from "../shapes.js";
import { along, numeric } from "./columns.js";

const WIDTH = 44;
const HEIGHT = 14;
const EDGE = 5;

export function Strip(props: {
  column: Column;
  role: Role;
  own: number;
  target: number | null;
  /** Of several rows, whose middle is `own`: where most of them lie. */
  spread?: readonly [low: number, high: number];
}): JSX.Element {
  const { column, role, spread } = props;
  const at = (x: number): number => EDGE + along(x, column) * (WIDTH - 2 * EDGE);
  const own = at(props.own);
  const target = props.target === null ? null : at(props.target);
  const middleLine = HEIGHT / 2;
  return (
    <svg class="strip" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path class="rail" d={`M2 ${middleLine}H${WIDTH - 2}`} />
      {spread && (
        <path class={`spread ${role}`} d={`M${at(spread[0])} ${middleLine}H${at(spread[1])}`} />
      )}
      {target !== null && (
        <>
          {!spread && (
            <path
              class="distance"
              d={`M${Math.min(own, target)} ${middleLine}H${Math.max(own, target)}`}
            />
          )}
          <path class="target-bar" d={`M${target} 0.5V${HEIGHT - 0.5}`} />
        </>
      )}
      <Mark role={role} x={own} y={middleLine} size={4} />
    </svg>
  );
}

/** A row's and the target's place on a strip; null where the column is one of words. */
export function standing(
  own: Value,
  aim: Value,
  column: Column,
): readonly [own: number, target: number | null] | null {
  const number = numeric(own, column);
  return number === null ? null : [number, numeric(aim, column)];
}

export function Feature(props: {
  column: Column;
  own: Value | undefined;
  target: Value | undefined;
  role: Role;
  /** False where the header says the name and the target's value once for the list. */
  named: boolean;
  /** Of several rows, whose middle is `own`: where most of them lie. */
  spread?: readonly [low: number, high: number];
}): JSX.Element {
  const { column, role, named, spread } = props;
  const own = props.own ?? null;
  const target = props.target ?? null;
  const ownNumber = numeric(own, column);
  const targetNumber = numeric(target, column);
  const same = own === target && spread === undefined;
  return (
    <span class={named ? "feature" : "feature unnamed"} title={column.name}>
      {named && <span class="feature-name">{middle(column.name, 28)}</span>}
      <span class="feature-value">
        {ownNumber !== null && (
          <Strip
            column={column}
            role={role}
            own={ownNumber}
            target={targetNumber}
            {...(spread && { spread })}
          />
        )}
        <span class={ownNumber === null ? "pair" : "pair numbers"}>
          <b>{value(own, 18)}</b>
          {(named || same) && (
            <span class="versus">{same ? "as target" : `vs ${value(target, 18)}`}</span>
          )}
        </span>
      </span>
    </span>
  );
}
