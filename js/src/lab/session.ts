/** A line to the run behind a saved explanation, where its kernel still knows it. */

import type { Kernel } from "@jupyterlab/services";

import { parseMessage } from "../guards.js";
import type { Transport } from "../host.js";
import { type Command, type Message, SCHEMA } from "../protocol.js";

const TARGET = "forcing.session";
/** A kernel in one of these has forgotten its runs. */
const GONE: readonly Kernel.Status[] = ["restarting", "autorestarting", "terminating", "dead"];

export interface Session extends Transport {
  close(): void;
}

/** Null where the kernel does not know the run: it closes the comm, or never had one. */
export function openSession(kernel: Kernel.IKernelConnection, id: string): Promise<Session | null> {
  if (!kernel.handleComms || GONE.includes(kernel.status)) return Promise.resolve(null);
  const session = new CommSession(kernel, id);
  return session.answered.then((known) => (known ? session : null));
}

/** A view may cover part of its buffer only. */
function bytes(buffer: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
}

class CommSession implements Session {
  /** True with the first message; false if the comm closes before. */
  readonly answered: Promise<boolean>;

  readonly #kernel: Kernel.IKernelConnection;
  readonly #comm: Kernel.IComm;
  readonly #listeners = new Set<(message: Message) => void>();
  readonly #closeListeners = new Set<() => void>();
  /** The answer comes before anyone listens: kept for the first who does. */
  #early: Message[] = [];
  #answer: (known: boolean) => void = () => undefined;

  constructor(kernel: Kernel.IKernelConnection, id: string) {
    this.#kernel = kernel;
    this.answered = new Promise((resolve) => (this.#answer = resolve));
    this.#comm = kernel.createComm(TARGET);
    this.#comm.onMsg = ({ content, buffers }) => {
      this.#receive(parseMessage(content.data, buffers?.map(bytes)));
    };
    this.#comm.onClose = () => this.#closed();
    kernel.statusChanged.connect(this.#onStatus, this);
    kernel.disposed.connect(this.#closed, this);
    this.#say(() => this.#comm.open({ schema: SCHEMA, id }));
  }

  send(command: Command): void {
    if (this.#comm.isDisposed) return;
    this.#say(() => this.#comm.send({ ...command }));
  }

  onMessage(callback: (message: Message) => void): () => void {
    this.#listeners.add(callback);
    for (const message of this.#early.splice(0)) callback(message);
    return () => this.#listeners.delete(callback);
  }

  onClose(callback: () => void): () => void {
    this.#closeListeners.add(callback);
    return () => this.#closeListeners.delete(callback);
  }

  close(): void {
    this.#closeListeners.clear();
    if (!this.#comm.isDisposed) this.#say(() => this.#comm.close());
    this.#closed();
  }

  /** The future says nothing that we need; a dead kernel throws, one that goes away rejects. */
  #say(message: () => { done: Promise<unknown> }): void {
    try {
      message().done.catch(() => this.#closed());
    } catch {
      this.#closed();
    }
  }

  #receive(message: Message | null): void {
    if (!message) return;
    this.#answer(true);
    if (this.#listeners.size === 0) this.#early.push(message);
    for (const listener of this.#listeners) listener(message);
  }

  #onStatus(_kernel: Kernel.IKernelConnection, status: Kernel.Status): void {
    if (GONE.includes(status)) this.#closed();
  }

  #closed(): void {
    this.#kernel.statusChanged.disconnect(this.#onStatus, this);
    this.#kernel.disposed.disconnect(this.#closed, this);
    this.#answer(false);
    for (const listener of this.#closeListeners) listener();
    this.#closeListeners.clear();
    this.#listeners.clear();
  }
}
