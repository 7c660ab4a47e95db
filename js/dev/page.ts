/**
 * One state in one host: `?state=table&theme=dark`, and `&live` for a kernel
 * that answers every question with the rival's defeat.
 */

import type { Transport } from "../src/host.js";
import { parseComparison, parseState } from "../src/protocol.js";
import type { Message, State } from "../src/protocol.js";
import { mount, mountComparison } from "../src/view/index.js";
import {
  alike,
  compared,
  longNames,
  otherSets,
  refitting,
  retrained,
  retraining,
  scattered,
  stopped,
  streaming,
  unconfirmed,
  unstable,
  withPlane,
} from "./variants.js";

const query = new URLSearchParams(location.search);
const name = query.get("state") ?? "table";

const THEMES: Record<string, Record<string, string>> = {
  light: { "--jp-layout-color0": "#ffffff", "--jp-content-font-color0": "#16181b" },
  dark: { "--jp-layout-color0": "#111111", "--jp-content-font-color0": "#f0f1f2" },
};

const VARIANTS: Record<string, { of: string; make: (state: State) => State }> = {
  streaming: { of: "image", make: (state) => streaming(state, 6) },
  "streaming-table": { of: "table", make: (state) => streaming(state, 3) },
  beginning: { of: "table", make: (state) => streaming(state, 0) },
  cancelled: {
    of: "table",
    make: (state) => stopped(state, 4, "cancelled", "Cancelled on request."),
  },
  "cancelled-0": {
    of: "table",
    make: (state) => stopped(state, 0, "cancelled", "Cancelled on request."),
  },
  unflippable: {
    of: "table",
    make: (state) =>
      stopped(state, 5, "unflippable", "Every row that supports the decision was removed."),
  },
  failed: { of: "table", make: (state) => stopped(state, 2, "failed", "Memory ran out.") },
  methods: { of: "table", make: (state) => compared(state, 11) },
  refitting: { of: "table", make: refitting },
  long: { of: "table", make: longNames },
  looking: {
    of: "alternatives",
    make: (state) => otherSets(state, "Searching · step 7", true),
  },
  numbered: {
    of: "planed",
    make: (state) => stopped(state, 9, "cancelled", "Cancelled on request."),
  },
  crowded: { of: "planed", make: (state) => withPlane(state, 100_000) },
  "crowded-robust": { of: "robust", make: (state) => withPlane(state, 4000) },
  retrained: { of: "robust", make: (state) => retrained(state, 160) },
  "retrained-few": { of: "table", make: (state) => retrained(state, 37, { candidates: 2 }) },
  "retrained-text": { of: "text", make: (state) => alike(state, 8) },
  "retrained-image": { of: "image", make: (state) => retrained(state, 30) },
  unconfirmed: { of: "table", make: (state) => unconfirmed(state, 37) },
  retraining: { of: "table", make: (state) => retraining(state, 37) },
  unstable: { of: "table", make: unstable },
  "unstable-image": { of: "image", make: unstable },
  unasked: { of: "table", make: (state) => state },
  "no-others": {
    of: "table",
    make: (state) => ({
      ...otherSets(state, ""),
      alternatives: {
        sets: [],
        searching: false,
        note: "No other set was found: with rows of this one held in place the decision stays.",
      },
    }),
  },
};

function pretendKernel(state: State): Transport {
  const listeners = new Set<(message: Message) => void>();
  let seq = 1;
  const tell = (message: Message): void => listeners.forEach((listener) => listener(message));
  return {
    send: (command) => {
      if (command.type === "sync") {
        setTimeout(() => tell({ schema: "forcing.v1", seq, state }), 0);
      }
      if (command.type === "explain") {
        // The same explanation under another name, as the kernel would tell it.
        const { target } = command;
        const entry = state.targets?.entries.find((e) => e.target === target);
        if (!state.start || !state.targets || !entry) return;
        const named = { ...state.start.target, name: entry.name };
        const start = { ...state.start, id: entry.name, target: named };
        const targets = { ...state.targets, chosen: target };
        const steps = state.steps.filter((_, i) => i % 3 !== 1);
        seq += 1;
        tell({ schema: "forcing.v1", seq, state: { ...state, start, targets, steps } });
      }
      if (command.type === "plane") {
        const { request, x, y } = command;
        const refused = x !== null && x > 5;
        seq += 1;
        setTimeout(() => {
          const plane = refused ? null : scattered(state, x, y, state.start?.rows ?? 500);
          const note = refused ? "This model takes too long for another plane." : "";
          const events = [{ type: "plane" as const, request, plane, note }];
          tell({ schema: "forcing.v1", seq, events });
        }, 600);
      }
      if (command.type === "what-if" && state.start) {
        const { favoured } = state.start.claim;
        const { request, out } = command;
        const answer = { label: favoured, confidence: 0.531, flipped: false };
        seq += 1;
        setTimeout(() => {
          const events = [{ type: "what-if" as const, request, out, ...answer }];
          tell({ schema: "forcing.v1", seq, events });
        }, 300);
      }
    },
    onMessage: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function main(): Promise<void> {
  const theme = query.get("theme") === "dark" ? "dark" : "light";
  document.body.dataset.jpThemeLight = String(theme === "light");
  for (const [key, value] of Object.entries(THEMES[theme] ?? {})) {
    document.body.style.setProperty(key, value);
  }
  document.body.style.background = THEMES[theme]?.["--jp-layout-color0"] ?? "";
  const variant = VARIANTS[name];
  const response = await fetch(`${variant?.of ?? name}.json`);
  const data: unknown = await response.json();
  const comparison = parseComparison(data);
  const place = document.getElementById("root");
  if (comparison && place) {
    mountComparison(place, comparison);
    return;
  }
  const saved = parseState(data);
  if (saved === null) throw new Error(`${name} is no state of this schema`);
  const state = variant ? variant.make(saved) : saved;
  const root = document.getElementById("root");
  if (root) mount(root, { state, live: query.has("live") ? pretendKernel(state) : null });
}

void main();
