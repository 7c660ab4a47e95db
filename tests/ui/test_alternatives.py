"""Other sets: looked for in the notebook, open to their rows, kept in the file."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from ui import samples
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.saved import MIME_TYPE


@pytest.fixture
def host() -> str:
    return "lab"


def found_in(notebook: NotebookPage, index: int) -> int:
    """How many other sets the saved form of a cell holds."""
    told = notebook.outputs(index)[0].get("data", {}).get(MIME_TYPE, {}).get("alternatives")
    return 0 if not told or told["searching"] else len(told["sets"])


def open_first(output: Locator) -> None:
    line = output.get_by_role("button", name=re.compile("^Set 2"))
    # By the key: the list still moves when the search has just ended.
    line.press("Enter")
    expect(line).to_have_attribute("aria-expanded", "true")
    rows = output.get_by_role("list", name="Set 2, in order of removal").get_by_role("listitem")
    expect(rows.first).to_have_attribute("aria-label", re.compile(r"training row \d+, label"))


def test_other_sets_are_found_live_and_saved(
    open_notebook: OpenNotebook, screenshots: Path
) -> None:
    notebook = open_notebook(samples.LOAD, samples.BREAST_CANCER, samples.EXPLAIN)
    notebook.run_to_end(0, 1, 2)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(2)[0].get("data", {}))
    output = notebook.output(2)
    # The saved view has found its kernel again.
    output.get_by_role("tab", name="Alternatives").click()
    expect(output.get_by_text("a set.")).to_contain_text("held in place: ")
    output.get_by_role("button", name="Look for other sets").click()
    expect(output.get_by_role("tab", name=re.compile(r"Alternatives [1-3]"))).to_be_visible()
    notebook.poll(lambda: found_in(notebook, 2) > 0, timeout=60)
    # The display was replaced by what is saved, and its reader is where she was.
    expect(output.get_by_role("tab", name="Alternatives")).to_have_attribute(
        "aria-selected", "true"
    )
    open_first(output)
    output.screenshot(path=screenshots / "alternatives-lab.png")

    # The file alone: no kernel, not trusted.
    notebook.save()
    cell = nbformat.v4.new_code_cell(samples.EXPLAIN, execution_count=1)
    cell.outputs = [nbformat.v4.new_output("display_data", data=notebook.outputs(2)[0]["data"])]
    notebook.stop_kernel()
    saved = open_notebook(cell, kernel=None).output(0)
    saved.get_by_role("tab", name=re.compile(r"Alternatives \d")).click()
    open_first(saved)
    expect(saved.get_by_role("button", name="Look for")).to_have_count(0)


def test_other_sets_are_found_in_the_widget_itself(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(
        samples.LOAD, samples.BREAST_CANCER, samples.FIT, samples.VIEW_THAT_STAYS
    )
    notebook.run_to_end(0, 1, 2, 3)
    output = notebook.output(3)
    output.get_by_role("tab", name="Alternatives").click()
    output.get_by_role("button", name="Look for other sets").click()
    expect(output.get_by_role("tab", name=re.compile(r"Alternatives \d"))).to_be_visible()
    expect(output.get_by_role("button", name="Stop")).to_have_count(0)
    open_first(output)
    # A row of it is picked like any other.
    rows = output.get_by_role("list", name="Set 2, in order of removal").get_by_role("listitem")
    rows.nth(1).click()
    expect(output.get_by_role("button", name=re.compile("^Set 2 .* verified$"))).to_be_visible()


def test_progress_and_audit_are_no_error_text(
    open_notebook: OpenNotebook, screenshots: Path
) -> None:
    notebook = open_notebook(
        samples.LOAD,
        samples.BREAST_CANCER,
        samples.FIT,
        "import forcing\nstudy = forcing.Study(model, X_train, y_train)\n"
        "audit = study.audit(X_test[:40], y_test[:40])\naudit",
        "audit.plot()",
    )
    notebook.run_to_end(0, 1, 2, 3, 4)
    outputs = notebook.outputs(3)
    assert all(output["output_type"] != "stream" for output in outputs)
    output = notebook.output(3)
    expect(output.get_by_text(re.compile(r"audit: 40 of 40 targets in"))).to_be_visible()
    expect(output.get_by_role("table").first).to_contain_text("wrong ones (✗) first")
    figure = notebook.output(4).locator("svg.svg-figure")
    expect(figure).to_be_visible()
    for theme in ("light", "dark"):
        notebook.use_theme(theme)
        output.screenshot(path=screenshots / f"audit-{theme}.png")
        notebook.output(4).screenshot(path=screenshots / f"audit-plot-{theme}.png")
