"""Screenshots to be looked at: test-output/screenshots, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ui import samples, saved
from ui.conftest import OpenNotebook
from ui.notebook_page import HostName, NotebookPage
from ui.view import pictures_drawn, steps_shown

WIDTHS = {"wide": 1100, "narrow": 500}
TALL = 2600
SAVED = {"table": saved.table_bundle, "image": saved.image_bundle}


@pytest.fixture(params=["lab"])
def host(request: pytest.FixtureRequest) -> HostName:
    """The look is the view's own: one host is enough."""
    name: HostName = request.param
    return name


@pytest.mark.parametrize("kind", SAVED)
def test_look_of_a_saved_explanation(
    open_notebook: OpenNotebook, screenshots: Path, kind: str
) -> None:
    notebook = open_notebook(saved.cell(SAVED[kind]()), kernel=None)
    expect(notebook.output(0).get_by_text("Verified")).to_be_visible()
    if kind == "image":
        notebook.poll(lambda: all(pictures_drawn(notebook.output(0))))
    _take(notebook, 0, lambda theme, width: screenshots / f"{kind}-{theme}-{width}.png")


def test_look_of_a_run_that_goes_on(open_notebook: OpenNotebook, screenshots: Path) -> None:
    notebook = open_notebook(samples.LOAD, samples.SLOW, samples.EXPLAIN_SLOWLY)
    notebook.run_to_end(0, 1, 2)
    output = notebook.output(2)
    notebook.poll(lambda: steps_shown(output) > 10)
    output.get_by_role("button", name="Pause").click()
    expect(output.get_by_role("button", name="Resume")).to_be_visible()
    _take(notebook, 2, lambda theme, width: screenshots / f"running-{theme}-{width}.png")


def _take(notebook: NotebookPage, index: int, path: Callable[[str, str], Path]) -> None:
    # Without the prompt: the width that the view has.
    output = notebook.output(index).locator(".jp-OutputArea-output").first
    for name, width in WIDTHS.items():
        # The rest of the application keeps its width when the window changes.
        window = notebook.page.viewport_size
        box = output.bounding_box()
        assert window is not None
        assert box is not None
        around = window["width"] - round(box["width"])
        notebook.page.set_viewport_size({"width": around + width, "height": TALL})
        for theme in ("light", "dark"):
            notebook.use_theme(theme)
            notebook.page.wait_for_timeout(300)
            output.screenshot(path=path(theme, name))
            scrolls = "node => node.scrollWidth > node.clientWidth + 1"
            assert not output.evaluate(scrolls), f"{name}: wider than its output area"
