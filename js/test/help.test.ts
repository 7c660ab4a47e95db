import { describe, expect, it } from "vitest";
import { KEY_GROUPS } from "../src/view/keys.js";
import { finished } from "./fixtures.js";
import { button, draw, settle, text } from "./page.js";

function press(target: Element, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
}

const help = (shadow: ShadowRoot): HTMLElement | null => shadow.querySelector(".help");
const keysButton = (shadow: ShadowRoot): HTMLElement => shadow.querySelector(".help-button")!;
const slider = (shadow: ShadowRoot): HTMLElement => shadow.querySelector("[role=slider]")!;

describe("the help", () => {
  it("opens by its key wherever the focus is, and gives the focus back", async () => {
    const shadow = draw(finished());
    await settle();
    slider(shadow).focus();
    expect(press(slider(shadow), "?").defaultPrevented).toBe(true);
    await settle();
    expect(shadow.activeElement).toBe(help(shadow));
    expect(keysButton(shadow).getAttribute("aria-expanded")).toBe("true");
    press(help(shadow)!, "Escape");
    await settle();
    expect(help(shadow)).toBeNull();
    expect(shadow.activeElement).toBe(slider(shadow));
  });

  it("lists every key of the table", async () => {
    const shadow = draw(finished());
    keysButton(shadow).click();
    await settle();
    const shortcuts = KEY_GROUPS.flatMap((group) => group.shortcuts);
    expect([...help(shadow)!.querySelectorAll("dd")].map(text)).toEqual(
      shortcuts.map((shortcut) => shortcut.does),
    );
    expect([...help(shadow)!.querySelectorAll("kbd")].map(text)).toEqual(
      shortcuts.flatMap((shortcut) => shortcut.keys),
    );
    button(shadow, "Close").click();
    await settle();
    expect(help(shadow)).toBeNull();
  });

  it("leaves the key alone where it is text, or part of a command of the host", async () => {
    const shadow = draw(finished());
    await settle();
    const input = document.createElement("input");
    shadow.querySelector(".forcing")!.append(input);
    press(input, "?");
    press(slider(shadow), "?", { ctrlKey: true });
    await settle();
    expect(help(shadow)).toBeNull();
  });
});
