import { describe, expect, it, vi } from "vitest";
import type { End, State } from "../src/protocol.js";
import { TestLine, finished, running, start, step } from "./fixtures.js";
import { button, close, draw, settle, text } from "./page.js";

const headline = (shadow: ShadowRoot): string => text(shadow.querySelector(".headline"));
const checks = (shadow: ShadowRoot): string => text(shadow.querySelector(".checks"));

const ended = (status: End["status"], steps: number, reason = ""): State =>
  running(steps, { end: { type: "end", status, reason, seconds: 1 } });

describe("the sentence", () => {
  it("of a finished run", () => {
    const shadow = draw(finished());
    expect(headline(shadow)).toBe(
      "Bad (61 %) stands on 3 of 1 200 training rows. " +
        "Retrained without them: good (50.3 %). At least 2 are needed.",
    );
    expect(checks(shadow)).toContain("Verified by refitting your pipeline");
    expect(checks(shadow)).toContain("Irreducible: put any one back and it is bad again");
    expect(text(shadow.querySelector(".target-line"))).toBe(
      "Test row 1760, labelled good, so the decision is wrong",
    );
  });

  it("of a set that was not checked claims no check", () => {
    const shadow = draw(finished(3, { verified: null }));
    expect(headline(shadow)).toContain("Without them: good (50.3 %)");
    expect(checks(shadow)).toContain("Not checked by refitting");
    expect(shadow.querySelector(".icon.checked")).toBeNull();
  });

  it("leaves out a bound that says nothing", () => {
    const shadow = draw(finished(3, { bound: { type: "bound", rows: 1, seconds: 0 } }));
    expect(text(shadow.querySelector("header"))).not.toContain("At least");
  });

  it("says that a large set is robust", () => {
    const shadow = draw(finished(325));
    expect(headline(shadow)).toContain("is robust: no handful of rows carries it.");
    expect(headline(shadow)).toContain("It takes 325 of 1 200 training rows to reach good");
    expect(checks(shadow)).toContain("No single removal moves it by more than");
    expect(shadow.querySelectorAll(".list .row:not(.header)").length).toBeLessThan(40);
  });

  it.each<[State, string, string]>([
    [ended("unflippable", 2, "All were tried."), "Bad (61 %) cannot be flipped", "All were tried."],
    [ended("cancelled", 2), "was down to 60.0 % without 2 of 1 200", "Stopped at step 2"],
    [ended("cancelled", 0), "stopped before the first training row was removed", "Stopped"],
    [ended("limit", 2, "Most rows."), "was down to 60.0 %", "Stopped at step 2: Most rows."],
    [ended("exited", 2, "Too dear."), "was down to 60.0 %", "Stopped at step 2: Too dear."],
    [ended("failed", 2, "Broken."), "was down to 60.0 %", "Failed at step 2: Broken."],
  ])("of an end without a flip", (state, sentence, check) => {
    const shadow = draw(state);
    expect(headline(shadow)).toContain(sentence);
    expect(checks(shadow)).toContain(check);
    expect(shadow.querySelector(".flip")).toBeNull();
  });

  it("of a run on its way, with its controls", () => {
    const line = new TestLine();
    const shadow = draw(running(2), line);
    expect(headline(shadow)).toContain("Bad (61 %) is down to 60.0 % without 2 of 1 200");
    expect(shadow.querySelectorAll(".check.pending")).toHaveLength(3);
    button(shadow, "Pause").click();
    button(shadow, "Cancel").click();
    expect(line.sent.map((command) => command.type)).toEqual(["sync", "pause", "cancel"]);
  });

  it("of a run whose confidence stands still says how the log-odds move", () => {
    const margin = 16;
    const sure = start({ claim: { ...start().claim, confidence: 1 - 1e-7, margin } });
    const steps = [step(1, 1 - 2e-7, { margin: 15.31 })];
    const shadow = draw(running(1, { start: sure, steps }), new TestLine());
    expect(headline(shadow)).toBe(
      "Bad (> 99.999 %) is still at > 99.999 % without 1 of 1 200 training rows. " +
        "The log-odds went from 16.00 to 15.31.",
    );
  });

  it("of a run whose kernel is gone", async () => {
    const line = new TestLine();
    const shadow = draw(running(2), line);
    line.close();
    await settle();
    expect(checks(shadow)).toContain("Stopped at step 2: the kernel can no longer be reached");
    expect(shadow.querySelector(".spinner")).toBeNull();
    expect(shadow.querySelector(".controls")).toBeNull();
  });

  it("of a run whose kernel does not answer, with nothing that turns", async () => {
    vi.useFakeTimers();
    const line = new TestLine();
    const shadow = draw(running(2), line);
    expect(shadow.querySelector(".spinner")).not.toBeNull();
    await vi.advanceTimersByTimeAsync(7000);
    expect(checks(shadow)).toContain("No answer from the kernel: it is busy or out of reach");
    expect(shadow.querySelector(".spinner")).toBeNull();
    expect(headline(shadow)).toContain("is down to 60.0 %");
    line.tell({ schema: "forcing.v1", seq: 5, state: running(3) });
    await vi.advanceTimersByTimeAsync(50);
    expect(shadow.querySelector(".spinner")).not.toBeNull();
    vi.useRealTimers();
  });

  it("before anything came", () => {
    expect(headline(draw(null, new TestLine()))).toBe("Waiting for the first numbers.");
    close();
    expect(headline(draw(null))).toBe("There is no explanation to show.");
  });
});

describe("data", () => {
  const MARKUP = "<img src=x onerror=alert(1)>";

  it("stays text wherever it stands", () => {
    const state = finished();
    const bad = start({
      claim: { ...start().claim, favoured: MARKUP, rival: `${MARKUP}2` },
      model: MARKUP,
      notes: [MARKUP],
      display: {
        kind: "table",
        columns: [
          { name: MARKUP, low: 0, high: 1 },
          { name: "b", low: null, high: null },
        ],
        omitted: 0,
      },
      target: {
        name: MARKUP,
        label: MARKUP,
        item: { kind: "table", values: [MARKUP], differs: [] },
      },
    });
    const rows = Object.fromEntries(
      Object.entries(state.rows).map(([key]) => [
        key,
        {
          label: MARKUP,
          name: MARKUP,
          item: { kind: "table" as const, values: [MARKUP, MARKUP], differs: [0, 1] },
        },
      ]),
    );
    const shadow = draw({ ...state, start: bad, rows });
    expect(shadow.querySelectorAll("img, script, iframe")).toHaveLength(0);
    expect(shadow.textContent).toContain("<img src=x");
  });

  it("keeps the pictures of the saved form when the kernel sends its state", async () => {
    const image = start({
      display: { kind: "image" },
      target: { name: null, label: null, item: { kind: "image", image: "target" } },
    });
    const ids = ["target", "row:101", "row:102", "row:103"];
    const images = Object.fromEntries(ids.map((id) => [id, "data:image/png;base64,AA=="]));
    const rows = Object.fromEntries(
      [101, 102, 103].map((row) => [
        String(row),
        { label: "bad", name: null, item: { kind: "image" as const, image: `row:${row}` } },
      ]),
    );
    const state = finished(3, { start: image, images, rows });
    const line = new TestLine();
    const shadow = draw(state, line);
    line.tell({ schema: "forcing.v1", seq: 5, state: { ...state, images: {} } });
    await settle();
    // Three in the forcing set, one in the baseline's gallery, and the target.
    expect(shadow.querySelectorAll(".picture img")).toHaveLength(5);
    expect(line.count("images")).toBe(0);
  });

  it("shows only pictures that travel with the state", () => {
    const image = start({
      display: { kind: "image" },
      target: { name: null, label: null, item: { kind: "image", image: "far" } },
    });
    const state = finished(3, {
      start: image,
      images: { far: "https://example.org/x.png", near: "data:image/png;base64,AA==" },
      rows: {
        "101": { label: "bad", name: null, item: { kind: "image", image: "near" } },
        "102": { label: "bad", name: null, item: null },
      },
    });
    const shadow = draw(state);
    const sources = [...shadow.querySelectorAll("img")].map((img) => img.src);
    expect(new Set(sources)).toEqual(new Set(["data:image/png;base64,AA=="]));
  });

  it("that does not fit together draws all the same", () => {
    const state = finished(3, {
      verified: { ...finished().verified!, put_back: [0.5] },
      rows: {
        "101": { label: "bad", name: null, item: { kind: "text", text: "hi", marks: [[9, 2, 7]] } },
        "102": {
          label: "third",
          name: "",
          item: { kind: "table", values: [null], differs: [7, 0, 1] },
        },
      },
    });
    expect(headline(draw(state))).toContain("stands on 3");
  });
});

describe("a host", () => {
  it("may take the view away in mid-run", () => {
    vi.useFakeTimers();
    const line = new TestLine();
    const shadow = draw(running(2), line);
    close();
    vi.advanceTimersByTime(10_000);
    expect(line.count("sync")).toBe(1);
    expect(shadow.childNodes).toHaveLength(0);
    vi.useRealTimers();
  });

  it("may draw twice into one element", () => {
    draw(finished());
    close();
    expect(headline(draw(finished(), null, true))).toContain("stands on 3");
  });

  it("says which colours its ground wants", async () => {
    document.body.dataset.jpThemeLight = "false";
    const shadow = draw(finished());
    expect(shadow.querySelector<HTMLElement>(".stage")?.dataset.tone).toBe("dark");
    document.body.dataset.jpThemeLight = "true";
    await settle();
    expect(shadow.querySelector<HTMLElement>(".stage")?.dataset.tone).toBe("light");
    delete document.body.dataset.jpThemeLight;
  });
});
