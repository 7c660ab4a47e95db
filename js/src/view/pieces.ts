/** What sentences are made of, so that they can be drawn, spoken and tested. */

import { capital, className, middle } from "../format.js";

export type Role = "favoured" | "rival";

export type Piece =
  | { kind: "text"; text: string }
  | { kind: "strong"; text: string }
  | { kind: "quiet"; text: string }
  /** A count and what is counted: one line as long as there is room for it. */
  | { kind: "amount"; text: string; noun: string }
  /** `name` is the whole of a name that is drawn shortened. */
  | { kind: "class"; role: Role; text: string; name: string };

export type Sentence = Piece[];

export const text = (words: string): Piece => ({ kind: "text", text: words });
export const strong = (words: string): Piece => ({ kind: "strong", text: words });
export const amount = (of: string, noun: string): Piece => ({ kind: "amount", text: of, noun });
export const quiet = (words: string): Piece => ({ kind: "quiet", text: words });

/** Longer names would push the count off the first line. */
const NAME = 40;

export function klass(role: Role, label: string, first: boolean): Piece {
  const whole = className(label);
  const name = first ? capital(whole) : whole;
  return { kind: "class", role, text: middle(name, NAME), name };
}

export function them(size: number): string {
  return size === 1 ? "it" : "them";
}
