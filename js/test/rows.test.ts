import { describe, expect, it, vi } from "vitest";
import { TestLine, finished, noisy, start, step, tally } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

describe("rows", () => {
  it("are named for readers", () => {
    const name = button(draw(finished()), "Put back").getAttribute("aria-label");
    expect(name).toBe(
      "Put back: training row 101, label bad, removed first, confidence 61\u202f% to 58\u202f%",
    );
  });

  it("are spoken with the numbers of the screen, also where those stand still", () => {
    const sure = start({ claim: { ...start().claim, confidence: 0.999, margin: 6.9068 } });
    const steps = [step(1, 0.9990000000000001, { margin: 6.5 }), step(2, 0.49)];
    const shadow = draw(finished(2, { start: sure, steps }));
    const name = button(shadow, "Put back").getAttribute("aria-label");
    expect(name).toMatch(/, confidence 99\.9\s%, log-odds −0\.41$/);
  });

  it("are told to the kernel when they are picked, not when the pointer passes", async () => {
    const line = new TestLine();
    const shadow = draw(finished(), line);
    const chosen = (): unknown[] => line.sent.filter((command) => command.type === "select");
    shadow.querySelectorAll(".row[role=listitem]")[0]!.dispatchEvent(new Event("pointerenter"));
    await settle();
    expect(chosen()).toEqual([]);
    button(shadow, "Put back: training row 102").click();
    await settle();
    expect(chosen()).toEqual([{ type: "select", rows: [102] }]);
    expect(text(shadow.querySelector(".row.chosen .meta"))).toContain("row 102");
    const slider = shadow.querySelector<HTMLElement>("[role=slider]")!;
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await settle();
    slider.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    await settle();
    expect(chosen().slice(1)).toEqual([
      { type: "select", rows: [103] },
      { type: "select", rows: [] },
    ]);
    expect(shadow.querySelector(".row.chosen")).toBeNull();
  });

  it("that fly past say who they are, and the rest once the list stands still", async () => {
    const shadow = draw(finished(400));
    const box = shadow.querySelector<HTMLElement>(".rows.scrolls")!;
    const scroll = async (top: number): Promise<void> => {
      box.scrollTop = top;
      box.dispatchEvent(new Event("scroll"));
      await settle();
    };
    const features = (): number => shadow.querySelectorAll(".rows .feature").length;
    // One far jump is a key or a click on the scroll bar: all is drawn.
    await scroll(4_000);
    expect(features()).toBeGreaterThan(0);
    await Promise.all([scroll(6_000), scroll(8_000), scroll(10_000)]);
    expect(features()).toBe(0);
    expect(text(box.querySelector(".row .meta"))).toMatch(/^row \d+$/);
    await vi.waitFor(() => expect(features()).toBeGreaterThan(0));
    expect(text(box)).not.toContain("row 105");
  });

  it("that the kernel cannot refit without are answered with why", async () => {
    const line = new TestLine();
    const shadow = draw(finished(3, { verified: null }), line);
    line.tell({ schema: "forcing.v1", seq: 9, state: finished(3, { verified: null }) });
    button(shadow, "Put back").click();
    await settle();
    const asked = line.sent.filter((command) => command.type === "what-if").at(-1)!;
    const error = "Leaving these rows out leaves one class.";
    line.answer(
      { request: asked.request, out: [], error, label: "bad", confidence: 0.6, flipped: false },
      10,
    );
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain(`With row 101 put back: ${error}`);
    expect(text(shadow.querySelector(".what-if"))).not.toContain("60");
  });

  it("are put back from what was verified, and taken out again", async () => {
    const shadow = draw(finished());
    button(shadow, "Put back").click();
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain("With row 101 put back: bad (51.2 %)");
    button(shadow, "Take out").click();
    await settle();
    expect(shadow.querySelector(".what-if")).toBeNull();
  });

  it("need the kernel for several at once", async () => {
    const shadow = draw(finished());
    button(shadow, "Put back").click();
    button(shadow, "Put back: training row 102").click();
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain("need the running kernel");
  });

  it("are put back by the kernel, and only its latest answer counts", async () => {
    const line = new TestLine();
    const shadow = draw(finished(), line);
    line.tell({ schema: "forcing.v1", seq: 9, state: finished() });
    button(shadow, "Put back").click();
    button(shadow, "Put back: training row 103").click();
    await settle();
    const asked = line.sent.filter((command) => command.type === "what-if").at(-1)!;
    expect(asked).toMatchObject({ out: [102] });
    expect(text(shadow.querySelector(".what-if"))).toContain("refitting");
    const answer = { out: [102], label: "bad", confidence: 0.531, flipped: false };
    line.answer({ ...answer, request: asked.request + 1000 }, 10);
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain("refitting");
    line.answer({ ...answer, request: asked.request }, 11);
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain(
      "With rows 101 and 103 put back: bad (53.1 %)",
    );
    button(shadow, "Undo").click();
    await settle();
    expect(text(shadow.querySelector(".what-if"))).toContain("With row 101 put back: bad (51.2 %)");
    button(shadow, "Undo").click();
    await settle();
    expect(shadow.querySelector(".what-if")).toBeNull();
  });

  it("say how many retrainings decide so, where there were several", async () => {
    const several = async (flips: number, flipped: boolean, classes = 2) => {
      const line = new TestLine();
      const state = { ...noisy(3), start: start({ classes }) };
      const shadow = draw(state, line);
      line.tell({ schema: "forcing.v1", seq: 9, state });
      button(shadow, "Put back").click();
      await settle();
      const { request } = line.sent.filter((command) => command.type === "what-if").at(-1)!;
      const { favoured, rival } = state.start.claim;
      const label = flipped ? rival : favoured;
      const answer = { out: [102, 103], label, confidence: flipped ? 0.48 : 0.53, flipped };
      line.answer({ ...answer, request, tally: tally(flips) }, 10);
      await settle();
      return text(shadow.querySelector(".what-if"));
    };
    expect(await several(10, true)).toContain("put back: 10 of 11 retrainings: good (52");
    expect(await several(3, false)).toContain("put back: 8 of 11 retrainings: bad (53");
    expect(await several(10, true, 3)).toContain(
      "10 of 11 retrainings decide otherwise, the median is good (52",
    );
  });

  it("follow the cursor of the curve", async () => {
    const shadow = draw(finished());
    const slider = shadow.querySelector<HTMLElement>("[role=slider]")!;
    for (const key of ["Home", "ArrowRight", "ArrowRight"]) {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      slider.dispatchEvent(event);
      expect(event.defaultPrevented).toBe(true);
      await settle();
    }
    expect(slider.getAttribute("aria-valuetext")).toMatch(/^2 removed · 54\.3\s%$/);
    expect(text(shadow.querySelector(".row.chosen .meta"))).toContain("row 102");
  });
});
