"""The pictures of the docs, taken from a real JupyterLab: `make pictures`.

Data that scikit-learn ships, messages that are made up here, and CIFAR-10 where `FORCING_DATA`
names a folder that has it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

from ui import samples
from ui.notebook_page import HostName, NotebookPage
from ui.server import Server, start_server

HERE = Path(__file__).parent
WIDE, NARROW = 1000, 460
HOST: HostName = "lab"
LONG = 300.0
"""Seconds that the slowest of the cells may take."""

TABLE = f"""\
{samples.BREAST_CANCER}
{samples.FIT}
wrong = (model.predict(X_test) != y_test).to_numpy().nonzero()[0]
study = forcing.Study(model, X_train, y_train)
sizes = [study.explain(X_test.iloc[[i]], verify=False, bound=False).size for i in wrong]
i = int(wrong[sizes.index(max(sizes))])
study.explain(X_test.iloc[[i]], baselines=["influence", "representer"], name=f"test row {{i}}",
              label=y_test.iloc[i])
"""

CATS_AND_DOGS = """\
import numpy as np
from sklearn.linear_model import LogisticRegression

data = forcing.datasets.load_cifar10(("cat", "dog"), n_train=4000, n_test=1000, stand_in=False)
model = LogisticRegression(C=0.01, max_iter=2000).fit(data.X, data.y)
study = forcing.Study(model, data.X, data.y, display=forcing.Images(data.pictures))
"""

PICTURES = f"""\
{CATS_AND_DOGS}
sure = model.predict_proba(data.X_test).max(axis=1)
wrong = np.flatnonzero(model.predict(data.X_test) != data.y_test)
i = int(wrong[np.argmin(np.abs(sure[wrong] - 0.68))])
study.explain(data.X_test[[i]], baselines=["influence", "representer"], name=f"test image {{i}}",
              label=data.y_test[i], target_display=data.pictures_test[i])
"""

EXPLORE = f"""\
{CATS_AND_DOGS}
widget = study.explore(data.X_test[:300], data.y_test[:300],
                       target_displays=list(data.pictures_test[:300]), freeze=False)
widget.wait()
widget
"""

TEXT = """\
from itertools import product
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

ham = ["Are we still meeting at {} {}?", "I will be home {} {}, please keep some dinner.",
       "The train {} is late, see you {}.", "Can you send me the slides of {} {}?",
       "Thanks for the call {}, talk again {}.", "Mum asks whether you come {} {}."]
spam = ["You have won a {} prize! Claim {} now.", "Free {} offer, call {} today to claim.",
        "Urgent: your {} award expires {}. Reply to win.", "Cash loan {} approved, send {} now.",
        "Win a {} holiday, text {} to this number.", "Final notice: claim your free {} {}."]
times = ["on Monday", "tonight", "after lunch", "at the station", "for the class", "this weekend"]
goods = ["mobile", "cash", "luxury", "guaranteed", "exclusive", "weekend"]
texts = [one.format(*pair) for one in ham for pair in product(times, times) if pair[0] != pair[1]]
labels = ["ham"] * len(texts)
texts += [one.format(*pair) for one in spam for pair in product(goods, times)]
labels += ["spam"] * (len(texts) - len(labels))
kept = np.random.default_rng(3).permutation(len(texts))[:120]
texts, labels = [texts[k] for k in kept], [labels[k] for k in kept]
model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(texts, labels)
target = "Are you free on Monday? Please claim the weekend prize for mum."
study = forcing.Study(model, texts, labels, display=forcing.Texts(texts))
study.explain([target], baselines=["influence", "representer"], name="new message",
              label="ham", target_display=target)
"""

ROBUST = """\
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
import numpy as np

data = forcing.datasets.load_heloc(stand_in=False)
known = data.X.where(data.X >= 0)
X, X_test = (part.where(part >= 0).fillna(known.median()) for part in (data.X, data.X_test))
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, data.y)
i = int(np.argmin(np.abs(model.predict_proba(X_test).max(axis=1) - 0.88)))
study = forcing.Study(model, X, data.y, display=forcing.Table(data.X))
study.explain(X_test.iloc[[i]], baselines=["influence", "representer"], name=f"test row {i}",
              label=data.y_test[i], target_display=data.X_test.iloc[i])
"""

CELLS = {"table": TABLE, "text": TEXT}
WITH_DATA = {"images": PICTURES, "explore": EXPLORE, "robust": ROBUST}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="which of them; all without")
    parser.add_argument("--to", type=Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    cells = CELLS | (WITH_DATA if "FORCING_DATA" in os.environ else {})
    chosen = {name: cells[name] for name in options.names or cells}
    options.to.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp())
    server = start_server(home)
    try:
        for name, source in chosen.items():
            take(server, name, source, options.to)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def take(server: Server, name: str, source: str, folder: Path) -> None:
    """Run one cell and take its output: light, dark, and light in a narrow output area."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(f"import forcing\n{source}")]
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, server.root / f"{name}.ipynb")
    browser_at = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_at)
        size = {"width": 1400, "height": 3000}
        context = browser.new_context(
            viewport=size, device_scale_factor=1.5, reduced_motion="reduce"
        )
        page = context.new_page()
        opened = NotebookPage(page, server.url, HOST, f"{name}.ipynb")
        opened.open()
        opened.wait_for_kernel()
        opened.run(0)
        opened.wait_for_cell(0, LONG)
        output = opened.output(0).locator(".jp-OutputArea-output").last
        output.locator(".headline strong").first.wait_for(timeout=1000 * LONG)
        output.get_by_text("Verified by", exact=False).first.wait_for(timeout=1000 * LONG)
        if name == "robust":
            output.get_by_label("Group by").select_option("feature")
        for width, word in ((WIDE, ""), (NARROW, "-narrow")):
            box = output.bounding_box()
            if box is None:
                raise RuntimeError(f"{name}: the cell shows nothing.")
            around = size["width"] - round(box["width"])
            size = {"width": around + width, "height": size["height"]}
            page.set_viewport_size(size)
            for theme in ("light", "dark"):
                opened.use_theme(theme)
                page.wait_for_timeout(800)
                output.screenshot(path=folder / f"{name}{word}-{theme}.png")
        opened.stop_kernel()
        browser.close()


if __name__ == "__main__":
    main()
