"""The widget's bundle on an empty page: the view with no notebook around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forcing.jupyter.bundle import BUNDLE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

# A kernel that answers `sync` with one state, on the widget's own comm.
MOUNT = """
async ([source, state, live]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.widgetOf ??= (await import(url)).default;
  window.unmount?.();
  const host = document.createElement("div");
  host.id = "view";
  document.body.replaceChildren(host);
  const on = new Map();
  const tell = content => on.get("msg:custom")?.forEach(f => f(content, []));
  window.tellView = tell;
  const model = {
    get: () => undefined,
    send: command => {
      if (command.type === "sync") tell({ schema: "forcing.v1", seq: 1, state });
    },
    on: (name, f) => on.set(name, [...(on.get(name) ?? []), f]),
    off: (name, f) => on.set(name, (on.get(name) ?? []).filter(g => g !== f)),
  };
  const { initialize, render } = window.widgetOf();
  const end = initialize({ model });
  const stop = render({ el: host });
  window.unmount = () => { stop(); end(); window.unmount = null; };
  await new Promise(done => setTimeout(done, 30));
  if (!live) on.get("comm:close")?.forEach(f => f());
  await new Promise(requestAnimationFrame);
}
"""

THEMES = {"light": ("#ffffff", "#000000"), "dark": ("#111111", "#ffffff")}


def open_page(page: Page, theme: str = "light") -> None:
    """An empty page of a theme."""
    ground, ink = THEMES[theme]
    page.set_content(
        f'<!doctype html><html lang="en"><title>view</title><body data-jp-theme-light='
        f'"{"true" if theme == "light" else "false"}" style="margin:0;background:{ground};'
        f'--jp-layout-color0:{ground};--jp-content-font-color0:{ink}"></body></html>'
    )


def show(page: Page, state: dict[str, Any], *, live: bool = False) -> Locator:
    """Draw a state on the page that `open_page` made."""
    page.evaluate(MOUNT, [Path(BUNDLE).read_text(), json.loads(json.dumps(state)), live])
    return page.locator("#view")
