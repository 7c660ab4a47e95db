"""How results of other kinds than two classes with an objective are told, saved and read back."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB

import forcing
from forcing.records import Progress

CUT = 170.0


@pytest.fixture(scope="module")
def regression() -> tuple[forcing.Study, Any]:
    X, y = load_diabetes(return_X_y=True)
    return forcing.Study(Ridge().fit(X[60:260], y[60:260]), X[60:260], y[60:260]), X[0]


@pytest.fixture(scope="module")
def flowers() -> tuple[Any, Any]:
    X, y = load_iris(return_X_y=True)
    return X[::2], np.array(["setosa", "versicolor", "virginica"])[y[::2]]


def at_the_border(model: Any, X: Any) -> Any:
    """The row that the model is least sure of."""
    return X[np.argmin(model.predict_proba(X).max(axis=1))]


def told(explanation: forcing.Explanation) -> str:
    return explanation._repr_mimebundle_()["text/plain"]


def test_a_regression_tells_its_predictions(regression):
    study, x = regression
    found = study.explain(x, threshold=CUT, bound=False)
    model, kept = study.model, np.setdiff1d(np.arange(study.n_rows), found.supports)
    before = model.predict([x])[0]
    after = Ridge().fit(study.X[kept], study.y[kept]).predict([x])[0]
    side, other = ("Above", "below") if before >= CUT else ("Below", "above")
    assert told(found).startswith(f"{side} 170 ({before:.4g}) stands on {found.size} of 200 ")
    sentence, digits = told(found), 4
    while f"{after:.{digits}g}" == "170":
        digits += 1
    assert sentence.endswith(f"Retrained without them: {other} 170 ({after:.{digits}g}).")


def test_rows_of_a_regression_show_their_value_and_their_side(regression):
    study, x = regression
    found = study.explain(x, threshold=CUT, bound=False, verify=False, baselines=("random",))
    state = found.to_dict()
    for row, shown in state["rows"].items():
        assert shown["label"] == f"value {study.y[int(row)]:.4g}"
    above = found.claim.favoured == "above"
    for sign in ("positive", "negative"):
        entries = state["rankings"][0][sign]
        sides = {(study.y[entry["row"]] >= CUT) == above for entry in entries}
        assert sides == {sign == "positive"}


@pytest.mark.parametrize(("label", "side"), [(100.0, "below 170"), (250, "above 170")])
def test_the_label_of_a_target_is_its_side(regression, label, side):
    study, x = regression
    found = study.explain(x, threshold=CUT, label=label, verify=False, bound=False, refine=False)
    assert found.to_dict()["start"]["target"]["label"] == side


def test_of_several_classes_the_rival_is_named(flowers):
    X, y = flowers
    model = LogisticRegression().fit(X, y)
    x = at_the_border(model, X)
    found = forcing.Study(model, X, y).explain(x, bound=False)
    claim = found.claim
    assert f"against {claim.rival}) stands on" in told(found)
    assert f": {claim.rival} (5" in told(found)


def test_without_an_objective_there_is_no_loss_gap(tmp_path, flowers):
    X, y = flowers
    model = GaussianNB().fit(X, y)
    study = forcing.Study(model, X, y)
    found = study.explain(at_the_border(model, X), bound=False)
    assert {step["gap"] for step in found.to_dict()["steps"]} == {None}
    again = forcing.load(found.save(tmp_path / "bayes.mfs.json"))
    assert all(math.isnan(step.loss_gap) for step in again.steps)
    assert repr(again) == repr(found)


def test_a_search_by_refits_says_throughout_what_a_refit_costs(flowers):
    X, y = flowers
    model = GaussianNB().fit(X, y)
    events = forcing.Study(model, X, y).events(at_the_border(model, X))
    notes = [event.note for event in events if isinstance(event, Progress)]
    assert sum("s a refit" in note for note in notes) > 1


def test_a_label_is_shown_with_what_it_becomes(flowers):
    X, y = flowers
    model = LogisticRegression().fit(X, y)
    found = forcing.Study(model, X, y).explain(at_the_border(model, X), method="relabel")
    step = found.steps[0]
    assert f"{step.label} → {step.becomes}" in found._repr_mimebundle_()["text/html"]
    assert found.to_dict()["steps"][0]["becomes"] == step.becomes


def test_files_from_before_these_kinds_still_load(tmp_path, flowers):
    X, y = flowers
    two = y != "setosa"
    model = LogisticRegression().fit(X[two], y[two])
    study = forcing.Study(model, X[two], y[two])
    found = study.explain(at_the_border(model, X[two]), baselines=("influence",))
    saved = found.to_dict()
    del saved["start"]["classes"], saved["restore"]["becomes"]
    del saved["rankings"][0]["predicted"], saved["restore"]["rankings"]["influence"]["predicted"]
    path = _written(tmp_path, saved)
    again = forcing.load(path)
    assert repr(again) == repr(found)
    assert again.rankings["influence"].predicted is None


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("start", "classes"), "three"),
        (("start", "claim", "cut"), "170"),
        (("rankings", 0, "predicted"), -1),
        (("steps", 0, "becomes"), 3),
    ],
)
def test_a_file_with_a_new_key_of_another_kind_is_refused(tmp_path, flowers, keys, value):
    X, y = flowers
    model = LogisticRegression().fit(X, y)
    study = forcing.Study(model, X, y)
    saved = study.explain(at_the_border(model, X), baselines=("influence",), bound=False).to_dict()
    inner = saved
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    with pytest.raises(ValueError, match=f"damaged.*{keys[-1]}"):
        forcing.load(_written(tmp_path, saved))


def _written(folder: Path, saved: Any) -> Path:
    path = folder / "saved.mfs.json"
    path.write_text(json.dumps(saved), encoding="utf-8")
    return path


def test_an_audit_of_a_regression_takes_values_for_labels(regression):
    study, _ = regression
    X, y = load_diabetes(return_X_y=True)
    audit = study.audit(X[:8], y[:8], threshold=CUT, progress=False, bound=False)
    assert audit.wrong is not None
    wrong = (study.model.predict(X[:8]) >= CUT) != (y[:8] >= CUT)
    assert audit.wrong.tolist() == wrong.tolist()
    assert wrong.any()
