"""k nearest neighbours: the closed form against every set of rows, refitted by scikit-learn."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forcing.errors import UnsupportedModelError
from forcing.models import AdaptedBlackBox, AdaptedNeighbours, TrainingData, adapt
from forcing.records import Bound, End, Refined, Step, Verified
from forcing.study.black_box import BlackBoxExplainer, default_options


def explainer(model, X, y):
    return BlackBoxExplainer(adapt(model, TrainingData(X, y)))


def run(model, X, y, x, **question):
    """Status, size, bound, verification of one run."""
    options = default_options(len(y))
    events = list(explainer(model, X, y).events(x, options=options, **question))
    refined = [e for e in events if isinstance(e, Refined)]
    rows = [step.row for step in refined[0].steps] if refined else None
    bound = [e.rows for e in events if isinstance(e, Bound)]
    verified = [e for e in events if isinstance(e, Verified)]
    assert isinstance(events[-1], End)
    return events[-1], rows, bound[0] if bound else None, verified[0] if verified else None


def decides(model, X, y, x, kept):
    """What scikit-learn predicts after a fit on these rows; None where it has no answer."""
    if len(kept) < model.n_neighbors or set(y[kept]) != set(y):
        return None
    fresh = KNeighborsClassifier(**model.get_params()).fit(X[kept], y[kept])
    return fresh.predict(x[None])[0]


def votes(model, X, y, x, kept):
    """The same written out, for rows at different distances."""
    if len(kept) < model.n_neighbors or set(y[kept]) != set(y):
        return None
    distance = np.linalg.norm(X[kept] - x, axis=1)
    near = np.argsort(distance)[: model.n_neighbors]
    weights = 1 / distance[near] if model.weights == "distance" else None
    return int(np.argmax(np.bincount(y[kept][near], weights)))


def smallest(model, X, y, x, wins, most=5, decides=votes):
    """By trying every set of at most this many rows."""
    for size in range(1, most + 1):
        for rows in itertools.combinations(range(len(y)), size):
            kept = np.setdiff1d(np.arange(len(y)), rows)
            label = decides(model, X, y, x, kept)
            if label is not None and wins(label):
                return size
    return None


def problem(seed, n=9, classes=2, ties=False):
    random = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), random.integers(classes, size=n - classes)])
    X = random.normal(size=(n, 2)) + 0.8 * y[:, None]
    x = random.normal(size=2)
    return (np.round(X), y, np.round(x)) if ties else (X, y, x)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_the_set_is_the_smallest_there_is(k, classes, weights):
    for seed in range(5):
        X, y, x = problem(seed, classes=classes)
        model = KNeighborsClassifier(k, weights=weights).fit(X, y)
        favoured = model.predict(x[None])[0]
        truth = smallest(model, X, y, x, lambda label, f=favoured: label != f)
        end, rows, bound, verified = run(model, X, y, x)
        if truth is None:
            assert end.status in {"unflippable", "limit"}
            continue
        assert (end.status, len(rows), bound) == ("flipped", truth, truth)
        assert verified.flipped
        assert verified.irreducible
        kept = np.setdiff1d(np.arange(len(y)), rows)
        assert decides(model, X, y, x, kept) == verified.decision.label != favoured


@pytest.mark.parametrize(
    ("algorithm", "weights"), [("brute", "uniform"), ("kd_tree", "uniform"), ("brute", "distance")]
)
@pytest.mark.parametrize("classes", [2, 3])
def test_with_equal_distances_what_is_claimed_still_holds(classes, algorithm, weights):
    exact = []
    for seed in range(2 if algorithm == "brute" else 6):  # each refit of "brute" is slow
        X, y, x = problem(seed, n=6, classes=classes, ties=True)
        model = KNeighborsClassifier(1 + seed % 4, weights=weights, algorithm=algorithm).fit(X, y)
        favoured = model.predict(x[None])[0]
        truth = smallest(model, X, y, x, lambda label, f=favoured: label != f, 4, decides)
        end, rows, bound, verified = run(model, X, y, x)
        if truth is None:
            assert end.status in {"unflippable", "limit"}
            continue
        assert bound <= truth
        exact.append(end.status == "flipped" and len(rows) == truth)
        if end.status == "flipped":
            assert verified.flipped
            assert verified.irreducible
            kept = np.setdiff1d(np.arange(len(y)), rows)
            assert decides(model, X, y, x, kept) not in {None, favoured}
    assert sum(exact) >= len(exact) - 1


def test_odd_k_is_the_formula_of_counts():
    """c = favoured rows nearer than the ceil(k / 2)-th rival; c - floor(k / 2) have to go."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(200, 3)), random.integers(2, size=200)
    for k in (1, 5, 9):
        model = KNeighborsClassifier(k).fit(X, y)
        for x in random.normal(size=(10, 3)):
            order = np.argsort(np.linalg.norm(X - x, axis=1))
            favoured = model.predict(x[None])[0]
            rival_place = np.flatnonzero(y[order] != favoured)[(k + 1) // 2 - 1]
            own = [int(i) for i in order[:rival_place] if y[i] == favoured]
            end, rows, bound, _ = run(model, X, y, x)
            assert end.status == "flipped"
            assert sorted(rows) == sorted(own[: len(own) - k // 2])
            assert bound == len(rows)


@pytest.mark.parametrize("metric", ["manhattan", "cosine"])
def test_any_metric(metric):
    X, y, x = problem(3, n=6)
    model = KNeighborsClassifier(3, metric=metric).fit(X, y)
    favoured = model.predict(x[None])[0]
    truth = smallest(model, X, y, x, lambda label: label != favoured, 4, decides)
    assert len(run(model, X, y, x)[1]) == truth


def test_a_chosen_rival_has_to_beat_the_favoured_class():
    for seed in range(3):
        X, y, x = problem(seed, n=8, classes=3)
        model = KNeighborsClassifier(3).fit(X, y)
        favoured = model.predict(x[None])[0]
        for rival in {0, 1, 2} - {favoured}:
            end, rows, bound, _ = run(model, X, y, x, rival=rival)
            sizes = [
                size
                for size in range(1, 5)
                for gone in itertools.combinations(range(8), size)
                if beats(model, X, y, x, gone, rival, favoured)
            ]
            if end.status == "flipped":
                assert len(rows) == bound == min(sizes)
            else:
                assert not sizes or min(sizes) > default_options(8).limit


def beats(model, X, y, x, gone, rival, favoured):
    kept = np.setdiff1d(np.arange(len(y)), gone)
    if set(y[kept]) != set(y):
        return False
    near = np.argsort(np.linalg.norm(X[kept] - x, axis=1))[: model.n_neighbors]
    p = np.bincount(y[kept][near], minlength=3)
    return p[rival] > p[favoured]


def test_a_threshold_moves_the_decision():
    random = np.random.default_rng(4)
    X, y = random.normal(size=(40, 2)), random.integers(2, size=40)
    model = KNeighborsClassifier(5).fit(X, y)
    x = next(x for x in random.normal(size=(50, 2)) if model.predict_proba(x[None])[0, 1] == 0.6)
    claim = explainer(model, X, y).claim(x, threshold=0.7)
    assert (claim.favoured, claim.rival) == (0, 1)
    end, rows, bound, _ = run(model, X, y, x, threshold=0.7)
    assert end.status == "flipped"
    assert len(rows) == bound
    kept = np.setdiff1d(np.arange(40), rows)
    fresh = KNeighborsClassifier(5)
    assert fresh.fit(X[kept], y[kept]).predict_proba(x[None])[0, 1] > 0.7
    for back in rows:
        more = np.append(kept, back)
        assert fresh.fit(X[more], y[more]).predict_proba(x[None])[0, 1] <= 0.7


def test_the_last_row_of_a_class_stays():
    """With k = 1 only the loss of both rows of class 0 would flip: then there is no class 0."""
    X, y = np.array([[0.0], [0.1], [5.0], [6.0]]), np.array([0, 0, 1, 1])
    model = KNeighborsClassifier(1).fit(X, y)
    assert run(model, X, y, np.array([0.0]))[0].status == "unflippable"


def test_more_rows_than_allowed():
    X, y = np.append(-99.0, np.arange(19.0))[:, None], np.array([0] * 16 + [1] * 4)
    model = KNeighborsClassifier(1).fit(X, y)
    end, rows, bound, _ = run(model, X, y, np.array([1.2]))
    assert (end.status, rows, bound) == ("limit", None, 15)
    assert "15 rows" in end.reason


def test_rows_that_are_held_stay():
    random = np.random.default_rng(5)
    X, y = random.normal(size=(60, 2)), random.integers(2, size=60)
    model, x = KNeighborsClassifier(7).fit(X, y), X[0] + 0.05
    _, first, _, _ = run(model, X, y, x)
    held = tuple(first[:2])
    options = replace(default_options(60), hold=held)
    events = list(explainer(model, X, y).events(x, options=options))
    steps = next(e for e in events if isinstance(e, Refined)).steps
    rows = [step.row for step in steps]
    assert not set(held) & set(rows)
    kept = np.setdiff1d(np.arange(60), rows)
    assert decides(model, X, y, x, kept) != events[0].claim.favoured
    # Smallest sets were counted without the wish to keep rows.
    assert next(e.rows for e in events if isinstance(e, Bound)) <= 2


def test_steps_are_refits():
    random = np.random.default_rng(5)
    X, y = random.normal(size=(60, 2)), random.integers(2, size=60)
    model = KNeighborsClassifier(7).fit(X, y)
    events = list(explainer(model, X, y).events(X[0] + 0.05))
    steps = [e for e in events if isinstance(e, Step)]
    gone = []
    for step in steps:
        gone.append(step.row)
        kept = np.setdiff1d(np.arange(60), gone)
        p = KNeighborsClassifier(7).fit(X[kept], y[kept]).predict_proba((X[0] + 0.05)[None])[0]
        claim = events[0].claim
        assert step.confidence == pytest.approx(p[claim.favoured], abs=1e-9)
        assert step.positive == (y[step.row] == claim.favoured)


def test_in_a_pipeline_distances_are_those_after_preprocessing():
    random = np.random.default_rng(6)
    X, y = random.normal(size=(50, 2)) * [1, 100], random.integers(2, size=50)
    model = make_pipeline(StandardScaler(), KNeighborsClassifier(3)).fit(X, y)
    adapted = adapt(model, TrainingData(X, y))
    assert isinstance(adapted, AdaptedNeighbours)
    assert adapted.description == "KNeighborsClassifier in a Pipeline"
    x = X[7] + 0.01
    _, rows, bound, verified = run(model, X, y, x)
    assert len(rows) == bound
    Z = model[:-1].transform(X)
    kept = np.setdiff1d(np.arange(50), rows)
    head = KNeighborsClassifier(3).fit(Z[kept], y[kept])
    assert head.predict(model[:-1].transform(x[None]))[0] == verified.decision.label
    assert verified.decision.label != model.predict(x[None])[0]


def test_weights_of_the_users_are_searched_by_refitting():
    X, y, x = problem(2, n=30)
    model = KNeighborsClassifier(3, weights=lambda d: np.exp(-d)).fit(X, y)
    adapted = adapt(model, TrainingData(X, y))
    assert isinstance(adapted, AdaptedBlackBox)
    assert not isinstance(adapted, AdaptedNeighbours)
    end, *_ = run(model, X, y, x)
    assert end.status == "flipped"


def test_given_distances_cannot_be_refitted():
    D = np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0)))
    model = KNeighborsClassifier(1, metric="precomputed").fit(D, [0, 0, 0, 1, 1, 1])
    with pytest.raises(UnsupportedModelError, match="precomputed"):
        adapt(model, TrainingData(D, np.array([0, 0, 0, 1, 1, 1])))
