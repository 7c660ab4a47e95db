/**
 * What the screen says of states, for a test on the kernel's side: reads
 * `[{"state": ..., "live": true}, ...]` from standard input and writes, for each, the
 * headline, the whole answer and what a reader hears.
 */

import { readFileSync } from "node:fs";
import { parseState } from "../src/guards.js";
import { aloud, answer, sentences, spoken } from "../src/view/sentence.js";

const input = JSON.parse(readFileSync(0, "utf8")) as { state: unknown; live: boolean }[];
const said = input.map(({ state: raw, live }) => {
  const state = parseState(raw);
  if (state === null) throw new Error(`no state of this schema: ${JSON.stringify(raw)}`);
  return [spoken(sentences(state, live)), answer(state, live), aloud(state, live)];
});
process.stdout.write(JSON.stringify(said));
