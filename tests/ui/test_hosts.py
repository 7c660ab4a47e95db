"""Hosts that are no JupyterLab: a page with the anywidget contract alone, and nbconvert."""

from __future__ import annotations

import base64
import time
from typing import Any

import nbformat
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

import forcing
from forcing.jupyter.bundle import BUNDLE
from forcing.jupyter.session import Session
from forcing.protocol.context import Context
from ui import samples, saved
from ui.notebook_page import TIMEOUT

ADDRESS = "http://127.0.0.1:9/"

# What VS Code and Colab give a widget: a model with nothing behind its messages, and colours.
HOST = """<!doctype html>
<body class="vscode-dark" data-vscode-theme-kind="vscode-dark"
  style="--vscode-editor-background: #1e1e1e; --vscode-foreground: #cccccc; background: #1e1e1e">
<div id="output"></div>
<script type="module">
import widget from "./widget.js";
const heard = {};
window.sent = [];
const model = {
  get: () => undefined, set: () => {}, save_changes: () => {},
  send: (content) => window.sent.push(content),
  on: (name, callback) => (heard[name] ??= new Set()).add(callback),
  off: (name, callback) => heard[name]?.delete(callback),
};
window.tell = (content, encoded) => {
  const buffers = encoded.map((text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    // A view of part of a larger buffer, as kernels' messages come.
    const larger = new Uint8Array(bytes.length + 8);
    larger.set(bytes, 4);
    return new DataView(larger.buffer, 4, bytes.length);
  });
  heard["msg:custom"].forEach((callback) => callback(content, buffers));
};
const made = typeof widget === "function" ? await widget() : widget;
await made.initialize({ model });
made.render({ model, el: document.getElementById("output") });
window.ready = true;
</script>
"""

ASKED = """() => window.sent.filter((content) => content.type === "images")
  .flatMap((content) => content.ids)"""
DRAWN = """() => [...document.querySelector("#output").shadowRoot.querySelectorAll("img")]
  .filter((image) => image.naturalWidth > 0).length"""


def serve(page: Page) -> None:
    page.route(f"{ADDRESS}widget.js", lambda route: route.fulfill(path=BUNDLE))
    page.route(
        ADDRESS, lambda route: route.fulfill(body=HOST, headers={"content-type": "text/html"})
    )
    page.goto(ADDRESS)
    page.wait_for_function("() => window.ready")


def tell(page: Page, content: dict[str, Any], buffers: list[bytes]) -> None:
    encoded = [base64.b64encode(data).decode() for data in buffers]
    page.evaluate("([content, buffers]) => window.tell(content, buffers)", [content, encoded])


def test_a_host_with_nothing_but_the_contract(page: Page) -> None:
    found: dict[str, Any] = {}
    exec(samples.DIGITS, found)  # noqa: S102 -- the same cells that the live tests run
    study = forcing.Study(
        found["model"],
        found["X"][50:],
        found["y"][50:],
        display=forcing.Images(found["pictures"][50:]),
    )
    session = Session(Context.of(study, found["X"][7]), {"baselines": ()})
    messages: list[tuple[dict[str, Any], list[bytes]]] = []
    session.listen(lambda content, buffers: messages.append((content, buffers)))

    serve(page)
    page.wait_for_function("() => window.sent.some((content) => content.type === 'hello')")
    hello = page.evaluate("() => window.sent.find((content) => content.type === 'hello')")
    assert hello == {"type": "hello", "schema": "forcing.v1", "renderer": False}
    tell(page, {"type": "hello", "schema": "forcing.v1", "subshell": True}, [])

    tell(page, *opening(session))
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_function("() => window.sent.some((content) => content.type === 'cancel')")

    session.start().wait(30)
    for message in messages:
        tell(page, *message)
    expect(page.locator(".headline")).to_contain_text("stands on")
    # It asks for the pictures that it shows, in as many messages as it likes, and draws them.
    answer_until_drawn(page, session, more_than=10)
    ground = "() => getComputedStyle(document.querySelector('#output').shadowRoot.querySelector("
    colour = page.evaluate(f"{ground}'.forcing')).backgroundColor")
    assert colour == "rgb(30, 30, 30)"


def answer_until_drawn(page: Page, session: Session, more_than: int) -> None:
    answered: set[str] = set()
    deadline = time.monotonic() + TIMEOUT
    while page.evaluate(DRAWN) <= more_than:
        assert time.monotonic() < deadline, f"{len(answered)} pictures were asked for"
        asked = set(page.evaluate(ASKED)) - answered
        images = {name: session.context.presenter.image(name) for name in asked}
        buffers = [image for image in images.values() if image]
        tell(page, {"schema": "forcing.v1", "images": list(images)}, buffers)
        answered |= asked
        page.wait_for_timeout(50)


def opening(session: Session) -> tuple[dict[str, Any], list[bytes]]:
    """The first message of a run, without its steps."""
    first = next(iter(session.context.study.events(session.context.x)))
    return {"schema": "forcing.v1", "seq": 0, "events": [session._encoder.encode(first)]}, []


def test_nbconvert_shows_the_table_and_nothing_that_runs() -> None:
    notebook = nbformat.v4.new_notebook(cells=[saved.cell(saved.table_bundle())])
    page, _ = HTMLExporter(exclude_input=True).from_notebook_node(notebook)
    output = page.partition("<main>")[2].partition("</main>")[0]
    assert "stands on" in output
    assert "<table>" in output
    assert "<script" not in output
    assert saved.MIME_TYPE not in page
