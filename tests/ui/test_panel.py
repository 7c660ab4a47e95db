"""The side panel: every explanation of the open notebooks, wherever it is scrolled to."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from ui import samples, saved
from ui.conftest import OpenNotebook
from ui.notebook_page import HostName, NotebookPage
from ui.panel import SidePanel

FILLER = "\n".join(f"# line {n}" for n in range(60))


def test_look_of_the_panel(open_notebook: OpenNotebook, screenshots: Path) -> None:
    notebook = open_notebook(
        saved.cell(saved.table_bundle()),
        FILLER,
        FILLER,
        FILLER,
        saved.cell(saved.image_bundle()),
        samples.LOAD,
        samples.SLOW,
        samples.EXPLAIN_SLOWLY,
    )
    panel = SidePanel(notebook).show()
    notebook.run_to_end(5, 6, 7)
    expect(panel.entries).to_have_count(3)
    panel.entry("step 1").get_by_role("button", name="Pause").click()
    panel.go("Paused")
    notebook.page.wait_for_timeout(1500)
    for theme in ("light", "dark"):
        notebook.use_theme(theme)
        notebook.page.wait_for_timeout(300)
        panel.root.screenshot(path=screenshots / f"panel-{theme}.png")
        notebook.page.screenshot(path=screenshots / f"panel-page-{theme}.png")
