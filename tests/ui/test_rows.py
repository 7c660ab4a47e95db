"""The list of supports: sorted, searched, several rows put back at once, a run played again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Position, expect

from ui import samples
from ui.conftest import OpenNotebook
from ui.notebook_page import HostName

# Little regularisation: more supports than fit into a short list.
STUDY = """\
import forcing
model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X_train, y_train)
sure = model.predict_proba(X_test).max(axis=1)
"""
VIEW = (
    "forcing.Study(model, X_train, y_train)"
    ".view(X_test.iloc[[abs(sure - 0.62).argmin()]], freeze=False)"
)
# Longer than any run is played, in milliseconds.
WHOLE_RUN = 40_000
# Where a row has no button.
LEFT: Position = {"x": 60, "y": 10}


@pytest.fixture(params=["lab"])
def host(request: pytest.FixtureRequest) -> HostName:
    """The list is the view's own: one host is enough."""
    name: HostName = request.param
    return name


@pytest.fixture
def output(open_notebook: OpenNotebook) -> Locator:
    """A finished run in a live view."""
    notebook = open_notebook(samples.LOAD, samples.BREAST_CANCER, STUDY, VIEW)
    notebook.run_to_end(0, 1, 2, 3)
    output = notebook.output(3)
    expect(output.get_by_text("Verified", exact=True)).to_be_visible()
    expect(output.get_by_role("button", name="Cancel")).to_have_count(0)
    return output


def _rows(output: Locator) -> list[int]:
    texts = output.locator("[data-place] .identity .meta").all_inner_texts()
    return [int(re.findall(r"\d+", text)[0]) for text in texts]


def test_rows_are_sorted_and_searched(output: Locator) -> None:
    output.get_by_label("Sort by").select_option("row")
    rows = _rows(output)
    assert len(rows) > 4
    assert rows == sorted(rows)
    output.get_by_label("Search rows").fill(f"row {rows[0]}")
    expect(output.locator(".kept")).to_contain_text(re.compile(r"\d+ of \d+"))
    assert rows[0] in _rows(output)
    output.get_by_role("button", name="Show all rows").click()
    expect(output.locator(".kept")).to_have_count(0)


def test_several_rows_are_put_back_by_the_kernel_and_undone(output: Locator) -> None:
    places = output.locator("[data-place]")
    places.nth(0).click(position=LEFT)
    places.nth(2).click(position=LEFT, modifiers=["Shift"])
    expect(output.locator("[aria-current=true]")).to_have_count(3)
    output.get_by_role("button", name="Put back 3 rows").click()
    line = output.locator(".what-if")
    expect(line).to_contain_text(re.compile(r"With rows \d+, \d+ and \d+ put back: .*%"))
    places.nth(3).locator("button").focus()
    output.page.keyboard.press("p")
    expect(line).to_contain_text(re.compile(r"With rows .* and \d+ put back: .*%"))
    output.page.keyboard.press("Control+z")
    expect(line).to_contain_text(re.compile(r"With rows \d+, \d+ and \d+ put back: .*%"))
    output.get_by_role("button", name="Restore all").click()
    expect(line).to_have_count(0)


def test_a_finished_run_is_played_to_its_end(output: Locator) -> None:
    curve = output.get_by_role("slider")
    curve.focus()
    output.page.keyboard.press("Space")
    line = output.locator(".play-line")
    expect(line).to_contain_text(re.compile(r"After \d+ of \d+ removals: .*%"))
    # At the end the whole run is shown again.
    expect(line).to_have_count(0, timeout=WHOLE_RUN)
    output.get_by_role("button", name="One removal back").click()
    expect(output.locator(".row.ahead")).to_have_count(1)
    output.get_by_role("button", name="Show all", exact=True).click()
    expect(output.locator(".row.ahead")).to_have_count(0)
