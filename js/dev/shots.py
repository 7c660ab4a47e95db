"""Pictures of the dev page: `python js/dev/shots.py FOLDER [state ...]`, at three widths."""

from __future__ import annotations

import functools
import http.server
import shutil
import sys
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE = Path(__file__).parent.parent / "lib" / "dev"
WIDTHS = (948, 520, 360)
RUNNING = ("streaming", "streaming-table", "beginning")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def main(folder: Path, states: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    handler = functools.partial(Quiet, directory=str(PAGE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        for state in states:
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    size = {"width": width, "height": 900}
                    page = browser.new_page(viewport=size, device_scale_factor=2)
                    page.on("pageerror", lambda error: print("page error:", error))
                    live = "&live" if state in RUNNING else ""
                    page.goto(f"{address}/?state={state}&theme={theme}{live}")
                    page.wait_for_selector(".headline strong")
                    page.wait_for_timeout(250)
                    page.screenshot(
                        path=folder / f"{state}-{width}-{theme}.png", full_page=True
                    )
                    page.close()
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
