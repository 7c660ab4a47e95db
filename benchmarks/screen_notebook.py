"""The same in JupyterLab with a kernel: the first card of a cell, and 50 explanations in one."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import row, table, told
from benchmarks.screen_page import chromium, heap

SETUP = """\
import threading, time
import comm, forcing
from forcing.jupyter.session import Session
from IPython.display import display
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
%load_ext forcing

data = load_breast_cancer(as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)
forcing.explain(LogisticRegression().fit([[0.], [1.]], [0, 1]), [[0.], [1.]], [0, 1], [0.2])

append, cells, starts = Session._append, [], []
def stamped(session, record):
    if type(record).__name__ == "Start":
        starts.append(time.time())
    append(session, record)
Session._append = stamped
"""

EXPLAIN = """\
%%mfs --at X_test.iloc[{target}]
cells.append(time.time())
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
"""

STAMPS = "print(cells[-1], starts[-1])"

MANY = """\
study = forcing.Study(model, X_train, y_train)
for i in range({count}):
    view = study.view(X_test.iloc[[i]])
    display(view)
    view.wait()
"""

COUNTS = """\
import gc, os, re
gc.collect()
ours = [t.name for t in threading.enumerate() if t.name.startswith("forcing")]
status = open("/proc/self/status").read() if os.path.exists("/proc/self/status") else ""
held = [int(kb) / 1000 for kb in re.findall(r"VmRSS:[^0-9]*([0-9]+) kB", status)] or [0]
print(len(ours), len(comm.get_comm_manager().comms), f"{held[0]:.0f}")
"""

LOOK = """
() => {
  globalThis.firstCard = null;
  const shows = () => [...document.querySelectorAll(".jp-OutputArea-output *")].some(
    (e) => e.shadowRoot?.querySelector('.supports [role="listitem"]'));
  const look = () => {
    if (shows()) globalThis.firstCard = (performance.timeOrigin + performance.now()) / 1000;
    else requestAnimationFrame(look);
  };
  look();
}
"""


def in_notebook(cells: int, views: int) -> Iterator[str]:
    ui = Path(__file__).parent.parent / "tests"
    sys.path.append(str(ui))
    start_server = import_module("ui.server").start_server
    notebook_page = import_module("ui.notebook_page")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        server = start_server(Path(folder))
        try:
            sources = [
                SETUP,
                *(EXPLAIN.format(target=i) for i in range(cells)),
                STAMPS,
                MANY.format(count=views),
                COUNTS,
            ]
            (server.root / "measured.ipynb").write_text(json.dumps(_notebook(sources)))
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(60_000)
            notebook = notebook_page.NotebookPage(page, server.url, "lab", "measured.ipynb")
            notebook.open()
            notebook.wait_for_kernel()
            notebook.run(0)
            notebook.wait_for_cell(0, 120)
            yield from _first_cards(page, notebook, cells)
            yield from _many(page, notebook, cells, views)
            notebook.stop_kernel()
        finally:
            server.stop()


def _notebook(sources: list[str]) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    return {
        "cells": [cell | {"id": f"cell-{i}", "source": text} for i, text in enumerate(sources)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _first_cards(page: Any, notebook: Any, cells: int) -> Iterator[str]:
    yield "### First card in JupyterLab\n"
    yield (
        f"Of {cells} cells with `%%mfs`, breast cancer data: seconds from the `start` event in the "
        "kernel to the first support in the page, and from the first line of the cell, which then "
        "fits the model.\n"
    )
    stamps, times = cells + 1, []
    for i in range(1, cells + 1):
        notebook.execute("notebook:clear-all-cell-outputs")
        page.wait_for_timeout(500)
        page.evaluate(LOOK)
        notebook.run(i)
        shown = notebook.poll(lambda: page.evaluate("() => globalThis.firstCard"), 60)
        notebook.wait_for_cell(i, 60)
        page.wait_for_timeout(1500)
        _again(notebook, stamps)
        began, started = map(float, _printed(notebook, stamps))
        times.append((shown - started, shown - began))
    yield from table(["", "from the event: median", "worst", "from the cell: median", "worst"])
    event, cell = np.array(times).T
    numbers = [np.median(event), event.max(), np.median(cell), cell.max()]
    yield row(["first card, s", *(f"{number:.2f}" for number in numbers)])
    yield ""


def _again(notebook: Any, index: int) -> None:
    notebook.evaluate("panel.content.model.cells.get(argument).executionCount = null", index)
    notebook.run_to_end(index)


def _printed(notebook: Any, index: int, count: int = 2) -> list[str]:
    def numbers() -> list[str]:
        # Without what the kernel may grumble about tasks of its subshells.
        outputs = [o for o in notebook.outputs(index) if o.get("name") == "stdout"]
        text = "".join(output["text"] for output in outputs)
        return re.findall(r"[\d.]+", text)

    found: list[str] = notebook.poll(
        lambda: found if len(found := numbers()) == count else None, 60
    )
    return found


def _many(page: Any, notebook: Any, cells: int, views: int) -> Iterator[str]:
    yield f"### Memory over {views} explanations in one notebook, JupyterLab\n"
    yield (
        "After collecting the garbage, of the whole application; on the right, our threads, all "
        "comms and the memory of the kernel.\n"
    )
    yield from table(["", "script, MB", "DOM nodes", "listeners", "threads", "comms", "kernel, MB"])
    many, counts = cells + 2, cells + 3
    notebook.execute("notebook:clear-all-cell-outputs")
    page.wait_for_timeout(1000)

    def line(name: str, *, kernel: bool = True) -> str:
        told(name)
        ours = ["", "", ""]
        if kernel:
            _again(notebook, counts)
            ours = _printed(notebook, counts, 3)
        held = heap(page)
        numbers = [f"{held['heap']:.1f}", f"{held['nodes']:.0f}", f"{held['listeners']:.0f}"]
        return row([name, *numbers, *ours])

    yield line("before")
    for time in ("first", "second"):
        _run(notebook, many)
        page.wait_for_timeout(2000)
        yield line(f"{views} explanations, the {time} time")
        notebook.execute("notebook:clear-all-cell-outputs")
        notebook.poll(lambda: not notebook.outputs(many), 60)
        page.wait_for_timeout(3000)
        yield line("outputs cleared")
    notebook.save()
    notebook.stop_kernel()
    notebook.execute("application:close-all")
    page.wait_for_timeout(2000)
    yield line("notebook closed", kernel=False)
    yield ""


def _run(notebook: Any, index: int) -> None:
    notebook.evaluate("panel.content.model.cells.get(argument).executionCount = null", index)
    notebook.run(index)
    notebook.wait_for_cell(index, 300)
