"""The front door: what goes in, what comes out, and what is refused with which words."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import forcing
from forcing.records import Bound, End, Progress, Ranking, Refined, Start, Step, Verified
from support import (
    assert_by_refits,
    blobs,
    moons,
    refit_margin,
    study_of,
    tight_fit,
    unflippable,
    unsure,
)

# The default solver and a raw breast cancer table do not converge in 100 iterations: meant.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def cancer():
    data = load_breast_cancer(as_frame=True)
    y = data.target_names[data.target]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(data.data[:400], y[:400])
    return data.data, y, model


def test_a_run_is_told_in_order():
    X, y, model = moons()
    study = study_of(X, y, model)
    events = list(study.events(X[80], baselines=("influence", "random")))
    kinds = [type(e) for e in events if not isinstance(e, Progress)]
    steps = kinds.count(Step)
    assert kinds == [Start, *[Step] * steps, Refined, Verified, Bound, Ranking, Ranking, End]
    assert [e.number for e in events if isinstance(e, Step)] == list(range(1, steps + 1))


def test_explains_a_pipeline_on_a_frame(cancer):
    X, y, model = cancer
    study = forcing.Study(model, X[:400], y[:400])
    wrong = [i for i in range(400, len(y)) if model.predict(X.iloc[[i]])[0] != y[i]]
    ex = study.explain(X.iloc[wrong[0]], baselines=("influence",))
    assert ex.flipped
    assert ex.verified
    assert ex.irreducible
    assert 1 <= ex.lower_bound <= ex.size
    assert ex.status == "flipped"
    assert len(ex.confidence) == ex.size + 1
    as_fitted = model.predict_proba(X.iloc[[wrong[0]]]).max()
    assert ex.confidence[0] == pytest.approx(as_fitted, abs=0.01)
    kept = np.setdiff1d(np.arange(400), ex.supports)
    scaler = model[:-1].set_output(transform="default")
    head = tight_fit(model[-1], scaler.transform(X[:400]), y[:400], kept)
    decided = head.predict(scaler.transform(X.iloc[[wrong[0]]]))[0]
    assert decided == ex.claim.rival == y[wrong[0]]
    assert "Preprocessing (StandardScaler) stays as fitted on all rows." in study.notes


@pytest.mark.parametrize("form", ["series", "frame", "array", "2d"])
def test_a_target_may_come_in_any_form(cancer, form):
    X, y, model = cancer
    study = forcing.Study(model, X[:400], y[:400])
    row = X.iloc[420]
    x = {
        "series": row,
        "frame": X.iloc[[420]],
        "array": row.to_numpy(),
        "2d": row.to_numpy()[None],
    }[form]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert study.claim(x).confidence == study.claim(row).confidence


def test_columns_of_any_kind_through_a_column_transformer():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"colour": rng.choice(["red", "blue"], 80), "size": rng.normal(size=80)})
    y = np.where((X["colour"] == "red") ^ (rng.uniform(size=80) < 0.2), "yes", "no")
    columns = make_column_transformer((OneHotEncoder(), ["colour"]), (StandardScaler(), ["size"]))
    model = make_pipeline(columns, LogisticRegression()).fit(X, y)
    ex = forcing.Study(model, X, y).explain(X.iloc[3])
    assert ex.status in {"flipped", "unflippable"}


def test_texts():
    texts = [
        f"{a} {b}"
        for a in ("win money", "free prize", "meet me", "see you")
        for b in ("now", "today", "soon", "later", "here")
    ]
    y = ["spam"] * 10 + ["ham"] * 10
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, y)
    ex = forcing.Study(model, texts, y).explain("free money here")
    assert ex.claim.favoured == "spam"
    assert ex.flipped


@pytest.mark.parametrize("solver", ["lbfgs", "newton-cg", "newton-cholesky", "liblinear", "saga"])
@pytest.mark.parametrize("intercept", [True, False])
def test_every_solver_is_verified_by_itself(solver, intercept):
    X, y, model = blobs(80, 3, seed=1, solver=solver, fit_intercept=intercept)
    study = study_of(X, y, model)
    target = unsure(study, X, 0.7)[-1]
    ex = study.explain(X[target])
    assert ex.flipped
    kept = np.setdiff1d(np.arange(80), ex.supports)
    again = clone(model).set_params(tol=1e-9, max_iter=50_000, random_state=0)
    assert again.fit(X[kept], y[kept]).predict(X[target][None])[0] == ex.claim.rival


def test_liblinear_penalises_the_intercept():
    X, y, model = blobs(60, 2, seed=3, solver="liblinear", intercept_scaling=2.0, C=0.1)
    study = study_of(X + 5, y, model.fit(X + 5, y))
    rows = [0, 1, 5]
    kept = np.setdiff1d(np.arange(60), rows)
    truth = clone(model).set_params(tol=1e-12).fit((X + 5)[kept], y[kept])
    decision = study.predict_without(rows, X[7] + 5)
    sign = 1 if study.claim(X[7] + 5).favoured == 1 else -1
    assert sign * decision.margin == pytest.approx(
        truth.decision_function(X[7][None] + 5)[0], abs=1e-5
    )


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 3.0}])
def test_sample_and_class_weights_stay_as_they_were(class_weight):
    X, y, _ = blobs(90, 2, seed=2)
    X, y = X[10:], y[10:]
    weights = np.random.default_rng(0).uniform(0.2, 2.0, len(y))
    weights[:5] = 0.0
    model = LogisticRegression(class_weight=class_weight).fit(X, y, sample_weight=weights)
    study = study_of(X, y, model, sample_weight=weights)
    factors = {0: 1.0, 1: 3.0}
    if class_weight == "balanced":
        total = [weights[y == c].sum() for c in (0, 1)]
        factors = {c: sum(total) / (2 * total[c]) for c in (0, 1)}
    all_weights = weights * np.where(y == 1, factors[1], factors[0])
    bare = LogisticRegression(tol=1e-10, max_iter=10_000).fit(X, y, sample_weight=all_weights)
    x = X[unsure(study, X, 0.7)[-1]]
    assert abs(bare.decision_function(x[None])[0]) == pytest.approx(study.claim(x).margin, abs=1e-6)
    ex = study.explain(x)
    assert ex.flipped
    assert not set(ex.supports) & set(range(5))  # rows of weight 0 carry nothing
    margin = refit_margin(bare, X, y, x, ex.supports, ex.claim.favoured, all_weights)
    assert margin < 0


def test_threshold_moves_the_decision_line():
    X, y, model = moons()
    study = study_of(X, y, model)
    x = X[80]
    p1 = model.predict_proba(x[None])[0, 1]
    claim = study.claim(x, threshold=0.9)
    assert (claim.favoured == 1) == (p1 > 0.9)
    assert claim.confidence == pytest.approx(p1 if p1 > 0.9 else 1 - p1, abs=1e-3)
    ex = study.explain(x, threshold=0.9)
    kept = np.setdiff1d(np.arange(100), ex.supports)
    after = tight_fit(model, X, y, kept).predict_proba(x[None])[0, 1]
    assert ex.flipped
    assert (after > 0.9) != (p1 > 0.9)


@pytest.mark.parametrize("method", ["mfs", "mfs-newton", "mfs-retrain", "influence", "representer"])
def test_every_method_ends_in_a_verified_flip(method):
    X, y, model = moons()
    study = study_of(X, y, model)
    ex = study.explain(X[93], method=method)
    assert ex.flipped
    assert refit_margin(model, X, y, X[93], ex.supports, ex.claim.favoured) < 0
    if method in {"influence", "representer"}:
        np.testing.assert_array_equal(ex.supports, study.rank(X[93], method).rows[: ex.size])


def test_one_step_sets_are_larger_than_retrained_ones():
    X, y, model = moons()
    study = study_of(X, y, model)
    newton = list(study.steps(X[93], method="mfs-newton"))
    retrain = list(study.steps(X[93], method="mfs-retrain"))
    assert len(newton) > len(retrain)


def test_unflippable_is_a_result():
    X, y, model = unflippable()
    ex = study_of(X, y, model).explain(np.array([3.0]), baselines=("influence",), max_removals=11)
    assert ex.status == "unflippable"
    assert not ex.flipped
    assert ex.reason
    assert ex.rankings["influence"].flips_at is None


def test_limit_is_a_result():
    X, y, model = moons()
    ex = study_of(X, y, model).explain(X[14], max_removals=4)
    assert ex.status == "limit"
    assert ex.size == 4
    assert not ex.flipped


def test_likelihood_ratio_exit_is_a_result():
    X, y, model = moons()
    ex = study_of(X, y, model).explain(X[29], exit="likelihood-ratio")
    assert ex.status == "exited"
    assert not ex.flipped
    assert ex.verified is False


def test_without_verification_the_engine_tells():
    X, y, model = moons()
    ex = study_of(X, y, model).explain(X[80], verify=False, bound=False)
    assert ex.flipped
    assert ex.verified is None
    assert ex.lower_bound is None


def test_a_refit_of_ones_own_is_asked_and_searched_on_for():
    """Refitting the scaler too moves the decision line; the set grows until that flips as well."""
    X, y, _ = moons()
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    calls = []

    def refit(rows):
        calls.append(len(rows))
        return clone(model).fit(X[rows], y[rows])

    ex = forcing.Study(model, X, y, refit=refit).explain(X[80])
    kept = np.setdiff1d(np.arange(100), ex.supports)
    assert ex.flipped
    assert calls
    assert clone(model).fit(X[kept], y[kept]).predict(X[80][None])[0] == ex.claim.rival


def test_goes_on_until_the_users_estimator_agrees():
    X, y, model = moons()
    plain = study_of(X, y, model).explain(X[80])

    class Stubborn(LogisticRegression):
        def decision_function(self, Z):
            return super().decision_function(Z) + bias

    bias = 0.3 if plain.claim.favoured == 1 else -0.3
    stubborn = forcing.Study(
        model, X, y, refit=lambda rows: Stubborn(tol=1e-10).fit(X[rows], y[rows])
    ).explain(X[80])
    assert stubborn.flipped
    assert stubborn.size > plain.size


def test_predict_without_is_a_refit():
    X, y, model = moons()
    study = study_of(X, y, model)
    rows = [5, 17, 44]
    decision = study.predict_without(rows, X[80])
    truth = refit_margin(model, X, y, X[80], rows, study.claim(X[80]).favoured)
    assert decision.margin == pytest.approx(truth, abs=1e-7)
    assert decision.flipped == (truth < 0)


def test_an_interrupt_keeps_what_was_found():
    X, y, model = moons()
    study = study_of(X, y, model)

    def stop(step):
        if step.number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.explain(X[80], on_step=stop)
    assert study.interrupted.status == "cancelled"
    assert study.interrupted.size == 3


def test_is_deterministic():
    X, y, model = moons()
    first, second = (study_of(X, y, model).explain(X[54]) for _ in range(2))
    np.testing.assert_array_equal(first.supports, second.supports)
    np.testing.assert_array_equal(first.confidence, second.confidence)


def test_unconverged_models_are_polished_and_said_to_be(cancer):
    X, y, _ = cancer
    model = LogisticRegression(max_iter=60).fit(X[:400], y[:400])  # unscaled: far from done
    study = forcing.Study(model, X[:400], y[:400])
    assert study._explainer.polish.probability > 0.005
    assert "stopped short of its optimum" in study.notes[-1]


# What is refused, and with which words


@pytest.mark.parametrize("spoil", ["labels", "rows", "scale"])
def test_other_data_is_a_mismatch(spoil):
    X, y, model = blobs(120, 4, seed=0)
    X, y = X.copy(), y.copy()
    if spoil == "labels":
        y[:6] = 1 - y[:6]
    elif spoil == "rows":
        X, y = X[:-20], y[:-20]
    else:
        X *= 1.3
    with pytest.raises(forcing.TrainingMismatchError, match="not fitted on this X and y"):
        forcing.Study(model, X, y)


def test_rows_in_another_order_are_the_same_data():
    X, y, model = blobs(120, 4, seed=0)
    order = np.random.default_rng(0).permutation(120)
    forcing.Study(model, X[order], y[order])


def test_weights_that_were_left_out_are_a_mismatch():
    X, y, model = blobs(120, 4, seed=0)
    weights = np.random.default_rng(0).uniform(0, 3, 120)
    with pytest.raises(forcing.TrainingMismatchError):
        forcing.Study(model.fit(X, y, sample_weight=weights), X, y)


def test_unfitted_models():
    X, y, model = moons()
    with pytest.raises(NotFittedError):
        forcing.Study(clone(model), X, y)
    with pytest.raises(NotFittedError):
        forcing.Study(make_pipeline(StandardScaler(), LogisticRegression()), X, y)


def test_unsupported_models_say_what_is_supported():
    X, y, _ = moons()
    with pytest.raises(forcing.UnsupportedModelError, match="KMeans"):
        forcing.Study(KMeans(2).fit(X), X, y)
    assert_by_refits("L1", LogisticRegression(l1_ratio=1, solver="saga").fit(X, y), X, y)
    assert_by_refits("large finite C", LogisticRegression(C=np.inf).fit(X, y), X, y)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X, y: (X[:50], y), "X has 50 rows, y has 100 labels"),
        (lambda X, y: (np.where(X[7, 0] == X, np.nan, X), y), "NaN or infinity, first in row 7"),
        (lambda X, y: (X[:, :1], y), "X has 1 columns, the model was fitted on 2"),
        (lambda X, y: (X, y.astype(str)), "'0', '1', which the model does not know"),
        (lambda X, y: (X, 0 * y), "no row of weight above 0 has the label 1"),
        (lambda X, y: (X, np.stack([y, y], axis=1)), "one label a row"),
    ],
)
def test_bad_data_is_named(change, words):
    X, y, model = moons()
    with pytest.raises(ValueError, match=words):
        forcing.Study(model, *change(X, y))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "mfs-newtn"}, "Did you mean 'mfs-newton'"),
        ({"baselines": ["influense"]}, "Did you mean 'influence'"),
        ({"exit": "never"}, "exit must be one of"),
        ({"max_removals": 0}, "max_removals must be a whole number of at least 1"),
        ({"threshold": 1.5}, "threshold must be a probability"),
        ({"rival": 7}, "rival must be"),
        ({"slack": -1}, "slack must not be negative"),
        ({"delta": 0}, "delta must be a number above 0"),
    ],
)
def test_bad_options_are_named_before_any_work(options, words):
    X, y, model = moons()
    study = study_of(X, y, model)
    with pytest.raises(ValueError, match=words):
        study.events(X[0], **options)


@pytest.mark.parametrize(
    ("x", "words"),
    [([1.0], "x has 1 columns"), ([[1, 2], [3, 4]], "one row"), ([1, np.nan], "NaN")],
)
def test_bad_targets_are_named(x, words):
    X, y, model = moons()
    with pytest.raises(ValueError, match=words):
        study_of(X, y, model).explain(np.array(x))


def test_bad_names_are_named():
    X, y, model = moons()
    with pytest.raises(ValueError, match="row_ids must have one entry for each training row, 100"):
        study_of(X, y, model, row_ids=["a"])
    with pytest.raises(ValueError, match="class_names"):
        study_of(X, y, model, class_names=["a"])
    with pytest.raises(ValueError, match="feature_names"):
        study_of(X, y, model, feature_names=["a"])
    with pytest.raises(ValueError, match="rows must be positions from 0 to 99"):
        study_of(X, y, model).predict_without([100], X[0])


def test_polars_frames_with_words_in_them():
    rng = np.random.default_rng(0)
    X = pl.DataFrame({"size": rng.normal(size=80), "colour": rng.choice(["red", "blue"], 80)})
    y = np.where((X["colour"] == "red").to_numpy() ^ (rng.uniform(size=80) < 0.2), "yes", "no")
    columns = make_column_transformer((OneHotEncoder(), ["colour"]), (StandardScaler(), ["size"]))
    study = forcing.Study(make_pipeline(columns, LogisticRegression()).fit(X, y), X, y)
    assert study.feature_names == ["size", "colour"]
    assert study.claim(X[3]) == study.claim(X.row(3))
    assert study.explain(X[3]).status in {"flipped", "unflippable"}
