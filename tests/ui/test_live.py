"""The live view: steps stream in, the end is checked, a cancel gets through a busy kernel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from ui import samples
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.saved import MIME_TYPE
from ui.view import pictures_drawn, steps_shown


@pytest.fixture
def explained(open_notebook: OpenNotebook) -> NotebookPage:
    """A notebook in which cell 2 has been explained to the end."""
    notebook = open_notebook(samples.LOAD, samples.BREAST_CANCER, samples.EXPLAIN, "ex.supports")
    notebook.run_to_end(0, 1, 2)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(2)[0].get("data", {}))
    return notebook


def test_the_magic_ends_in_a_checked_set(explained: NotebookPage) -> None:
    output = explained.output(2)
    expect(output.get_by_role("heading")).to_contain_text("stands on")
    expect(output.get_by_text("Verified")).to_be_visible()
    # The same display, now without a widget: a saved notebook needs no kernel.
    (saved,) = explained.outputs(2)
    assert "application/vnd.jupyter.widget-view+json" not in saved["data"]
    state = saved["data"][MIME_TYPE]
    assert state["end"]["status"] == "flipped"
    assert state["verified"]["flipped"]
    # The variable of `--name` is the same run.
    explained.run_to_end(3)
    rows = [int(row) for row in re.findall(r"\d+", explained.outputs(3)[0]["data"]["text/plain"])]
    assert rows == [step["row"] for step in state["steps"]]


def test_steps_stream_and_cancel_answers_while_a_cell_is_busy(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(samples.LOAD, samples.SLOW, samples.EXPLAIN_SLOWLY, samples.BUSY)
    notebook.run_to_end(0, 1)
    notebook.run(2)
    notebook.run(3)
    seen = set[int]()

    def several_seen() -> bool:
        seen.add(steps_shown(notebook.output(2)))
        return len(seen - {0}) >= 3

    notebook.poll(several_seen)
    assert notebook.count(3) is None, "the cell should still be busy"

    notebook.output(2).get_by_role("button", name="Cancel").click()
    expect(notebook.output(2).locator(".checks").get_by_text("Stopped at step")).to_be_visible()
    assert notebook.count(3) is None, "cancel should not have waited for the cell"


def test_putting_a_row_back_in_the_live_view_refits(open_notebook: OpenNotebook) -> None:
    # Without freezing, the widget stays after the end.
    notebook = open_notebook(
        samples.LOAD, samples.BREAST_CANCER, samples.FIT, samples.VIEW_THAT_STAYS
    )
    notebook.run_to_end(0, 1, 2, 3)
    put_one_back(notebook, 3)


def test_putting_a_row_back_in_a_saved_view_asks_the_kernel(explained: NotebookPage) -> None:
    put_one_back(explained, 2)


def put_one_back(notebook: NotebookPage, index: int) -> None:
    output = notebook.output(index)
    expect(output.get_by_text("Verified")).to_be_visible()
    buttons = output.get_by_role("button", name="Put back")
    buttons.nth(0).click()
    expect(output.get_by_text(re.compile(r"With row \d+ put back"))).to_be_visible()
    # The answers for one row are saved; for two only the kernel knows.
    buttons.nth(0).click()
    line = output.locator(".what-if")
    expect(line).to_contain_text(re.compile(r"With rows \d+ and \d+ put back: .*%"))


def test_pictures_come_from_the_kernel_and_stay(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(samples.LOAD, samples.DIGITS, samples.EXPLAIN_DIGIT)
    notebook.run_to_end(0, 1, 2)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(2)[0].get("data", {}))
    output = notebook.output(2)
    expect(output.get_by_text("Verified")).to_be_visible()
    output.get_by_role("tab", name="Side by side").click()
    notebook.poll(lambda: len(drawn := pictures_drawn(output)) > 10 and all(drawn))
