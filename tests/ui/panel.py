"""The side panel "Forcing sets", in either host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from ui.notebook_page import NotebookPage

COMMAND = "forcing:show-panel"


@dataclass
class SidePanel:
    """The panel of the page that a notebook is open in."""

    notebook: NotebookPage

    def show(self) -> SidePanel:
        """Open it and wait until it is there."""
        self.notebook.execute(COMMAND)
        self.root.wait_for()
        return self

    @property
    def root(self) -> Locator:
        """All of it."""
        return self.notebook.page.locator("#forcing-panel")

    @property
    def entries(self) -> Locator:
        """The explanations that it lists."""
        return self.root.get_by_role("listitem")

    def entry(self, words: str) -> Locator:
        """The one that says so."""
        return self.entries.filter(has_text=words)

    def registered(self) -> int:
        """How many runs the page knows, shown or not."""
        script = "() => globalThis[Symbol.for('forcing.runs.v1')]?.runs.size ?? 0"
        count: int = self.notebook.page.evaluate(script)
        return count

    def go(self, words: str) -> None:
        """Click it."""
        self.entry(words).get_by_role("button", name="Go to the cell").click()

    def open_here(self, words: str) -> None:
        """Show a second view of it in the panel."""
        self.go(words)
        self.entry(words).get_by_role("button", name="Open here").click()
