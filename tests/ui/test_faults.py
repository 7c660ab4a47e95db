"""Faults around a run: the view says so and keeps what it has; nothing turns for ever."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from ui import bare, samples, saved
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.view import steps_shown

GONE = re.compile(r"Stopped at step \d+: *the kernel can no longer be reached")
SILENT = "No answer from the kernel"
# A view waits some seconds before it says so.
PATIENCE = 30_000
KILL = "import os, threading\nthreading.Timer(0.2, os._exit, [1]).start()"


@pytest.fixture
def on_its_way(open_notebook: OpenNotebook) -> NotebookPage:
    """A notebook in which the run of cell 2 goes on for a while."""
    notebook = open_notebook(samples.LOAD, samples.SLOW, samples.EXPLAIN_SLOWLY, KILL)
    notebook.run_to_end(0, 1, 2)
    notebook.poll(lambda: steps_shown(notebook.output(2)) > 2)
    return notebook


def stands_still(output: Locator) -> None:
    """Nothing turns, and there is nothing to press that nobody would hear."""
    expect(output.locator(".spinner")).to_have_count(0)
    expect(output.get_by_role("button", name="Pause")).to_have_count(0)


def kept(output: Locator) -> None:
    """What had come stays: the sentence, the curve and the rows."""
    said = re.compile(r"was (down to|still at|at)")
    expect(output.locator(".headline").first).to_contain_text(said)
    expect(output.get_by_role("slider")).to_be_visible()
    assert output.get_by_role("listitem").count() > 2


def test_a_kernel_that_restarts(on_its_way: NotebookPage) -> None:
    on_its_way.evaluate("await panel.sessionContext.session.kernel.restart()")
    output = on_its_way.output(2)
    expect(output.locator(".checks").get_by_text(GONE)).to_be_visible(timeout=PATIENCE)
    stands_still(output)
    kept(output)


def test_a_kernel_that_dies(on_its_way: NotebookPage) -> None:
    on_its_way.run(3)
    output = on_its_way.output(2)
    said = (
        output.locator(".checks")
        .get_by_text(GONE)
        .or_(output.locator(".checks").get_by_text(SILENT))
    )
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(output.locator(".spinner")).to_have_count(0)


def test_a_second_view_shows_the_same_and_keeps_step(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        samples.LOAD,
        samples.SLOW,
        "from forcing import Study\n"
        "view = Study(model, X, even).view("
        "X[0], method='mfs-retrain', baselines=(), freeze=False)\nview",
        "view",
    )
    notebook.run_to_end(0, 1, 2)
    notebook.poll(lambda: steps_shown(notebook.output(2)) > 2)
    # Held in one view, a second one that joins stands at the same step; cancelled there, both end.
    first, second = notebook.output(2), notebook.output(3)
    first.get_by_role("button", name="Pause").click()
    expect(first.get_by_role("button", name="Resume")).to_be_visible()
    notebook.run_to_end(3)
    at = re.compile(r"Paused at step \d+")
    expect(second.get_by_text(at)).to_be_visible()
    notebook.poll(lambda: first.get_by_text(at).inner_text() == second.get_by_text(at).inner_text())
    second.get_by_role("button", name="Resume").click()
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    second.get_by_role("button", name="Cancel").click()
    expect(first.locator(".checks").get_by_text("Stopped at step")).to_be_visible()
    expect(second.locator(".checks").get_by_text("Stopped at step")).to_be_visible()


def test_a_page_that_is_closed_and_opened_again(on_its_way: NotebookPage) -> None:
    on_its_way.save()
    before = steps_shown(on_its_way.output(2))
    on_its_way.page.goto("about:blank")
    on_its_way.open()
    on_its_way.wait_for_kernel()
    output = on_its_way.output(2)
    # The run went on meanwhile, or has ended: either way the view has caught up.
    expect(output.get_by_role("slider")).to_be_visible(timeout=PATIENCE)
    reached = re.compile(r"Searching · step \d+|Verified|Stopped at step")
    expect(output.get_by_text(reached).first).to_be_visible(timeout=PATIENCE)
    shown = steps_shown(output)
    assert shown == 0 or shown >= before


def test_a_page_that_is_loaded_anew_still_saves_the_explanation(on_its_way: NotebookPage) -> None:
    on_its_way.save()
    on_its_way.page.goto("about:blank")
    on_its_way.open()
    on_its_way.wait_for_kernel()
    output = on_its_way.output(2)
    cancel = output.get_by_role("button", name="Cancel")
    cancel.click(timeout=PATIENCE)
    # The page knows no display id of before, so that the kernel cannot replace the output itself.
    on_its_way.poll(lambda: saved.MIME_TYPE in on_its_way.outputs(2)[0]["data"])
    data = on_its_way.outputs(2)[0]["data"]
    assert not any("widget" in name for name in data)
    assert "<table>" in "".join(data["text/html"])
    expect(on_its_way.output(2).locator(".checks").get_by_text("Stopped at step")).to_be_visible()


def test_a_lost_connection_that_comes_back(on_its_way: NotebookPage) -> None:
    output = on_its_way.output(2)
    context = on_its_way.page.context
    on_its_way.evaluate("panel.sessionContext.session.kernel._ws?.close()")
    context.set_offline(True)
    said = (
        output.locator(".checks")
        .get_by_text(SILENT)
        .or_(output.locator(".checks").get_by_text(GONE))
    )
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(output.locator(".spinner")).to_have_count(0)
    assert output.get_by_role("listitem").count() > 2
    context.set_offline(False)
    on_its_way.evaluate("void panel.sessionContext.session.kernel.reconnect()")
    going = re.compile(r"Searching · step \d+|Verified")
    expect(output.get_by_text(going).first).to_be_visible(timeout=2 * PATIENCE)


def test_a_saved_view_of_another_kernel_stays_as_saved(open_notebook: OpenNotebook) -> None:
    # A notebook that was copied: its run is known to another kernel, or to none.
    notebook = open_notebook(saved.cell(saved.table_bundle()), samples.LOAD, "import forcing")
    notebook.run_to_end(1, 2)
    output = notebook.output(0)
    expect(output.get_by_text("Verified")).to_be_visible()
    buttons = output.get_by_role("button", name="Put back")
    buttons.nth(0).click()
    buttons.nth(0).click()
    expect(output.locator(".what-if")).to_contain_text("several rows at once need the running")
    expect(output.locator(".spinner")).to_have_count(0)


def damaged(change: str) -> dict[str, Any]:
    """A bundle as it might be after a merge, a hand or a full disk."""
    bundle = copy.deepcopy(saved.table_bundle())
    state = bundle[saved.MIME_TYPE]
    match change:
        case "another version":
            bundle[saved.MIME_TYPE] = {"schema": "forcing.v2", "news": []}
        case "cut short":
            bundle[saved.MIME_TYPE] = {"schema": "forcing.v1", "start": state["start"]}
        case "edited":
            state["steps"][0]["confidence"] = "high"
        case "not even an object":
            bundle[saved.MIME_TYPE] = json.dumps(state)[:500]
    return bundle


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("another version", "saved by another version of forcing"),
        ("cut short", "incomplete or was edited"),
        ("edited", "incomplete or was edited"),
        ("not even an object", "incomplete or was edited"),
    ],
)
def test_a_payload_that_cannot_be_drawn_is_said_and_told(
    open_notebook: OpenNotebook, change: str, why: str
) -> None:
    bundle = damaged(change)
    notebook = open_notebook(saved.cell(bundle), kernel=None)
    output = notebook.output(0)
    expect(output.get_by_text(why)).to_be_visible()
    first_line = bundle["text/plain"].splitlines()[0]
    expect(output).to_contain_text(first_line.strip())


def test_what_a_later_version_adds_is_passed_over(open_notebook: OpenNotebook) -> None:
    bundle = copy.deepcopy(saved.table_bundle())
    state = bundle[saved.MIME_TYPE]
    state["news"] = {"deep": [1, {"deeper": None}]}
    state["steps"][0]["colour"] = "<b>red</b>"
    state["start"]["claim"]["news"] = []
    notebook = open_notebook(saved.cell(bundle), kernel=None)
    expect(notebook.output(0).get_by_text("Verified")).to_be_visible()


def test_a_kernel_of_another_version_is_named(page: Page) -> None:
    bare.open_page(page)
    state = {**saved.table_bundle()[saved.MIME_TYPE], "end": None}
    view = bare.show(page, state, live=True)
    expect(view.locator(".spinner")).to_have_count(1)
    page.evaluate("window.tellView({ schema: 'forcing.v2', seq: 2, news: [] })")
    expect(view.get_by_text("another version of forcing")).to_be_visible()
    expect(view.locator(".spinner")).to_have_count(0)
    expect(view.get_by_role("slider")).to_be_visible()
