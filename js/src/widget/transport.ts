/**
 * The line of a widget. What comes arrives on the widget's own comm; what goes
 * takes the control comm, on which the kernel stays silent: it is that silence
 * that lets a command through while a cell is running.
 */

import { hasRenderer } from "../host.js";
import { isOfAnotherVersion } from "../guards.js";
import type { Loss, Transport } from "../host.js";
import { SCHEMA, parseHello, parseMessage } from "../protocol.js";
import type { Command, Message } from "../protocol.js";
import { modelAt } from "./model.js";
import type { AnyModel, ControlModel } from "./model.js";

/** The kernel's one answer may come from the shell that is busy: ask until it does not. */
const HELLO_MS = 500;
const HELLOS = 20;

function bytesOf(buffers: unknown): Uint8Array[] {
  if (!Array.isArray(buffers)) return [];
  return buffers
    .map((buffer: unknown) => {
      if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
      if (!ArrayBuffer.isView(buffer)) return null;
      return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    })
    .filter((bytes) => bytes !== null);
}

/** False where the host refuses, as it does for a kernel that is dead. */
function say(end: { send(content: unknown): void }, command: Command): boolean {
  try {
    end.send(command);
    return true;
  } catch {
    return false;
  }
}

/** Repeats `hello` until it was answered on a subshell. */
function greet(control: Pick<ControlModel, "send" | "on" | "off">, signal: AbortSignal): void {
  let left = HELLOS;
  const hello = (): void => {
    if (left-- <= 0) clearInterval(timer);
    else say(control, { type: "hello", schema: SCHEMA, renderer: hasRenderer() });
  };
  const onAnswer = (content: unknown): void => {
    if (parseHello(content)?.subshell) clearInterval(timer);
  };
  const timer = setInterval(hello, HELLO_MS);
  control.on("msg:custom", onAnswer);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    control.off("msg:custom", onAnswer);
  });
  hello();
}

export function widgetTransport(model: AnyModel, signal: AbortSignal): Transport {
  const messages = new Set<(message: Message) => void>();
  const closes = new Set<(why?: Loss) => void>();

  const onCustom = (content: unknown, buffers: unknown): void => {
    const message = parseMessage(content, bytesOf(buffers));
    if (message !== null) messages.forEach((callback) => callback(message));
    else if (isOfAnotherVersion(content)) closes.forEach((callback) => callback("version"));
  };
  const close = (): void => closes.forEach((callback) => callback());
  model.on("msg:custom", onCustom);
  model.on("comm:close", close);
  model.on("destroy", close);

  const line = modelAt(model, "control").then((control) => {
    if (signal.aborted) return model;
    if (control === null) {
      greet(model, signal);
      return model;
    }
    const onLive = (): void => {
      if (control.comm_live === false) close();
    };
    control.on("comm_live_update", onLive);
    signal.addEventListener("abort", () => control.off("comm_live_update", onLive));
    greet(control, signal);
    return control;
  });

  signal.addEventListener("abort", () => {
    model.off("msg:custom", onCustom);
    model.off("comm:close", close);
    model.off("destroy", close);
    messages.clear();
    closes.clear();
  });

  return {
    send: (command: Command) => {
      void line.then((end) => {
        if (!signal.aborted && !say(end, command)) close();
      });
    },
    onMessage: (callback) => {
      messages.add(callback);
      return () => messages.delete(callback);
    },
    onClose: (callback) => {
      closes.add(callback);
      return () => closes.delete(callback);
    },
  };
}
