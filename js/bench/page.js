/**
 * The widget as it is shipped, with a kernel that is part of the page. Whoever measures calls
 * `bench`; what happens is that which a host does: JSON is parsed, the model tells its view.
 */

import widget from "./widget.js";
import { finished, searching } from "./runs.js";

const INTERVAL = 100; // as a session: ten messages a second
const SIDE = 96;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const frame = () => new Promise((done) => requestAnimationFrame(done));

let thumbnail = null;

/** One picture for all rows: what is drawn costs the same, whatever is on it. */
async function picture() {
  if (thumbnail === null) {
    const canvas = new OffscreenCanvas(SIDE, SIDE);
    const context = canvas.getContext("2d");
    const gradient = context.createLinearGradient(0, 0, SIDE, SIDE);
    gradient.addColorStop(0, "#123");
    gradient.addColorStop(1, "#fed");
    context.fillStyle = gradient;
    context.fillRect(0, 0, SIDE, SIDE);
    thumbnail = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  }
  return thumbnail;
}

/** The part of the anywidget contract that the widget uses, and a kernel behind it. */
class Model {
  #listeners = new Map();
  /** JSON that answers `sync`; null while a run streams. */
  whole = null;

  get() {
    return null;
  }
  on(name, callback) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(callback);
  }
  off(name, callback) {
    this.#listeners.get(name)?.delete(callback);
  }
  send(command) {
    if (command.type === "sync" && this.whole !== null) {
      setTimeout(() => this.tell(this.whole), 0);
    }
    if (command.type === "images") void this.#images(command.ids);
  }
  tell(json, buffers = []) {
    this.emit("msg:custom", JSON.parse(json), buffers);
  }
  emit(name, ...what) {
    for (const callback of this.#listeners.get(name) ?? []) callback(...what);
  }
  /** How many callbacks the widget has left on it. */
  get listeners() {
    return [...this.#listeners.values()].reduce((sum, all) => sum + all.size, 0);
  }
  async #images(ids) {
    const bytes = await picture();
    this.tell(
      JSON.stringify({ schema: "forcing.v1", images: ids }),
      ids.map(() => bytes),
    );
  }
}

const open = [];
let made = 0;

/** A view like that of a cell's output; the last opened is the one that is measured. */
function show() {
  const model = new Model();
  const face = widget();
  const end = face.initialize({ model });
  const el = document.createElement("div");
  document.body.append(el);
  const close = face.render({ model, el });
  open.push({ model, el, close, end });
  return model;
}

const shadow = () => open.at(-1).el.shadowRoot;
const cards = () => shadow().querySelectorAll('[role="listitem"]').length;

function dispose() {
  let left = 0;
  for (const view of open.splice(0)) {
    view.close();
    view.end();
    view.el.remove();
    left += view.model.listeners;
  }
  return left;
}

/** Runs `work` between two marks of the trace, with the time of every frame meanwhile. */
async function measured(work) {
  await frame();
  await sleep(300);
  const times = [];
  let on = true;
  const tick = (now) => {
    times.push(now);
    if (on) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  performance.mark("bench-begin");
  await work();
  performance.mark("bench-end");
  on = false;
  return times;
}

/** `per` steps in each message, ten messages a second. */
async function stream(kind, steps, per) {
  const messages = searching(kind, `run-${++made}`, steps, per);
  const model = show();
  return measured(async () => {
    const began = performance.now();
    for (const [i, message] of messages.entries()) {
      await sleep(Math.max(0, began + i * INTERVAL - performance.now()));
      model.tell(message);
    }
    await sleep(INTERVAL);
  });
}

/** A run that has ended, all of its supports in the list. */
async function finish(kind, steps, { live = true } = {}) {
  const model = show();
  model.whole = finished(kind, `run-${++made}`, steps, 1);
  model.tell(model.whole);
  if (!live) model.emit("comm:close");
  await sleep(200);
  // Pictures are compared side by side first; here it is the list that counts.
  shadow().querySelector('[role="tab"]').click();
  await sleep(200);
}

/** From the top of the list to its end, a step at every frame. */
async function scroll(seconds) {
  const list = shadow().querySelector(".rows.scrolls");
  return measured(async () => {
    const began = performance.now();
    const most = list.scrollHeight - list.clientHeight;
    for (let part = 0; part < 1;) {
      await frame();
      part = Math.min(1, (performance.now() - began) / (1000 * seconds));
      list.scrollTop = part * most;
    }
    await sleep(INTERVAL);
  });
}

/** Where the list is, for a wheel. */
function place() {
  const list = shadow().querySelector(".rows.scrolls");
  list.scrollIntoView({ block: "center" });
  const { x, y, width, height } = list.getBoundingClientRect();
  return { x: x + width / 2, y: y + height / 2 };
}

/** The pointer over the curve, there and back, at every frame another place. */
async function hover(seconds) {
  const slider = shadow().querySelector('[role="slider"]');
  slider.scrollIntoView({ block: "center" });
  const { left, width, top, height } = slider.getBoundingClientRect();
  const options = { bubbles: true, pointerType: "mouse", clientY: top + height / 2 };
  return measured(async () => {
    const began = performance.now();
    for (let part = 0; part < 1;) {
      await frame();
      part = Math.min(1, (performance.now() - began) / (1000 * seconds));
      const clientX = left + width * (0.5 - 0.45 * Math.cos(2 * Math.PI * part));
      slider.dispatchEvent(new PointerEvent("pointermove", { ...options, clientX }));
    }
  });
}

/** Milliseconds from the first message to the first card in the page, and to its first frame. */
async function first(kind) {
  const [message] = searching(kind, `run-${++made}`, 1, 1);
  const began = performance.now();
  const model = show();
  model.tell(message);
  for (let i = 0; cards() === 0; i++) await (i < 1000 ? null : frame());
  const drawn = performance.now() - began;
  await frame();
  await frame();
  return [drawn, performance.now() - began];
}

/** One round of a notebook: a run comes, is looked at, and its cell goes. */
async function round(kind, steps) {
  const messages = searching(kind, `run-${++made}`, steps, 10);
  const model = show();
  for (const message of messages) model.tell(message);
  model.whole = finished(kind, `run-${made}`, steps, messages.length);
  model.tell(model.whole);
  await frame();
  const slider = shadow().querySelector('[role="slider"]');
  const at = slider.getBoundingClientRect();
  const options = { bubbles: true, pointerType: "mouse", clientX: at.x + 200, clientY: at.y + 50 };
  slider.dispatchEvent(new PointerEvent("pointermove", options));
  for (const tab of shadow().querySelectorAll('[role="tab"]')) {
    tab.click();
    await frame();
  }
  await sleep(50);
  const drawn = shadow().querySelectorAll("*").length;
  return { drawn, left: dispose() };
}

let release = null;

/** As `measured`, of what happens until `done` is called: a wheel is turned from outside. */
function begin() {
  const times = measured(() => new Promise((done) => (release = done)));
  return { times, done: () => release() };
}

globalThis.bench = { stream, finish, scroll, place, hover, first, round, begin, dispose };
