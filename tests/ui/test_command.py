"""The palette command "Explain a prediction with %%mfs"."""

from __future__ import annotations

import nbformat

from ui.conftest import OpenNotebook

COMMAND = "forcing:explain"
FIT = "model = LogisticRegression().fit(X_train, y_train)"
MAGIC = "%%mfs --at X_test[0] --baselines influence,representer"


def test_command_puts_the_magic_on_the_active_cell(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook("import sklearn", FIT)
    notebook.select(1)
    notebook.execute(COMMAND)
    notebook.poll(lambda: len(notebook.sources()) == 3)
    notebook.poll(lambda: notebook.page.evaluate("() => String(window.getSelection())"))

    assert notebook.sources() == ["import sklearn", "%load_ext forcing", f"{MAGIC}\n{FIT}"]
    # The target is selected: what is typed replaces it.
    notebook.page.keyboard.type("row")
    assert notebook.sources()[2] == f"{MAGIC.replace('X_test[0]', 'row')}\n{FIT}"


def test_command_changes_no_more_than_it_must(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook("%load_ext forcing", f"%%mfs --at x\n{FIT}")
    notebook.select(1)
    notebook.execute(COMMAND)
    notebook.page.wait_for_timeout(500)
    assert notebook.sources() == ["%load_ext forcing", f"%%mfs --at x\n{FIT}"]


def test_command_leaves_text_cells_alone(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook("%load_ext forcing", nbformat.v4.new_markdown_cell("# A title"))
    notebook.select(1)
    notebook.execute(COMMAND)
    notebook.poll(lambda: len(notebook.sources()) == 3)
    notebook.poll(lambda: notebook.sources()[2] != "")
    assert notebook.sources() == ["%load_ext forcing", "# A title", f"{MAGIC}\n"]


def test_command_is_in_the_palette(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(FIT)
    notebook.execute("apputils:activate-command-palette")
    notebook.page.keyboard.type("%%mfs")
    notebook.page.locator(f".lm-CommandPalette-item[data-command='{COMMAND}']").click()
    notebook.poll(lambda: notebook.sources()[-1].startswith("%%mfs"))
