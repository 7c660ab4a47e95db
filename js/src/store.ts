/**
 * One run as its views see it: the state, the line to the kernel, the pictures.
 * Owned by a view, or by a widget model that has several views.
 */

import type { Host, Loss, Transport } from "./host.js";
import { Pictures } from "./pictures.js";
import type { Bundle, Command, Message, PlaneEvent, State, WhatIf } from "./protocol.js";
import { emptyState, reduce } from "./state.js";
import type { Feed } from "./state.js";

/** A lost `sync` or answer is asked for again after this long, and then ever less often. */
const SYNC_AGAIN_MS = 2000;
const SYNC_LEAST_MS = 30_000;
/** Questions without an answer after which a reader is told. */
const SILENT_AFTER = 2;
/** A run that says nothing for this long is asked whether it is still there. */
const PULSE_MS = 5000;
/** More selections than this on their way and back are forgotten. */
const MOST_ECHOES = 32;

/** What answers a question of one view and is no part of the state. */
export type Answer = WhatIf | PlaneEvent;

export class Store {
  readonly pictures: Pictures;
  #feed: Feed;
  #live: Transport | null = null;
  #listeners = new Set<() => void>();
  #answers = new Set<(answer: Answer) => void>();
  #pages: ((page: string | null) => void)[] = [];
  #bundles: ((bundle: Bundle | null) => void)[] = [];
  #selected: readonly number[] = [];
  /** What this store picked and the kernel has not told back yet, in order. */
  #echoes: (readonly number[])[] = [];
  #borrowed: boolean;
  #makePage: Host["makePage"] | null;
  #detach: (() => void)[] = [];
  #syncing: ReturnType<typeof setTimeout> | null = null;
  #asked = 0;
  #silent = false;
  #pulse: ReturnType<typeof setTimeout> | null = null;
  #loss: Loss = "gone";
  // Two clients of one kernel must not take each other's answers for theirs.
  #request = Math.floor(Math.random() * 2 ** 31);

  /** `pictures`: those of another store, which keeps them. */
  constructor(host: Host, pictures?: Pictures) {
    this.#borrowed = pictures !== undefined;
    this.#feed = { state: host.state ?? emptyState(), seq: null, behind: false };
    this.#makePage = host.makePage ?? null;
    this.pictures = pictures ?? new Pictures((ids) => this.send({ type: "images", ids }));
    this.setLive(host.live);
  }

  get state(): State {
    return this.#feed.state;
  }

  get live(): boolean {
    return this.#live !== null;
  }

  /** Whether the kernel leaves questions unanswered: it is busy, or out of reach for a while. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Why there is no line any more, where there was one. */
  get loss(): Loss {
    return this.#loss;
  }

  /** Positions of the training rows that are picked, the newest last. */
  get selected(): readonly number[] {
    return this.#selected;
  }

  /** Picks rows in all views of this store, and tells the kernel. */
  select(rows: readonly number[]): void {
    if (same(rows, this.#selected)) return;
    this.#selected = rows;
    this.#expect(rows);
    this.send({ type: "select", rows: [...rows] });
    this.#tell();
  }

  /** As `select`, for what came from the host, which tells the kernel itself. */
  showSelected(rows: readonly number[]): void {
    if (same(rows, this.#selected)) return;
    this.#selected = rows;
    this.#expect(rows);
    this.#tell();
  }

  /** The state as it is now, in a store without a line that has the same pictures. */
  copy(): Store {
    return new Store({ state: { ...this.state, targets: null }, live: null }, this.pictures);
  }

  /** As `setLive`, for a host that was given another state of the run that it shows. */
  setState(state: State): void {
    this.#feed = { ...this.#feed, state };
    this.#tell();
  }

  setLive(live: Transport | null): void {
    if (live === this.#live) return;
    this.#hangUp();
    this.#live = live;
    if (live !== null) {
      this.#detach.push(live.onMessage((message) => this.#receive(message)));
      const off = live.onClose?.((why = "gone") => {
        this.#loss = why;
        this.setLive(null);
      });
      if (off) this.#detach.push(off);
      // A new line may count its messages anew.
      this.#feed = { ...this.#feed, seq: null };
      this.#sync();
    }
    this.pictures.setOpen(live !== null);
    this.#tell();
  }

  send(command: Command): void {
    this.#live?.send(command);
    // The event comes at once, but the button must not wait.
    if (command.type === "pause") this.#setPaused(true);
    if (command.type === "resume" || command.type === "cancel") this.#setPaused(false);
  }

  /** Asks for the decision without the rows `out`; returns the number of the question. */
  ask(out: number[]): number {
    this.#request += 1;
    this.send({ type: "what-if", request: this.#request, out });
    return this.#request;
  }

  /** Asks for the plane of two features, or of principal components; returns its number. */
  askPlane(x: number | null, y: number | null): number {
    this.#request += 1;
    this.send({ type: "plane", request: this.#request, x, y });
    return this.#request;
  }

  /** Whether somebody can make the explanation a page. */
  get hasPage(): boolean {
    return this.#live !== null || this.#makePage !== null;
  }

  /** The explanation as one HTML file; null where nobody can make it. */
  page(): Promise<string | null> {
    if (this.#live === null) return this.#makePage?.(this.state) ?? Promise.resolve(null);
    return new Promise((resolve) => {
      this.#pages.push(resolve);
      this.send({ type: "page" });
    });
  }

  /** What the kernel would have this run's output become; null where it stays as it is. */
  saved(): Promise<Bundle | null> {
    if (this.#live === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#bundles.push(resolve);
      this.send({ type: "saved" });
    });
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onAnswer(listener: (answer: Answer) => void): () => void {
    this.#answers.add(listener);
    return () => this.#answers.delete(listener);
  }

  dispose(): void {
    this.#hangUp();
    this.#live = null;
    this.#listeners.clear();
    this.#answers.clear();
    if (!this.#borrowed) this.pictures.dispose();
  }

  #receive(message: Message): void {
    this.#heard();
    if ("images" in message) {
      this.pictures.receive(message.images, message.buffers);
      return;
    }
    if ("page" in message) {
      for (const resolve of this.#pages.splice(0)) resolve(message.page);
      return;
    }
    if ("saved" in message) {
      for (const resolve of this.#bundles.splice(0)) resolve(message.saved);
      return;
    }
    if ("events" in message) {
      for (const event of message.events) {
        if (event.type === "what-if" || event.type === "plane") {
          this.#answers.forEach((listener) => listener(event));
        }
        if (event.type === "selected") this.#hearSelected(event.rows);
      }
    }
    this.#feed = reduce(this.#feed, message);
    if (this.#feed.behind) this.#sync();
    else if (this.#feed.seq !== null) this.#stopSyncing();
    this.#tell();
  }

  #expect(rows: readonly number[]): void {
    if (this.#live !== null) this.#echoes = [...this.#echoes, rows].slice(-MOST_ECHOES);
  }

  /** What comes back late must not undo what was picked since. */
  #hearSelected(rows: readonly number[]): void {
    const at = this.#echoes.findIndex((echo) => same(echo, rows));
    if (at < 0) this.#selected = rows;
    this.#echoes = at < 0 ? [] : this.#echoes.slice(at + 1);
  }

  /** At most one request is out at a time. */
  #sync(): void {
    if (this.#syncing !== null || this.#live === null) return;
    this.#live.send({ type: "sync" });
    const wait = Math.min(SYNC_LEAST_MS, SYNC_AGAIN_MS * 2 ** this.#asked);
    this.#asked += 1;
    this.#syncing = setTimeout(() => {
      this.#syncing = null;
      if (this.#asked >= SILENT_AFTER && !this.#silent) {
        this.#silent = true;
        this.#tell();
      }
      this.#sync();
    }, wait);
  }

  #stopSyncing(): void {
    if (this.#syncing !== null) clearTimeout(this.#syncing);
    this.#syncing = null;
    this.#asked = 0;
  }

  /** Someone is there; while a run goes on, silence from now on is worth a question. */
  #heard(): void {
    this.#silent = false;
    if (this.#pulse !== null) clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => {
      this.#pulse = null;
      if (this.state.end === null) this.#sync();
    }, PULSE_MS);
  }

  #setPaused(paused: boolean): void {
    if (this.state.end !== null || this.state.paused === paused) return;
    this.#feed = { ...this.#feed, state: { ...this.state, paused } };
    this.#tell();
  }

  #hangUp(): void {
    this.#stopSyncing();
    if (this.#pulse !== null) clearTimeout(this.#pulse);
    this.#pulse = null;
    this.#silent = false;
    for (const resolve of [...this.#pages.splice(0), ...this.#bundles.splice(0)]) resolve(null);
    for (const off of this.#detach.splice(0)) off();
  }

  #tell(): void {
    this.#listeners.forEach((listener) => listener());
  }
}

export function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}
