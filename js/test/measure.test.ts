import { describe, expect, it } from "vitest";
import { rankingLines, supportLines } from "../src/view/rows/lines.js";
import { measure } from "../src/view/rows/measure.js";
import { logOdds } from "../src/view/summary.js";
import { finished, start, step } from "./fixtures.js";

const sure = start({
  claim: {
    favoured: "bad",
    rival: "good",
    confidence: 0.999,
    margin: logOdds(0.999),
    threshold: 0.5,
  },
});

describe("the measure of a list", () => {
  it("is the confidence where that moves", () => {
    const state = finished(3);
    const m = measure(supportLines(state, state.start!), state.start!.claim);
    expect(m.unit).toBe("confidence");
    expect(m.text(supportLines(state, state.start!)[0]!)).toBe("−3.3");
  });

  it("is the log-odds where the confidence is saturated", () => {
    const state = finished(2, { start: sure, steps: [step(1, 0.998), step(2, 0.49)] });
    const lines = supportLines(state, sure);
    const m = measure(lines, sure.claim);
    expect(m.unit).toBe("log-odds");
    expect(m.text(lines[0]!)).toBe("−0.69");
  });

  it("tells small changes of the log-odds apart", () => {
    const from = sure.claim.margin;
    const steps = [
      step(1, 0.999, { margin: from - 0.013 }),
      step(2, 0.999, { margin: from - 0.0151 }),
    ];
    const lines = supportLines(finished(2, { start: sure, steps }), sure);
    const m = measure(lines, sure.claim);
    expect(lines.map(m.text)).toEqual(["−0.013", "−0.002"]);
  });

  it("is the prediction of a regression, which may rise where the confidence falls", () => {
    const claim = {
      ...{ favoured: "below 5", rival: "above 5", confidence: 0.6, margin: 2, threshold: 0.5 },
      ...{ cut: 5, prediction: 3 },
    };
    const state = finished(1, {
      start: start({ claim }),
      steps: [step(1, 1 / (1 + Math.exp(0.5 * logOdds(0.6))), { margin: -1 })],
    });
    const lines = supportLines(state, state.start!);
    const m = measure(lines, claim);
    expect([m.unit, m.text(lines[0]!)]).toEqual(["prediction", "+3.00"]);
    expect(m.of(lines[0]!)).toBeCloseTo(-1.5 * logOdds(0.6));
  });

  it("takes a baseline's from its curve, and says where there is none", () => {
    const state = finished(2, { start: sure });
    const ranking = {
      ...state.rankings[0]!,
      curve: [[0, 0.999] as [number, number], [1, 0.998] as [number, number]],
      positive: [
        { row: 1, place: 1, score: 1, change: -0.001 },
        { row: 2, place: 9, score: 1, change: null },
      ],
    };
    const lines = rankingLines(state, sure, ranking);
    const m = measure(lines, sure.claim);
    expect(lines.map(m.text)).toEqual(["−0.69", "–"]);
  });
});
