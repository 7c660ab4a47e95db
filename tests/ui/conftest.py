"""Fixtures of the browser tests: a server, a browser, notebooks open in either host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from ui.notebook_page import TIMEOUT, HostName, NotebookPage
from ui.server import LOOPBACK, Server, start_server

OpenNotebook: TypeAlias = Callable[..., NotebookPage]

OUTPUT = Path(__file__).parents[2] / "test-output"
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ALONE = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}"
"""No name is known but this machine's: nothing is answered from outside."""
WIDE = {"width": 1400, "height": 1000}
# As long as anything else is waited for: a machine that does other things too is slow, not wrong.
expect.set_options(timeout=1000 * TIMEOUT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.ui)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[ALONE])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests, so that a host's scripts are fetched and compiled once."""
    # Motion is off, so that screenshots of one state are alike.
    context = browser.new_context(viewport=WIDE, device_scale_factor=1, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def requests_outside(context: BrowserContext) -> Iterator[list[str]]:
    """Addresses off this machine that a page has asked for; none of them is answered."""
    outside: list[str] = []

    def watch(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "file") and address.hostname != LOOPBACK:
            outside.append(request.url)

    # Not a route: with one the browser keeps nothing in its cache.
    context.on("request", watch)
    yield outside
    context.remove_listener("request", watch)


@pytest.fixture
def page(context: BrowserContext, requests_outside: list[str]) -> Iterator[Page]:
    """A page; the test fails if anything that it showed came, or was to come, from outside."""
    page = context.new_page()
    page.set_default_timeout(TIMEOUT * 1000)
    yield page
    for opened in context.pages:
        opened.close()
    context.set_offline(offline=False)
    assert requests_outside == []


@pytest.fixture(params=["lab", "notebook"])
def host(request: pytest.FixtureRequest) -> HostName:
    name: HostName = request.param
    return name


@pytest.fixture
def open_notebook(
    page: Page, server: Server, host: HostName, request: pytest.FixtureRequest
) -> Iterator[OpenNotebook]:
    """Write a notebook, open it, and wait for its kernel; the kernel ends with the test."""
    all_opened: list[NotebookPage] = []

    def open_notebook(
        *cells: str | nbformat.NotebookNode, kernel: str | None = "python3"
    ) -> NotebookPage:
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [
            nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells
        ]
        # A name that no kernel has makes the host ask, and "none" can be the answer.
        name = kernel or "elsewhere"
        notebook.metadata.kernelspec = {"name": name, "display_name": name, "language": "python"}
        # Unique: the server gives an old kernel to a new notebook of the same name.
        path = f"{_file_name(request.node.name)}.ipynb"
        nbformat.write(notebook, server.root / path)

        opened = NotebookPage(page, server.url, host, path)
        all_opened.append(opened)
        opened.open()
        if kernel is None:
            opened.refuse_kernel()
        else:
            opened.wait_for_kernel()
        return opened

    yield open_notebook
    for opened in all_opened:
        opened.stop_kernel()


@pytest.fixture
def screenshots() -> Path:
    """Where pictures are kept to be looked at."""
    folder = OUTPUT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep a picture of the page on which a test failed."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        folder = OUTPUT / "failures"
        folder.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=folder / f"{_file_name(item.name)}.png")
    return report


def _file_name(test: str) -> str:
    return re.sub(r"\W+", "-", test).strip("-")
