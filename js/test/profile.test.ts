import { describe, expect, it } from "vitest";
import type { Column } from "../src/protocol.js";
import type { Line } from "../src/view/rows/lines.js";
import { profileOf } from "../src/view/rows/profile.js";

const columns: Column[] = [
  { name: "age", low: 0, high: 100 },
  { name: "job", low: null, high: null },
  { name: "debt", low: 0, high: 9 },
];
const line = (age: number | null, differs: number[]): Line =>
  ({ item: { kind: "table", values: [age, "nurse", 7], differs } }) as unknown as Line;

describe("the profile of a group", () => {
  it("has the median and the middle 80 % of what most of its rows differ in", () => {
    const lines = Array.from({ length: 11 }, (_, i) => line(90 - i, i < 9 ? [0, 2] : [2, 0]));
    expect(profileOf(lines, columns, 1)).toEqual([{ column: 0, low: 81, middle: 85, high: 89 }]);
    expect(profileOf(lines, columns, 2).map((spread) => spread.column)).toEqual([0, 2]);
  });

  it("leaves out words and what was not measured", () => {
    const lines = [line(null, [1, 0]), line(50, [1, 0]), line(null, [1, 0])];
    expect(profileOf(lines, columns, 2)).toEqual([{ column: 0, low: 50, middle: 50, high: 50 }]);
    expect(profileOf([line(null, [0])], columns, 1)).toEqual([]);
    expect(profileOf([], columns, 3)).toEqual([]);
  });
});
