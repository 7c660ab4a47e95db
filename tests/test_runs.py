"""How runs end: what a reviewer found that went wrong, kept from coming back."""

import concurrent.futures
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import forcing
from forcing.records import Step, Verified
from support import (
    digits,
    moons,
    problem,
    refit_margin,
    smallest_by_exhaustion,
    study_of,
    tight_fit,
    unsure,
)


@pytest.mark.parametrize("seed", range(40))
def test_a_set_is_found_where_exhaustion_finds_a_small_one(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 9))
    X, y = rng.normal(size=(n, 2)), np.arange(n) % 2
    model = LogisticRegression(C=float(10 ** rng.uniform(-1, 2))).fit(X, y)
    study = study_of(X, y, model)
    for x in X[:3]:
        found = study.explain(x, max_removals=n - 2)
        smallest = smallest_by_exhaustion(model, X, y, x, found.claim.favoured, 2)
        if smallest is not None:
            assert found.status == "flipped"
            assert found.size == smallest


@pytest.mark.parametrize("slack", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("most", [3, 8, None])
def test_status_flipped_and_verified_agree(slack, most):
    X, y, model = moons()
    study = study_of(X, y, model)
    for target in (3, 80, 14):
        found = study.explain(X[target], slack=slack, max_removals=most)
        assert (found.status == "flipped") == found.flipped == bool(found.verified)
        margin = refit_margin(model, X, y, X[target], found.supports, found.claim.favoured)
        assert found.flipped == (margin < 0)


def test_a_baseline_never_takes_a_whole_class():
    for seed in range(12):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(6, 2)), np.arange(6) % 2
        study = study_of(X, y, LogisticRegression().fit(X, y))
        for method in ("influence", "representer", "random"):
            found = study.explain(X[1], method=method, max_removals=5)
            assert set(np.delete(y, found.supports)) == {0, 1}


def test_a_target_without_a_known_word():
    texts = ["win money now", "free prize", "meet me today", "see you soon"] * 3
    y = ["spam", "spam", "ham", "ham"] * 3
    head = LogisticRegression(fit_intercept=False)
    model = make_pipeline(TfidfVectorizer(), head).fit(texts, y)
    found = forcing.Study(model, texts, y).explain("xyzzy")
    assert found.status == "unflippable"
    assert "nothing that the model weighs" in found.reason


def test_explaining_in_threads_leaves_warnings_as_they_were():
    X, y, model = moons()
    study = study_of(X, y, model)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda t: study.explain(X[t]).size, [3, 80, 3, 80] * 4))
    assert len(set(sizes[::2])) == len(set(sizes[1::2])) == 1
    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", UserWarning, stacklevel=1)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_solver_that_does_not_get_there_is_helped_and_said_to_be():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(
        StandardScaler(), LogisticRegression(solver="liblinear", dual=True, C=10)
    ).fit(X, y)
    study = forcing.Study(model, X, y)
    scaled = model[0].transform(X)
    truth = LogisticRegression(solver="liblinear", dual=False, tol=1e-10, C=10, max_iter=9999)
    confident = model.predict_proba(X).max(axis=1)
    target = int(np.argsort(confident)[3])
    found = study.explain(X[target])
    assert found.flipped
    kept = np.delete(np.arange(len(y)), found.supports)
    truth.fit(scaled[kept], y[kept])
    value = float(truth.decision_function(scaled[[target]])[0])
    margin = value if found.claim.favoured == 1 else -value
    assert found.verification.decision.margin == pytest.approx(margin, abs=1e-4)


def out_of_reach(*_):
    raise forcing.ConvergenceError("out of reach")


def test_an_optimum_out_of_reach_keeps_the_steps(monkeypatch):
    X, y, model = moons()
    study = study_of(X, y, model)
    monkeypatch.setattr("forcing.study.run.Run._refit", out_of_reach)
    found = study.explain(X[80])
    assert found.status == "failed"
    assert found.reason == "out of reach"
    assert found.size > 5


def test_a_baseline_out_of_reach_leaves_the_set_as_it_is(monkeypatch):
    X, y, model = moons()
    study = study_of(X, y, model)
    monkeypatch.setattr("forcing.study.run.follow_up", out_of_reach)
    found = study.explain(X[80], baselines=["influence"])
    assert found.status == "flipped"
    assert found.verified
    assert found.reason.endswith("out of reach")


@pytest.mark.parametrize("method", ["mfs", "relabel"])
def test_the_time_that_is_allowed_ends_a_run_with_what_it_has(method):
    X, y, model = digits()
    study = study_of(X, y, model)
    x = X[unsure(study, X, 0.99)[-1]]
    ex = study.explain(x, method=method, max_seconds=1e-9, baselines=("influence",))
    assert (ex.status, ex.size, ex.rankings) == ("limit", 1, {})
    assert "1e-09 seconds" in ex.reason
    assert ex.lower_bound is None


def test_a_set_that_time_cut_short_is_verified_all_the_same(monkeypatch):
    """The clock jumps once the search has flipped: no refinement, but the check is made."""
    X, y, model = digits()
    study = study_of(X, y, model)
    x = X[unsure(study, X, 0.9)[-1]]
    whole = study.explain(x)
    flipped = [False]
    monkeypatch.setattr("forcing.study.run.Run._seconds", lambda _: 10.0 if flipped[0] else 0.0)

    def watch(step):
        flipped[0] = step.margin < 0

    ex = study.explain(x, max_seconds=5.0, on_step=watch)
    assert ex.status == "flipped"
    assert ex.flipped
    assert ex.irreducible is None
    assert ex.size >= whole.size
    assert ex.lower_bound is None
    assert "5 seconds" in ex.reason


@pytest.mark.parametrize("method", ["mfs", "mfs-newton", "relabel", "influence"])
def test_each_step_shown_is_a_refit_of_its_rows(method):
    """Labels that change move the model far, so that updates alone drift by percents."""
    X, y, model = moons()
    study = study_of(X, y, model)
    at = unsure(study, X)
    for x in (X[at[0]], X[at[3]], X[at[-1]]):
        told = study.explain(x, method=method)
        labels = y.copy()
        assert told.size
        for size, step in enumerate(told.steps, start=1):
            rows = told.supports[:size]
            kept = np.setdiff1d(np.arange(len(y)), rows)
            if method == "relabel":
                labels[step.row], kept = step.becomes, np.arange(len(y))
            p = tight_fit(model, X, labels, kept).predict_proba(x[None])[0]
            assert step.confidence == pytest.approx(p[told.claim.favoured], abs=1e-4)


@pytest.mark.parametrize("method", ["mfs", "relabel"])
@pytest.mark.parametrize("classes", [2, 3])
def test_removals_share_solves_where_a_problem_is_large(monkeypatch, classes, method):
    """What takes long elsewhere, on a small problem: the set is as real, and about as small."""
    X, y = load_iris(return_X_y=True)
    X, y = X[y >= 3 - classes], y[y >= 3 - classes]
    model = LogisticRegression(max_iter=1_000).fit(X, y)
    x = X[unsure(study_of(X, y, model), X, 0.9)[-1]]
    plain = study_of(X, y, model).explain(x, method=method)
    monkeypatch.setattr("forcing.engine.objective.LARGE", 0.0)
    events = list(study_of(X, y, model).events(x, method=method))
    steps = [event for event in events if isinstance(event, Step)]
    ends = next(event for event in events if isinstance(event, Verified))
    assert "started at the engine's optimum" in ends.by
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    if method == "mfs":  # what the shared updates tracked is near the optimum without the rows
        p = problem(study_of(X, y, model), x)
        truth = p.margin(p.refit([step.row for step in steps]).theta)
        assert steps[-1].margin == pytest.approx(truth, abs=0.1)

    found = study_of(X, y, model).explain(x, method=method)
    assert found.flipped
    assert found.irreducible
    assert found.size <= 1.1 * plain.size + 1
    labels, kept = y.copy(), np.arange(len(y))
    if method == "relabel":
        for step in found.steps:
            labels[step.row] = step.becomes
    else:
        kept = np.setdiff1d(kept, found.supports)
    again = LogisticRegression(tol=1e-10, max_iter=20_000).fit(X[kept], labels[kept])
    assert again.predict(x[None])[0] != found.claim.favoured
