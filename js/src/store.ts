/**
 * One run as its views see it: the state, the line to the kernel, the pictures.
 * Owned by a view, or by a widget model that has several views.
 */

import type { Host, Transport } from "./host.js";
import { Pictures } from "./pictures.js";
import type { Command, Message, State, WhatIf } from "./protocol.js";
import { emptyState, reduce } from "./state.js";
import type { Feed } from "./state.js";

/** A lost `sync` or answer is asked for again after this long. */
const SYNC_AGAIN_MS = 2000;

export class Store {
  readonly pictures: Pictures;
  #feed: Feed;
  #live: Transport | null = null;
  #listeners = new Set<() => void>();
  #answers = new Set<(answer: WhatIf) => void>();
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
    // No event tells of a pause: the whole state will, and the button must not wait.
    if (command.type === "pause") this.#setPaused(true);
    if (command.type === "resume" || command.type === "cancel") this.#setPaused(false);
  }

  /** Asks for the decision without the rows `out`; returns the number of the question. */
  ask(out: number[]): number {
    this.#request += 1;
    this.send({ type: "what-if", request: this.#request, out });
    return this.#request;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onAnswer(listener: (answer: WhatIf) => void): () => void {
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
    if ("events" in message) {
      for (const event of message.events) {
        if (event.type === "what-if") this.#answers.forEach((listener) => listener(event));
      }
    }
    this.#feed = reduce(this.#feed, message);
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
    for (const off of this.#detach.splice(0)) off();
  }

  #tell(): void {
    this.#listeners.forEach((listener) => listener());
  }
}
