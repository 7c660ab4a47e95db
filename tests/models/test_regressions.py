"""On which side of a threshold a prediction is, and the rows it stands on."""

import itertools

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import forcing
from linear_cases import REGRESSIONS, named, slope
from support import assert_by_refits


def without(again, X, y, rows, weights=None):
    kept = np.setdiff1d(np.arange(len(y)), rows)
    return clone(again).fit(X[kept], y[kept], None if weights is None else weights[kept])


@pytest.mark.parametrize("case", **named(REGRESSIONS))
@pytest.mark.parametrize("size", [1.0, 1e6, 1e-6])
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_sets_flip_and_are_irreducible_in_any_unit(case, size, side):
    X, y = slope(size=size)
    weights = 0.5 + np.arange(len(y)) % 3
    model = clone(case.model).fit(X, y, weights)
    study = forcing.Study(model, X, y, sample_weight=weights)
    again, x = case.tight(model), X[3]
    optimum = clone(again).fit(X, y, weights)
    threshold = float(optimum.predict(x[None])[0] + side * 0.08 * size)
    ex = study.explain(x, threshold=threshold)
    assert ex.flipped
    assert ex.verified
    assert ex.irreducible
    assert 1 <= ex.lower_bound <= ex.size
    assert ex.claim.margin == pytest.approx(0.08 * size, rel=1e-5)

    def above(rows):
        return without(again, X, y, rows, weights).predict(x[None])[0] >= threshold

    assert above(ex.supports) == (side > 0)
    for row in ex.supports:
        assert above(np.setdiff1d(ex.supports, row)) == (side < 0)


@pytest.mark.parametrize("model", [Ridge(alpha=0.5), LinearRegression()], ids=str)
def test_small_sets_are_as_small_as_any(model):
    X, y = slope(18, seed=1)
    study = forcing.Study(model.fit(X, y), X, y)
    for i in range(4):
        x = X[i]
        threshold = float(model.predict(x[None])[0] - 0.25)
        smallest = 3
        for size in (2, 1):
            for rows in itertools.combinations(range(len(y)), size):
                if without(model, X, y, rows).predict(x[None])[0] < threshold:
                    smallest = size
        ex = study.explain(x, threshold=threshold)
        assert ex.size == smallest if smallest < 3 else ex.size >= 3
        assert ex.lower_bound <= smallest


def test_a_whole_side_may_leave():
    """A regression has no class to lose."""
    X = np.arange(8.0)[:, None]
    y = np.array([0.0, 0, 0, 0, 0, 0, 0, 9])
    study = forcing.Study(Ridge(alpha=0.1).fit(X, y), X, y)
    ex = study.explain([7.0], threshold=2.0)
    assert ex.supports.tolist() == [7]
    assert ex.claim.favoured == "above"


def test_confidence_is_drawn_in_units_of_the_residuals():
    X, y = slope()
    model = Ridge().fit(X, y)
    study = forcing.Study(model, X, y)
    threshold = float(model.predict(X[:1])[0]) - np.std(y - model.predict(X))
    claim = study.claim(X[0], threshold=threshold)
    assert claim.confidence == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-6)


def test_a_regression_without_a_threshold_says_what_is_missing():
    X, y = slope()
    study = forcing.Study(Ridge().fit(X, y), X, y)
    with pytest.raises(ValueError, match="threshold must be the prediction that separates"):
        study.explain(X[0])


def test_the_users_own_refit_confirms():
    X, y = slope()
    study = forcing.Study(Ridge().fit(X, y), X, y, refit=lambda kept: Ridge().fit(X[kept], y[kept]))
    threshold = float(study.model.predict(X[:1])[0] - 0.1)
    ex = study.explain(X[0], threshold=threshold)
    assert ex.flipped
    assert ex.verified


@pytest.mark.parametrize("model", [Ridge(), LinearRegression(), make_pipeline(Ridge())], ids=str)
def test_other_data_is_noticed(model):
    X, y = slope()
    with pytest.raises(forcing.TrainingMismatchError):
        forcing.Study(model.fit(X, y), X, y[::-1])


def test_without_a_penalty_the_search_ends_where_rows_no_longer_determine_the_model():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(14, 10))
    y = X[:, 0] + 0.5 * rng.normal(size=14)
    x = rng.normal(size=10)
    model = LinearRegression().fit(X, y)
    ex = forcing.Study(model, X, y).explain(x, threshold=-1e3)
    assert ex.status == "limit"
    assert len(ex.steps) <= 14 - 11 - 1


def test_without_a_penalty_columns_must_differ():
    X, y = slope()
    twice = np.column_stack([X, X[:, 0]])
    assert_by_refits(r"use Ridge with a small alpha", LinearRegression().fit(twice, y), twice, y)
    wide = np.random.default_rng(0).normal(size=(10, 20))
    assert_by_refits("10 rows, 11 columns", LinearRegression().fit(wide, y[:10]), wide, y[:10])
    assert forcing.Study(Ridge(alpha=1e-3).fit(wide, y[:10]), wide, y[:10]).n_rows == 10


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Ridge(positive=True), "positive=True"),
        (LinearRegression(positive=True), "positive=True"),
        (
            TransformedTargetRegressor(
                Ridge(), func=np.sin, inverse_func=np.arcsin, check_inverse=False
            ),
            "does not rise",
        ),
        (
            TransformedTargetRegressor(Ridge(), func=np.negative, inverse_func=np.negative),
            "does not rise",
        ),
    ],
    ids=str,
)
def test_what_has_no_such_objective_is_refitted(model, words):
    X, y = slope()
    assert_by_refits(words, model.fit(X, y), X, y)


def test_several_targets_are_refused():
    X, y = slope()
    with pytest.raises(ValueError, match="one label a row"):
        forcing.Study(Ridge().fit(X, np.c_[y, y]), X, np.c_[y, y])


@pytest.mark.parametrize("own_refit", [False, True])
def test_a_threshold_goes_through_the_transformation_of_the_target(own_refit):
    X, y = slope()
    y = np.exp(y / 2)
    model = make_pipeline(
        StandardScaler(),
        TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp),
    ).fit(X, y)

    def fit(kept):
        return clone(model[1]).fit(model[0].transform(X[kept]), y[kept])

    def refit(kept):
        return make_pipeline(model[0], fit(kept))

    study = forcing.Study(model, X, y, refit=refit if own_refit else None)
    threshold = float(model.predict(X[:1])[0] * 1.05)
    ex = study.explain(X[0], threshold=threshold)
    assert ex.flipped
    assert ex.verified
    assert ex.claim.favoured == "below"
    kept = np.setdiff1d(np.arange(len(y)), ex.supports)
    assert fit(kept).predict(model[0].transform(X[:1]))[0] >= threshold
    above = [step.label == "above" for step in ex.steps]
    assert above == (y[ex.supports] >= threshold).tolist()
    with pytest.raises(ValueError, match="range of the target's transformation"):
        study.explain(X[0], threshold=-1.0)
