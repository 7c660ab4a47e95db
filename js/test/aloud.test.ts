/** What is heard, and how often. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { State } from "../src/protocol.js";
import { aloud } from "../src/view/sentence.js";
import { TestLine, finished, running, start, step } from "./fixtures.js";
import { draw, text } from "./page.js";

const heard = (shadow: ShadowRoot): string =>
  text(shadow.querySelector('.aloud[aria-live="polite"]'));

describe("the live region", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function tell(line: TestLine, seq: number, state: State): Promise<void> {
    line.tell({ schema: "forcing.v1", seq, state });
    await vi.advanceTimersByTimeAsync(50);
  }

  it("keeps its word for seconds while a run streams, and says the end at once", async () => {
    const line = new TestLine();
    const shadow = draw(running(1), line);
    await tell(line, 1, running(1));
    expect(heard(shadow)).toContain("without 1 of 1200 training rows");
    const said = new Set<string>();
    for (let steps = 2; steps <= 30; steps++) {
      await tell(line, steps, running(steps));
      await vi.advanceTimersByTimeAsync(150);
      said.add(heard(shadow));
    }
    // 29 steps in about six seconds.
    expect(said.size).toBeLessThanOrEqual(3);
    expect(said.size).toBeGreaterThan(1);

    await tell(line, 40, finished(31));
    expect(heard(shadow)).toContain("stands on 31 of 1200 training rows. Retrained without them");
  });

  it("says that the kernel is gone", async () => {
    const line = new TestLine();
    const shadow = draw(running(2), line);
    line.close();
    await vi.advanceTimersByTimeAsync(50);
    expect(heard(shadow)).toContain("Stopped: the kernel can no longer be reached.");
  });
});

describe("names that are drawn shortened", () => {
  const long = "a class with a name that goes on and on, as some do";
  const state = finished(3, { start: start({ claim: { ...start().claim, favoured: long } }) });

  it("are heard in full, and are there on the screen", () => {
    expect(aloud(state, false)).toContain("A class with a name that goes on and on, as some do");
    const name = draw(state).querySelector(".headline .class.favoured");
    expect(text(name)).toContain("…");
    expect(name?.getAttribute("title")).toBe(`A${long.slice(1)}`);
  });
});

describe("the largest move of a robust decision", () => {
  const checks = (state: State): string => text(draw(state).querySelector(".checks"));

  it("is in points", () => {
    expect(checks(finished(325))).toContain("No single removal moves it by more than 1.3 points");
  });

  it("of a regression is in the unit of its prediction", () => {
    const claim = {
      ...{ favoured: "above 170", rival: "below 170", confidence: 0.75, margin: 11 },
      ...{ threshold: 0.5, cut: 170, prediction: 181 },
    };
    // From 181 to 170 in log-odds is log 3; a tenth of that is 1.1.
    const steps = Array.from({ length: 110 }, (_, i) => {
      const odds = Math.log(3) * (1 - (i < 10 ? (i + 1) / 10 : 1.0001 + i / 1e4));
      return step(i + 1, 1 / (1 + Math.exp(-odds)));
    });
    const said = checks(finished(110, { start: start({ claim }), steps }));
    expect(said).toContain("No single removal moves the prediction by more than 1.1");
    expect(said).not.toContain("points");
  });
});
