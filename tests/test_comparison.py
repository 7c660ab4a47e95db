from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import forcing
from fake_study import FakeStudy
from forcing.explanation.comparison import OTHER_DATA
from forcing.jupyter.widget import view
from forcing.protocol import MIME


@pytest.fixture(scope="module")
def data():
    X, y = load_breast_cancer(return_X_y=True)
    return X[:200, :5], y[:200], X[300:340, :5]


@pytest.fixture(scope="module")
def study(data):
    X, y, _ = data
    return forcing.Study(LogisticRegression(C=0.01, max_iter=5000).fit(X, y), X, y)


@pytest.fixture(scope="module")
def pair(study, data):
    _, _, X_test = data
    sure = np.abs(study.model.decision_function(X_test))
    nearest, *_, farther = np.argsort(sure)[:6].tolist()
    return study.explain(X_test[nearest], name="near"), study.explain(X_test[farther], name="far")


def test_the_rows_that_are_in_both(pair):
    first, second = pair
    compared = forcing.compare(first, second)
    both = set(first.supports.tolist()) & set(second.supports.tolist())
    assert set(compared.overlap.tolist()) == both
    assert len(compared.overlap) == first.overlap(second)
    one = forcing.compare(first, first)
    assert one.overlap.tolist() == first.supports.tolist()
    assert f"{first.size} row" in repr(one)


def test_the_sentence(pair):
    first, second = pair
    words = repr(forcing.compare(first, second))
    noun = "row" if first.size == 1 else "rows"
    assert f"Near stands on {first.size} training {noun}, far stands on {second.size} " in words
    assert words.endswith(" in both.>")
    assert "A stands on" in repr(forcing.compare(first, first))
    assert "One stands on" in repr(forcing.compare(first, second, names=("one", "two")))


def test_different_data_share_no_row_and_say_so(pair, data):
    X, y, X_test = data
    model = LogisticRegression(C=0.01, max_iter=5000).fit(X[:150], y[:150])
    other = forcing.Study(model, X[:150], y[:150]).explain(X_test[0], name="other")
    compared = forcing.compare(pair[0], other)
    assert not compared.same_data
    assert compared.overlap.size == 0
    assert OTHER_DATA in repr(compared)


def test_the_bundle_has_both_states_within_one_budget(pair):
    bundle = forcing.compare(*pair)._repr_mimebundle_()
    form = bundle[MIME]
    assert form["names"] == ["near", "far"]
    assert [state["start"]["target"]["name"] for state in form["compare"]] == ["near", "far"]
    assert len(json.dumps(form)) < 500_000
    assert "<table>" in bundle["text/html"]
    assert bundle["text/plain"].startswith("Near stands on")


def test_names_are_text_on_the_page(pair, tmp_path):
    compared = forcing.compare(*pair, names=("<b>one", "<script>"))
    html = compared._repr_mimebundle_()["text/html"]
    page = compared.to_html(tmp_path / "two.html").read_text(encoding="utf-8")
    table = page.partition("<main>")[2].partition("</main>")[0]
    for text in (html, table):
        assert "<script>" not in text
        assert "&lt;b&gt;one" in text
    # The one of the view, and the names that it draws as they are.
    assert page.count("<script>") == 1
    assert '"\\u003cb\\u003eone"' in page


def test_explanations_from_files_and_finished_widgets_are_compared_too(pair, tmp_path):
    first, second = pair
    loaded = forcing.load(first.save(tmp_path / "first.mfs.json"))
    assert forcing.compare(loaded, first).overlap.tolist() == first.supports.tolist()
    shown = view(FakeStudy(), np.zeros(3), name="fake")
    shown.wait(5)
    assert forcing.compare(shown, second).names == ("fake", "far")


def test_what_cannot_be_compared(pair):
    with pytest.raises(TypeError, match="the second is a int"):
        forcing.compare(pair[0], 3)
    with pytest.raises(ValueError, match="names must be two texts"):
        forcing.compare(*pair, names=("one",))

    class Running:
        explanation = None

    with pytest.raises(ValueError, match="has not ended"):
        forcing.compare(Running(), pair[0])
