"""Two explanations side by side, from the file alone."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from ui import saved
from ui.conftest import OpenNotebook

SCROLLS = "node => node.scrollWidth > node.clientWidth + 1"


def test_a_saved_comparison_needs_no_kernel(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.compared_bundle()), kernel=None)
    output = notebook.output(0)
    expect(output.locator(".compared")).to_contain_text("weak stands on")
    sides = output.locator(".side")
    expect(sides).to_have_count(2)
    left, right = (sides.nth(place).bounding_box() for place in (0, 1))
    assert left is not None
    assert right is not None
    assert left["y"] == right["y"]
    assert left["x"] < right["x"]
    # The rows of both are marked in both lists.
    shared = saved.compared_bundle()["text/html"].count("In both:")
    marks = [sides.nth(place).get_by_text("in both", exact=True).count() for place in (0, 1)]
    assert all(marks) == bool(shared)


def test_a_narrow_comparison_stands_one_above_the_other(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.compared_bundle()), kernel=None)
    notebook.page.set_viewport_size({"width": 700, "height": 1000})
    sides = notebook.output(0).locator(".side")
    expect(sides).to_have_count(2)
    notebook.poll(lambda: _top(sides.nth(1)) > _top(sides.nth(0)))
    assert not notebook.output(0).locator(".comparison").evaluate(SCROLLS)


def _top(side: Locator) -> float:
    box = side.bounding_box()
    return 0.0 if box is None else float(box["y"])
