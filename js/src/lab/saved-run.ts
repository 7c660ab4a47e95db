/** A saved explanation and, where its kernel still runs, the line to it. */

import type { ISessionContext } from "@jupyterlab/apputils";

import type { State } from "../protocol.js";
import { enterRun, type Run } from "../registry.js";
import { Store } from "../store.js";
import { attach } from "../view/index.js";
import { openSession, type Session } from "./session.js";

/** The shell of a page, with the view's script in it, is fetched when it is first wanted. */
async function makePage(state: State): Promise<string> {
  const [{ page }, { default: shell }] = await Promise.all([
    import("../standalone/page.js"),
    import("../../../src/forcing/static/page.html"),
  ]);
  return page(shell, state);
}

export class SavedRun {
  readonly run: Run;
  readonly #store: Store;
  readonly #leave: () => void;
  #session: Session | null = null;
  /** The kernel that was asked last; a cell that scrolls in and out of view asks once. */
  #asked: string | null = null;
  #disposed = false;

  constructor(state: State) {
    const store = new Store({ state, live: null, makePage });
    this.#store = store;
    this.run = {
      store,
      roots: new Set(),
      attach: (root) => attach(root, store),
      isModel: () => Promise.resolve(false),
    };
    this.#leave = enterRun(this.run);
  }

  get id(): string | null {
    return this.#store.state.start?.id ?? null;
  }

  /** Another state of the same run. */
  update(state: State): void {
    this.#store.setState(state);
  }

  /** Hands the views a line to the kernel that made the explanation, where it still runs. */
  async wake(context: ISessionContext | undefined): Promise<void> {
    const { id } = this;
    if (id === null) return;
    await context?.ready;
    const kernel = context?.session?.kernel;
    if (!kernel || kernel.id === this.#asked || this.#isOver()) return;
    this.#asked = kernel.id;

    const session = await openSession(kernel, id);
    if (!session) return;
    if (this.#isOver()) {
      session.close();
      return;
    }
    this.#session?.close();
    this.#session = session;
    session.onClose?.(() => {
      if (this.#session !== session) return;
      this.#session = null;
      this.#store.setLive(null);
    });
    this.#store.setLive(session);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#leave();
    this.#session?.close();
    this.#session = null;
    this.#store.dispose();
  }

  /** It may be over after each wait. */
  #isOver(): boolean {
    return this.#disposed;
  }
}
