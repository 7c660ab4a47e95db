"""A notebook open in a browser: run cells, look at outputs, wait."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Locator, Page

HostName: TypeAlias = Literal["lab", "notebook"]
# Where each host opens a notebook. Lab's reset forgets the tabs of the test before.
ADDRESSES: dict[HostName, str] = {
    "lab": "{url}/lab/tree/{path}?reset",
    "notebook": "{url}/notebooks/{path}",
}

# The panel with the notebook: `shell.currentWidget` may still be null when it is there.
PANEL = """
const panel = [...window.jupyterapp.shell.widgets("main")].find(w => w.context?.path === path);
"""
TIMEOUT = 20.0
INTERVAL = 0.05


@dataclass
class NotebookPage:
    """One notebook in JupyterLab or Notebook 7."""

    page: Page
    url: str
    host: HostName
    path: str

    def open(self) -> None:
        """Load the page and wait for the notebook, not for its kernel."""
        self.page.goto(ADDRESSES[self.host].format(url=self.url, path=self.path))
        self.poll(lambda: self.page.evaluate("() => Boolean(window.jupyterapp)"))
        self.page.evaluate("() => window.jupyterapp.restored")
        self.poll(lambda: self.evaluate("return Boolean(panel?.content?.model)"))
        self.evaluate("await panel.context.ready")

    def wait_for_kernel(self) -> None:
        """Wait until the kernel has said who it is; "idle" alone comes too early."""
        self.evaluate("await panel.sessionContext.ready")
        self.poll(lambda: self.evaluate("return Boolean(panel.sessionContext.session?.kernel)"))
        self.evaluate("await panel.sessionContext.session.kernel.info")

    def refuse_kernel(self) -> None:
        """Answer the question which kernel to use with none."""
        self.page.locator(".jp-Dialog-button", has_text="No Kernel").click()

    def stop_kernel(self) -> None:
        """End the kernel, if there is one: what it still computes would slow the next test."""
        self.evaluate("await panel?.sessionContext.session?.shutdown()")

    def evaluate(self, body: str, argument: Any = None) -> Any:
        """The value of an async function body in which `panel` and `argument` are known."""
        script = f"async ([path, argument]) => {{ {PANEL} {body} }}"
        return self.page.evaluate(script, [self.path, argument])

    def execute(self, command: str, **arguments: Any) -> None:
        """Start a command of the application; what it does may take longer."""
        script = "([id, args]) => { void window.jupyterapp.commands.execute(id, args); }"
        self.page.evaluate(script, [command, arguments])

    def run(self, index: int) -> None:
        """Start one cell."""
        self.select(index)
        self.execute("notebook:run-cell")

    def run_to_end(self, *indices: int) -> None:
        """Run cells one after the other."""
        for index in indices:
            self.run(index)
            self.wait_for_cell(index)

    def select(self, index: int) -> None:
        """Make one cell the active one."""
        self.evaluate(
            "panel.content.activeCellIndex = argument; panel.content.deselectAll()", index
        )

    def sources(self) -> list[str]:
        """The text of every cell."""
        cells = "[...panel.content.model.cells]"
        sources: list[str] = self.evaluate(f"return {cells}.map(c => c.sharedModel.getSource())")
        return sources

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of one cell, as they would be saved."""
        script = "return panel.content.model.cells.get(argument).outputs.toJSON()"
        outputs: list[dict[str, Any]] = self.evaluate(script, index)
        return outputs

    def count(self, index: int) -> int | None:
        """The execution count of one cell; None while it has not run to its end."""
        script = "return panel.content.model.cells.get(argument).executionCount"
        count: int | None = self.evaluate(script, index)
        return count

    def wait_for_cell(self, index: int, timeout: float = TIMEOUT) -> None:
        """Wait until a cell that was started has run."""
        self.poll(lambda: self.count(index) is not None, timeout)

    def output(self, index: int) -> Locator:
        """What a cell shows."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea")

    def save(self) -> None:
        """Write the notebook and wait until it is on disk."""
        self.evaluate("await panel.context.save()")

    def use_theme(self, theme: Literal["light", "dark"]) -> None:
        """Switch the colours of the whole application."""
        name = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[theme]
        self.execute("apputils:change-theme", theme=name)
        attribute = "() => document.body.dataset.jpThemeName"
        self.poll(lambda: self.page.evaluate(attribute) == name)

    def poll(self, ready: Callable[[], Any], timeout: float = TIMEOUT) -> Any:
        """The first true value of `ready`; Playwright's own waiting takes a promise for true."""
        deadline = time.monotonic() + timeout
        while not (value := ready()):
            if time.monotonic() > deadline:
                msg = f"{self.path} in {self.host}: not within {timeout:g} s"
                raise AssertionError(msg)
            self.page.wait_for_timeout(INTERVAL * 1000)
        return value
