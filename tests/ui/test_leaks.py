"""What views leave on a page when they go: nothing. On the page that measures, without Jupyter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from benchmarks.screen_page import heap, served


@pytest.fixture
def bench(page: Page) -> Iterator[Page]:
    """The page with the shipped widget and made-up runs."""
    with served() as address:
        page.goto(address)
        page.wait_for_function("() => 'bench' in globalThis")
        yield page


def held(page: Page) -> tuple[float, float]:
    """DOM nodes and listeners that are left once the garbage is collected."""
    left = heap(page)
    return left["nodes"], left["listeners"]


@pytest.mark.parametrize("kind", ["table", "image", "text"])
def test_closed_views_leave_no_nodes_and_no_listeners(bench: Page, kind: str) -> None:
    def rounds(count: int) -> None:
        for _ in range(count):
            done = bench.evaluate("kind => bench.round(kind, 100)", kind)
            assert done["drawn"] > 100, "the view should have drawn its rows"
            assert done["left"] == 0, "callbacks are left on the model"

    rounds(2)
    before = held(bench)
    rounds(8)
    nodes, listeners = held(bench)
    assert nodes <= before[0]
    assert listeners <= before[1]


def test_views_that_stay_are_let_go_with_their_cells(bench: Page) -> None:
    bench.evaluate("kind => bench.round(kind, 100)", "table")
    before = held(bench)
    for _ in range(5):
        bench.evaluate("() => bench.finish('table', 50, { live: false })")
    assert held(bench)[0] > before[0]
    assert bench.evaluate("() => bench.dispose()") == 0
    nodes, listeners = held(bench)
    assert nodes <= before[0]
    assert listeners <= before[1]
