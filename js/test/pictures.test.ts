import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Pictures } from "../src/pictures.js";

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47]);

describe("pictures", () => {
  let asked: string[][];
  let pictures: Pictures;

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    pictures = new Pictures((ids) => asked.push(ids));
    pictures.setOpen(true);
  });
  afterEach(() => {
    pictures.dispose();
    vi.useRealTimers();
  });

  it("of one frame are asked for together, and later ones do not wait for the answer", () => {
    pictures.want("a");
    pictures.want("b");
    vi.advanceTimersByTime(100);
    pictures.want("c");
    vi.advanceTimersByTime(100);
    expect(asked).toEqual([["a", "b"], ["c"]]);
  });

  it("that did not come are asked for again, but not for ever", () => {
    pictures.want("a");
    pictures.want("b");
    vi.advanceTimersByTime(100);
    pictures.receive(["b"], [PNG]);
    vi.advanceTimersByTime(100_000);
    expect(asked).toEqual([["a", "b"], ["a"], ["a"], ["a"]]);
    expect(pictures.url("b")).toMatch(/^blob:/);
  });

  it("are asked for once there is someone to ask", () => {
    pictures.setOpen(false);
    pictures.want("a");
    vi.advanceTimersByTime(10_000);
    expect(asked).toEqual([]);
    pictures.setOpen(true);
    vi.advanceTimersByTime(100);
    expect(asked).toEqual([["a"]]);
  });
});
