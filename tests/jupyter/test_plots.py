from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from fake_study import FakeStudy, whole_run
from forcing.explanation import Explanation
from forcing.jupyter.plots import _trace, boundary, confidence
from forcing.protocol.context import Context

bqplot = pytest.importorskip("bqplot")

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 2))
y = np.where(X @ [1.0, -0.5] + rng.normal(size=60) / 3 > 0, "yes", "no")


@pytest.fixture
def explanation():
    return Explanation.gather(Context.of(FakeStudy(), np.zeros(3)), whole_run())


def lines(figure):
    return {mark.labels[0]: mark for mark in figure.marks if isinstance(mark, bqplot.Lines)}


def test_confidence_of_one_with_its_rankings(explanation):
    drawn = lines(confidence(explanation))
    assert set(drawn) == {"", "forcing set", "influence"}
    assert drawn["forcing set"].y.tolist() == [0.8, 0.6, 0.48]
    assert drawn["influence"].x.tolist() == [0, 1, 2, 3, 5]
    assert drawn[""].y.tolist() == [0.5, 0.5]


def test_confidence_of_several(explanation):
    assert set(lines(confidence({"one": explanation, "two": explanation}))) == {"", "one", "two"}


def test_bare_confidences(explanation):
    drawn = lines(confidence({"mine": [0.9, 0.6], "theirs": explanation}))
    assert drawn["mine"].y.tolist() == [0.9, 0.6]
    assert drawn["theirs"].y.tolist() == [0.8, 0.6, 0.48]
    assert lines(confidence({"mine": [0.9]}, threshold=0.3))[""].y.tolist() == [0.3, 0.3]


def test_a_linear_boundary_is_traced_exactly():
    low, high = np.array([-2.0, -2.0]), np.array([2.0, 2.0])
    segments = _trace(lambda p: p @ [1.0, -0.5] - 0.3, low, high)
    on_it = segments @ [1.0, -0.5] - 0.3
    assert np.abs(on_it).max() < 1e-12
    # The whole line is there: its ends are on the frame.
    assert segments[..., 1].min() == pytest.approx(-2)
    assert segments[..., 1].max() == pytest.approx(2)


def test_a_closed_boundary_has_its_length():
    edge = _trace(lambda p: (p**2).sum(axis=1) - 1, np.array([-2.0, -2.0]), np.array([2.0, 2.0]))
    assert np.linalg.norm(edge[:, 1] - edge[:, 0], axis=1).sum() == pytest.approx(
        2 * np.pi, rel=0.01
    )


def test_panels_before_and_after():
    model = LogisticRegression().fit(X, y)
    without = [0, 1, 2]
    box = boundary(
        model, X, y, X[5], {"retrained": without, "one step": (without, lambda p: p[:, 0])}
    )
    before, after, step = box.children
    assert [figure.title for figure in box.children] == ["all 60 rows", "retrained", "one step"]
    refitted = LogisticRegression().fit(X[3:], y[3:])
    for figure, fitted in ((before, model), (after, refitted)):
        edge = figure.marks[0]
        points = np.stack([edge.x.ravel(), edge.y.ravel()], axis=1)
        assert np.abs(fitted.decision_function(points)).max() < 1e-10
    assert np.abs(step.marks[0].x).max() < 1e-12
    assert before.axes[0].scale is after.axes[0].scale
    assert np.flatnonzero(np.array(after.marks[1].opacities) < 0.5).tolist() == without


def test_models_without_a_decision_function_and_without_a_boundary():
    neighbours = KNeighborsClassifier().fit(X, y)
    assert len(boundary(neighbours, X, y, X[0]).children) == 1
    far = (np.array([0]), lambda p: np.ones(len(p)))
    assert len(boundary(neighbours, X, y, X[0], {"far": far}).children[1].marks) == 2


def test_more_than_two_columns():
    with pytest.raises(ValueError, match="two columns"):
        boundary(LogisticRegression(), np.zeros((5, 3)), np.zeros(5), np.zeros(3))


def test_without_bqplot(monkeypatch, explanation):
    monkeypatch.setitem(sys.modules, "bqplot", None)
    with pytest.raises(ImportError, match=r"forcing\[plots\]"):
        confidence(explanation)
