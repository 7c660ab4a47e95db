"""Models whose training does not repeat itself, watched from the first second to the end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ui import samples
from ui.conftest import OpenNotebook
from ui.saved import MIME_TYPE

DATA = """\
import time
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
import lightgbm, numpy as np

data = load_breast_cancer(as_frame=True)
names = data.target.map(dict(enumerate(data.target_names)))
X_train, X_test, y_train, y_test = train_test_split(data.data, names, random_state=0)

def at(model, confidence):
    p = model.predict_proba(X_test).max(axis=1)
    return X_test.iloc[[int(np.argmin(np.abs(p - confidence)))]]
"""

MODELS = {
    "forest": "model = RandomForestClassifier(40, random_state=0).fit(X_train, y_train)",
    "lightgbm": (
        "model = lightgbm.LGBMClassifier(n_estimators=15, learning_rate=0.05, n_jobs=1, "
        "verbose=-1).fit(X_train, y_train)"
    ),
}

EXPLAIN = "%mfs model X_train y_train --at at(model, 0.75) --name ex"

# Few trees, and the row about which nine such forests disagree most.
DISPUTED = """\
forests = [RandomForestClassifier(5, random_state=s).fit(X_train, y_train) for s in range(9)]
votes = np.mean([forest.predict(X_test) == "benign" for forest in forests], axis=0)
disputed, model = X_test.iloc[[int(np.argmin(np.abs(votes - 0.5)))]], forests[0]
"""

# A forest that takes its time, so that a run can be stopped in the middle.
SLOW = """\
class SlowForest(RandomForestClassifier):
    def fit(self, X, y, sample_weight=None):
        time.sleep(0.15)
        return super().fit(X, y, sample_weight)

model = SlowForest(20, random_state=0).fit(X_train, y_train)
"""


lab_only = pytest.mark.parametrize("host", ["lab"], indirect=True)


@lab_only
@pytest.mark.parametrize("kind", MODELS)
def test_a_run_is_watched_to_its_end(
    open_notebook: OpenNotebook, screenshots: Path, kind: str
) -> None:
    notebook = open_notebook(samples.LOAD, DATA, MODELS[kind], EXPLAIN, "ex.agreement, ex.control")
    notebook.run_to_end(0, 1, 2, 3)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(3)[0].get("data", {}))
    output = notebook.output(3)
    state = notebook.outputs(3)[0]["data"][MIME_TYPE]
    assert state["end"]["status"] == "flipped"
    expect(output.locator(".headline")).to_contain_text(re.compile(r"11\s+models say"))
    expect(output.get_by_text("Confirmed")).to_be_visible()
    expect(output.get_by_text("Eleven retrainings each")).to_be_visible()
    for strip in ("All rows", "same classes: the control"):
        expect(output.get_by_text(strip, exact=True)).to_be_visible()
    notebook.run_to_end(4)
    agreement, control = re.findall(r"[\d.]+", notebook.outputs(4)[0]["data"]["text/plain"])
    assert float(agreement) == state["verified"]["agreement"]["flips"] / 11
    assert float(control) == state["verified"]["control"]["flips"] / 11
    output.screenshot(path=screenshots / f"retrainings-{kind}.png")


@lab_only
def test_the_best_set_so_far_is_kept_when_a_run_is_cancelled(
    open_notebook: OpenNotebook, screenshots: Path
) -> None:
    explain = EXPLAIN.replace("0.75", "0.9")
    notebook = open_notebook(samples.LOAD, DATA, SLOW, explain, "ex.size, ex.status, ex.verified")
    notebook.run_to_end(0, 1, 2)
    notebook.run(3)
    output = notebook.output(3)
    # What it costs and what it is at is there before there is a set,
    expect(output.get_by_text(re.compile(r"of 100 .* s left"))).to_be_visible()
    # which comes long before the verdict.
    expect(output.get_by_role("tab", name="Supports")).to_contain_text(re.compile("[1-9]"))
    output.screenshot(path=screenshots / "retrainings-running.png")
    output.get_by_role("button", name="Cancel").click()
    expect(output.locator(".checks").get_by_text(re.compile("Stopped"))).to_be_visible()
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(3)[0].get("data", {}))
    state = notebook.outputs(3)[0]["data"][MIME_TYPE]
    assert (state["end"]["status"], state["verified"]) == ("cancelled", None)
    assert state["stability"]["flips"] <= 2
    notebook.run_to_end(4)
    size = int(re.findall(r"\d+", notebook.outputs(4)[0]["data"]["text/plain"])[0])
    assert size == len(state["steps"]) > 0
    output.screenshot(path=screenshots / "retrainings-cancelled.png")


@lab_only
def test_a_decision_of_chance_is_said_at_once(
    open_notebook: OpenNotebook, screenshots: Path
) -> None:
    explain = "%mfs model X_train y_train --at disputed"
    notebook = open_notebook(samples.LOAD, DATA, DISPUTED, explain)
    notebook.run_to_end(0, 1, 2, 3)
    notebook.poll(lambda: MIME_TYPE in notebook.outputs(3)[0].get("data", {}))
    output = notebook.output(3)
    expect(output.locator(".headline")).to_contain_text("unstable")
    expect(output.locator(".headline")).to_contain_text(re.compile("[Cc]hance"))
    output.screenshot(path=screenshots / "retrainings-unstable.png")
