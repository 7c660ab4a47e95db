"""The settings: colours of the roles, what a new cell asks for, running on opening."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from ui import samples, saved
from ui.conftest import OpenNotebook
from ui.notebook_page import NotebookPage
from ui.saved import MIME_TYPE
from ui.server import Server

lab_only = pytest.mark.parametrize("host", ["lab"], indirect=True)
MARKED = ".headline .class.favoured"

Settings = Any


@pytest.fixture
def use(server: Server) -> Iterator[Settings]:
    """Write the settings file, as the reader has it; the next test begins without."""
    folder = server.root.parent / "jupyterlab_settings_dir" / "forcing-lab"
    folder.mkdir(exist_ok=True)
    file = folder / "plugin.jupyterlab-settings"

    def use(**settings: Any) -> None:
        file.write_text(json.dumps(settings))

    yield use
    file.unlink(missing_ok=True)


def colour(mark: Locator) -> tuple[int, ...]:
    """The colour that it is drawn in."""
    text: str = mark.evaluate("node => getComputedStyle(node).color")
    return tuple(int(part) for part in text.strip("rgb()").replace(",", " ").split())


def contrast(colour: tuple[int, ...], ground: tuple[int, ...]) -> float:
    """As WCAG defines it."""

    def luminance(channels: tuple[int, ...]) -> float:
        parts = [c / 255 for c in channels]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(colour), luminance(ground)))
    return (light + 0.05) / (dark + 0.05)


def test_the_colours_of_the_roles(open_notebook: OpenNotebook, use: Settings) -> None:
    use(favouredColour="#663399", rivalColour="nocolour")
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    notebook.use_theme("light")
    mark = notebook.output(0).locator(MARKED).first
    notebook.poll(lambda: colour(mark) == (0x66, 0x33, 0x99))
    rival = notebook.output(0).locator(".headline .class.rival").first
    assert colour(rival) == (0xA8, 0x46, 0x00), "what is no colour should change nothing"
    if notebook.host == "lab":
        # Too dark for that ground: lighter, and still legible.
        notebook.use_theme("dark")
        notebook.poll(lambda: colour(mark) != (0x66, 0x33, 0x99))
        assert contrast(colour(mark), (0x11, 0x11, 0x11)) >= 4.5


@lab_only
@pytest.mark.usefixtures("use")
def test_a_change_of_colour_is_seen_at_once(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(saved.cell(saved.table_bundle()), kernel=None)
    notebook.use_theme("light")
    mark = notebook.output(0).locator(MARKED).first
    assert colour(mark) == (0x00, 0x65, 0x9D)
    notebook.execute("settingeditor:open", query="forcing")
    notebook.page.locator("input[id$=favouredColour]").fill("#663399")
    notebook.poll(lambda: colour(mark) == (0x66, 0x33, 0x99))


def test_a_new_cell_asks_for_what_the_settings_say(
    open_notebook: OpenNotebook, use: Settings
) -> None:
    use(baselines=["nearest"], maxRemovals=40)
    notebook = open_notebook("model.fit(X, y)", kernel=None)
    notebook.select(0)
    notebook.execute("forcing:explain")
    notebook.poll(lambda: notebook.sources()[-1].startswith("%%mfs"))
    magic = notebook.sources()[-1].splitlines()[0]
    assert magic == "%%mfs --at X_test[0] --baselines nearest --max-removals 40"


CELLS = (samples.LOAD, samples.BREAST_CANCER, samples.EXPLAIN, "after = 1")


def trusted(notebook: NotebookPage) -> None:
    """Make the notebook one that its reader trusts, and close it with its kernel."""
    notebook.evaluate(
        "const { url } = argument;"
        "await fetch(`${url}/api/contents/${path}/trust`, { method: 'POST',"
        " headers: { 'X-XSRFToken': document.cookie.match(/_xsrf=([^;]*)/)?.[1] ?? '' } });",
        {"url": notebook.url},
    )
    notebook.stop_kernel()


@pytest.mark.parametrize("allowed", [True, False])
def test_run_on_opening(open_notebook: OpenNotebook, use: Settings, *, allowed: bool) -> None:
    notebook = open_notebook(*CELLS)
    trusted(notebook)
    use(autorun=allowed)
    notebook.open()
    notebook.wait_for_kernel()
    assert notebook.evaluate("return panel.content.model.cells.get(0).trusted")
    if not allowed:
        notebook.page.wait_for_timeout(1500)
        assert [notebook.count(i) for i in range(4)] == [None] * 4
        return
    notebook.wait_for_cell(2)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(2)[0].get("data", {}))
    assert notebook.count(3) is None, "only up to the last view"
    # Opened once more, with the kernel that has run it: not again.
    counts = [notebook.count(i) for i in range(3)]
    notebook.save()
    notebook.open()
    notebook.wait_for_kernel()
    notebook.page.wait_for_timeout(1500)
    assert [notebook.count(i) for i in range(3)] == counts


def test_an_untrusted_notebook_is_not_run(open_notebook: OpenNotebook, use: Settings) -> None:
    use(autorun=True)
    notebook = open_notebook(*CELLS)
    assert not notebook.evaluate("return panel.content.model.cells.get(0).trusted")
    notebook.page.wait_for_timeout(1500)
    assert [notebook.count(i) for i in range(4)] == [None] * 4


def test_no_kernel_is_no_fault(page: Page, open_notebook: OpenNotebook, use: Settings) -> None:
    use(autorun=True)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    notebook = open_notebook(*CELLS, kernel=None)
    notebook.page.wait_for_timeout(500)
    assert not [text for text in problems if "forcing" in text.lower()]
