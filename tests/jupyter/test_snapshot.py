from __future__ import annotations

import json
import re

import numpy as np
import pytest

from fake_study import ROWS, FakeStudy, step, whole_run
from forcing.display import Images, Table
from forcing.explanation import Explanation
from forcing.explanation.snapshot import BUDGET
from forcing.protocol import MIME
from forcing.protocol.context import Context
from forcing.records import Claim, End, Ranking, Start


def large(n, steps, display):
    """A run over n rows that removes the first `steps` of them, with a ranking."""
    study = FakeStudy(X=np.zeros((n, 3)), display=display)
    study.n_rows, study.y = n, np.array(["good", "bad"] * (n // 2))
    records = [
        Start(Claim("good", "bad", 0.987654321, 1.4), "mfs", n),
        *(step(k + 1, k, 0.9 - 0.4 * k / steps) for k in range(steps)),
        Ranking("influence", np.arange(n)[::-1].copy(), np.ones(n)),
        End("limit", "", 1.0),
    ]
    return Explanation.gather(Context.of(study, np.zeros(3)), records)


def size(bundle):
    """Bytes by which a notebook grows."""
    nbformat = pytest.importorskip("nbformat")
    notebooks = []
    for data in ({}, bundle):
        output = nbformat.v4.new_output("display_data", data)
        cell = nbformat.v4.new_code_cell("", outputs=[output], id="one")
        notebooks.append(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])))
    return len(notebooks[1].encode()) - len(notebooks[0].encode())


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (600, 100, 100, 3), dtype=np.uint8)


def test_a_small_run_is_saved_whole():
    images = np.random.default_rng(0).random((ROWS, 8, 8))
    study = FakeStudy(display=Images(images))
    context = Context.of(study, np.zeros(3), target_display=images[0])
    bundle = Explanation.gather(context, whole_run())._repr_mimebundle_()
    assert set(bundle) == {MIME, "text/html", "text/plain"}
    state = bundle[MIME]
    assert set(state["images"]) == {"target", *(f"row:{row}" for row in state["rows"])}
    # The search removed rows 2 and 5 too, but refinement put them back: no card shows them.
    assert set(state["rows"]) == {"4", "6", "7", "8", "9", "10", "11"}
    assert state["start"]["notes"] == study.notes
    assert bundle["text/html"].count("<img ") == 3
    json.dumps(bundle, allow_nan=False)


def test_the_html_has_nothing_that_a_sanitiser_would_strip():
    html = Explanation.gather(
        Context.of(FakeStudy(row_ids=["<script>"] * ROWS), np.zeros(3)), whole_run()
    )._repr_mimebundle_()["text/html"]
    assert not re.search(r"<(script|style|link|svg|iframe)|\s(id|style|on\w+)=", html)
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("steps", [40, 300, 580])
def test_pictures_keep_to_the_budget_and_it_says_what_is_missing(noise, steps):
    bundle = large(600, steps, Images(noise))._repr_mimebundle_()
    assert size(bundle) <= BUDGET
    state = bundle[MIME]
    items = [state["rows"][str(row)]["item"] for row in range(steps)]
    kept = sum(item is not None for item in items)
    # The top rows first.
    assert kept >= 15
    assert all(item is not None for item in items[:kept])
    assert {item["image"] for item in items[:kept]} <= set(state["images"])
    left_out = sum(row["item"] is None for row in state["rows"].values())
    assert left_out
    assert f"{left_out} rows are saved without their content" in state["start"]["notes"][-1]
    assert len(state["steps"]) == steps


def test_thousands_of_table_rows_keep_to_the_budget():
    n = 4000
    frame = np.random.default_rng(0).normal(size=(n, 30))
    explanation = large(n, 1000, Table(frame))
    bundle = explanation._repr_mimebundle_()
    assert size(bundle) <= BUDGET
    assert len(bundle[MIME]["steps"]) == 1000
    assert bundle[MIME]["rows"]["0"]["item"] is not None
    assert "and 980 more training rows" in bundle["text/html"]
    # What is not saved here is in the file.
    assert len(explanation.to_dict()["rows"]) > 1000


def test_the_bundle_does_not_change_the_explanation():
    explanation = large(600, 40, None)
    before = json.dumps(explanation.to_dict())
    explanation._repr_mimebundle_()
    assert json.dumps(explanation.to_dict()) == before
    assert explanation.confidence[0] == 0.987654321
