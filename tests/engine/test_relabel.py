"""The fewest labels to change, against exhaustive relabelling and scikit-learn's own fits."""

from __future__ import annotations

import itertools
import threading
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import forcing
from forcing.engine.design import Dense
from forcing.engine.fitting import fit_at, refit
from forcing.engine.losses import Logistic, Softmax, Squared, SquaredHinge
from forcing.engine.objective import LinearObjective
from forcing.engine.problem import Problem
from forcing.engine.refine import Candidate, Refinement, put_back_effects
from forcing.engine.relabel import relabelling
from forcing.engine.search import SearchOptions, search
from forcing.records import Claim
from support import blobs, digits, study_of, unsure


def relabelled_fit(model, X, y, changes, weights=None):
    """scikit-learn's own fit on the labels with these changes, {row: label}."""
    labels = np.array(y)
    for row, label in changes.items():
        labels[row] = label
    head = clone(model).set_params(solver="newton-cholesky", tol=1e-10, max_iter=1000)
    return head.fit(X, labels, weights)


def changes_of(found):
    return {step.row: step.becomes for step in found.steps}


def fewest_by_exhaustion(model, X, y, x, largest):
    """How many labels have to change, by refitting with every change of every set of labels."""
    before = model.predict(x[None])[0]
    classes = np.unique(y)
    for size in range(1, largest + 1):
        for rows in itertools.combinations(range(len(y)), size):
            others = ([c for c in classes if c != y[row]] for row in rows)
            for labels in itertools.product(*others):
                head = relabelled_fit(model, X, y, dict(zip(rows, labels, strict=True)))
                if len(head.classes_) == len(classes) and head.predict(x[None])[0] != before:
                    return size
    return None


def three_clouds(n=18, seed=0, C=1.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    X = rng.normal(size=(n, 2)) + 0.8 * np.eye(3)[y][:, :2]
    return X, y, LogisticRegression(C=C).fit(X, y)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_set_is_as_small_as_any(seed):
    X, y, model = blobs(20, 2, seed)
    study = study_of(X, y, model)
    compared = 0
    for i in range(0, 20, 4):
        best = fewest_by_exhaustion(model, X, y, X[i], largest=2)
        found = study.explain(X[i], method="relabel")
        if best is not None:
            compared += 1
            assert found.size == best
        elif found.flipped:
            assert found.size > 2
    assert compared >= 3


@pytest.mark.parametrize("seed", [0, 1])
def test_of_several_classes_the_set_is_as_small_as_any(seed):
    X, y, model = three_clouds(seed=seed)
    study = study_of(X, y, model)
    sure = [X[i] for i in unsure(study, X, most=0.9)]
    for x in sure[::4]:
        found = study.explain(x, method="relabel")
        assert found.size == fewest_by_exhaustion(model, X, y, x, largest=2)


@pytest.mark.parametrize("make", [lambda: blobs(60, 4, 1), digits, lambda: three_clouds(60, 3)])
def test_scikit_learn_confirms_each_flip_and_that_no_label_can_be_spared(make):
    X, y, model = make()
    study = study_of(X, y, model)
    flipped = 0
    for i in range(0, 60, 12):
        found = study.explain(X[i], method="relabel")
        changes = changes_of(found)
        assert all(y[row] != label for row, label in changes.items())
        before = model.predict(X[i][None])[0]
        if not found.flipped:
            continue
        flipped += 1
        assert found.method == "relabel"
        assert found.verified
        assert found.irreducible
        assert relabelled_fit(model, X, y, changes).predict(X[i][None])[0] != before
        for row in changes:
            fewer = {r: label for r, label in changes.items() if r != row}
            assert relabelled_fit(model, X, y, fewer).predict(X[i][None])[0] == before
    assert flipped >= 3


def test_fewer_labels_than_rows_are_needed():
    X, y, model = digits()
    study = study_of(X, y, model)
    for i in range(0, 100, 25):
        without = study.explain(X[i], bound=False)
        assert study.explain(X[i], method="relabel").size <= without.size


def test_the_same_question_has_the_same_answer():
    X, y, model = blobs(80, 5, 4)
    first, second = (study_of(X, y, model).explain(X[3], method="relabel") for _ in range(2))
    assert first.supports.tolist() == second.supports.tolist()
    assert np.array_equal(first.confidence, second.confidence)


def test_weights_stay_with_their_rows():
    X, y, _ = blobs(40, 3, 5)
    weights = np.random.default_rng(0).uniform(0.2, 3.0, 40)
    model = LogisticRegression().fit(X, y, weights)
    study = study_of(X, y, model, sample_weight=weights)
    found = study.explain(X[1], method="relabel")
    after = relabelled_fit(model, X, y, changes_of(found), weights)
    assert found.flipped
    assert after.predict(X[1][None])[0] != model.predict(X[1][None])[0]


def test_labels_may_be_words_and_the_model_a_pipeline():
    X, codes, _ = blobs(40, 3, 6)
    y = np.array(["no", "perhaps"])[codes]
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    found = study_of(X, y, model).explain(X[1], method="relabel")
    assert found.verified
    assert set(changes_of(found).values()) <= {"no", "perhaps"}


def test_no_class_is_emptied():
    X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    y = np.array([0, 1, 1, 1])
    model = LogisticRegression(C=10.0).fit(X, y)
    found = study_of(X, y, model).explain(np.array([-3.0]), method="relabel")
    labels = y.copy()
    for row, label in changes_of(found).items():
        labels[row] = label
    assert set(labels) == {0, 1}


def test_a_regression_has_no_labels_to_change():
    X, y, _ = blobs(30, 2, 0)
    with pytest.raises(ValueError, match="a regression has none"):
        _regression_study(X, y.astype(float)).explain(X[0], threshold=0.5, method="relabel")


def _regression_study(X, y):
    """A regression by the front door, whatever models it knows."""
    from forcing.models import AdaptedModel
    from forcing.models.registry import outlook_of

    class Line(LinearRegression):
        pass

    def adapter(_, data):
        objective = LinearObjective(
            Dense(data.X), data.y, np.ones(len(data.y)), np.full(data.X.shape[1], 1.0), Squared()
        )
        theta = np.linalg.solve(data.X.T @ data.X + np.eye(data.X.shape[1]), data.X.T @ data.y)
        return AdaptedModel(
            objective=objective,
            theta=theta,
            classes=(),
            codes=np.zeros(len(data.y), dtype=np.intp),
            outlook=lambda x: outlook_of(objective, np.ravel(x)),
            scores=lambda x: np.array([0.0, float(np.ravel(x) @ theta)]),
            refit=None,
            refit_as_given=None,
            tolerance=None,
            spread=1.0,
            description="a line",
        )

    forcing.register(Line, adapter)
    return forcing.Study(Line().fit(X, y), X, y)


def test_a_refit_of_rows_cannot_verify_labels():
    X, y, model = blobs(30, 2, 0)
    study = study_of(X, y, model, refit=lambda kept: clone(model).fit(X[kept], y[kept]))
    with pytest.raises(ValueError, match="verify=False"):
        study.explain(X[0], method="relabel")
    assert study.explain(X[0], method="relabel", verify=False).flipped


def test_what_a_row_becomes_is_saved_and_in_the_frame(tmp_path):
    X, y, model = three_clouds(30, 1)
    found = study_of(X, y, model).explain(X[0], method="relabel")
    again = forcing.load(found.save(tmp_path / "labels.mfs.json"))
    assert changes_of(again) == changes_of(found)
    assert found.to_frame()["becomes"].tolist() == list(changes_of(found).values())
    assert "becomes" not in study_of(X, y, model).explain(X[0]).to_frame()


def test_the_sentence_speaks_of_labels():
    X, y, model = blobs(60, 4, 1)
    words = repr(study_of(X, y, model).explain(X[8], method="relabel"))
    assert "training labels w" in words
    assert "stands on" not in words
    assert "without" not in words


def test_a_view_that_asks_about_rows_is_told_that_it_is_about_labels():
    from forcing.jupyter.session import Session
    from forcing.protocol.context import Context
    from forcing.protocol.guards import WhatIf

    X, y, model = blobs(60, 4, 1)
    session = Session(Context.of(study_of(X, y, model), X[8]), {"method": "relabel"}).start()
    session.wait(60)
    heard, come = [], threading.Event()

    def listen(message, _):
        for event in message.get("events", ()):
            if event["type"] == "what-if":
                heard.append(event)
                come.set()

    session.listen(listen)
    session.obey(WhatIf(request=1, out=(3,)), listen)
    assert come.wait(20)
    assert "labels" in heard[0]["error"]


# The engine by itself: every loss, one output and several


def rows(n=40, p=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    codes = (X[:, 0] + 0.8 * rng.normal(size=n) > 0).astype(np.intp)
    return X, codes


def one_hot(codes, K, low=0.0):
    return np.where(np.eye(K)[codes] > 0, 1.0, low)


def engine_problem(loss, several, seed=0):
    X, codes = rows(seed=seed)
    if several:
        codes = (codes + (X[:, 1] > 0.7)).astype(np.intp)
        labels = one_hot(codes, 3, low=-1.0 if isinstance(loss, Squared) else 0.0)
    else:
        labels = (2.0 * codes - 1.0) if isinstance(loss, Squared) else codes.astype(float)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(X))
    objective = LinearObjective(Dense(X), labels, weights, np.full(X.shape[1], 1.0), loss)
    theta = np.zeros(objective.shape)
    fit = refit(objective, weights, fit_at(objective, theta))
    v = X[3]
    if several:
        scores = v @ fit.theta
        best = int(np.argmax(scores))
        rivals = tuple(k for k in range(3) if k != best)
        basis = np.eye(3)
        directions = np.stack([np.outer(v, basis[best] - basis[r]) for r in rivals])
    else:
        best = int(v @ fit.theta > 0)
        rivals, directions = (1 - best,), (v if best else -v)[None]
    classes = tuple(range(3 if several else 2))
    claim = Claim(best, rivals[0], 0.5, 0.0)
    problem = Problem(
        objective, fit, directions, (0.0,) * len(rivals), 0.0, best, rivals, claim, classes, codes
    )
    return replace(problem, claim=replace(claim, margin=problem.margin(fit.theta)))


LOSSES = [
    (Logistic(), False),
    (Logistic(), True),
    (Softmax(), True),
    (Squared(), False),
    (Squared(), True),
    (SquaredHinge(), False),
    (SquaredHinge(), True),
]


@pytest.mark.parametrize(("loss", "several"), LOSSES)
def test_rows_that_are_out_have_the_loss_of_their_other_label(loss, several):
    problem = relabelling(engine_problem(loss, several))
    objective, changed = problem.objective, [2, 3, 11]
    labels = objective.labels.copy()
    labels[changed] = objective.others[changed]
    plain = LinearObjective(
        objective.design, labels, objective.weights, objective.penalty, objective.loss
    )
    theta = np.random.default_rng(2).normal(size=objective.shape)
    predictor, kept = objective.predictor(theta), problem.without(changed)
    weights = plain.weights
    assert objective.value(theta, predictor, kept) == pytest.approx(
        plain.value(theta, predictor, weights)
    )
    ours = objective.gradient(theta, predictor, kept)
    assert np.allclose(ours, plain.gradient(theta, predictor, weights), atol=1e-12)
    ours = objective.hessian_weights(predictor, kept)
    assert np.allclose(ours, plain.hessian_weights(predictor, weights), atol=1e-12)


@pytest.mark.parametrize(("loss", "several"), LOSSES)
def test_the_search_flips_and_refinement_leaves_no_spare_label(loss, several):
    problem = relabelling(engine_problem(loss, several, seed=3))
    steps = list(search(problem, problem.fit, 30, SearchOptions(method="relabel")))
    changed = tuple(step.row for step in steps)
    assert len(set(changed)) == len(changed)
    fit = problem.refit(changed)
    start = Candidate(changed, fit, problem.margin(fit.theta))
    assert start.margin < 0
    best = [c for c in Refinement(problem).run(start) if isinstance(c, Candidate)][-1]
    assert best.margin < 0
    assert len(best.rows) <= len(changed)
    for row in best.rows:
        rest = [r for r in best.rows if r != row]
        assert problem.margin(problem.refit(rest).theta) >= 0


@pytest.mark.parametrize(
    ("loss", "model"),
    [
        (SquaredHinge(), LinearSVC(dual=False, C=1.0, fit_intercept=False, tol=1e-12)),
        (Squared(), RidgeClassifier(alpha=1.0, fit_intercept=False)),
    ],
)
def test_other_losses_agree_with_scikit_learn_on_changed_labels(loss, model):
    problem = relabelling(engine_problem(loss, several=False))
    X, codes = rows()
    changed = [1, 5, 8]
    labels = codes.copy()
    labels[changed] = 1 - labels[changed]
    fitted = model.fit(X, labels, problem.objective.weights)
    assert np.allclose(problem.refit(changed).theta, np.ravel(fitted.coef_), atol=1e-5)


def test_put_back_effects_of_a_squared_loss_are_exact():
    problem = relabelling(engine_problem(Squared(), several=False))
    changed = (1, 5, 8)
    fit = problem.refit(changed)
    effects = put_back_effects(problem, fit, changed)
    for row, effect in zip(changed, effects, strict=True):
        rest = [r for r in changed if r != row]
        after = problem.margin(problem.refit(rest).theta)
        assert after - problem.margin(fit.theta) == pytest.approx(effect, rel=1e-4)  # ROUGH
