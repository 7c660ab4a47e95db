"""Pictures of the dev page: `python js/dev/shots.py FOLDER [state ...]`, at three widths."""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import Page, Position, sync_playwright

PAGE = Path(__file__).parent.parent / "lib" / "dev"
WIDTHS = (948, 520, 360)
LIVE = ("back", "several", "pin", "find", "axes")
# Left of a row's content, where no button is.
NEAR: Position = {"x": 60, "y": 10}
RUNNING = ("streaming", "streaming-table", "beginning", "refitting", "retraining")
RUNNING += ("looking", "unasked", "no-others")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def act(page: Page, action: str) -> None:
    """What a reader may do before the picture: `table:cursor`, `table:back`, `table:side`."""
    if action in ("cursor", "gap"):
        if action == "gap":
            page.get_by_role("button", name="Loss gap").click()
        page.get_by_role("slider").focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
    if action == "back":
        buttons = page.get_by_role("button", name="Put back:")
        buttons.nth(0).click()
        if "live" in page.url:
            buttons.nth(0).click()
            page.wait_for_timeout(500)
    if action == "side":
        tab = page.get_by_role("tab", name="Side by side")
        if tab.count() > 0:
            tab.click()
    if action in ("others", "open"):
        page.get_by_role("tab", name="Alternatives").click()
    if action == "open":
        page.get_by_role("button", name="Set 2").click()
    if action in ("plane", "axes", "pale"):
        tab = page.get_by_role("tab", name="Plane")
        if tab.count() > 0:
            tab.click()
            page.wait_for_timeout(100)
    if action == "axes":
        page.wait_for_timeout(1000)
        page.get_by_role("button", name="axes").click()
        page.get_by_label("across").select_option(index=2)
    if action == "pale":
        page.locator(".plane-plot").click(position={"x": 200, "y": 100})
    if action == "plane" and page.locator(".plane-plot button").count() > 3:
        page.locator(".plane-plot button").nth(3).focus()
    if action == "influence":
        page.get_by_role("tab", name="Influence").click()
    if action in ("list", "find", "pin"):
        drawer = page.locator(".drawer")
        if drawer.count() > 0:
            drawer.click()
        if action == "find":
            page.get_by_role("searchbox").fill("malignant 1")
        if action == "pin":
            page.locator(".target-entry").nth(0).click()
            page.get_by_role("button", name="Keep beside").click()
            page.locator(".drawer").click()
            page.locator(".target-entry").nth(1).click()
    if action == "group":
        page.get_by_label("Group by").select_option("feature")
        page.locator(".row.group button").first.click()
    if action == "search":
        page.get_by_label("Search rows").fill("2")
        page.get_by_label("Sort by").select_option("change")
    if action == "several":
        for k in (1, 2):
            page.locator("[data-place]").nth(k).click(modifiers=["Control"], position=NEAR)
    if action == "features":
        page.locator("[data-place]").nth(1).click(position=NEAR)
        page.locator("[data-place]").nth(2).click(modifiers=["Control"], position=NEAR)
        page.get_by_role("button", name="Show all").click()
    back = page.get_by_role("button", name="One removal back")
    if action == "play" and back.count() > 0:
        for _ in range(4):
            back.click()
    page.wait_for_timeout(100)


def main(folder: Path, states: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(Quiet, directory=str(PAGE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for state, _, action in (name.partition(":") for name in states):
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    size = {"width": width, "height": 900}
                    page = browser.new_page(viewport=size, device_scale_factor=2)
                    page.on("pageerror", lambda error: sys.stderr.write(f"{error}\n"))
                    live = "&live" if state in RUNNING or action in LIVE else ""
                    page.goto(f"{address}/?state={state}&theme={theme}{live}")
                    page.wait_for_selector(".headline strong")
                    page.wait_for_timeout(250)
                    act(page, action)
                    page.screenshot(
                        path=folder / f"{state}{action}-{width}-{theme}.png", full_page=True
                    )
                    page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
