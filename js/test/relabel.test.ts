import { describe, expect, it } from "vitest";
import type { State } from "../src/protocol.js";
import { TestLine, finished, running, start } from "./fixtures.js";
import { draw, text } from "./page.js";

const headline = (shadow: ShadowRoot): string => text(shadow.querySelector(".headline"));
const checks = (shadow: ShadowRoot): string => text(shadow.querySelector(".checks"));

const labels: Partial<State> = { start: start({ method: "relabel" }), bound: null };

describe("a run that changes labels", () => {
  it("says what would be with how many changed", () => {
    const shadow = draw(finished(3, labels));
    expect(headline(shadow)).toBe(
      "Bad (61 %) would be good if 3 of 1 200 training labels were changed. " +
        "Retrained with them changed: good (50.3 %).",
    );
    expect(checks(shadow)).toContain("Irreducible: change any one back and it is bad again");
    expect(headline(draw(finished(1, labels)))).toContain("training labels was changed.");
  });

  it("speaks of labels on its way and at an end without a flip", () => {
    const shadow = draw(running(2, labels), new TestLine());
    expect(headline(shadow)).toContain(
      "is down to 60.0 % with 2 of 1 200 training labels changed.",
    );
    expect(checks(shadow)).not.toContain("Lower bound");
    const end = { type: "end", status: "unflippable", reason: "", seconds: 1 } as const;
    expect(headline(draw(running(2, { ...labels, end })))).toBe(
      "Bad (61 %) cannot be flipped by changing labels. " +
        "Tried with 2 of 1 200 training labels changed.",
    );
  });

  it("offers no put-back, whose answers are about rows that leave", () => {
    const shadow = draw(finished(3, labels), new TestLine());
    const words = [...shadow.querySelectorAll("button")].map((one) => text(one));
    expect(words.filter((word) => /put back|take out/i.test(word))).toEqual([]);
    expect(text(shadow.querySelector(".evidence"))).toContain("training labels changed");
    expect(text(shadow.querySelector(".forcing"))).not.toMatch(/removed|put back/);
  });
});
