/** A straight map of numbers to pixels; of d3's scales the part that is needed, which is small. */

export type Span = readonly [from: number, to: number];

/** Where the domain is a point, all of it is the middle of the range. */
export function linear(domain: Span, range: Span): (value: number) => number {
  const [a, b] = domain;
  const [from, to] = range;
  return (value) => from + (b === a ? 0.5 : (value - a) / (b - a)) * (to - from);
}
