"""Payloads changed at random, in a real browser: nothing runs, nothing loads, nothing is markup."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from playwright.sync_api import Page

from ui import bare, saved

KINDS = {
    "table": saved.table_bundle,
    "image": saved.image_bundle,
    "text": saved.text_bundle,
    "robust": saved.robust_bundle,
}
RUNS = 25
FLAG = "window.__forcingInjected = 1"
HOSTILE = [
    f'<img src=x onerror="{FLAG}">',
    f'"><svg onload="{FLAG}">',
    f"</script><script>{FLAG}</script>",
    f'</style><iframe srcdoc="<script>parent.{FLAG}</script>"></iframe>',
    f"javascript:{FLAG}",
    f"data:text/html,<script>{FLAG}</script>",
    f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='{FLAG}'/>",
    "red;background:url(https://example.org/x)",
    "https://example.org/x.png",
    "__proto__",
    "\u202e\ud800",
    "a" * 3000,
]
NUMBERS = [0, -1, 0.5, 1e-300, 1e300, -1e300, 2**31, 2**53 - 1]

# What a page loads, runs or leads elsewhere by; of pictures only those that travelled along.
INJECTED = """
host => {
  const all = [...host.shadowRoot.querySelectorAll("*")];
  const tags = "SCRIPT IFRAME OBJECT EMBED LINK META BASE FORM".split(" ");
  const own = /^(data:image\\/(png|jpeg|gif|webp);base64,|blob:)/;
  const bad = e => tags.includes(e.tagName)
    || [...e.attributes].some(a => a.name.startsWith("on") || a.name === "srcdoc")
    || (e.tagName === "IMG" && !own.test(e.src))
    || /url\\(|example/.test(e.getAttribute("style") ?? "");
  const found = all.filter(bad).map(e => e.outerHTML.slice(0, 200));
  if (host.shadowRoot.querySelectorAll("style").length !== 1) found.push("style");
  if ("__forcingInjected" in window) found.push("a script ran");
  if (host.shadowRoot.textContent.trim() === "") found.push("nothing is drawn");
  return found;
}
"""


def changed(value: Any, draw: random.Random) -> Any:
    """A value of the same type, so that the guards may let it in."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return draw.choice(NUMBERS)
    if isinstance(value, str):
        return draw.choice(HOSTILE)
    if isinstance(value, list):
        return draw.choice([[], value[1:], value[::-1], value + value])
    return value


def mutate(payload: dict[str, Any], seed: int) -> dict[str, Any]:
    """A copy with a few changes; what tells the forms apart stays most of the time."""
    draw = random.Random(seed)  # noqa: S311 -- the same payloads each time
    payload = copy.deepcopy(payload)
    for _ in range(draw.randint(1, 6)):
        place: Any = payload
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw.choice(keys)
            inner = place[key]
            if isinstance(inner, (dict, list)) and inner and draw.random() < 0.9:
                place = inner
            elif key in ("schema", "type", "kind", "status", "method"):
                break
            else:
                place[key] = changed(inner, draw)
                break
    return payload


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_payload_is_drawn_and_harms_nothing(page: Page, kind: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    bare.open_page(page)
    state = KINDS[kind]()[saved.MIME_TYPE]
    drawn = 0
    for seed in range(RUNS):
        view = bare.show(page, mutate(state, seed), live=seed % 2 == 0)
        for tab in view.get_by_role("tab").all()[:5]:
            tab.dispatch_event("click")
        drawn += view.get_by_role("slider").count()
        assert view.evaluate(INJECTED) == [], f"seed {seed}"
        # A drawing that gets "NaN" is a line in the console, too.
        assert errors == [], f"seed {seed}"
    # A fuzz whose payloads are all refused tests the guards alone.
    assert drawn > RUNS / 3
