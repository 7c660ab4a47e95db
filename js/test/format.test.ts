import { describe, expect, it } from "vitest";
import * as format from "../src/format.js";

const plain = (text: string): string => text.replaceAll("\u202f", " ");

describe("percent", () => {
  it.each([
    [0.61, "61 %"],
    [0.615, "62 %"],
    [0.8, "80 %"],
    [0.52, "52 %"],
    [0.519, "51.9 %"],
    [0.503, "50.3 %"],
    [0.497, "49.7 %"],
    [0.5001, "50.01 %"],
    [0.50001, "50.01 %"],
    [0.49999, "49.99 %"],
    [0.5, "50.00 %"],
    [0.4996, "49.96 %"],
    [0.5005, "50.1 %"],
    [0, "0 %"],
    [1, "100 %"],
    [0.996, "99.6 %"],
    [0.9997, "99.97 %"],
    [0.99999, "99.999 %"],
    [0.9999999, "> 99.999 %"],
    [0.002, "0.2 %"],
    [0.0003, "0.03 %"],
    [0.0000001, "< 0.001 %"],
  ])("writes %d as %s", (p, text) => {
    expect(plain(format.percent(p))).toBe(text);
  });

  it("keeps to the side of any threshold", () => {
    expect(plain(format.percent(0.3, 0, 0.3))).toBe("30.00 %");
    expect(plain(format.percent(0.30001, 0, 0.3))).toBe("30.01 %");
    expect(plain(format.percent(0.5, 0, 0.3))).toBe("50 %");
    for (let i = 0; i <= 2000; i++) {
      const p = i / 2000;
      for (const edge of [0.5, 0.3, 0.725]) {
        const shown = Number(format.percentDigits(p, 0, edge).replace(/[<> ]/g, ""));
        if (p > edge) expect(shown).toBeGreaterThan(100 * edge);
        if (p < edge) expect(shown).toBeLessThan(100 * edge);
      }
    }
  });

  it("shows more digits where asked", () => {
    expect(plain(format.percent(0.68, 1))).toBe("68.0 %");
  });
});

describe("numbers", () => {
  it.each([
    [7, "7"],
    [1200, "1 200"],
    [7896, "7 896"],
    [1234567, "1 234 567"],
    [-1200, "−1 200"],
  ])("counts %d as %s", (n, text) => {
    expect(plain(format.count(n))).toBe(text);
  });

  it.each([
    [-0.016, 1, "−1.6"],
    [0.002, 1, "+0.2"],
    [-0.0004, 1, "0.0"],
    [0, 1, "0.0"],
    [-0.0011, 2, "−0.11"],
  ])("writes a change of %d at %d digits as %s", (change, digits, text) => {
    expect(format.points(change, digits)).toBe(text);
  });

  it("takes the digits that a list needs", () => {
    expect(format.pointDigits([-0.016, -0.001])).toBe(1);
    expect(format.pointDigits([-0.0016, -0.0001])).toBe(2);
  });

  it.each([
    [null, "missing"],
    ["", "empty"],
    ["68", "68"],
    [0, "0"],
    [-0.00001, "−1.0e-5"],
    [27.9123, "27.9"],
    [-3, "−3"],
    [12345, "12 345"],
    [0.004770001, "0.0048"],
  ])("writes the value %j as %s", (v, text) => {
    expect(plain(format.value(v))).toBe(text);
  });
});

describe("words", () => {
  it("keeps both ends of a long name", () => {
    expect(format.middle("MSinceMostRecentInqexcl7days", 22)).toBe("MSinceMostR…qexcl7days");
    expect(format.middle("short", 22)).toBe("short");
    expect(Array.from(format.middle("🙂".repeat(30), 11))).toHaveLength(11);
  });

  it.each([
    [1, "first"],
    [12, "twelfth"],
    [13, "13th"],
    [21, "21st"],
    [112, "112th"],
    [103, "103rd"],
  ])("says %d as %s", (n, text) => {
    expect(format.ordinal(n)).toBe(text);
  });

  it("lists", () => {
    expect(format.listed(["117"])).toBe("117");
    expect(format.listed(["1", "2", "3"])).toBe("1, 2 and 3");
  });

  it("names classes", () => {
    expect(format.className("1")).toBe("class 1");
    expect(format.className("True")).toBe("class True");
    expect(format.className("cat")).toBe("cat");
  });

  it("capitalises words, not names", () => {
    expect(format.capital("bad credit")).toBe("Bad credit");
    expect(format.capital("iPhone")).toBe("iPhone");
    expect(format.capital("x1")).toBe("x1");
  });
});
