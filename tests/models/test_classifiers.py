"""Sets that flip linear classifiers, against refits that scikit-learn does by itself."""

import contextlib
import itertools

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import (
    Lasso,
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

import forcing
from linear_cases import CASES, named, three_blobs, two_moons
from support import assert_by_refits

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def unsure(study, X, most):
    """Positions of targets that the model decides with little confidence, and as its optimum."""
    confidence = {}
    for i, x in enumerate(X):
        with contextlib.suppress(forcing.TrainingMismatchError):
            confidence[i] = study.claim(x).confidence
    return [i for i in sorted(confidence, key=confidence.get) if confidence[i] < most]


def confirm(study, ex, x, again, weights=None):
    """The set flips what `again`, fitted without it, decides; with any one row back it does not.

    The other decision is any other: that of a model refitted to its own optimum.
    """
    before = study.model.predict(x[None])[0]
    everything = np.arange(study.n_rows)

    def decided(rows):
        kept = np.setdiff1d(everything, rows)
        weighted = {} if weights is None else {"sample_weight": weights[kept]}
        return clone(again).fit(study.X[kept], study.y[kept], **weighted).predict(x[None])[0]

    assert ex.flipped
    assert ex.verified
    assert decided(ex.supports) != before
    assert ex.irreducible
    for row in ex.supports:
        assert decided(np.setdiff1d(ex.supports, row)) == before


@pytest.mark.parametrize("case", **named(CASES))
def test_sets_of_two_classes_flip_and_are_irreducible(case):
    X, y = two_moons()
    model = clone(case.model).fit(X, y)
    study = forcing.Study(model, X, y)
    for i in unsure(study, X, 0.9)[3:30:20]:
        ex = study.explain(X[i])
        confirm(study, ex, X[i], case.tight(model))
        assert ex.lower_bound <= ex.size


@pytest.mark.parametrize("case", **named(CASES))
def test_sets_of_three_classes_flip_and_are_irreducible(case):
    X, y = three_blobs()
    model = clone(case.model).fit(X, y)
    study = forcing.Study(model, X, y)
    again = case.tight(model)
    for i in unsure(study, X, 0.9)[1:20:12]:
        confirm(study, study.explain(X[i], bound=False), X[i], again)


@pytest.mark.parametrize(
    "case", **named([case for case in CASES if case.name not in ("one-vs-rest", "grid")])
)
def test_weights_of_rows_and_classes_count(case):
    X, y = two_moons(seed=2)
    weights = np.random.default_rng(0).integers(0, 4, len(y)) / 2
    model = clone(case.model).set_params(class_weight={"no": 2.0, "yes": 0.7})
    model.fit(X, y, sample_weight=weights)
    study = forcing.Study(model, X, y, sample_weight=weights)
    i = unsure(study, X, 0.9)[4]
    ex = study.explain(X[i])
    total = weights * np.where(y == "no", 2.0, 0.7)
    again = case.tight(model)
    if "class_weight" in again.get_params():
        again.set_params(class_weight=None)
    if isinstance(again, OneVsRestClassifier):
        again = again.estimator
    confirm(study, ex, X[i], again, total)
    assert (weights[ex.supports] > 0).all()


@pytest.mark.parametrize(
    "case", **named([case for case in CASES if case.name not in ("one-vs-rest", "grid")])
)
def test_balanced_classes_are_weighed_as_scikit_learn_weighs_them(case):
    X, y = two_moons(seed=3)
    keep = np.flatnonzero((y == "yes") | (np.arange(len(y)) % 3 == 0))
    X, y = X[keep], y[keep]
    weights = 1.0 + (np.arange(len(y)) % 3)
    model = clone(case.model).set_params(class_weight="balanced")
    study = forcing.Study(model.fit(X, y, sample_weight=weights), X, y, sample_weight=weights)
    if case.name == "sgd":
        return  # that it is taken for its own data is all that can be asked
    own = case.tight(model).set_params(class_weight="balanced")
    own.fit(X, y, sample_weight=weights)
    for x in X[:5]:
        margin = study.claim(x).margin
        assert margin == pytest.approx(abs(own.decision_function(x[None])[0]), abs=2e-6)


@pytest.mark.parametrize("case", **named(CASES))
@pytest.mark.parametrize("data", [two_moons, three_blobs])
def test_the_optimum_is_scikit_learns_own(case, data):
    X, y = data()
    model = clone(case.model).fit(X, y)
    study = forcing.Study(model, X, y)
    own = case.tight(model).fit(X, y)
    for x in X[:10]:
        scores = np.ravel(own.decision_function(x[None]))
        scores = np.array([0.0, *scores]) if len(scores) == 1 else scores
        claim = study.claim(x) if own.predict(x[None]) == model.predict(x[None]) else None
        if claim is None:
            continue
        best = np.sort(scores)[::-1]
        assert claim.margin == pytest.approx(best[0] - best[1], abs=2e-6)


@pytest.mark.parametrize("case", **named(CASES))
@pytest.mark.parametrize("data", [two_moons, three_blobs])
def test_more_columns_than_rows(case, data):
    X, y = data()
    X = np.column_stack([X, 0.3 * np.random.default_rng(0).normal(size=(len(y), 90))])
    model = clone(case.model).fit(X, y)
    study = forcing.Study(model, X, y)
    i = unsure(study, X, 0.99)[3]
    confirm(study, study.explain(X[i], bound=False), X[i], case.tight(model))


@pytest.mark.parametrize("labels", [np.array([False, True]), np.array([7, 3]), np.array([1, -1])])
def test_any_labels(labels):
    X, y = two_moons(40)
    y = labels[(y == "yes").astype(int)]
    for model in (RidgeClassifier(), LinearSVC(), SGDClassifier(loss="log_loss", alpha=0.1)):
        study = forcing.Study(model.fit(X, y), X, y)
        ex = study.explain(X[0])
        assert ex.flipped
        assert ex.claim.favoured == study.model.predict(X[:1])[0]


TINY = [
    (RidgeClassifier(), RidgeClassifier()),
    (LinearSVC(random_state=0), LinearSVC(dual=False, tol=1e-10)),
    (LogisticRegression(), LogisticRegression(solver="newton-cholesky", tol=1e-10)),
]


@pytest.mark.parametrize(("model", "again"), TINY, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("data", [two_moons, three_blobs])
def test_small_sets_are_as_small_as_any(model, again, data):
    """Against every set of one and of two rows."""
    X, y = data(15, seed=8)
    if data is three_blobs and isinstance(model, LogisticRegression):
        again = clone(again).set_params(solver="newton-cg", tol=1e-8)
    study = forcing.Study(clone(model).fit(X, y), X, y)
    targets = unsure(study, X, 0.8)[:4]
    smallest = dict.fromkeys(targets, 3)
    for size in (2, 1):
        for rows in itertools.combinations(range(len(y)), size):
            kept = np.setdiff1d(np.arange(len(y)), rows)
            if len(np.unique(y[kept])) < len(np.unique(y)):
                continue
            decided = clone(again).fit(X[kept], y[kept]).predict(X[targets])
            for i, label in zip(targets, decided, strict=True):
                if label != study.model.predict(X[[i]])[0]:
                    smallest[i] = size
    assert min(smallest.values()) < 3
    for i, size in smallest.items():
        ex = study.explain(X[i], bound=True)
        assert ex.lower_bound <= ex.size
        assert ex.size == size if size < 3 else ex.size >= 3


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegressionCV(cv=3),
        RidgeClassifier(),
        LinearSVC(),
        SGDClassifier(loss="log_loss", alpha=0.02),
        OneVsRestClassifier(LinearSVC()),
    ],
    ids=lambda m: type(m).__name__,
)
@pytest.mark.parametrize("data", [two_moons, three_blobs])
def test_other_data_is_noticed(model, data):
    X, y = data(150)
    model = clone(model).fit(X, y)
    other = np.random.default_rng(0).permutation(y)
    with pytest.raises(forcing.TrainingMismatchError):
        forcing.Study(model, X, other)


@pytest.mark.parametrize("seed", range(4))
def test_stochastic_descent_is_never_taken_for_a_fit_on_other_data(seed):
    """Not on columns of any scale either, where it ends nowhere near its optimum."""
    X, y = two_moons(200, seed)
    order = np.random.default_rng(seed).permutation(len(y))
    for scale in (1.0, [1.0, 300.0]):
        for alpha in (1e-4, 1e-2):
            model = SGDClassifier(loss="log_loss", alpha=alpha).fit(X * scale, y)
            study = forcing.Study(model, (X * scale)[order], y[order])
            own = LogisticRegression(C=1 / (alpha * len(y)), solver="newton-cholesky", tol=1e-10)
            own.fit(X * scale, y)
            x = X[0] * scale
            if own.predict(x[None]) == model.predict(x[None]):
                margin = abs(own.decision_function(x[None])[0])
                assert study.claim(x).margin == pytest.approx(margin, rel=1e-5)
            else:
                with pytest.raises(forcing.TrainingMismatchError, match="decide differently"):
                    study.claim(x)


def test_what_stops_short_says_by_how_much():
    X, y = two_moons(100)
    model = SGDClassifier(loss="log_loss", alpha=1e-3, random_state=0).fit(X, y)
    notes = " ".join(forcing.Study(model, X, y).notes)
    assert "stopped short of its optimum" in notes
    assert "alpha counts per row" in notes


def test_refits_say_what_was_refitted():
    X, y = two_moons()
    words = {}
    for model in (RidgeClassifier(), LinearSVC(), SGDClassifier(loss="log_loss", alpha=0.02)):
        study = forcing.Study(model.fit(X, y), X, y)
        events = study.events(X[unsure(study, X, 0.9)[4]], bound=False)
        found = [e.by for e in events if isinstance(e, forcing.records.Verified)]
        words[type(model).__name__] = found[-1]
    assert words["RidgeClassifier"].startswith("RidgeClassifier(solver='auto'")
    assert words["LinearSVC"] == "LinearSVC(dual=False, tol=1e-10)"
    assert words["SGDClassifier"].startswith("LogisticRegression(C=0.833333, solver='lbfgs'")
    assert "the optimum that SGDClassifier heads for" in words["SGDClassifier"]


def test_only_models_with_probabilities_show_them():
    X, y = two_moons()
    for model in (LinearSVC(), RidgeClassifier()):
        study = forcing.Study(model.fit(X, y), X, y)
        assert any("gives no probabilities" in note for note in study.notes)
        claim, score = study.claim(X[0]), model.decision_function(X[:1])[0]
        # At the decision line a score f rises as the probability (1 + f) / 2 does.
        assert claim.confidence == pytest.approx(1 / (1 + np.exp(-2 * abs(score))), abs=1e-5)
        with pytest.raises(ValueError, match="threshold must be None"):
            study.explain(X[0], threshold=0.3)
    model = SGDClassifier(loss="log_loss", alpha=0.1).fit(X, y)
    assert forcing.Study(model, X, y).explain(X[0], threshold=0.45).claim.threshold != 0.5


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LinearSVC(loss="hinge"), r"loss='hinge'.*LinearSVC\(loss='squared_hinge'\)"),
        (LinearSVC(multi_class="crammer_singer"), "multi_class='crammer_singer'"),
        (LinearSVC(penalty="l1", dual=False), "penalty='l1'"),
        (SGDClassifier(), r"loss='hinge'.*SGDClassifier\(loss='log_loss'\)"),
        (SGDClassifier(loss="log_loss", penalty="l1"), "penalty='l1'"),
        (SGDClassifier(loss="log_loss", early_stopping=True), "early_stopping=True"),
        (SGDClassifier(loss="log_loss", class_weight="balanced"), "class_weight"),
        (RidgeClassifier(alpha=[1.0, 2.0, 3.0]), "3 penalties, one for each class"),
        (LogisticRegressionCV(cv=3, refit=False), "refit=True"),
        (OneVsRestClassifier(LinearSVC(class_weight="balanced")), "without class_weight"),
    ],
    ids=str,
)
def test_what_has_no_smooth_optimum_is_refitted(model, words):
    X, y = three_blobs()
    assert_by_refits(words, clone(model).fit(X, y), X, y)


def test_the_lasso_is_refitted():
    X, y = two_moons()
    assert_by_refits("Use Ridge", Lasso().fit(X, y == "yes"), X, y == "yes")
