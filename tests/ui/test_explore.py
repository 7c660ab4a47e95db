"""Many targets in one view: chosen in the list and in Python, live, frozen and saved."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from ui import samples, saved
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.saved import MIME_TYPE

EXPLORE = """\
import forcing
study = forcing.Study(model, X_train, y_train)
w = study.explore(X_test, y_test, baselines=())
w
"""


@pytest.fixture
def explored(open_notebook: OpenNotebook) -> NotebookPage:
    """A notebook in which cell 3 explores, and has become the saved form."""
    notebook = open_notebook(
        samples.LOAD,
        samples.BREAST_CANCER,
        samples.FIT,
        EXPLORE,
        "print(w.target, sorted(w.explanations))",
        "w.target = 13",
        "w.wait(20)\nw.selected = w.explanation.supports[-1:]",
        "print(w.selected)",
    )
    notebook.run_to_end(0, 1, 2, 3)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(3)[0].get("data", {}))
    expect(notebook.output(3).get_by_text("Verified")).to_be_visible()
    return notebook


def entries(output: Locator) -> Locator:
    return output.get_by_role("listbox", name="Test rows").get_by_role("option")


def chosen(output: Locator) -> Locator:
    return output.locator(".target-entry[aria-selected=true]")


def saved_target(notebook: NotebookPage, index: int = 3) -> int:
    form = notebook.outputs(index)[0]["data"][MIME_TYPE]
    target: int = form["targets"]["chosen"]
    return target


def written(notebook: NotebookPage, index: int) -> str:
    (output,) = notebook.outputs(index)
    text: str = output["text"]
    return text.strip()


def test_a_click_explains_in_the_saved_form_too(explored: NotebookPage) -> None:
    output = explored.output(3)
    expect(entries(output).first).to_have_attribute("aria-selected", "true")
    first = saved_target(explored)
    name = entries(output).nth(1).get_attribute("title")
    entries(output).nth(1).click()
    expect(chosen(output)).to_have_attribute("title", name or "")
    # Whatever was saved before, the output becomes what was explained last.
    explored.poll(lambda: saved_target(explored) != first)
    expect(output.locator(".target-line")).to_contain_text(re.compile(name or "", re.IGNORECASE))
    expect(chosen(output)).to_contain_text(re.compile(r"\d rows?"))
    # However long a name is, the size has its place.
    chosen(output).locator(".meta .clip").evaluate("e => { e.textContent = 'long '.repeat(30) }")
    size = chosen(output).locator(".found")
    edge = "e => e.getBoundingClientRect().right"
    assert size.evaluate(edge) < chosen(output).evaluate(edge)
    explored.run_to_end(4)
    second = saved_target(explored)
    assert written(explored, 4) == f"{second} {sorted([first, second])}"
    # Back to the first, which is known.
    entries(output).nth(0).click()
    explored.poll(lambda: saved_target(explored) == first)


def test_python_chooses_the_target_and_picks_rows_in_the_view(explored: NotebookPage) -> None:
    output = explored.output(3)
    explored.run_to_end(5)
    explored.poll(lambda: saved_target(explored) == 13)
    expect(chosen(output)).to_have_attribute("title", "test row 13")
    explored.run_to_end(6, 7)
    (row,) = re.findall(r"\d+", written(explored, 7))
    expect(output.locator(".row.chosen")).to_contain_text(f"row {row}")
    # And the view picks for Python.
    other = output.locator(".supports .row:not(.header)").first
    other.locator(".identity").click()
    explored.run_to_end(7)
    picked = re.findall(r"\d+", written(explored, 7))
    expect(other).to_contain_text(f"row {picked[0]}")


def test_typing_in_the_search_filters_and_leaves_the_notebook_alone(
    explored: NotebookPage,
) -> None:
    output, before = explored.output(3), explored.sources()
    search = output.get_by_role("searchbox")
    search.click()
    # In a notebook these letters are commands: cut, delete, insert a cell.
    explored.page.keyboard.type("dd xab")
    expect(output.get_by_text("No row is like that.")).to_be_visible()
    assert explored.sources() == before
    search.fill("test row 13")
    expect(entries(output).first).to_be_visible()
    explored.poll(lambda: all("13" in title for title in titles(output)))
    search.fill("")
    output.get_by_role("button", name="Wrong").click()
    expect(entries(output).first).to_contain_text("not ")
    # From the list with the keyboard alone.
    entries(output).nth(0).focus()
    explored.page.keyboard.press("ArrowDown")
    explored.page.keyboard.press("Enter")
    expect(entries(output).nth(1)).to_have_attribute("aria-selected", "true")


def titles(output: Locator) -> list[str]:
    found: list[str] = entries(output).evaluate_all("all => all.map(one => one.title)")
    return found


def test_one_explanation_is_kept_beside_another(open_notebook: OpenNotebook) -> None:
    stays = EXPLORE.replace("baselines=()", "baselines=(), freeze=False")
    notebook = open_notebook(samples.LOAD, samples.BREAST_CANCER, samples.FIT, stays)
    notebook.run_to_end(0, 1, 2, 3)
    output = notebook.output(3)
    expect(output.get_by_text("Verified")).to_be_visible()
    output.get_by_role("button", name="Keep beside").click()
    drawer = output.locator(".drawer")
    drawer.click()
    entries(output).nth(2).click()
    sentence = output.locator(".compared")
    expect(sentence).to_contain_text(re.compile(r"stands on .* in both\."))
    expect(output.get_by_role("heading", level=2)).to_have_count(2)
    output.get_by_role("button", name="Close").click()
    expect(output.get_by_role("heading", level=2)).to_have_count(1)


def test_saved_without_a_kernel_the_list_is_shown_and_says_what_it_needs(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(saved.cell(saved.explored_bundle()), kernel=None)
    output = notebook.output(0)
    expect(output.get_by_role("heading", level=2)).to_contain_text("stands on")
    expect(entries(output).first).to_contain_text("not ")
    expect(output.get_by_text("needs the running kernel")).to_be_visible()
    output.get_by_role("searchbox").fill("benign")
    expect(entries(output).first).to_be_visible()
