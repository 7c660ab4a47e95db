"""Files `*.mfs.json`: the same view by double click, and what is wrong where something is."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from ui import saved
from ui.server import Server


def whole() -> str:
    """A file as `Explanation.save` writes it."""
    return json.dumps(saved.table_bundle()[saved.MIME_TYPE])


def without(part: str) -> str:
    """The same, with one part turned into what it cannot be."""
    state = json.loads(whole())
    state[part] = "no such thing"
    return json.dumps(state)


@pytest.mark.parametrize("place", ["lab/tree/{}?reset", "edit/{}"])
def test_a_file_opens_in_the_view(page: Page, server: Server, place: str) -> None:
    name = f"whole-{place.split('/', maxsplit=1)[0]}.mfs.json"
    (server.root / name).write_text(whole())
    page.goto(f"{server.url}/{place.format(name)}")
    file = page.locator(".forcing-File")
    expect(file.locator(".headline")).to_contain_text("stands on")
    expect(file.get_by_text("Verified")).to_be_visible()


def test_a_double_click_opens_it(page: Page, server: Server) -> None:
    (server.root / "clicked.mfs.json").write_text(whole())
    page.goto(f"{server.url}/lab?reset")
    page.get_by_role("listitem", name="clicked.mfs.json").dblclick()
    expect(page.locator(".forcing-File").locator(".headline")).to_contain_text("stands on")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("empty", "", "The file is empty."),
        ("cut-off", whole()[:2000], "not valid JSON"),
        ("other", '{"cells": []}', "not an explanation"),
        ("newer", '{"schema": "forcing.v9"}', "forcing.v9"),
        ("edited", without("steps"), 'Its part "steps"'),
        ("markup", '{"schema": "forcing.<img src=x onerror=alert(1)>"}', "<img src=x"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(
    page: Page, server: Server, name: str, text: str, said: str
) -> None:
    (server.root / f"{name}.mfs.json").write_text(text)
    page.goto(f"{server.url}/lab/tree/{name}.mfs.json?reset")
    fault = page.locator(".forcing-File").get_by_role("alert")
    expect(fault).to_contain_text("cannot be shown")
    expect(fault).to_contain_text(said)
    assert fault.locator("img").count() == 0
