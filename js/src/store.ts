/**
 * One run as its views see it: the state, the line to the kernel, the pictures.
 * Owned by a view, or by a widget model that has several views.
 */

import type { Host, Transport } from "./host.js";
import { Pictures } from "./pictures.js";
import type { Command, Message, PlaneEvent, State, WhatIf } from "./protocol.js";
import { emptyState, reduce } from "./state.js";
import type { Feed } from "./state.js";

/** A lost `sync` or answer is asked for again after this long. */
const SYNC_AGAIN_MS = 2000;

/** What answers a question of one view and is no part of the state. */
export type Answer = WhatIf | PlaneEvent;

export class Store {
  readonly pictures: Pictures;
  #feed: Feed;
  #live: Transport | null = null;
  #listeners = new Set<() => void>();
  #answers = new Set<(answer: Answer) => void>();
  #pages: ((page: string | null) => void)[] = [];
  #selected: readonly number[] = [];
  #detach: (() => void)[] = [];
  #syncing: ReturnType<typeof setTimeout> | null = null;
  // Two clients of one kernel must not take each other's answers for theirs.
  #request = Math.floor(Math.random() * 2 ** 31);

  constructor(host: Host) {
    this.#feed = { state: host.state ?? emptyState(), seq: null, behind: false };
    this.pictures = new Pictures((ids) => this.send({ type: "images", ids }));
    this.setLive(host.live);
  }

  get state(): State {
    return this.#feed.state;
  }

  get live(): boolean {
    return this.#live !== null;
  }

  /** Positions of the training rows that are picked, the newest last. */
  get selected(): readonly number[] {
    return this.#selected;
  }

  /** Picks rows in all views of this store, and tells the kernel. */
  select(rows: readonly number[]): void {
    if (same(rows, this.#selected)) return;
    this.#selected = rows;
    this.send({ type: "select", rows: [...rows] });
    this.#tell();
  }

  /** As `select`, for what came from the kernel or the host, which know it already. */
  showSelected(rows: readonly number[]): void {
    if (same(rows, this.#selected)) return;
    this.#selected = rows;
    this.#tell();
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
      const off = live.onClose?.(() => this.setLive(null));
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

  /** The explanation as one HTML file; null where the kernel cannot be reached. */
  askPage(): Promise<string | null> {
    if (this.#live === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#pages.push(resolve);
      this.send({ type: "page" });
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
    this.pictures.dispose();
  }

  #receive(message: Message): void {
    if ("images" in message) {
      this.pictures.receive(message.images, message.buffers);
      return;
    }
    if ("page" in message) {
      for (const resolve of this.#pages.splice(0)) resolve(message.page);
      return;
    }
    const before = this.state.start?.id;
    if ("events" in message) {
      for (const event of message.events) {
        if (event.type === "what-if" || event.type === "plane") {
          this.#answers.forEach((listener) => listener(event));
        }
        if (event.type === "selected") this.#selected = event.rows;
      }
    }
    this.#feed = reduce(this.#feed, message);
    // What was picked in one run says nothing in another.
    if (before !== undefined && this.state.start?.id !== before) this.#selected = [];
    if (this.#feed.behind) this.#sync();
    else if (this.#feed.seq !== null) this.#stopSyncing();
    this.#tell();
  }

  /** At most one request is out at a time. */
  #sync(): void {
    if (this.#syncing !== null) return;
    this.#live?.send({ type: "sync" });
    this.#syncing = setTimeout(() => {
      this.#syncing = null;
      this.#sync();
    }, SYNC_AGAIN_MS);
  }

  #stopSyncing(): void {
    if (this.#syncing !== null) clearTimeout(this.#syncing);
    this.#syncing = null;
  }

  #setPaused(paused: boolean): void {
    if (this.state.end !== null || this.state.paused === paused) return;
    this.#feed = { ...this.#feed, state: { ...this.state, paused } };
    this.#tell();
  }

  #hangUp(): void {
    this.#stopSyncing();
    for (const resolve of this.#pages.splice(0)) resolve(null);
    for (const off of this.#detach.splice(0)) off();
  }

  #tell(): void {
    this.#listeners.forEach((listener) => listener());
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((row, i) => row === b[i]);
}
