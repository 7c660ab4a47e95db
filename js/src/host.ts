/** What a host (widget, lab extension, static page) gives to the view. */

import type { Command, Message, State } from "./protocol.js";

/** Why there is no line: the kernel went, or speaks another version of the protocol. */
export type Loss = "gone" | "version";

/** A line to the kernel. Callbacks return the function that takes them off. */
export interface Transport {
  send(command: Command): void;
  onMessage(callback: (message: Message) => void): () => void;
  /** Called once when the kernel can no longer be reached, or not be understood. */
  onClose?(callback: (why?: Loss) => void): () => void;
}

export interface Host {
  /** The saved form, where there is one; shown at once. */
  state: State | null;
  /** Null where no kernel stands behind the view. */
  live: Transport | null;
  /** Makes a state one HTML file, where that goes without a kernel. */
  makePage?: (state: State) => Promise<string>;
}

/** Set on the global object where the lab extension draws the saved form of explanations. */
const RENDERER = Symbol.for("forcing.renderer");

export function announceRenderer(): void {
  Object.defineProperty(globalThis, RENDERER, { value: true, configurable: true });
}

/** Whether the live view may become the saved form at the end of its run. */
export function hasRenderer(): boolean {
  return Object.hasOwn(globalThis, RENDERER);
}
