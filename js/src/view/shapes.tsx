/** Class roles: always a shape with the colour, never the colour alone. */

import type { JSX } from "preact";
import type { Claim } from "../protocol.js";

export type Role = "favoured" | "rival" | "other";

/** The role of a row's label in this claim; of a regression, whose labels are values, its side. */
export function roleOf(label: string, claim: Claim, positive = label === claim.favoured): Role {
  if (positive) return "favoured";
  return label === claim.rival || typeof claim.cut === "number" ? "rival" : "other";
}

/** Path of a role's shape around the origin. */
export function shapePath(role: Role, size: number): string {
  if (role === "rival") {
    const r = size * 1.22;
    return `M0 ${-r}L${r} 0L0 ${r}L${-r} 0Z`;
  }
  if (role === "other") {
    const r = size * 0.88;
    return `M${-r} ${-r}H${r}V${r}H${-r}Z`;
  }
  return `M${-size} 0A${size} ${size} 0 1 1 ${size} 0A${size} ${size} 0 1 1 ${-size} 0Z`;
}

/** A mark inside another drawing. */
export function Mark(props: { role: Role; x: number; y: number; size: number }): JSX.Element {
  return (
    <path
      class={`mark ${props.role}`}
      d={shapePath(props.role, props.size)}
      transform={`translate(${props.x} ${props.y})`}
    />
  );
}

/** A shape in a line of text. */
export function Shape(props: { role: Role; size?: number }): JSX.Element {
  const size = props.size ?? 10;
  return (
    <svg class="shape" width={size} height={size} viewBox="-6.2 -6.2 12.4 12.4" aria-hidden="true">
      <path class={`mark ${props.role}`} d={shapePath(props.role, 5)} />
    </svg>
  );
}
