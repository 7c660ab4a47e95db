import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import widget from "../src/widget/index.js";
import type { AnyModel, ControlModel } from "../src/widget/model.js";
import { finished, running } from "./fixtures.js";

type Callback = (...args: unknown[]) => void;

/** An ipywidgets model, as far as a widget sees it. */
class TestModel implements ControlModel {
  sent: { type: string }[] = [];
  comm_live = true;
  #callbacks = new Map<string, Set<Callback>>();

  values: Record<string, unknown> = { control: "IPY_MODEL_abc", selected: [] };

  get(name: string): unknown {
    return this.values[name];
  }
  set(name: string, value: unknown): void {
    if (JSON.stringify(value) === JSON.stringify(this.values[name])) return;
    this.values[name] = value;
    this.trigger(`change:${name}`);
  }
  send(content: unknown): void {
    this.sent.push(content as { type: string });
  }
  on(name: string, callback: (...args: never[]) => void): void {
    const all = this.#callbacks.get(name) ?? new Set();
    this.#callbacks.set(name, all.add(callback as Callback));
  }
  off(name: string, callback: (...args: never[]) => void): void {
    this.#callbacks.get(name)?.delete(callback as Callback);
  }
  trigger(name: string, ...args: unknown[]): void {
    this.#callbacks.get(name)?.forEach((callback) => callback(...args));
  }
  listeners(): number {
    return [...this.#callbacks.values()].reduce((n, all) => n + all.size, 0);
  }
  count(type: string): number {
    return this.sent.filter((content) => content.type === type).length;
  }
}

function parts(find: () => Promise<ControlModel>): { model: TestModel; any: AnyModel } {
  const model = new TestModel();
  const any = Object.assign(model, { widget_manager: { get_model: find } });
  return { model, any };
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1);

describe("the widget", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("sends every command on the control model", async () => {
    const control = new TestModel();
    const { model, any } = parts(() => Promise.resolve(control));
    const { initialize } = widget();
    const end = initialize({ model: any });
    await settle();
    expect(control.sent.map((content) => content.type).sort()).toEqual(["hello", "sync"]);
    expect(model.sent).toEqual([]);
    end();
  });

  it("greets until it is answered on a subshell, and not for ever", async () => {
    const control = new TestModel();
    const { any } = parts(() => Promise.resolve(control));
    const end = widget().initialize({ model: any });
    await settle();
    control.trigger("msg:custom", { type: "hello", schema: "forcing.v1", subshell: false });
    await vi.advanceTimersByTimeAsync(1000);
    expect(control.count("hello")).toBe(3);
    control.trigger("msg:custom", { type: "hello", schema: "forcing.v1", subshell: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(control.count("hello")).toBe(3);
    end();

    const silent = new TestModel();
    const end2 = widget().initialize({ model: parts(() => Promise.resolve(silent)).any });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(silent.count("hello")).toBe(20);
    end2();
  });

  it("falls back to its own comm", async () => {
    const { model, any } = parts(() => Promise.reject(new Error("no such model")));
    const end = widget().initialize({ model: any });
    await settle();
    expect(model.count("sync")).toBe(1);
    end();
  });

  it("shares one store among its views, and reads pictures from views of a buffer", async () => {
    const control = new TestModel();
    const { model, any } = parts(() => Promise.resolve(control));
    const { initialize, render } = widget();
    const end = initialize({ model: any });
    const elements = [document.createElement("div"), document.createElement("div")];
    const ends = elements.map((el) => render({ el }));
    model.trigger("msg:custom", { schema: "forcing.v1", seq: 3, state: running(2) }, []);
    await settle();
    for (const el of elements) expect(el.shadowRoot?.textContent).toContain("is down to");
    const bytes = new Uint8Array([0, 0, 0x89, 0x50, 0x4e, 0x47, 0, 0]);
    const picture = new DataView(bytes.buffer, 2, 4);
    const made = vi.spyOn(globalThis, "Blob");
    model.trigger("msg:custom", { schema: "forcing.v1", images: ["a"] }, [picture]);
    expect(made.mock.calls[0]?.[0]).toEqual([bytes.slice(2, 6)]);
    made.mockRestore();
    ends.forEach((stop) => stop());
    end();
  });

  it("keeps the trait and what is picked in its views alike", async () => {
    const control = new TestModel();
    const { model, any } = parts(() => Promise.resolve(control));
    model.values.selected = [102];
    const { initialize, render } = widget();
    const end = initialize({ model: any });
    const el = document.createElement("div");
    const stop = render({ el });
    model.trigger("msg:custom", { schema: "forcing.v1", seq: 3, state: finished() }, []);
    await settle();
    const chosen = (): string => el.shadowRoot?.querySelector(".row.chosen")?.textContent ?? "";
    expect(chosen()).toContain("row 102");
    // A link to another widget sets the trait; who linked it tells the kernel.
    model.set("selected", [101]);
    await settle();
    expect(chosen()).toContain("row 101");
    expect(control.count("select")).toBe(0);
    // A click sets the trait, for links, and tells the kernel once.
    el.shadowRoot?.querySelectorAll<HTMLElement>(".row:not(.header)")[2]?.click();
    await settle();
    expect(model.get("selected")).toEqual([103]);
    expect(control.sent.filter((content) => content.type === "select")).toEqual([
      { type: "select", rows: [103] },
    ]);
    stop();
    end();
  });

  it("leaves no listener behind, and no timer", async () => {
    const control = new TestModel();
    const { model, any } = parts(() => Promise.resolve(control));
    const { initialize, render } = widget();
    const end = initialize({ model: any });
    const stop = render({ el: document.createElement("div") });
    await settle();
    stop();
    end();
    expect(model.listeners() + control.listeners()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says that the kernel speaks another version, and bears a host that refuses to send", async () => {
    const control = new TestModel();
    control.send = () => {
      throw new Error("Kernel is dead");
    };
    const { any } = parts(() => Promise.resolve(control));
    const { initialize, render } = widget();
    const end = initialize({ model: any });
    const el = document.createElement("div");
    const stop = render({ el });
    await settle();
    expect(el.shadowRoot?.textContent).toContain("There is no explanation to show");
    stop();
    end();

    const other = parts(() => Promise.resolve(new TestModel()));
    const second = widget();
    const end2 = second.initialize({ model: other.any });
    const stop2 = second.render({ el });
    other.model.trigger("msg:custom", { schema: "forcing.v1", seq: 3, state: running(2) }, []);
    other.model.trigger("msg:custom", { schema: "forcing.v2", seq: 4, news: [] }, []);
    await settle();
    expect(el.shadowRoot?.textContent).toContain("another version of forcing");
    expect(el.shadowRoot?.textContent).toContain("was down to");
    expect(el.shadowRoot?.querySelector(".spinner")).toBeNull();
    stop2();
    end2();
  });

  it("notices that the kernel has gone", async () => {
    const control = new TestModel();
    const { model, any } = parts(() => Promise.resolve(control));
    const { initialize, render } = widget();
    const end = initialize({ model: any });
    const el = document.createElement("div");
    const stop = render({ el });
    model.trigger("msg:custom", { schema: "forcing.v1", seq: 3, state: running(2) }, []);
    await settle();
    control.comm_live = false;
    control.trigger("comm_live_update");
    await settle();
    expect(el.shadowRoot?.textContent).toContain("the kernel can no longer be reached");
    stop();
    end();
  });
});
