"""Run notebooks in a real JupyterLab, and save them with their explanations: `make notebooks`.

A kernel alone does not do: widgets answer, and what an output becomes at the end of a run is saved
by the page that shows it. Figures are saved as pictures of themselves, since a code host has no
widgets.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, sync_playwright

from ui.notebook_page import NotebookPage
from ui.server import Server, start_server

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LONG = 600.0
"""Seconds that the slowest of the cells may take."""
WIDGET = "application/vnd.jupyter.widget-view+json"
EXPLANATION = "application/vnd.forcing.v1+json"
COLOURS = 128
"""Of a figure that is kept as a picture: enough for lines and letters, at a third of the size."""
OUTPUT = ".jp-OutputArea-child"
SETTLE = 8.0
"""Seconds for outputs that are replaced after their cell has ended."""


def main() -> None:
    chosen, pictures = _arguments()
    server = start_server(Path(tempfile.mkdtemp()))
    try:
        with sync_playwright() as playwright:
            known = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=known, args=["--no-sandbox"])
            for notebook in chosen:
                run(notebook, server, browser, pictures)
            browser.close()
    finally:
        server.stop()


def run(notebook: Path, server: Server, browser: Browser, pictures: Path | None) -> None:
    copy = server.root / notebook.name
    shutil.copy(notebook, copy)
    old = json.loads(notebook.read_text())
    code = [i for i, cell in enumerate(old["cells"]) if cell["cell_type"] == "code"]
    page = NotebookPage(
        browser.new_page(viewport={"width": 1200, "height": 1000}), server.url, "lab", copy.name
    )
    page.open()
    page.wait_for_kernel()
    page.execute("notebook:run-all-cells")
    for i in code:
        page.wait_for_cell(i, LONG)
    page.page.wait_for_timeout(1000 * SETTLE)
    page.save()
    page.page.wait_for_timeout(2000)
    new = json.loads(copy.read_text())
    for i in code:
        _draw(new["cells"][i], page.output(i))
        if pictures is not None and page.output(i).locator(OUTPUT).count():
            pictures.mkdir(parents=True, exist_ok=True)
            page.output(i).screenshot(path=pictures / f"{notebook.stem[:2]}-{i}.png")
    page.stop_kernel()
    page.page.close()
    notebook.write_text(_kept(new, old))


def _draw(cell: dict[str, Any], area: Locator) -> None:
    """Put pictures in place of figures that only a running kernel could draw."""
    for place, output in enumerate(cell.get("outputs", [])):
        data = output.get("data", {})
        if WIDGET in data and "text/html" not in data:
            shot = area.locator(OUTPUT).nth(place).locator(".jp-OutputArea-output").screenshot()
            del data[WIDGET]
            data["image/png"] = base64.b64encode(_smaller(shot)).decode()


def _smaller(shot: bytes) -> bytes:
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    written = io.BytesIO()
    flat = picture.quantize(COLOURS, dither=Image.Dither.NONE)
    flat.save(written, "png", optimize=True)
    return written.getvalue()


def _kept(new: dict[str, Any], old: dict[str, Any]) -> str:
    """The new outputs with the old metadata, so that a change of the file is a change of it."""
    for cell, before in zip(new["cells"], old["cells"], strict=True):
        cell["metadata"] = before["metadata"]
        errors = [o for o in cell.get("outputs", []) if o["output_type"] == "error"]
        if errors:
            raise RuntimeError(f"a cell failed: {errors[0]['evalue']}\n{''.join(cell['source'])}")
    new["metadata"] = old["metadata"]
    return written(new)


def written(notebook: dict[str, Any]) -> str:
    """The file of a notebook as Jupyter writes it, but each explanation in one line: with a line
    for each of its numbers it would be twice as large.
    """
    lines: dict[str, str] = {}

    def placed(data: dict[str, Any]) -> dict[str, Any]:
        if EXPLANATION not in data:
            return data
        place = f"explanation {len(lines)} of this notebook"
        lines[json.dumps(place)] = json.dumps(data[EXPLANATION], ensure_ascii=False)
        return data | {EXPLANATION: place}

    cells = [
        cell
        | (
            {"outputs": [o | {"data": placed(o["data"])} if "data" in o else o for o in outputs]}
            if (outputs := cell.get("outputs"))
            else {}
        )
        for cell in notebook["cells"]
    ]
    text = json.dumps(notebook | {"cells": cells}, indent=1, ensure_ascii=False) + "\n"
    for place, line in lines.items():
        text = text.replace(f'"{EXPLANATION}": {place}', f'"{EXPLANATION}": {line}', 1)
    return text


def _arguments() -> tuple[list[Path], Path | None]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notebooks", nargs="*", help="beginnings of names, such as 03; all")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each output")
    given = parser.parse_args()
    every = sorted(NOTEBOOKS.glob("*.ipynb"))
    begun = tuple(given.notebooks) or ("",)
    return [path for path in every if path.name.startswith(begun)], given.pictures


if __name__ == "__main__":
    main()
