/** A saved explanation that cannot be drawn: why, and what it says in words. */

import { isOfAnotherVersion } from "../guards.js";

/** `text` is the plain form that was saved beside it. */
export function unreadable(
  payload: unknown,
  text: unknown,
  say: (words: string) => string = (words) => words,
): HTMLElement {
  const box = document.createElement("div");
  const why = box.appendChild(document.createElement("p"));
  why.className = "forcing-Renderer-note";
  why.textContent = isOfAnotherVersion(payload)
    ? say("This explanation was saved by another version of forcing, which this one cannot draw.")
    : say("This explanation is incomplete or was edited, so that it cannot be drawn.");
  if (typeof text === "string" && text !== "") {
    const words = box.appendChild(document.createElement("pre"));
    words.className = "forcing-Renderer-text";
    words.textContent = text;
  }
  return box;
}
