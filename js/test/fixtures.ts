/** Small made-up runs that the tests share. */

import type {
  Message,
  Stability,
  Start,
  State,
  Step,
  Tally,
  Verified,
  WhatIf,
} from "../src/protocol.js";
import type { Command } from "../src/protocol.js";
import type { Transport } from "../src/host.js";
import { emptyState } from "../src/state.js";

export function start(change: Partial<Start> = {}): Start {
  return {
    type: "start",
    id: "run-1",
    claim: { favoured: "bad", rival: "good", confidence: 0.61, margin: 0.4473, threshold: 0.5 },
    method: "mfs",
    model: "LogisticRegression in a Pipeline",
    rows: 1200,
    features: 2,
    limit: 720,
    baselines: [],
    display: {
      kind: "table",
      columns: [
        { name: "age", low: 18, high: 80 },
        { name: "job", low: null, high: null },
      ],
      omitted: 0,
    },
    target: {
      name: "test row 1760",
      label: "good",
      item: { kind: "table", values: [40, "clerk"], differs: [] },
    },
    notes: [],
    made: { version: "0.1.0", created: "2026-01-01", seed: 0, data: "abc", packages: {} },
    ...change,
  };
}

export function step(n: number, confidence: number, change: Partial<Step> = {}): Step {
  return {
    n,
    row: 100 + n,
    positive: true,
    confidence,
    margin: Math.log(confidence / (1 - confidence)),
    gap: Math.max(0, confidence - 0.5),
    seconds: n / 10,
    ...change,
  };
}

/** A run with `steps` removals that has flipped at the last and was checked. */
export function finished(steps = 3, change: Partial<State> = {}): State {
  const list = Array.from({ length: steps }, (_, i) =>
    step(i + 1, i + 1 === steps ? 0.497 : 0.61 - (0.1 * (i + 1)) / steps),
  );
  return {
    ...emptyState(),
    start: start(),
    steps: list,
    searched: steps,
    refined: true,
    verified: {
      type: "verified",
      flipped: true,
      label: "good",
      confidence: 0.497,
      irreducible: true,
      put_back: list.map(() => 0.512),
      by: "your pipeline",
      seconds: 0.1,
    },
    bound: { type: "bound", rows: 2, seconds: 0 },
    rankings: [
      {
        method: "influence",
        flips_at: steps + 1,
        tried: steps + 2,
        curve: [
          [0, 0.61],
          [steps + 1, 0.49],
        ],
        positive: [{ row: 101, place: 1, score: 1, change: -0.05 }],
        negative: [],
        seconds: 0.1,
      },
    ],
    end: { type: "end", status: "flipped", reason: "", seconds: 1 },
    rows: Object.fromEntries(
      list.map((s) => [
        String(s.row),
        {
          label: "bad",
          name: null,
          item: { kind: "table", values: [50 + s.n, "nurse"], differs: [0, 1] },
        },
      ]),
    ),
    ...change,
  };
}

/** A run that is still on its way. */
export function running(steps: number, change: Partial<State> = {}): State {
  return {
    ...finished(steps + 1),
    steps: Array.from({ length: steps }, (_, i) => step(i + 1, 0.61 - 0.005 * (i + 1))),
    refined: false,
    verified: null,
    bound: null,
    rankings: [],
    end: null,
    ...change,
  };
}

/** A line whose far end is the test. */
export class TestLine implements Transport {
  sent: Command[] = [];
  #messages = new Set<(message: Message) => void>();
  #closes = new Set<() => void>();

  send(command: Command): void {
    this.sent.push(command);
  }
  onMessage(callback: (message: Message) => void): () => void {
    this.#messages.add(callback);
    return () => this.#messages.delete(callback);
  }
  onClose(callback: () => void): () => void {
    this.#closes.add(callback);
    return () => this.#closes.delete(callback);
  }

  tell(message: Message): void {
    this.#messages.forEach((callback) => callback(message));
  }
  answer(answer: Omit<WhatIf, "type">, seq: number): void {
    this.tell({ schema: "forcing.v1", seq, events: [{ type: "what-if", ...answer }] });
  }
  close(): void {
    this.#closes.forEach((callback) => callback());
  }
  count(type: Command["type"]): number {
    return this.sent.filter((command) => command.type === type).length;
  }
}

/** `of` retrainings, so many of which decide otherwise. */
export function tally(flips: number, of = 11): Tally {
  const confidences = Array.from({ length: of }, (_, i) =>
    i < flips ? 0.49 - 0.005 * i : 0.52 + 0.01 * i,
  );
  return { flips, confidences };
}

export function stability(flips = 0): Stability {
  return { type: "stability", ...tally(flips), leave_out: 0.01, seconds: 2 };
}

/** A finished run of a model whose training does not repeat itself. */
export function noisy(steps = 16, verified: Partial<Verified> = {}): State {
  const state = finished(steps, { stability: stability(), rankings: [], bound: null });
  const lengths = [0, 1, 2, 4, 8, 16, 32, 64, 128].filter((k) => k < steps);
  return {
    ...state,
    steps: state.steps.map((s) => ({ ...s, gap: null })),
    band: [...lengths, steps].map((k) => {
      const mean = 0.61 - (0.125 * k) / steps;
      return [k, mean, mean - 0.02, mean + 0.03];
    }),
    verified: {
      ...state.verified!,
      irreducible: null,
      put_back: [],
      agreement: tally(10),
      control: tally(0),
      sizes: [15, 17],
      note: "row by row is not meant here",
      ...verified,
    },
  };
}

/** A run that ended because retrainings on all rows do not agree. */
export function unstable(): State {
  return finished(0, {
    stability: stability(4),
    refined: false,
    verified: null,
    bound: null,
    rankings: [],
    end: { type: "end", status: "unstable", reason: "4 of 11 decide otherwise.", seconds: 1 },
  });
}
