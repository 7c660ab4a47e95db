/** What is wrong with a file that should hold an explanation. */

import { SCHEMA, parseState } from "../guards.js";
import type { State } from "../protocol.js";
import { emptyState } from "../state.js";

export type Fault =
  | { kind: "empty" }
  | { kind: "json"; detail: string }
  | { kind: "other" }
  | { kind: "version"; found: string }
  /** The part that is not as it should be; null where more than one is. */
  | { kind: "content"; part: string | null }
  | { kind: "nothing" };

export type Read = { state: State; fault: null } | { state: null; fault: Fault };

/** The one part without which the rest could be read. */
function faultyPart(found: Record<string, unknown>): string | null {
  const blank = emptyState() as unknown as Record<string, unknown>;
  const part = Object.keys(blank).find(
    (key) => parseState({ ...found, [key]: blank[key] }) !== null,
  );
  return part ?? null;
}

export function readFile(text: string): Read {
  const fault = (fault: Fault): Read => ({ state: null, fault });
  if (text.trim() === "") return fault({ kind: "empty" });
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    return fault({ kind: "json", detail: error instanceof Error ? error.message : "" });
  }
  if (typeof found !== "object" || found === null || !("schema" in found)) {
    return fault({ kind: "other" });
  }
  const { schema } = found;
  if (schema !== SCHEMA) {
    const ours = typeof schema === "string" && schema.startsWith("forcing.");
    return fault(ours ? { kind: "version", found: schema } : { kind: "other" });
  }
  const state = parseState(found);
  if (state === null) {
    return fault({ kind: "content", part: faultyPart({ ...found }) });
  }
  return state.start === null ? fault({ kind: "nothing" }) : { state, fault: null };
}
