"""Doubts about labels of models that are known by their refits, against planted wrong labels and
scikit-learn's own cross-validation.
"""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, scale
from sklearn.svm import SVC

from forcing import Study
from forcing.engine import held_out
from forcing.study import refit_doubts as module
from support import digits, study_of

FOREST = RandomForestClassifier(20, random_state=0)


def planted(y, share=0.1, seed=0):
    """y with some labels replaced by others, and which."""
    rng = np.random.default_rng(seed)
    bad = np.zeros(len(y), bool)
    bad[rng.choice(len(y), round(share * len(y)), replace=False)] = True
    classes, noisy = np.unique(y), y.copy()
    noisy[bad] = [rng.choice(classes[classes != label]) for label in y[bad]]
    return noisy, bad


def doubts(model, X, y, targets=(), labels=None, seed=0, **study):
    fitted = model.fit(X, y, **study)
    return Study(fitted, X, y, **study)._explainer.doubts(targets, labels, seed)


def precision(found, bad):
    """The share of wrong labels among as many of the first rows as there are."""
    return bad[np.argsort(-found.surprise, kind="stable")[: bad.sum()]].mean()


def tumours():
    X, y = load_breast_cancer(return_X_y=True)
    return scale(X)[:300], y[:300]


def several():
    X, y = load_digits(return_X_y=True)
    return X[:400] / 16, y[:400]


def threes():
    X, y, _ = digits()
    return X, y


@pytest.mark.parametrize(
    ("model", "data", "least"),
    [
        (FOREST, threes, 0.85),
        (FOREST, several, 0.85),
        (FOREST, tumours, 0.65),
        (HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5), threes, 0.8),
        (HistGradientBoostingClassifier(max_iter=20, min_samples_leaf=5), tumours, 0.6),
        (GaussianNB(), tumours, 0.7),
        (SVC(), threes, 0.9),
        (SVC(), several, 0.8),
        (KNeighborsClassifier(5), several, 0.85),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_wrong_labels_are_found_and_counted(model, data, least):
    X, y = data()
    noisy, bad = planted(y)
    found = doubts(model, X, noisy)
    assert precision(found, bad) >= least
    assert found.wrong.sum() == pytest.approx(bad.sum(), rel=0.5)
    assert bad[found.wrong > 0.9].mean() > 0.7


def test_judges_are_scikit_learns_own_on_the_same_parts(monkeypatch):
    X, y = several()
    seen = []
    real = held_out.told_apart
    monkeypatch.setattr(held_out, "told_apart", lambda s, *rest: seen.append(s) or real(s, *rest))
    doubts(GaussianNB(var_smoothing=0.1), X, y)
    mean = np.zeros((len(y), 10))
    cuts = held_out.trials(y, np.ones(len(y), bool))
    for repeat in range(held_out.REPEATS):
        part = np.empty(len(y), int)
        for fold, trial in enumerate(trial for trial in cuts if trial.repeat == repeat):
            part[trial.asked] = fold
        mean += cross_val_predict(
            GaussianNB(var_smoothing=0.1), X, y, cv=PredefinedSplit(part), method="predict_proba"
        )
    mean /= held_out.REPEATS
    np.testing.assert_allclose(np.exp(seen[0]), mean, rtol=1e-6, atol=2 * held_out.LEAST)


def test_it_is_one_result_for_one_seed_and_for_any_number_of_workers():
    X, y = threes()
    noisy, _ = planted(y)
    study = study_of(X, noisy, FOREST.fit(X, noisy))
    one, same, other = (study._explainer.doubts([], None, seed) for seed in (0, 0, 1))
    assert (one.surprise == same.surprise).all()
    assert (one.surprise != other.surprise).any()
    study._explainer.n_jobs = 2
    assert (study._explainer.doubts([], None, 0).surprise == one.surprise).all()


def test_the_repeats_differ_in_what_the_estimator_draws(monkeypatch):
    X, y = threes()
    seeds = []
    fit = module.Recipe.fit
    monkeypatch.setattr(
        module.Recipe,
        "fit",
        lambda own, kept, seed=None: seeds.append(seed) or fit(own, kept, seed),
    )
    doubts(FOREST, X, y)
    assert seeds == [None] * held_out.FOLDS + [1] * held_out.FOLDS


class Noting(ClassifierMixin, BaseEstimator):
    """A naive Bayes that notes what it is trained on."""

    seen: list = []  # noqa: RUF012 - of all clones together

    def fit(self, X, y, sample_weight=None):
        self.seen.append((X, y, sample_weight))
        self.inner_ = GaussianNB().fit(X, y, sample_weight)
        self.classes_ = self.inner_.classes_
        return self

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)

    def predict(self, X):
        return self.inner_.predict(X)


def test_trusted_rows_are_in_each_training_and_are_not_doubted():
    X, y = threes()
    weight = np.where(y[:200] == "three", 2.0, 1.0)
    model = Noting().fit(X[:200], y[:200], weight)
    study = study_of(X[:200], y[:200], model, sample_weight=weight)
    Noting.seen.clear()
    found = study._explainer.doubts(list(X[200:230]), y[200:230], 0)
    assert len(found.wrong) == len(found.surprise) == len(found.believed) == 200
    assert len(Noting.seen) == held_out.FOLDS * held_out.REPEATS
    for rows, labels, weights in Noting.seen:
        assert (rows[-30:] == X[200:230]).all()
        assert (labels[-30:] == y[200:230]).all()
        assert (weights[-30:] == np.where(y[200:230] == "three", 2.0, 1.0)).all()
        assert 150 < len(rows) < 200
    Noting.seen.clear()
    study._explainer.doubts(list(X[200:230]), None, 0)
    assert max(len(rows) for rows, _, _ in Noting.seen) <= 160


def test_trusted_rows_help():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 8))
    y = (X[:, :3].sum(axis=1) > 0).astype(int)
    noisy, bad = planted(y[:150], 0.2)
    alone = doubts(FOREST, X[:150], noisy)
    helped = doubts(FOREST, X[:150], noisy, list(X[150:]), y[150:])
    assert precision(helped, bad) > precision(alone, bad) + 0.1


def test_a_target_that_cannot_be_a_row_is_left_out():
    X, y = threes()
    model = GaussianNB().fit(X[:100], y[:100])
    explainer = study_of(X[:100], y[:100], model)._explainer
    targets = [X[100], X[101][:5], X[102]]
    found = explainer.doubts(targets, y[100:103], 0)
    without = explainer.doubts([X[100], X[102]], y[[100, 102]], 0)
    assert (found.surprise == without.surprise).all()


def words(n=240):
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green", "blue"], n)
    size = rng.normal(size=n)
    y = np.where((colour == "red") ^ (size > 0.3), "yes", "no")
    return pd.DataFrame({"colour": colour, "size": size}), y


@pytest.mark.parametrize("kind", ["words", "categories", "sparse", "texts", "list"])
def test_rows_come_in_the_forms_that_models_take(kind):
    frame, y = words()
    noisy, bad = planted(y[:200])
    X, X_test = frame[:200], [frame.iloc[[i]] for i in range(200, 240)]
    forest = RandomForestClassifier(20, min_samples_leaf=3, random_state=0)
    if kind == "words":
        encoder = make_column_transformer((OneHotEncoder(), ["colour"]), remainder="passthrough")
        model = make_pipeline(encoder, forest)
    elif kind == "categories":
        frame = frame.astype({"colour": "category"})
        X, X_test = frame[:200], [frame.iloc[[i]] for i in range(200, 240)]
        model = HistGradientBoostingClassifier(
            max_iter=20, min_samples_leaf=5, categorical_features="from_dtype"
        )
    elif kind == "texts":
        rng = np.random.default_rng(1)
        say = {"yes": ["good", "fine", "nice"], "no": ["bad", "poor", "sad"]}
        texts = [" ".join(rng.choice([*say[label], "it", "is"], 8)) for label in y]
        X, X_test = texts[:200], texts[200:]
        model = make_pipeline(CountVectorizer(), MultinomialNB())
    else:
        numbers = np.column_stack([frame["colour"] == "red", frame["colour"] == "blue",
                                   frame["size"]]).astype(float)  # fmt: skip
        if kind == "sparse":
            X, model = sparse.csr_matrix(numbers[:200]), forest
            X_test = [sparse.csr_matrix(row) for row in numbers[200:]]
        else:
            X, X_test, model = numbers[:200].tolist(), numbers[200:].tolist(), forest
    sizes = []
    real = module.with_rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "with_rows", lambda *a: sizes.append(len(real(*a)[1])) or real(*a))
        found = doubts(model, X, noisy, X_test, y[200:])
    assert sizes == [40]
    assert precision(found, bad) >= 0.8
    assert found.wrong.sum() == pytest.approx(20, rel=0.5)


def test_a_class_of_two_rows_is_judged_and_one_of_a_single_row_is_not():
    X, y = threes()
    y = y.astype(object)
    y[[10, 20]], y[30] = "rare", "single"
    found = doubts(FOREST, X[:150], y[:150])
    assert np.isfinite(found.surprise[[10, 20]]).all()
    assert np.isneginf(found.surprise[30])
    assert found.wrong[30] == 0
    # A trusted row of the class is another to train on.
    helped = doubts(FOREST, X[:150], y[:150], [X[150]], np.array(["single"], object))
    assert np.isfinite(helped.surprise[30])


def test_rows_without_weight_are_not_doubted():
    X, y = threes()
    weight = np.ones(len(y))
    weight[:5] = 0.0
    found = doubts(GaussianNB(), X, y, sample_weight=weight)
    assert np.isneginf(found.surprise[:5]).all()
    assert (found.wrong[:5] == 0).all()
    assert np.isfinite(found.surprise[5:]).all()


@pytest.mark.parametrize("kind", ["regressor", "too few rows", "singles", "pairs"])
def test_where_it_cannot_be_told_a_text_says_why(kind):
    X, y = threes()
    if kind == "regressor":
        model, y, said = RandomForestRegressor(5, random_state=0), X[:, 20], "is a regressor"
    elif kind == "too few rows":
        model, said = KNeighborsClassifier(300), "refitted on 2.. of its rows .* fails: ValueError"
    elif kind == "pairs":
        (X, y), model = several(), SVC(decision_function_shape="ovo")
        X, y, said = X[y < 3], y[y < 3], "scores pairs of classes"
    else:
        X, y = X[:3], np.array(["a", "b", "c"])
        model, said = GaussianNB(), "no class has two rows"
    told = doubts(model, X, y)
    assert isinstance(told, str)
    assert re.search(said, told)


def test_a_calibrated_forest_is_doubted_as_a_whole():
    X, y = threes()
    noisy, bad = planted(y)
    model = CalibratedClassifierCV(RandomForestClassifier(10, random_state=0), cv=3)
    assert precision(doubts(model, X, noisy), bad) > 0.8


@pytest.fixture(scope="module")
def bayes():
    """An audit by a naive Bayes of 40 targets, and which training labels are wrong."""
    X, y = tumours()
    noisy, bad = planted(y[:200])
    study = study_of(X[:200], noisy, GaussianNB().fit(X[:200], noisy))
    audit = study.audit(X[200:240], y[200:240], bound=False, refine=False, progress=False)
    return audit, bad


@pytest.fixture
def audited(bayes):
    """Likewise, before anything was asked of it."""
    return replace(bayes[0]), bayes[1]


def test_the_suspects_of_an_audit_are_those_whose_label_is_likely_wrong(audited):
    audit, bad = audited
    frame = audit.suspects()
    assert sorted(frame["row"]) == list(range(200))
    assert (np.diff(audit.doubts.surprise[frame["row"]]) <= 0).all()
    assert frame["score"].tolist() == audit.doubts.wrong[frame["row"]].tolist()
    assert frame["score"].sum() == pytest.approx(20, rel=0.5)
    by_label = bad[frame["row"][:20]].mean()
    by_weight = bad[audit.suspect_rows("weight")[:20]].mean()
    assert by_label > max(0.6, by_weight + 0.2)


def test_what_is_shown_unasked_trains_nothing(audited, monkeypatch):
    audit, _ = audited
    fits = []
    fit = module.Recipe.fit
    monkeypatch.setattr(module.Recipe, "fit", lambda *a: fits.append(1) or fit(*a))
    before = repr(audit), audit._repr_html_()
    assert audit.doubts_at_hand is None
    assert not fits
    assert "Label wrong?" not in before[1]
    rows = audit.suspect_rows("weight")[:5]
    assert f"top suspects: {', '.join(audit._name(row) for row in rows)}" in before[0]
    with pytest.raises(ValueError, match=r"GaussianNB has no objective.* Use 'label'"):
        audit.suspects("repair")
    assert not fits
    by_label = audit.suspect_rows()
    assert len(fits) == held_out.FOLDS * held_out.REPEATS
    assert f"top suspects: {', '.join(audit._name(row) for row in by_label[:5])}" in repr(audit)
    assert "Label wrong?" in audit._repr_html_()
    assert audit.owed is None
    assert len(fits) == held_out.FOLDS * held_out.REPEATS  # once for all


def test_a_report_to_hand_over_tells_doubts(audited, tmp_path):
    audit, _ = audited
    assert "Label wrong?" in audit.to_html(tmp_path / "audit.html").read_text(encoding="utf-8")
