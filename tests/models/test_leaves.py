"""What rows contribute to leaves, against what the models themselves answer."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from forcing.models.leaves import Shares, Trained, _quotient, is_of_trees, leaves, shares


def data(n=150):
    X, y = make_classification(n, 5, n_informative=4, n_redundant=0, flip_y=0.2, random_state=0)
    return X.astype(np.float32), y


def value(found: Shares) -> float:
    n_leaves = int(found.leaf.max()) + 1
    above = np.bincount(found.leaf, found.above, n_leaves)
    below = np.bincount(found.leaf, found.below, n_leaves) + found.extra
    return found.scale * float(np.sum(_quotient(above, below)))


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(8, random_state=0),
        RandomForestClassifier(8, max_depth=3, random_state=1),
        ExtraTreesClassifier(8, min_samples_leaf=3, random_state=0),
        DecisionTreeClassifier(max_depth=3, random_state=0),
    ],
    ids=str,
)
def test_the_shares_of_a_forest_are_what_it_answers(model):
    X, y = data()
    kept = np.arange(10, 150)
    trained = Trained(model.fit(X[kept], y[kept]), kept)
    for x in X[:6]:
        p = model.predict_proba(x[None])[0, 1]
        found = shares([trained], X, x[None], np.where(y == 1, 1.0, -1.0))
        assert set(found.row.tolist()) <= set(kept.tolist())
        assert value(found) == pytest.approx(2 * (2 * p - 1), abs=1e-6)


def test_the_shares_of_a_regression_forest():
    X, y = data()
    z = X[:, 0] + 0.1 * y
    model = RandomForestRegressor(5, random_state=0).fit(X, z)
    found = shares([Trained(model, np.arange(150))], X, X[:1], z.astype(float))
    assert value(found) == pytest.approx(2 * model.predict(X[:1])[0], rel=1e-5)


def test_what_is_taken_is_what_the_leaves_say_without_the_rows():
    X, y = data()
    model = RandomForestClassifier(8, min_samples_leaf=4, random_state=0).fit(X, y)
    support = np.where(y == 1, 1.0, -1.0)
    x = X[np.argmax(model.predict_proba(X)[:, 1])]
    trained = Trained(model, np.arange(150))
    before = shares([trained], X, x[None], support)
    allowed = np.ones(150, bool)
    allowed[before.row[0]] = False
    order, taken = before.order(allowed, 0.5)
    assert taken[-1] >= 0.5
    assert np.all(np.diff(taken) >= 0)
    assert before.row[0] not in order
    assert np.all(y[order] == 1)
    gone = np.isin(before.row, order)
    left = Shares(
        before.leaf[~gone],
        before.row[~gone],
        before.above[~gone],
        before.below[~gone],
        0.0,
        before.scale,
    )
    assert value(before) - value(left) == pytest.approx(taken[-1], abs=1e-9)


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=12, random_state=0),
        HistGradientBoostingClassifier(max_iter=12, min_samples_leaf=5),
    ],
    ids=lambda m: type(m).__name__,
)
def test_boosting_done_again_on_its_leaves_is_near_to_what_it_answers(model):
    X, y = data()
    trained = Trained(model.fit(X, y), np.arange(150))
    ours = [value(shares([trained], X, x[None], np.where(y == 1, 1.0, -1.0))) for x in X[:40]]
    theirs = model.decision_function(X[:40])
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97


@pytest.mark.parametrize(
    ("package", "name", "more"),
    [
        ("lightgbm", "LGBMClassifier", {"verbose": -1, "n_estimators": 12}),
        ("xgboost", "XGBClassifier", {"n_estimators": 12, "n_jobs": 1}),
        ("catboost", "CatBoostClassifier", {"iterations": 12, "verbose": 0}),
    ],
)
def test_boosting_of_other_packages_shows_its_leaves(package, name, more):
    module = pytest.importorskip(package)
    X, y = data()
    model = getattr(module, name)(**more).fit(X, y)
    assert is_of_trees(model)
    assert leaves(model, X).shape == (150, 12)
    found = shares([Trained(model, np.arange(150))], X, X[:1], np.where(y == 1, 1.0, -1.0))
    order, taken = found.order(np.ones(150, bool), 0.2)
    assert len(order) == len(taken) > 0
    assert np.all(y[order] == 1)


def test_leaves_by_what_a_tree_adds():
    X, y = data()
    model = HistGradientBoostingClassifier(max_iter=6, min_samples_leaf=5).fit(X, y)
    staged = np.array([np.ravel(answer) for answer in model.staged_decision_function(X)])
    found = leaves(model, X)
    assert found.shape == (150, 6)
    assert np.allclose(found.sum(axis=1), staged[-1], atol=1e-6)
    assert len(np.unique(found[:, 3])) <= 31


def test_several_models_count_alike_and_a_pipeline_is_looked_into():
    X, y = data()
    models = [
        Trained(
            make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=s)).fit(X, y),
            np.arange(150),
        )
        for s in range(3)
    ]
    support = np.where(y == 1, 1.0, -1.0)
    together = value(shares(models, X, X[:1], support))
    apart = [value(shares([one], X, X[:1], support)) for one in models]
    assert together == pytest.approx(np.mean(apart))
    assert is_of_trees(models[0].model)


def test_models_without_leaves_have_no_shares():
    X, y = data()
    model = GaussianNB().fit(X, y)
    assert not is_of_trees(model)
    assert shares([Trained(model, np.arange(150))], X, X[:1], np.ones(150)) is None
