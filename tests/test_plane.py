"""Slices through a target: where rows are, and where the decision changes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from forcing.protocol.plane import encode, thinned
from forcing.study import Study
from forcing.study.plane.level import level_lines

rng = np.random.default_rng(0)
X2 = rng.normal(size=(80, 2))
y2 = np.where(X2 @ [1.0, -0.5] + rng.normal(size=80) / 2 > 0, "yes", "no")


def explained(model, X, y, x, **options):
    study = Study(model, X, y)
    found = study.explain(x, bound=False, **options)
    threshold = options.get("threshold")
    return found, study.planes(x, threshold=threshold)


def default(model, X, y, x, **options):
    found, planes = explained(model, X, y, x, **options)
    return found, planes.default(found.claim, found.steps)


def on_grid(values):
    ends = np.linspace(0, 1, 60)
    return level_lines(values(*np.meshgrid(ends, ends, indexing="ij")))


def test_a_straight_line_has_two_points():
    (line,) = on_grid(lambda x, y: x + y / 2 - 0.6)
    assert len(line) == 2
    assert np.abs(line @ [1, 0.5] - 0.6).max() < 1e-12
    assert sorted(line[:, 1]) == pytest.approx([0, 1])


def test_a_circle_is_one_closed_line_of_its_length():
    (line,) = on_grid(lambda x, y: (x - 0.5) ** 2 + (y - 0.5) ** 2 - 0.09)
    assert np.array_equal(line[0], line[-1])
    length = np.linalg.norm(np.diff(line, axis=0), axis=1).sum()
    assert length == pytest.approx(2 * np.pi * 0.3, rel=0.01)


def test_two_islands_and_nothing():
    lines = on_grid(lambda x, y: np.minimum(np.hypot(x - 0.2, y - 0.2), np.hypot(x - 0.8, y)) - 0.1)
    assert len(lines) == 2
    assert on_grid(lambda x, y: x + y + 1) == []


def test_the_boundaries_of_two_columns_are_those_of_the_models():
    model = LogisticRegression().fit(X2, y2)
    found, plane = default(model, X2, y2, X2[5])
    assert plane.kind == "data"
    assert plane.rows is None
    assert np.array_equal(plane.points, X2)
    assert np.array_equal(plane.target, X2[5])
    assert np.array_equal(plane.roles == 0, y2 == found.claim.favoured)
    rest = np.delete(np.arange(80), found.supports)
    refitted = clone(model).set_params(tol=1e-10).fit(X2[rest], y2[rest])
    for lines, own in ((plane.before, model), (plane.after, refitted)):
        assert len(lines) == 1
        assert np.abs(own.decision_function(np.concatenate(lines))).max() < 1e-5
    assert np.abs(model.decision_function(np.concatenate(plane.after))).max() > 1e-2


def test_other_features_are_held_at_the_target_before_preprocessing():
    pandas = pytest.importorskip("pandas")
    X, y = make_classification(120, 6, n_informative=4, random_state=1)
    X = pandas.DataFrame(X * [1, 10, 100, 1, 1, 1], columns=list("abcdef"))
    X["word"] = "same"
    numbers = list("abcdef")
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(X[numbers], y)
    _, plane = default(model, X[numbers], y, X[numbers].iloc[[3]])
    assert plane.kind == "features"
    assert "held at the target" in plane.note
    rows = X[numbers].iloc[np.zeros(len(plane.before[0]), int)].reset_index(drop=True)
    rows.loc[:, :] = X[numbers].iloc[3].to_numpy()
    rows[plane.x.name], rows[plane.y.name] = plane.before[0][:, 0], plane.before[0][:, 1]
    assert np.abs(model.decision_function(rows)).max() < 1e-6
    assert np.array_equal(plane.points, X[[plane.x.name, plane.y.name]].to_numpy())
    assert plane.features[plane.x.feature] == plane.x.name


def test_components_are_those_of_pca_up_to_sign():
    X, y = make_classification(100, 5, random_state=0)
    X *= [1, 1, 1, 1, 100]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    found, planes = explained(model, X, y, X[2])
    plane = planes.slice(None, None, found.claim, found.steps)
    expected = PCA(2).fit_transform(model[:-1].transform(X))
    assert np.abs(plane.points) == pytest.approx(np.abs(expected), abs=1e-6)
    assert plane.target == pytest.approx(plane.points[2])
    assert len(plane.before) == len(plane.after) == 1


@pytest.mark.parametrize(
    "model", [KNeighborsClassifier(), DecisionTreeClassifier(max_depth=3, random_state=0)]
)
def test_models_without_an_objective(model):
    model = clone(model).fit(X2, y2)
    _, plane = default(model, X2, y2, X2[5])
    assert plane.before
    sides = model.predict(np.concatenate(plane.before))
    assert set(sides) == {"yes", "no"}
    assert plane.after


def test_several_classes_and_a_regression():
    X, y = make_classification(
        150, 2, n_informative=2, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=0
    )
    found, plane = default(LogisticRegression().fit(X, y), X, y, X[0])
    assert set(plane.roles.tolist()) == {0, 1, 2}
    values = X @ [2.0, 1.0]
    found, plane = default(Ridge().fit(X, values), X, values, X[0], threshold=float(values.mean()))
    above = values >= found.claim.cut
    assert np.array_equal(plane.roles == 0, above == (found.claim.favoured == "above"))
    assert len(plane.before) == 1


def test_odd_columns_are_no_axes():
    pandas = pytest.importorskip("pandas")
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder

    frame = pandas.DataFrame(X2, columns=["a", "b"])
    frame["constant"], frame["empty"] = 1.0, np.nan
    frame["word"] = np.where(X2[:, 0] > 0, "x", "z")
    frame.loc[7, "b"] = np.nan
    encode_words = (OneHotEncoder(handle_unknown="ignore"), ["word"])
    columns = make_column_transformer((SimpleImputer(), ["a", "b"]), encode_words)
    model = make_pipeline(columns, LogisticRegression()).fit(frame, y2)
    _, plane = default(model, frame, y2, frame.iloc[[5]])
    assert set(plane.features) == {"a", "b"}
    assert 7 not in plane.rows
    assert "1 row without" in plane.note
    assert plane.before
    words = frame[["word"]]
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(words, y2)
    _, plane = default(model, words, y2, words.iloc[[0]])
    assert plane is None


def test_texts_have_components_when_asked():
    texts = ["good day", "bad day", "good night", "bad night sleep", "good food", "bad food"] * 5
    labels = ["+", "-"] * 15
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, labels)
    found, planes = explained(model, texts, labels, ["good day food"])
    assert planes.default(found.claim, found.steps) is None
    plane = planes.slice(None, None, found.claim, found.steps)
    assert plane.kind == "components"
    assert plane.points.shape == (30, 2)
    with pytest.raises(ValueError, match="two different features"):
        planes.slice(0, 1, found.claim, found.steps)


def test_sparse_rows():
    sparse = scipy.sparse.csr_matrix(np.abs(X2) * (X2 > -1))
    model = LogisticRegression().fit(sparse, y2)
    _, plane = default(model, sparse, y2, sparse[[5]])
    assert len(plane.points) == 80


def test_the_protocol_has_whole_steps_and_thinning_keeps_supports():
    model = LogisticRegression().fit(X2, y2)
    found, plane = default(model, X2, y2, X2[5])
    told = json.loads(json.dumps(encode(plane)))
    low = np.array([plane.x.low, plane.y.low])
    length = np.array([plane.x.high, plane.y.high]) - low
    back = low + np.array([told["xs"], told["ys"]]).T / 10_000 * length
    assert np.abs(back - X2).max() < 1e-3
    supports = found.supports.tolist()
    inside = np.array([told["xs"], told["ys"]])[:, supports]
    assert inside.min() >= 0
    assert inside.max() <= 10_000
    fewer = thinned(told, supports, 40)
    assert set(supports) <= set(fewer["rows"])
    assert len(fewer["rows"]) <= 40
    assert fewer["xs"] == [told["xs"][row] for row in fewer["rows"]]
    assert thinned(told, supports, 100) is told


def test_the_second_axis_says_something_else_than_the_first():
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)
    for model in (LogisticRegression(C=0.01, max_iter=20_000), KNeighborsClassifier()):
        model.fit(X, y)
        found = Study(model, X, y).explain(X[0], bound=False, verify=False, max_removals=5)
        plane = Study(model, X, y).planes(X[0]).default(found.claim, found.steps)
        assert abs(np.corrcoef(plane.points.T)[0, 1]) < 0.9


def test_it_says_why_there_is_no_boundary_without_the_set():
    model = LogisticRegression().fit(X2, y2)
    found, planes = explained(model, X2, y2, X2[5])
    slow = planes.default(found.claim, found.steps, seconds=10)
    assert slow.before
    assert not slow.after
    assert "A refit takes long" in slow.note
    chosen = planes.slice(0, 1, found.claim, found.steps)
    assert chosen.after
    assert "refit" not in chosen.note
    study = Study(model, X2, y2)
    study._explainer.adapted = replace(study._explainer.adapted, refit=None)
    users = study.planes(X2[5]).default(found.claim, found.steps)
    assert users.before
    assert not users.after
    assert "Only your refit" in users.note
