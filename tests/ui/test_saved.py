"""Saved explanations: shown from the file alone, in an untrusted notebook, with no kernel."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from ui import saved
from ui.conftest import OpenNotebook
from ui.view import pictures_drawn

TABLE = 0
IMAGES = 1


def test_saved_cards_need_neither_kernel_nor_trust(open_notebook: OpenNotebook) -> None:
    cells = saved.cell(saved.table_bundle()), saved.cell(saved.image_bundle())
    notebook = open_notebook(*cells, kernel=None)
    assert not notebook.evaluate("return panel.content.model.cells.get(0).trusted")
    assert notebook.evaluate("return panel.sessionContext.session === null")

    output = notebook.output(TABLE)
    expect(output.get_by_role("heading")).to_contain_text("stands on")
    expect(output.get_by_text("Verified")).to_be_visible()
    size = len(saved.table_bundle()[saved.MIME_TYPE]["steps"])
    expect(output.get_by_role("tab", name=re.compile(f"Supports {size}"))).to_be_visible()

    output = notebook.output(IMAGES)
    output.scroll_into_view_if_needed()
    notebook.poll(lambda: len(drawn := pictures_drawn(output)) > 10 and all(drawn))


def test_one_row_put_back_is_answered_from_the_file(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    output = notebook.output(TABLE)
    output.get_by_role("button", name="Put back").first.click()
    expect(output.locator(".what-if")).to_contain_text(re.compile(r"With row \d+ put back: .*%"))


def test_a_kernel_that_does_not_know_the_run_leaves_it_as_saved(
    open_notebook: OpenNotebook,
) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()))
    expect(notebook.output(TABLE).get_by_text("Verified")).to_be_visible()


def test_a_form_that_is_not_known_is_shown_as_text(open_notebook: OpenNotebook) -> None:
    bundle = {
        saved.MIME_TYPE: {"schema": "forcing.v2"},
        "text/html": "<b>from elsewhere</b>",
        "text/plain": "in <b>plain</b> words",
    }
    notebook = open_notebook(saved.cell(bundle), kernel=None)
    expect(notebook.output(0)).to_contain_text("in <b>plain</b> words")
