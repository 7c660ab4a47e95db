"""Refit-only search on real estimators: every claim is checked by a refit of the test's own.

All of one training run, with its own seed; tests/study/test_retrained_run.py has the others.
"""

import itertools

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_moons
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import ElasticNet
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from forcing.engine.search import SearchOptions
from forcing.errors import TrainingMismatchError, UnsupportedModelError
from forcing.models import AdaptedBlackBox, TrainingData, adapt
from forcing.records import Bound, End, Progress, Ranking, Refined, Start, Step, Verified
from forcing.study.black_box import BlackBoxExplainer
from forcing.study.options import RunOptions, run_options
from forcing.study.retrainings import Settings

MODELS = [
    RandomForestClassifier(7, random_state=0),
    ExtraTreesClassifier(7, random_state=0),
    GradientBoostingClassifier(n_estimators=8, random_state=0),
    HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=5),
    SVC(),
    SVC(kernel="linear", C=0.3),
    GaussianNB(),
    MLPClassifier((4,), max_iter=30, solver="lbfgs", random_state=0),
    DecisionTreeClassifier(max_depth=4, random_state=0),
    AdaBoostClassifier(n_estimators=6, random_state=0),
    make_pipeline(StandardScaler(), RandomForestClassifier(7, random_state=0)),
]


def moons(n=60, seed=1):
    return make_moons(n, noise=0.25, random_state=seed)


def options(**given):
    values = {
        "search": SearchOptions(),
        "limit": 36,
        "refine": True,
        "verify": True,
        "bound": True,
        "baselines": (),
        "seed": 0,
        "max_refits": 120,
    }
    return RunOptions(**values | given)


def explainer(model, X, y, weights=None, **more):
    adapted = adapt(model, TrainingData(X, y, weights))
    return BlackBoxExplainer(adapted, settings=Settings(retrainings=1), **more)


def run(found, x, given=None, **question):
    return list(found.events(x, options=given or options(), **question))


def one(events, kind):
    found = [event for event in events if isinstance(event, kind)]
    return found[-1] if found else None  # a set is told again as it shrinks


def refitted(model, X, y, x, gone):
    """The decision of a clone without these rows; preprocessing as it was."""
    kept = np.setdiff1d(np.arange(len(y)), gone)
    assert set(y[kept]) == set(y)
    if hasattr(model, "steps"):
        before = model[:-1]
        return refitted(model[-1], before.transform(X), y, before.transform(x[None])[0], gone)
    return clone(model).fit(X[kept], y[kept]).predict(x[None])[0]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: str(m)[:22])
def test_the_set_flips_and_no_row_of_it_can_be_spared(model):
    X, y = moons(44)
    x = np.array([0.5, 0.2])
    model = clone(model).fit(X, y)
    events = run(explainer(model, X, y), x)
    start, end = events[0], events[-1]
    assert isinstance(start, Start)
    assert isinstance(end, End)
    assert end.status == "flipped"
    assert start.claim.favoured == model.predict(x[None])[0]
    verified, refined = one(events, Verified), one(events, Refined)
    rows = [step.row for step in refined.steps]
    assert len(set(rows)) == len(rows) <= refined.before
    other = refitted(model, X, y, x, rows)
    assert other != start.claim.favoured
    assert (verified.flipped, verified.decision.label) == (True, other)
    assert verified.irreducible
    assert len(verified.put_back) == len(rows)
    assert min(verified.put_back) >= 0.5
    for row in rows if len(rows) > 1 else []:
        assert refitted(model, X, y, x, sorted(set(rows) - {row})) == start.claim.favoured
    assert 1 <= one(events, Bound).rows <= len(rows)


def test_steps_are_refits_of_each_prefix():
    X, y = moons()
    model = GaussianNB().fit(X, y)
    events = run(explainer(model, X, y), X[3])
    steps = one(events, Refined).steps
    rows = []
    for number, step in enumerate(steps, start=1):
        rows.append(step.row)
        kept = np.setdiff1d(np.arange(60), rows)
        p = GaussianNB().fit(X[kept], y[kept]).predict_proba(X[[3]])[0]
        favoured = events[0].claim.favoured
        assert step.number == number
        assert step.confidence == pytest.approx(p[favoured], abs=1e-9)
        assert step.margin == pytest.approx(np.log(p[favoured] / p[1 - favoured]), abs=1e-7)
        assert step.positive == (step.label == favoured == y[step.row]) or not step.positive


def test_it_says_what_it_will_cost_before_it_starts():
    X, y = moons()
    events = run(explainer(GaussianNB().fit(X, y), X, y), X[3])
    assert isinstance(events[1], Progress)
    assert events[1].note.startswith("at most 120 refits of about ")
    done = [event.done for event in events if isinstance(event, Progress)]
    assert max(done) <= 120


def test_the_first_set_is_told_before_the_search_is_over():
    X, y = moons()
    events = run(explainer(GaussianNB().fit(X, y), X, y), X[3])
    first = next(place for place, event in enumerate(events) if isinstance(event, Step))
    after = [event for event in events[first:] if isinstance(event, Progress)]
    assert any(event.note.startswith("put rows back") for event in after)
    sizes = [sum(isinstance(event, Step) for event in events)]
    sizes += [len(event.steps) for event in events if isinstance(event, Refined)]
    assert sizes == sorted(sizes, reverse=True)
    shown = [event.row for event in events if isinstance(event, Step)]
    assert refitted(GaussianNB(), X, y, X[3], shown) != events[0].claim.favoured


def plain(events):
    """Events without their seconds."""
    steps = one(events, Refined).steps
    rows, margins = [step.row for step in steps], [step.margin for step in steps]
    return rows, margins, events[-1].status, events[-1].reason, one(events, Bound).rows


def test_the_same_again_and_on_any_number_of_workers():
    X, y = moons()
    model = RandomForestClassifier(5).fit(X, y)  # random_state=None: each refit gets 0
    model.set_params(random_state=0).fit(X, y).set_params(random_state=None)
    first = plain(run(explainer(model, X, y), X[3], options(max_refits=40)))
    assert plain(run(explainer(model, X, y), X[3], options(max_refits=40))) == first
    with joblib.parallel_config("threading", n_jobs=3):
        assert plain(run(explainer(model, X, y), X[3], options(max_refits=40))) == first
    assert any("random_state=0" in note for note in explainer(model, X, y).notes)


def test_the_same_from_other_processes():
    X, y = moons()
    model = GaussianNB().fit(X, y)
    first = plain(run(explainer(model, X, y), X[3], options(max_refits=20)))
    several = explainer(model, X, y, n_jobs=2)
    assert plain(run(several, X[3], options(max_refits=20))) == first


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_never_below_the_optimum_of_small_trees(depth):
    random = np.random.default_rng(depth)
    equal = 0
    for _ in range(4):
        X = random.normal(size=(12, 2))
        y = (X[:, 0] + random.normal(size=12) > 0).astype(int)
        model = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, y)
        events = run(explainer(model, X, y), X[0], options(limit=7, max_refits=400))
        favoured = events[0].claim.favoured
        optimum = smallest(model, X, y, X[0], favoured)
        bound = one(events, Bound)
        if events[-1].status != "flipped":
            continue
        size = len(one(events, Refined).steps)
        assert optimum is None or bound.rows <= optimum <= size
        assert optimum is not None or size > 2
        equal += size == optimum or optimum is None
    assert equal >= 3


def smallest(model, X, y, x, favoured):
    for size in (1, 2):
        for gone in itertools.combinations(range(len(y)), size):
            kept = np.setdiff1d(np.arange(len(y)), gone)
            if set(y[kept]) == set(y) and refitted(model, X, y, x, gone) != favoured:
                return size
    return None


def three_classes():
    random = np.random.default_rng(0)
    y = np.repeat(["ant", "bee", "cat"], 20)
    centres = np.repeat([[0, 0], [1.5, 0], [0, 1.5]], 20, axis=0)
    return random.normal(size=(60, 2)) + centres, y


@pytest.mark.parametrize(
    "model", [GaussianNB(), SVC(), DecisionTreeClassifier(max_depth=3, random_state=0)], ids=str
)
def test_several_classes(model):
    X, y = three_classes()
    model = clone(model).fit(X, y)
    x = np.array([0.6, 0.5])
    found = explainer(model, X, y)
    events = run(found, x)
    assert events[0].claim.favoured == model.predict(x[None])[0]
    rows = [step.row for step in one(events, Refined).steps]
    assert refitted(model, X, y, x, rows) != events[0].claim.favoured
    assert one(events, Verified).irreducible


def test_a_chosen_rival_wins_over_the_favoured_class():
    X, y = three_classes()
    model = GaussianNB().fit(X, y)
    x = np.array([0.6, 0.5])
    found = explainer(model, X, y)
    favoured = found.claim(x).favoured
    for rival in sorted({"ant", "bee", "cat"} - {favoured}):
        events = run(found, x, rival=rival)
        assert events[0].claim.rival == rival
        rows = [step.row for step in one(events, Refined).steps]
        kept = np.setdiff1d(np.arange(60), rows)
        fresh = GaussianNB().fit(X[kept], y[kept])
        p = dict(zip(fresh.classes_, fresh.predict_proba(x[None])[0], strict=True))
        assert p[rival] > p[favoured]
    with pytest.raises(ValueError, match="rival must be one of"):
        found.events(x, favoured)


def test_a_threshold_moves_the_decision():
    X, y = moons()
    model = GaussianNB().fit(X, y)
    p = model.predict_proba(X[[3]])[0, 1]
    cut = 1 - 0.3 * (1 - p)
    found = explainer(model, X, y)
    claim = found.claim(X[3], threshold=cut)
    assert (claim.favoured, claim.threshold) == (0, pytest.approx(1 - cut))
    assert claim.confidence == pytest.approx(1 - p)
    rows = [step.row for step in one(run(found, X[3], threshold=cut), Refined).steps]
    kept = np.setdiff1d(np.arange(60), rows)
    assert GaussianNB().fit(X[kept], y[kept]).predict_proba(X[[3]])[0, 1] > cut


@pytest.mark.parametrize("cut", [40.0, 60.0])
def test_a_regressor_crosses_its_threshold(cut):
    random = np.random.default_rng(0)
    X = random.uniform(size=(80, 2))
    y = 100 * X[:, 0] + random.normal(size=80)
    model = RandomForestRegressor(7, random_state=0).fit(X, y)
    x = np.array([0.5, 0.5])
    side = {True: "above", False: "below"}
    events = run(explainer(model, X, y), x, threshold=cut)
    claim = events[0].claim
    assert claim.favoured == side[model.predict(x[None])[0] >= cut]
    assert claim.margin == pytest.approx(abs(model.predict(x[None])[0] - cut))
    rows = [step.row for step in one(events, Refined).steps]
    kept = np.setdiff1d(np.arange(80), rows)
    after = clone(model).fit(X[kept], y[kept]).predict(x[None])[0]
    assert side[after >= cut] != claim.favoured
    assert one(events, Verified).irreducible
    for step in one(events, Refined).steps:
        assert step.label == side[y[step.row] >= cut]


def test_a_regressor_needs_a_threshold():
    X, y = moons()
    found = explainer(DecisionTreeRegressor(random_state=0).fit(X, y), X, y)
    with pytest.raises(ValueError, match=r"threshold must be given.*such as threshold="):
        found.events(X[0])


@pytest.mark.parametrize("most", [2, 6, 15, 40])
def test_a_spent_budget_keeps_what_was_found(most):
    X, y = moons()
    model = SVC().fit(X, y)
    events = run(explainer(model, X, y), X[3], options(max_refits=most))
    end, verified = events[-1], one(events, Verified)
    assert "its share of the budget" in end.reason
    if end.status == "limit":
        assert verified is None
        assert most <= 15
        return
    assert end.status == "flipped"
    rows = [step.row for step in one(events, Refined).steps]
    assert refitted(model, X, y, X[3], rows) != events[0].claim.favoured
    assert verified.irreducible in {None, False} or most == 40


@pytest.mark.parametrize("most", range(4, 44))
def test_what_is_said_of_a_smaller_set_agrees_with_the_put_backs(most):
    """Whatever the budget leaves undone; one row alone is always irreducible."""
    X, y = moons()
    found = explainer(GaussianNB().fit(X, y), X, y)
    for target in (3, 7):
        events = run(found, X[target], options(max_refits=most))
        verified, end = one(events, Verified), events[-1]
        if verified is not None and verified.irreducible:
            assert "A smaller set may be in it" not in end.reason
        assert "1 steps" not in end.reason


def test_seconds_end_it_too():
    X, y = moons()
    found = explainer(GaussianNB().fit(X, y), X, y)
    end = run(found, X[3], options(max_seconds=1e-9))[-1]
    assert end.status == "limit"
    assert "ended after 0 refits" in end.reason


def test_a_model_that_never_flips():
    X, y = moons()
    model = DummyClassifier(strategy="constant", constant=1).fit(X, y)
    end = run(explainer(model, X, y), X[0])[-1]
    assert end.status == "unflippable"
    end = run(explainer(model, X, y), X[0], options(limit=10))[-1]
    assert end.status == "limit"


def test_the_most_frequent_class_flips_when_it_is_no_more():
    X, y = np.arange(20.0)[:, None], np.array([1] * 12 + [0] * 8)
    model = DummyClassifier(strategy="most_frequent").fit(X, y)
    events = run(explainer(model, X, y), X[0])
    assert len(one(events, Refined).steps) == 4  # 8 against 8 goes to class 0
    assert one(events, Verified).irreducible


def test_a_class_that_is_gone_is_no_flip():
    """Both rows of class 0 decide; without both there is no class 0, with one it is decided."""
    X = np.array([[0.0], [0.2], *([[5.0]] * 10)])
    y = np.array([0, 0] + [1] * 10)
    model = DecisionTreeClassifier(random_state=0).fit(X, y)
    events = run(explainer(model, X, y), X[0], options(limit=7))
    assert events[-1].status in {"unflippable", "limit"}
    with pytest.raises(ValueError, match="a class has no row left"):
        explainer(model, X, y).predict_without([0, 1], X[0])


def test_rows_of_weight_zero_do_not_keep_a_class():
    X, y = moons()
    weights = np.ones(60)
    weights[np.flatnonzero(y == 0)[1:]] = 0.0
    model = GaussianNB().fit(X, y, sample_weight=weights)
    found = explainer(model, X, y, weights)
    with pytest.raises(ValueError, match="a class has no row left"):
        found.predict_without([int(np.flatnonzero(y == 0)[0])], X[0])


def test_weights_go_into_every_refit():
    X, y = moons()
    weights = np.random.default_rng(0).uniform(0.2, 2, size=60)
    model = GaussianNB().fit(X, y, sample_weight=weights)
    decision = explainer(model, X, y, weights).predict_without([1, 2, 3], X[0])
    kept = np.setdiff1d(np.arange(60), [1, 2, 3])
    p = GaussianNB().fit(X[kept], y[kept], weights[kept]).predict_proba(X[[0]])[0]
    assert decision.confidence == pytest.approx(p[model.predict(X[[0]])[0]], abs=1e-9)
    with pytest.raises(ValueError, match="takes none"):
        adapt(MLPLike().fit(X, y), TrainingData(X, y, weights))


class MLPLike(ClassifierMixin, BaseEstimator):
    """A classifier whose fit takes no weights: the nearest mean."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.array([X[y == c].mean(axis=0) for c in self.classes_])
        return self

    def decision_function(self, X):
        d = ((X[:, None] - self.means_) ** 2).sum(axis=2)
        return d[:, 0] - d[:, 1]

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def test_a_classifier_of_the_users_own():
    X, y = moons()
    model = MLPLike().fit(X, y)
    found = explainer(model, X, y)
    events = run(found, X[3])
    rows = [step.row for step in one(events, Refined).steps]
    assert refitted(model, X, y, X[3], rows) != events[0].claim.favoured
    assert any("logistic function" in note for note in found.notes)


class Picky(MLPLike):
    """Refuses to be fitted on fewer rows."""

    def fit(self, X, y):
        if len(X) < 60:
            raise ValueError("60 rows, please")
        return super().fit(X, y)


def test_refits_that_fail_are_no_flips_and_are_told():
    X, y = moons()
    found = explainer(Picky().fit(X, y), X, y)
    end = run(found, X[3])[-1]
    assert end.status in {"limit", "unflippable"}
    assert "refits failed (ValueError: 60 rows, please)" in end.reason
    with pytest.raises(ValueError, match="cannot be refitted on 59 rows"):
        found.predict_without([0], X[3])


class Fickle(MLPLike):
    """Decides otherwise on fewer rows, but only the first two times."""

    refits = 0

    def fit(self, X, y):
        Fickle.refits += len(X) < 60
        self.flips_ = len(X) < 60 and Fickle.refits <= 2
        return super().fit(X, y)

    def decision_function(self, X):
        return np.full(len(X), -1.0 if self.flips_ else 1.0)


def test_a_model_that_changes_its_mind_is_no_flip():
    X, y = moons()
    events = run(explainer(Fickle().fit(X, y), X, y), X[3])
    assert events[-1].status == "failed"
    assert "not the same from one refit to the next" in events[-1].reason
    assert not one(events, Verified).flipped


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_refits": 0}, "max_refits must be a whole number of at least 1"),
        ({"max_refits": 2.5}, "max_refits must be a whole number"),
        ({"max_seconds": 0}, "max_seconds must be a number above 0"),
    ],
)
def test_budgets_are_checked_at_the_door(given, words):
    with pytest.raises(ValueError, match=words):
        run_options(10, 0, **given)


def test_random_ranking_and_its_flip():
    X, y = moons()
    model = GaussianNB().fit(X, y)
    found = explainer(model, X, y)
    ranking = found.rank(X[3], "random", seed=5)
    assert isinstance(ranking, Ranking)
    again = found.rank(X[3], "random", seed=5)
    assert ranking.rows.tolist() == again.rows.tolist()
    favoured = found.claim(X[3]).favoured
    if ranking.flips_at is not None:
        k = ranking.flips_at
        assert refitted(model, X, y, X[3], ranking.rows[:k]) != favoured
        assert refitted(model, X, y, X[3], ranking.rows[: k - 1]) == favoured
    events = run(found, X[3], options(baselines=("random",), seed=5))
    assert one(events, Ranking).flips_at == ranking.flips_at
    assert ranking.curve[0] == (0, found.claim(X[3]).confidence)


def test_a_baseline_as_the_method():
    X, y = moons()
    model = GaussianNB().fit(X, y)
    given = options(search=SearchOptions("random"), seed=5)
    found = explainer(model, X, y)
    events = run(found, X[3], given)
    order = found.rank(X[3], "random", seed=5).rows.tolist()
    if events[-1].status == "flipped":
        rows = [step.row for step in one(events, Refined).steps]
        assert rows == order[: len(rows)]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"search": SearchOptions("mfs-newton")}, "takes gradients"),
        ({"search": SearchOptions("mfs-retrain")}, "takes gradients"),
        ({"search": SearchOptions("influence")}, "method must be one of mfs, "),
        ({"baselines": ("influence",)}, "baselines must be one of .*random"),
        ({"search": SearchOptions(exit="loss-gap")}, "exit must be 'flip'"),
        ({"search": SearchOptions(qp_steps=3)}, "qp_steps must be left out"),
    ],
)
def test_what_needs_gradients_is_refused_before_the_first_record(given, words):
    X, y = moons()
    found = explainer(GaussianNB().fit(X, y), X, y)
    with pytest.raises(ValueError, match=words):
        found.events(X[0], options=options(**given))


def test_what_cannot_be_explained():
    X, y = moons()
    data = TrainingData(X, y)
    with pytest.raises(NotFittedError):
        adapt(GaussianNB(), data)
    for model in (KMeans(2, n_init=1).fit(X), IsolationForest(n_estimators=2).fit(X)):
        with pytest.raises(UnsupportedModelError, match="forcing explains fitted classifiers"):
            adapt(model, data)
    with pytest.raises(UnsupportedModelError, match="without fit"):
        adapt("model", data)
    with pytest.raises(UnsupportedModelError, match="precomputed"):
        adapt(SVC(kernel="precomputed").fit(X @ X.T, y), TrainingData(X @ X.T, y))
    with pytest.raises(TrainingMismatchError, match="X has 1 columns"):
        adapt(GaussianNB().fit(X, y), TrainingData(X[:, :1], y))
    two = RandomForestClassifier(2).fit(X, np.column_stack([y, y]))
    with pytest.raises(UnsupportedModelError, match="several outputs"):
        adapt(two, data)


def test_other_labels_are_noticed():
    X, y = moons()
    found = explainer(GaussianNB().fit(X, 1 - y), X, y)
    with pytest.raises(TrainingMismatchError, match="refitted on all rows"):
        found.events(X[0])


def test_decision_of_an_svc_is_that_of_predict():
    """Its probabilities come from another fit, so it is asked for its decision function."""
    X, y = moons()
    adapted = adapt(LinearSVC(loss="hinge").fit(X, y), TrainingData(X, y))
    assert isinstance(adapted, AdaptedBlackBox)
    for model in (SVC().fit(X, y), LinearSVC(loss="hinge").fit(X, y)):
        found = explainer(model, X, y)
        score = model.decision_function(X[[3]])[0]
        claim = found.claim(X[3])
        assert claim.margin == pytest.approx(abs(score))
        assert claim.confidence == pytest.approx(1 / (1 + np.exp(-abs(score))))


def test_frames_with_words_and_missing_values():
    pd = pytest.importorskip("pandas")
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.normal(size=80), "town": random.choice(["a", "b"], 80)})
    frame["town"] = frame["town"].astype("category")
    frame.loc[3, "age"] = np.nan
    y = np.where(frame["age"].fillna(0) + (frame["town"] == "a") > 0.5, "yes", "no")
    model = HistGradientBoostingClassifier(
        max_iter=5, min_samples_leaf=5, categorical_features="from_dtype"
    ).fit(frame, y)
    events = run(explainer(model, frame, y), frame.iloc[5], options(max_refits=60))
    assert events[-1].status == "flipped"
    rows = [step.row for step in one(events, Refined).steps]
    kept = np.setdiff1d(np.arange(80), rows)
    fresh = clone(model).fit(frame.iloc[kept], y[kept])
    assert fresh.predict(frame.iloc[[5]])[0] != events[0].claim.favoured


@pytest.mark.parametrize(
    ("package", "name"), [("lightgbm", "LGBMClassifier"), ("xgboost", "XGBClassifier")]
)
def test_boosting_of_other_packages(package, name):
    module = pytest.importorskip(package)
    X, y = moons()
    more = {"verbose": -1, "min_child_samples": 5} if package == "lightgbm" else {}
    model = getattr(module, name)(n_estimators=5, n_jobs=1, random_state=0, **more).fit(X, y)
    events = run(explainer(model, X, y), X[3], options(max_refits=40))
    assert events[-1].status == "flipped"
    rows = [step.row for step in one(events, Refined).steps]
    assert refitted(model, X, y, X[3], rows) != events[0].claim.favoured


class Plain:
    """Inherits nothing of scikit-learn; `fit` is all that it shares with its estimators."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means = np.stack([X[y == label].mean(axis=0) for label in self.classes_])
        return self

    def predict_proba(self, X):
        odds = np.exp(-np.sum((np.asarray(X)[:, None] - self.means) ** 2, axis=2))
        return odds / odds.sum(axis=1, keepdims=True)


def test_a_plain_class_is_explained():
    X, y = moons()
    model = Plain().fit(X, y)
    events = run(explainer(model, X, y), X[3])
    assert events[-1].status == "flipped"
    rows = [step.row for step in one(events, Refined).steps]
    kept = np.setdiff1d(np.arange(60), rows)
    probabilities = Plain().fit(X[kept], y[kept]).predict_proba(X[[3]])[0]
    assert np.argmax(probabilities) != events[0].claim.favoured
    model._estimator_type = "regressor"
    assert adapt(model, TrainingData(X, y)).regressor


@pytest.mark.parametrize(
    ("model", "drawn"),
    [
        (SVC(), False),
        (NuSVC(), False),
        (make_pipeline(StandardScaler(), SVC()), False),
        (RandomForestClassifier(3), True),
        (BaggingClassifier(SVC(random_state=1), 3), True),
        (RandomForestClassifier(3, random_state=1), False),
        (ElasticNet(selection="cyclic", positive=True), False),
        (ElasticNet(selection="random", positive=True), True),
    ],
    ids=str,
)
def test_a_seed_is_told_of_where_something_may_be_drawn(model, drawn):
    X, y = moons()
    notes = adapt(model.fit(X, y), TrainingData(X, y)).notes
    assert any("random_state was None" in note for note in notes) == drawn
