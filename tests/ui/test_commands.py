"""Commands, menus, toolbar, context menu and shortcuts; and hosts with nothing to act on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from ui import samples, saved
from ui.conftest import OpenNotebook
from ui.panel import SidePanel
from ui.server import Server

lab_only = pytest.mark.parametrize("host", ["lab"], indirect=True)
COMMANDS = ("explain", "next", "pause-all", "cancel-all", "show-panel")
FIT = "model = LogisticRegression().fit(X, y)"


def test_the_toolbar_button_explains(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(FIT)
    # A toolbar without room for it has it in its overflow menu.
    button = notebook.page.locator(".jp-NotebookPanel-toolbar [data-command='forcing:explain']")
    expect(button).to_be_visible()
    expect(button).to_have_text("")
    button.click()
    notebook.poll(lambda: notebook.sources()[-1].startswith("%%mfs"))


def test_the_context_menu_of_a_cell_explains(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(FIT)
    notebook.page.locator(".jp-Cell").first.click(button="right")
    notebook.page.locator(".lm-Menu-item[data-command='forcing:explain']").click()
    notebook.poll(lambda: notebook.sources()[-1].startswith("%%mfs"))


@pytest.mark.parametrize(
    ("menu", "label", "keys"),
    [
        ("Run", "Explain a prediction with %%mfs", "Alt+Shift+E"),
        ("Run", "Pause All Running Explanations", "Alt+Shift+P"),
        ("Run", "Cancel All Running Explanations", "Alt+Shift+X"),
        ("View", "Show Forcing Sets", "Alt+Shift+F"),
        ("View", "Go to the Next Explanation", "Alt+Shift+N"),
    ],
)
@lab_only
def test_the_menus_have_them_with_their_keys(
    open_notebook: OpenNotebook, menu: str, label: str, keys: str
) -> None:
    notebook = open_notebook(FIT)
    notebook.page.get_by_role("menuitem", name=menu, exact=True).click()
    item = notebook.page.locator(".lm-Menu-item").filter(has_text=label)
    expect(item).to_be_visible()
    expect(item).to_contain_text(keys)


def test_keys_show_the_panel_and_go_round(open_notebook: OpenNotebook) -> None:
    text = "\n".join("#" for _ in range(60))
    cells = saved.cell(saved.table_bundle()), text, saved.cell(saved.image_bundle())
    notebook = open_notebook(*cells, kernel=None)
    panel = SidePanel(notebook)
    notebook.select(1)
    notebook.page.keyboard.press("Alt+Shift+F")
    expect(panel.entries).to_have_count(2)
    for index in (0, 2, 0):
        notebook.page.keyboard.press("Alt+Shift+N")
        notebook.poll(
            lambda i=index: notebook.evaluate("return panel.content.activeCellIndex") == i
        )
        expect(notebook.output(index).locator(".headline")).to_be_in_viewport()


def test_all_that_run_are_paused_and_cancelled(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(samples.LOAD, samples.SLOW, samples.EXPLAIN_SLOWLY)
    notebook.run_to_end(0, 1)
    notebook.run(2)
    output = notebook.output(2)
    expect(output.get_by_role("button", name="Pause")).to_be_visible()
    notebook.page.keyboard.press("Alt+Shift+P")
    expect(output.get_by_role("button", name="Resume")).to_be_visible()
    label = "() => window.jupyterapp.commands.label('forcing:pause-all')"
    assert notebook.page.evaluate(label) == "Resume All Paused Explanations"
    notebook.page.keyboard.press("Alt+Shift+X")
    expect(output.locator(".checks").get_by_text("Stopped at step")).to_be_visible()
    assert not notebook.page.evaluate(
        "() => window.jupyterapp.commands.isEnabled('forcing:cancel-all')"
    )


@pytest.mark.parametrize("place", ["lab?reset", "tree"])
def test_without_a_notebook_nothing_throws(page: Page, server: Server, place: str) -> None:
    problems: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and re.search("forcing", message.text, re.IGNORECASE):
            problems.append(message.text)

    page.on("console", note)
    page.goto(f"{server.url}/{place}")
    page.wait_for_function("() => Boolean(window.jupyterapp)")
    page.evaluate("() => window.jupyterapp.restored")
    results = page.evaluate(
        """async (names) => {
          const { commands } = window.jupyterapp;
          const known = names.map(name => `forcing:${name}`).filter(id => commands.hasCommand(id));
          for (const id of known) await commands.execute(id);
          return known;
        }""",
        COMMANDS,
    )
    if place.startswith("lab"):
        assert len(results) == len(COMMANDS)
    assert problems == []


def test_without_a_kernel_nothing_throws(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(FIT, kernel=None)
    for name in COMMANDS[1:]:
        notebook.evaluate("await window.jupyterapp.commands.execute(argument)", f"forcing:{name}")
    expect(SidePanel(notebook).root).to_contain_text("No explanations yet")
