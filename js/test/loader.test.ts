import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import loader from "../src/widget/loader.js";
import type { AnyModel } from "../src/widget/model.js";

type Callback = (message: unknown) => void;

/** As much of a model as the loader asks. */
function model(values: Record<string, unknown>, shared: Record<string, unknown> | null) {
  const heard = new Set<Callback>();
  const sent: unknown[] = [];
  const any: AnyModel = {
    get: (name) => values[name],
    set: () => undefined,
    send: (content) => sent.push(content),
    on: (_, callback) => heard.add(callback as Callback),
    off: (_, callback) => heard.delete(callback as Callback),
    widget_manager: {
      get_model: () =>
        shared === null
          ? Promise.reject(new Error("no models here"))
          : Promise.resolve({ ...any, get: (name: string) => shared[name] }),
    },
  };
  return { any, sent, heard, say: (message: unknown) => heard.forEach((one) => one(message)) };
}

/** A widget that counts on the page how often it was imported and begun. */
const TEXT = `
  globalThis.imported = (globalThis.imported ?? 0) + 1;
  export default () => ({
    initialize: ({ model }) => { (globalThis.begun ??= []).push(model); return () => undefined; },
    render: ({ el }) => { el.textContent = "drawn"; return () => undefined; },
  });
`;

const page = globalThis as unknown as { imported?: number; begun?: unknown[] };

describe("the loader", () => {
  beforeEach(() => {
    // Node imports no blobs; the text itself as an address is as good.
    vi.stubGlobal(
      "Blob",
      class {
        constructor(public parts: string[]) {}
      },
    );
    URL.createObjectURL = (blob) =>
      `data:text/javascript,${encodeURIComponent((blob as unknown as { parts: string[] }).parts.join(""))}`;
    URL.revokeObjectURL = () => undefined;
    delete page.imported;
    delete page.begun;
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it("imports the bundle that widgets share once", async () => {
    const shared = { text: TEXT, digest: "one" };
    const [first, second] = [
      model({ bundle: "IPY_MODEL_b" }, shared),
      model({ bundle: "IPY_MODEL_b" }, shared),
    ];
    for (const { any } of [first, second]) {
      const widget = loader();
      await widget.initialize({ model: any });
      const el = document.createElement("div");
      widget.render({ el });
      expect(el.textContent).toBe("drawn");
    }
    expect(page.imported).toBe(1);
    expect(page.begun).toEqual([first.any, second.any]);
    expect(first.sent).toEqual([]);
  });

  it("keeps two versions apart", async () => {
    for (const digest of ["two", "three"]) {
      const { any } = model({ bundle: "IPY_MODEL_b" }, { text: `// ${digest}\n${TEXT}`, digest });
      await loader().initialize({ model: any });
    }
    expect(page.imported).toBe(2);
  });

  it("asks a kernel whose host knows no other models, and leaves nothing behind", async () => {
    const { any, sent, heard, say } = model({ bundle: "IPY_MODEL_b" }, null);
    const begun = loader().initialize({ model: any });
    await vi.waitFor(() => expect(sent).toEqual([{ type: "bundle" }]));
    say({ type: "something else" });
    say({ type: "bundle", digest: "four", text: `// four\n${TEXT}` });
    await begun;
    expect(page.begun).toEqual([any]);
    expect(heard.size).toBe(0);
  });

  it("says so where no kernel answers", async () => {
    vi.useFakeTimers();
    const { any, heard } = model({}, null);
    const begun = expect(loader().initialize({ model: any })).rejects.toThrow("run the cell again");
    await vi.advanceTimersByTimeAsync(40_000);
    await begun;
    expect(heard.size).toBe(0);
  });

  it("tries again after a bundle that could not be read", async () => {
    const broken = model({ bundle: "b" }, { text: "this is no module", digest: "five" });
    await expect(loader().initialize({ model: broken.any })).rejects.toThrow();
    const whole = model({ bundle: "b" }, { text: `// five\n${TEXT}`, digest: "five" });
    await loader().initialize({ model: whole.any });
    expect(page.imported).toBe(1);
  });

  it("does not draw before it has begun", () => {
    expect(() => loader().render({ el: document.createElement("div") })).toThrow("initialised");
  });
});
