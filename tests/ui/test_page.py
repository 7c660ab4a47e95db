"""The file that `to_html` writes, opened from the disk, with its script and without."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Download, Page, expect

import forcing
from ui import saved
from ui.axe import small_targets, violations

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A page for each kind of row."""
    folder = tmp_path_factory.mktemp("pages")
    explained = {"table": saved.table_explanation, "image": saved.image_explanation}

    def write(kind: str) -> Path:
        path = folder / f"{kind}.html"
        return path if path.exists() else explained[kind]().to_html(path)

    return write


@pytest.mark.parametrize("kind", ["table", "image"])
def test_a_page_shows_the_view_without_a_network(
    page: Page, files: Callable[[str], Path], kind: str, screenshots: Path
) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.goto(files(kind).as_uri())
    expect(page.locator(".headline")).to_contain_text("stands on")
    expect(page.locator(".view").get_by_text("Verified")).to_be_visible()
    expect(page.locator("main:not(.view)")).to_be_hidden()
    if kind == "image":
        drawn = "all => all.length > 10 && all.every(one => one.naturalWidth > 0)"
        assert page.locator(".view img").evaluate_all(drawn)
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=screenshots / f"page-{kind}-{theme}.png", full_page=True)
    assert errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["table", "image"])
def test_a_page_has_no_violations(
    page: Page, files: Callable[[str], Path], kind: str, theme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=theme)
    page.goto(files(kind).as_uri())
    expect(page.locator(".view").get_by_text("Verified")).to_be_visible()
    # The whole document: it has a title, a language and landmarks of its own.
    assert violations(page.locator("html")) == []
    assert small_targets(page.locator("html")) == []


def test_a_row_put_back_is_answered_from_the_page(page: Page, files: Callable[[str], Path]) -> None:
    page.goto(files("table").as_uri())
    page.get_by_role("button", name="Put back").first.click()
    expect(page.locator(".what-if")).to_contain_text(re.compile(r"With row \d+ put back: .*%"))


def test_without_scripts_the_table_is_there(browser: Browser, files: Callable[[str], Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files("table").as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("stands on")
    expect(page.get_by_role("table").first).to_be_visible()
    context.close()


def test_a_damaged_state_leaves_the_table(page: Page, files: Callable[[str], Path]) -> None:
    path = files("table")
    broken = path.with_name("broken.html")
    broken.write_text(path.read_text().replace('"schema": "forcing.v1"', '"schema": "else"'))
    page.goto(broken.as_uri())
    expect(page.get_by_role("heading", level=1)).to_contain_text("stands on")


def test_the_view_saves_table_and_picture(page: Page, files: Callable[[str], Path]) -> None:
    page.goto(files("image").as_uri())
    table = Path(saved_by(page, "CSV").path()).read_text(encoding="utf-8")
    lines = list(csv.DictReader(table.splitlines()))
    steps = saved.image_explanation().steps
    assert [int(line["row"]) for line in lines] == [step.row for step in steps]

    picture = saved_by(page, "PNG")
    assert picture.suggested_filename.endswith(".png")
    data = Path(picture.path()).read_bytes()
    assert data.startswith(PNG)
    width = int.from_bytes(data[16:20], "big")
    box = page.locator(".view").bounding_box()
    assert box is not None
    assert width == pytest.approx(2 * box["width"], abs=4)
    # The kernel makes pages, and there is none.
    expect(page.get_by_role("button", name="HTML")).to_have_count(0)


def test_a_comparison_is_a_page_too(page: Page, tmp_path: Path) -> None:
    one, other = saved.table_explanation(), saved.image_explanation()
    compared = forcing.compare(one, other, names=("cancer", "digits"))
    page.goto(compared.to_html(tmp_path / "two.html").as_uri())
    expect(page.locator(".view .headline")).to_have_count(2)
    expect(page.locator("main:not(.view)")).to_be_hidden()


def saved_by(page: Page, button: str) -> Download:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button, exact=True).click()
    return waiting.value


def test_a_loaded_explanation_makes_the_same_page(
    tmp_path: Path, page: Page, files: Callable[[str], Path]
) -> None:
    loaded = forcing.load(saved.image_explanation().save(tmp_path / "one.mfs.json"))
    page.goto(loaded.to_html(tmp_path / "again.html").as_uri())
    shown = page.locator(".headline").inner_text()
    page.goto(files("image").as_uri())
    expect(page.locator(".headline")).to_have_text(re.sub(r"\s+", " ", shown))
