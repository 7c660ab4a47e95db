/**
 * The state that a stream adds up to, for a test on the kernel's side: reads
 * `{"messages": [...]}` from standard input and writes the state as JSON.
 * Bundle it for Node: `esbuild test/roundtrip.ts --bundle --platform=node | node`.
 */

import { readFileSync } from "node:fs";
import { parseMessage } from "../src/guards.js";
import { emptyState, reduce } from "../src/state.js";
import type { Feed } from "../src/state.js";

const input = JSON.parse(readFileSync(0, "utf8")) as { messages: unknown[] };
let feed: Feed = { state: emptyState(), seq: null, behind: false };
for (const raw of input.messages) {
  const message = parseMessage(raw);
  if (message === null) throw new Error(`no message of this schema: ${JSON.stringify(raw)}`);
  if (!("seq" in message)) continue;
  feed = reduce(feed, message);
  if (feed.behind) throw new Error(`a message before number ${message.seq} is missing`);
}
process.stdout.write(JSON.stringify(feed.state));
