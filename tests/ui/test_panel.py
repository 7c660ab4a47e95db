"""The side panel: every explanation of the open notebooks, wherever it is scrolled to."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from ui import samples, saved
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.panel import SidePanel
from ui.view import pictures_drawn

LINES = "\n\n".join(f"Line {n}" for n in range(60))
FAR = [nbformat.v4.new_markdown_cell(LINES) for _ in range(3)]
lab_only = pytest.mark.parametrize("host", ["lab"], indirect=True)

BOXED = """\
import forcing
import ipywidgets
widget = forcing.Study(model, X_train, y_train).view(X_test.iloc[0], freeze=False)
ipywidgets.VBox([widget])
"""


def started(open_notebook: OpenNotebook) -> tuple[NotebookPage, SidePanel]:
    """A saved explanation, and far below it one that runs and is paused."""
    notebook = open_notebook(
        saved.cell(saved.table_bundle()),
        *FAR,
        samples.LOAD,
        samples.SLOW,
        samples.EXPLAIN_SLOWLY,
    )
    panel = SidePanel(notebook).show()
    notebook.run_to_end(4, 5)
    notebook.run(6)
    panel.entry("step").get_by_role("button", name="Pause").click()
    expect(panel.entry("Paused")).to_have_count(1)
    return notebook, panel


def test_a_saved_notebook_is_listed_whole(open_notebook: OpenNotebook) -> None:
    cells = saved.cell(saved.table_bundle()), *FAR, saved.cell(saved.image_bundle())
    notebook = open_notebook(*cells, kernel=None)
    panel = SidePanel(notebook).show()
    expect(panel.entries).to_have_count(2)
    expect(panel.entries.nth(0)).to_contain_text("Malignant stands on")
    expect(panel.entries.nth(0)).to_contain_text("Verified")
    # The target's picture, though its cell may never have been drawn.
    notebook.poll(lambda: pictures_drawn(panel.entries.nth(1)) == [True])

    panel.go("Class 8")
    expect(notebook.output(4).locator(".headline")).to_be_in_viewport()
    assert notebook.evaluate("return panel.content.activeCellIndex") == 4
    assert notebook.evaluate("return panel.content.mode") == "command"
    expect(panel.root.locator(".current")).to_contain_text("Class 8")


def test_running_ones_are_on_top_and_obey(open_notebook: OpenNotebook) -> None:
    notebook, panel = started(open_notebook)
    expect(panel.entries).to_have_count(2)
    first = panel.entries.nth(0)
    expect(first).to_contain_text("Paused at step")
    first.get_by_role("button", name="Resume").click()
    expect(first.get_by_role("button", name="Pause")).to_be_visible()
    first.get_by_role("button", name="Cancel").click()
    expect(panel.entry("Stopped at step")).to_have_count(1)
    expect(panel.entries.get_by_role("button", name="Cancel")).to_have_count(0)
    # Where it stands in the notebook, now that it has ended.
    expect(panel.entries.nth(1)).to_contain_text("Stopped at step")
    expect(notebook.output(6).locator(".checks").get_by_text("Stopped at step")).to_have_count(1)


def test_finished_ones_are_cleared_and_come_back(open_notebook: OpenNotebook) -> None:
    _, panel = started(open_notebook)
    panel.root.get_by_role("button", name="Clear finished").click()
    expect(panel.entries).to_have_count(1)
    expect(panel.entries).to_contain_text("Paused")
    panel.root.get_by_role("button", name="Show cleared").click()
    expect(panel.entries).to_have_count(2)


def test_a_run_that_was_never_drawn_is_listed(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(samples.LOAD, samples.SLOW, *FAR, samples.EXPLAIN_SLOWLY)
    panel = SidePanel(notebook).show()
    notebook.run_to_end(0, 1)
    # As "run all" does, without going there.
    notebook.evaluate("panel.content.activeCellIndex = 0")
    notebook.evaluate(
        "const cell = panel.content.widgets[5];"
        "void cell.constructor.execute?.(cell, panel.sessionContext);"
    )
    expect(panel.entries).to_have_count(1)
    expect(panel.entries).to_contain_text(re.compile(r"step \d|Verified"))


def test_a_view_inside_another_widget_is_listed_once(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(samples.LOAD, samples.BREAST_CANCER, samples.FIT, BOXED)
    panel = SidePanel(notebook).show()
    notebook.run_to_end(0, 1, 2, 3)
    expect(panel.entry("Verified")).to_have_count(1)
    expect(panel.entries).to_have_count(1)


def test_the_list_is_one_stop_and_goes_by_keys(open_notebook: OpenNotebook) -> None:
    cells = saved.cell(saved.table_bundle()), *FAR, saved.cell(saved.image_bundle())
    notebook = open_notebook(*cells, kernel=None)
    panel = SidePanel(notebook).show()
    expect(panel.entries).to_have_count(2)
    go = panel.entries.get_by_role("button", name="Go to the cell")
    expect(go.nth(0)).to_have_attribute("tabindex", "0")
    expect(go.nth(1)).to_have_attribute("tabindex", "-1")
    go.nth(0).focus()
    notebook.page.keyboard.press("ArrowDown")
    expect(go.nth(1)).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(notebook.output(4).locator(".headline")).to_be_in_viewport()


def test_a_second_view_opens_in_the_panel(open_notebook: OpenNotebook) -> None:
    notebook, panel = started(open_notebook)
    panel.open_here("Paused")
    expect(panel.root.get_by_role("heading")).to_contain_text(
        re.compile("is (down to|still at)|or")
    )
    # One store behind both: what is asked for here is seen there.
    panel.root.get_by_role("button", name="Resume").click()
    panel.root.get_by_role("button", name="Cancel").click()
    expect(notebook.output(6).locator(".checks").get_by_text("Stopped at step")).to_have_count(1)
    opened = panel.root.locator(".forcing-Opened")
    expect(opened.locator(".checks").get_by_text("Stopped at step")).to_be_visible()
    panel.root.get_by_role("button", name="All explanations").click()
    expect(panel.entries).to_have_count(2)


def test_a_second_view_outlives_its_cell(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    panel = SidePanel(notebook).show()
    panel.open_here("Malignant")
    expect(panel.root.get_by_role("heading")).to_contain_text("stands on")
    notebook.execute("notebook:clear-all-cell-outputs")
    expect(notebook.output(0)).to_have_text("")
    expect(panel.root.get_by_role("heading")).to_contain_text("stands on")
    panel.root.get_by_role("button", name="All explanations").press("Escape")
    expect(panel.root).to_contain_text("No explanations yet")


@lab_only
def test_a_second_view_opens_beside(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    panel = SidePanel(notebook).show()
    panel.go("Malignant")
    panel.entries.get_by_role("button", name="Open beside").click()
    opened = notebook.page.locator(".forcing-Opened")
    expect(opened.get_by_role("heading")).to_contain_text("stands on")
    expect(notebook.output(0).get_by_role("heading")).to_be_visible()


@lab_only
def test_notebooks_are_groups_and_leave_nothing_behind(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    panel = SidePanel(notebook).show()
    expect(panel.entries).to_have_count(1)
    copy = notebook.path.replace(".ipynb", "-copy.ipynb")
    notebook.evaluate(
        "const { contents } = window.jupyterapp.serviceManager;"
        "const { content } = await contents.get(path);"
        "await contents.save(argument, { type: 'notebook', format: 'json', content });"
        "await window.jupyterapp.commands.execute('docmanager:open', { path: argument });",
        copy,
    )
    notebook.refuse_kernel()
    # The same run in two notebooks is two explanations.
    expect(panel.entries).to_have_count(2)
    expect(panel.root.get_by_role("heading", name=copy)).to_be_visible()
    panel.root.get_by_role("region", name=notebook.path).get_by_role(
        "button", name="Go to the cell"
    ).click()
    notebook.poll(lambda: notebook.evaluate("return panel.isVisible"))

    for path in (copy, notebook.path):
        notebook.evaluate(
            "for (const one of window.jupyterapp.shell.widgets('main'))"
            "  if (one.context?.path === argument) one.dispose();",
            path,
        )
    expect(panel.root).to_contain_text("No explanations yet")
    assert panel.registered() == 0


@lab_only
def test_look_of_the_panel(open_notebook: OpenNotebook, screenshots: Path) -> None:
    notebook, panel = started(open_notebook)
    panel.go("Paused")
    for theme in ("light", "dark"):
        notebook.use_theme(theme)
        notebook.page.wait_for_timeout(300)
        panel.root.screenshot(path=screenshots / f"panel-{theme}.png")
