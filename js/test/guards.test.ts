import { describe, expect, it } from "vitest";
import { parseHello, parseMessage, parseState } from "../src/protocol.js";
import { finished, noisy, stability, start, step, unstable } from "./fixtures.js";

const SCHEMA = "forcing.v1";

/** A generator of its own, so that a failure can be run again. */
function random(seed: number): () => number {
  let x = seed;
  return () => {
    x = (x * 1664525 + 1013904223) % 2 ** 32;
    return x / 2 ** 32;
  };
}

const ODD: unknown[] = [null, true, -1, 0.5, Infinity, "", "__proto__", [], {}, [[]], { a: null }];

/** The payload with one value somewhere replaced, dropped or added. */
function mutate(payload: unknown, next: () => number): unknown {
  const copy = structuredClone(payload);
  let at: unknown = copy;
  for (;;) {
    if (typeof at !== "object" || at === null) return copy;
    const keys = Object.keys(at);
    const key = keys[Math.floor(next() * keys.length)];
    const place = at as Record<string, unknown>;
    if (key === undefined || next() < 0.25) {
      const odd = ODD[Math.floor(next() * ODD.length)];
      if (key === undefined || next() < 0.1) place.later = odd;
      else if (next() < 0.3) Reflect.deleteProperty(place, key);
      else place[key] = odd;
      return copy;
    }
    at = place[key];
  }
}

describe("parseState", () => {
  it("takes a state as it is", () => {
    const state = finished();
    expect(parseState(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  it("takes fields of later versions", () => {
    expect(parseState({ ...finished(), later: 1 })).not.toBeNull();
  });

  it("takes what retrainings say, and files from before", () => {
    for (const state of [noisy(), unstable()]) {
      expect(parseState(JSON.parse(JSON.stringify(state)))).toEqual(state);
    }
    const before: Record<string, unknown> = { ...finished() };
    delete before.stability;
    delete before.band;
    expect(parseState(before)).toMatchObject({ stability: null, band: [] });
  });

  it.each<[string, Record<string, unknown>]>([
    ["no retrainings", { stability: { ...stability(), flips: 0, confidences: [] } }],
    ["more flips than retrainings", { stability: { ...stability(), flips: 12 } }],
    ["a band without its spread", { band: [[1, 0.5, 0.4]] }],
    ["a band of parts of rows", { band: [[1.5, 0.5, 0.4, 0.6]] }],
    ["a tally that is none", { verified: { ...finished().verified, agreement: { flips: 1 } } }],
    ["one size of two", { verified: { ...finished().verified, sizes: [3] } }],
    ["a run that is once a text", { start: { ...start(), one_run: "yes" } }],
  ])("refuses %s", (_, change) => {
    expect(parseState({ ...finished(), ...change })).toBeNull();
  });

  it("refuses another schema", () => {
    expect(parseState({ ...finished(), schema: "forcing.v2" })).toBeNull();
  });

  it.each(ODD)("refuses %j", (x) => {
    expect(parseState(x)).toBeNull();
  });

  it("never throws, whatever was changed", () => {
    const next = random(1);
    for (let i = 0; i < 3000; i++) {
      let payload: unknown = finished();
      for (let j = 0; j < 1 + Math.floor(3 * next()); j++) payload = mutate(payload, next);
      expect(() => parseState(payload)).not.toThrow();
    }
  });
});

describe("parseMessage", () => {
  const events = [start(), { type: "step", steps: [step(1, 0.6)], rows: {} }];

  it("takes events, states and pictures", () => {
    expect(parseMessage({ schema: SCHEMA, seq: 1, events })).toEqual({
      schema: SCHEMA,
      seq: 1,
      events,
    });
    expect(parseMessage({ schema: SCHEMA, seq: 4, state: finished() })).toHaveProperty("state");
    const bytes = new Uint8Array([1]);
    expect(parseMessage({ schema: SCHEMA, images: ["a"] }, [bytes])).toEqual({
      schema: SCHEMA,
      images: ["a"],
      buffers: [bytes],
    });
  });

  it("refuses an answer whose retrainings are not counted right", () => {
    const answer = { type: "what-if", request: 1, out: [1], label: "bad", confidence: 0.5 };
    const told = (tally: unknown): unknown =>
      parseMessage({ schema: SCHEMA, seq: 1, events: [{ ...answer, flipped: false, tally }] });
    expect(told({ flips: 1, confidences: [0.4, 0.6] })).not.toBeNull();
    expect(told(null)).not.toBeNull();
    expect(told({ flips: 3, confidences: [0.4, 0.6] })).toBeNull();
  });

  it("passes over events that it does not know", () => {
    const message = parseMessage({ schema: SCHEMA, seq: 1, events: [{ type: "later" }] });
    expect(message).toEqual({ schema: SCHEMA, seq: 1, events: [] });
    for (const type of ["constructor", "__proto__", "toString"]) {
      expect(parseMessage({ schema: SCHEMA, seq: 1, events: [{ type }] })).not.toBeNull();
    }
  });

  it("refuses a known event that is malformed, so that the gap is noticed", () => {
    expect(parseMessage({ schema: SCHEMA, seq: 1, events: [{ type: "bound" }] })).toBeNull();
  });

  it("refuses pictures without their bytes", () => {
    expect(parseMessage({ schema: SCHEMA, images: ["a", "b"] }, [new Uint8Array()])).toBeNull();
  });

  it("never throws, whatever was changed", () => {
    const next = random(2);
    for (let i = 0; i < 3000; i++) {
      const message = mutate({ schema: SCHEMA, seq: 1, events }, next);
      expect(() => parseMessage(message)).not.toThrow();
      expect(() => parseHello(message)).not.toThrow();
    }
  });
});
