/** Models of other kinds than two classes with an objective. */

import { describe, expect, it } from "vitest";
import { parseState } from "../src/guards.js";
import { TestLine, finished, running, start } from "./fixtures.js";
import { button, draw, text } from "./page.js";

const headline = (shadow: ShadowRoot): string => text(shadow.querySelector(".headline"));

describe("several classes", () => {
  it("names the one that the confidence is against", () => {
    const several = { start: start({ classes: 3 }) };
    expect(headline(draw(finished(3, several)))).toBe(
      "Bad (61 % against good) stands on 3 of 1 200 training rows. " +
        "Retrained without them: good (50.3 %). At least 2 are needed.",
    );
    expect(headline(draw(running(0, several), new TestLine()))).toContain("Next in line is good.");
  });
});

describe("a regression", () => {
  const claim = {
    ...{ favoured: "above 170", rival: "below 170", confidence: 0.61, margin: 11, threshold: 0.5 },
    ...{ cut: 170, prediction: 181 },
  };
  const state = finished(3, { start: start({ claim, classes: 2 }) });
  state.verified = { ...state.verified!, label: "below 170" };
  for (const row of Object.values(state.rows)) row.label = "value 206";

  it("tells predictions instead of confidence", () => {
    expect(headline(draw(state))).toBe(
      "Above 170 (181) stands on 3 of 1 200 training rows. " +
        "Retrained without them: below 170 (169.7). At least 2 are needed.",
    );
  });

  it("has an axis of predictions", () => {
    const axis = [...draw(state).querySelectorAll(".curve text.axis")].map(text);
    expect(axis).toContain("170");
    expect(axis).toContain("180");
    expect(axis.join(" ")).not.toContain("%");
  });

  it("shows the side of a row whose label is a value", () => {
    const shadow = draw({
      ...state,
      steps: state.steps.map((s, i) => ({ ...s, positive: i < 2 })),
    });
    const labels = [...shadow.querySelectorAll(".list .label")];
    expect(labels.map(text)).toEqual(["value 206", "value 206", "value 206"]);
    expect(labels.map((label) => label.classList.contains("favoured"))).toEqual([
      true,
      true,
      false,
    ]);
    expect(labels[2]?.classList.contains("rival")).toBe(true);
  });
});

describe("a model without an objective", () => {
  it("offers no loss gap and does not claim Algorithm 1", () => {
    const state = finished(3);
    expect(button(draw(state), "Loss gap")).toBeTruthy();
    const shadow = draw({ ...state, steps: state.steps.map((s) => ({ ...s, gap: null })) });
    expect(() => button(shadow, "Loss gap")).toThrow();
    expect(text(shadow.querySelector("footer"))).toContain("Searched without gradients");
  });
});

describe("a label that is changed", () => {
  it("is shown with what it becomes", () => {
    const state = finished(3, { start: start({ method: "relabel" }) });
    const steps = state.steps.map((s) => ({ ...s, becomes: "good" }));
    const labels = draw({ ...state, steps }).querySelectorAll(".list .meta");
    expect([...labels].map(text)).toEqual([101, 102, 103].map((row) => `row ${row} → good`));
  });
});

describe("the guards", () => {
  it("take what was written before a key was added, and refuse a wrong one", () => {
    const state = finished(2);
    expect(parseState(state)).not.toBeNull();
    const ranking = state.rankings[0]!;
    expect(parseState({ ...state, rankings: [{ ...ranking, predicted: 4 }] })).not.toBeNull();
    expect(parseState({ ...state, rankings: [{ ...ranking, predicted: "4" }] })).toBeNull();
    expect(parseState({ ...state, start: { ...state.start, classes: -1 } })).toBeNull();
    expect(parseState({ ...state, steps: [{ ...state.steps[0], becomes: 1 }] })).toBeNull();
  });
});
