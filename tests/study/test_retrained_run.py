"""Learners whose training does not repeat itself: what is said of them would be so again."""

import itertools

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_moons
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import forcing
from forcing.explanation import Explanation
from forcing.protocol.context import Context
from forcing.records import Progress, Refined, Stability, Start, Step, Verified
from study.noisy import Scale

RUNS = 200


def one(events, kind):
    found = [event for event in events if isinstance(event, kind)]
    return found[-1] if found else None


def scale_study(run, stone, **given):
    """40 rows of class 1 with weights that add up to 10, as many of class 0."""
    random = np.random.default_rng(run)
    weights = random.gamma(1.0, size=40)
    weights *= 10 / weights.sum()
    X = np.column_stack([np.concatenate([weights, np.zeros(40)]), random.normal(size=80)])
    y = np.repeat([1, 0], 40)
    model = Scale(stone=stone, random_state=run, **given)
    while model.fit(X, y).log_odds_ <= 0:  # the decision that is asked about is class 1
        model.set_params(random_state=model.random_state + 1)
    return forcing.Study(model, X, y, random_state=run), weights


def test_sets_called_verified_are_right():
    verified = right = 0
    for run in range(RUNS):
        study, weights = scale_study(run, stone=6.5, shaking=1.0)
        ex = study.explain([0.0, 0.0])
        if ex.verified:
            verified += 1
            left = 10 - weights[ex.supports].sum()
            right += study.model.share(left) < 0.5
    assert verified >= 0.9 * RUNS
    assert right >= 0.95 * verified


def test_no_set_is_verified_where_there_is_none():
    """Whatever leaves, class 1 wins half of the time: the floor is the stone."""
    called = 0
    for run in range(RUNS):
        study, _ = scale_study(run, stone=6.5, shaking=1.0, floor=6.5)
        called += bool(study.explain([0.0, 0.0], max_refits=150).verified)
    assert called <= 0.05 * RUNS


def test_unstable_decisions_are_called_so_and_stable_ones_are_not():
    called = {}
    for stone in (10.0, 7.0):  # decided by a coin; for class 1 in 99.9 % of all trainings
        found = [scale_study(run, stone)[0].explain([0.0, 0.0]).status for run in range(RUNS)]
        called[stone] = sum(status == "unstable" for status in found)
    assert called[10.0] >= 0.95 * RUNS
    assert called[7.0] == 0


def classification(n=400, seed=0):
    return make_classification(
        n, 6, n_informative=4, n_redundant=0, flip_y=0.1, class_sep=0.8, random_state=seed
    )


def other_packages():
    for package, name, more in (
        ("lightgbm", "LGBMClassifier", {"verbose": -1, "n_estimators": 30, "n_jobs": 1}),
        ("xgboost", "XGBClassifier", {"n_estimators": 30, "n_jobs": 1}),
        ("catboost", "CatBoostClassifier", {"iterations": 30, "verbose": 0, "thread_count": 1}),
    ):
        yield pytest.param(package, name, more, id=package)


def fresh(model, X, y, x, gone, count=15):
    """What retrainings of the test's own decide, which no search saw: shares of class 1."""
    decided = []
    for seed in range(count):
        random = np.random.default_rng(70_000 + seed)
        kept = np.setdiff1d(np.flatnonzero(random.random(len(y)) > 0.01), gone)
        again = clone(model)
        seeds = [p for p in again.get_params() if p.endswith("random_state")]
        again.set_params(**dict.fromkeys(seeds, 70_000 + seed))
        decided.append(again.fit(X[kept], y[kept]).predict(x[None])[0])
    return np.array(decided)


def check_fresh_retrainings(model):
    X, y = classification()
    model = clone(model).fit(X[:300], y[:300])
    study = forcing.Study(model, X[:300], y[:300])
    p = np.abs(model.predict_proba(X[300:])[:, 1] - 0.5)
    targets = 300 + np.argsort(np.abs(p - 0.2))[:2]
    verified = 0
    for target in targets:
        ex = study.explain(X[target], max_refits=120)
        favoured = ex.claim.favoured
        if ex.status == "unstable":
            assert ex.size == 0
            continue
        assert np.mean(fresh(model, X[:300], y[:300], X[target], []) == favoured) > 0.5
        if ex.verified:
            verified += 1
            assert ex.agreement > 8.5 / 11
            assert ex.stability > 8.5 / 11
            decided = fresh(model, X[:300], y[:300], X[target], ex.supports)
            assert np.mean(decided != favoured) > 0.5
    assert verified


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(25, random_state=0),
        ExtraTreesClassifier(25, random_state=0),
        HistGradientBoostingClassifier(max_iter=30),
        make_pipeline(StandardScaler(), MLPClassifier((8,), alpha=3.0, max_iter=300)),
    ],
    ids=lambda model: str(model)[:20],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_fresh_retrainings_agree(model):
    check_fresh_retrainings(model)


@pytest.mark.parametrize(("package", "name", "more"), other_packages())
def test_fresh_retrainings_of_other_packages_agree(package, name, more):
    check_fresh_retrainings(getattr(pytest.importorskip(package), name)(**more))


@pytest.fixture(scope="module")
def forest():
    X, y = classification()
    model = RandomForestClassifier(25, random_state=0).fit(X[:300], y[:300])
    p = np.abs(model.predict_proba(X[300:])[:, 1] - 0.5)
    return model, X[:300], y[:300], X[300 + int(np.argmin(np.abs(p - 0.15)))]


def test_the_stream_of_a_forest(forest):
    model, X, y, x = forest
    study = forcing.Study(model, X, y)
    events = list(study.events(x))
    kinds = [type(event) for event in events if not isinstance(event, Progress)]
    assert kinds[:2] == [Start, Stability]
    stable, verified = one(events, Stability), one(events, Verified)
    assert stable.leave_out == 0.01
    assert stable.tally.of == verified.agreement.of == verified.control.of == 11
    steps = one(events, Refined).steps if one(events, Refined) else None
    steps = steps or [event for event in events if isinstance(event, Step)]
    assert len({step.row for step in steps}) == len(steps)
    trainings = sum(isinstance(event, Progress) for event in events)
    assert trainings <= 100
    first = next(place for place, event in enumerate(events) if isinstance(event, Step))
    assert sum(isinstance(event, Progress) for event in events[:first]) <= 30
    notes = [event.note for event in events if isinstance(event, Progress)]
    assert notes[0].startswith("at most 100 trainings of about ")
    assert "at most" in notes[-1]


def test_a_decision_by_chance_is_called_unstable():
    X, y = classification()
    model = RandomForestClassifier(5, random_state=0).fit(X[:300], y[:300])
    study = forcing.Study(model, X[:300], y[:300])
    found = [study.explain(x, max_refits=20) for x in X[300:320]]
    unstable = [ex for ex in found if ex.status == "unstable"]
    assert unstable
    for ex in unstable:
        assert (ex.size, ex.verified, ex.flipped) == (0, None, False)
        assert ex.stability < 9 / 11
        assert "retrainings on the same rows decide otherwise" in ex.reason


def test_the_same_again_and_on_two_workers(forest):
    model, X, y, x = forest
    first = forcing.Study(model, X, y).explain(x)
    again = forcing.Study(model, X, y).explain(x)
    with joblib.parallel_config("threading", n_jobs=2):
        third = forcing.Study(model, X, y).explain(x)
    for other in (again, third):
        assert other.supports.tolist() == first.supports.tolist()
        assert other.verification.agreement == first.verification.agreement
        assert other.verification.control == first.verification.control


def test_stability_is_shared_between_targets(forest, monkeypatch):
    model, X, y, x = forest
    study = forcing.Study(model, X, y)
    study.explain(x)
    counted = []
    fit = RandomForestClassifier.fit
    monkeypatch.setattr(
        RandomForestClassifier, "fit", lambda *a, **k: counted.append(1) or fit(*a, **k)
    )
    events = study.events(x)
    for event in events:
        if isinstance(event, Stability):
            break
    assert not counted


def test_a_single_training_run_is_the_papers_own_question(forest):
    model, X, y, x = forest
    study = forcing.Study(model, X, y, retrainings=1)
    ex = study.explain(x, max_refits=150)
    assert ex.verified
    assert (ex.stability, ex.agreement, ex.control) == (None, None, None)
    kept = np.delete(np.arange(300), ex.supports)
    assert clone(model).fit(X[kept], y[kept]).predict(x[None])[0] != ex.claim.favoured
    assert "another training run may decide otherwise" in repr(ex)
    larger = forcing.Study(model, X, y).explain(x)
    assert larger.size > ex.size


@pytest.mark.parametrize("model", [GaussianNB(), SVC(), LinearDiscriminantAnalysis()], ids=str)
def test_models_that_repeat_themselves_are_explained_as_before(model):
    X, y = make_moons(60, noise=0.25, random_state=1)
    model = clone(model).fit(X, y)
    before = forcing.Study(model, X, y, retrainings=1).explain(X[3])
    now = forcing.Study(model, X, y).explain(X[3])
    assert now.supports.tolist() == before.supports.tolist()
    assert now.confidence.tolist() == before.confidence.tolist()
    assert (now.irreducible, now.stability) == (before.irreducible, None)


def test_held_rows_stay(forest):
    model, X, y, x = forest
    study = forcing.Study(model, X, y)
    first = study.explain(x)
    held = first.supports[:3]
    ex = study.explain(x, hold=held)
    assert not set(held) & set(ex.supports)
    assert ex.size
    if ex.verified:
        decided = fresh(model, X, y, x, ex.supports)
        assert np.mean(decided != ex.claim.favoured) > 0.5


def test_labels_may_be_changed_instead(forest):
    model, X, y, x = forest
    ex = forcing.Study(model, X, y).explain(x, method="relabel")
    assert ex.verified
    assert all(step.becomes == ex.claim.rival for step in ex.steps)
    changed = y.copy()
    changed[ex.supports] = ex.claim.rival
    decided = [
        clone(model).set_params(random_state=seed).fit(X, changed).predict(x[None])[0]
        for seed in range(90_000, 90_011)
    ]
    assert np.mean(np.array(decided) != ex.claim.favoured) > 0.5


def test_labels_of_a_model_that_repeats_itself():
    X, y = make_moons(60, noise=0.25, random_state=1)
    model = GaussianNB().fit(X, y)
    study = forcing.Study(model, X, y)
    ex = study.explain(X[3], method="relabel")
    assert ex.verified
    assert ex.irreducible
    changed = y.copy()
    changed[ex.supports] = ex.claim.rival
    assert GaussianNB().fit(X, changed).predict(X[[3]])[0] == ex.claim.rival
    for row in ex.supports:
        spared = changed.copy()
        spared[row] = y[row]
        assert GaussianNB().fit(X, spared).predict(X[[3]])[0] == ex.claim.favoured
    held = study.explain(X[3], hold=ex.supports[:1])
    assert held.verified
    assert ex.supports[0] not in held.supports


def test_training_of_ones_own(forest):
    model, X, y, x = forest
    asked = []

    def refit(rows, seed):
        asked.append((frozenset(rows.tolist()), seed))
        return clone(model).set_params(random_state=seed).fit(X[rows], y[rows])

    study = forcing.Study(model, X, y, refit=refit)
    stream, search, verdict = study.events(x), 0, 0
    for event in stream:
        if isinstance(event, Progress) and event.phase != "verify":
            search = len(asked) + 1
        elif isinstance(event, Progress):
            verdict = len(asked) + 1
    assert verdict >= search + 21  # the verdict, and its control
    assert len({seed for _, seed in asked[search : search + 11]}) == 11
    # A verdict is spoken by trainings that the search has never seen.
    assert not {seed for _, seed in asked[search:]} & {seed for _, seed in asked[:search]}
    ex = study.explain(x)
    assert ex.verified
    assert ex.stability is not None
    assert "your own training" in " ".join(study.notes)


def test_a_regression_forest():
    random = np.random.default_rng(0)
    X = random.uniform(size=(200, 2))
    y = 100 * X[:, 0] + 5 * random.normal(size=200)
    model = RandomForestRegressor(20, random_state=0).fit(X, y)
    ex = forcing.Study(model, X, y).explain([0.5, 0.5], threshold=40.0)
    assert ex.verified
    below = []
    for seed in range(80_000, 80_015):
        kept = np.delete(np.arange(200), ex.supports)
        again = clone(model).set_params(random_state=seed).fit(X[kept], y[kept])
        below.append(again.predict([[0.5, 0.5]])[0] < 40.0)
    assert np.mean(below) > 0.5


def test_several_classes():
    X, y = make_classification(300, 6, n_informative=4, n_classes=3, class_sep=1.0, random_state=3)
    model = RandomForestClassifier(20, random_state=0).fit(X[:250], y[:250])
    study = forcing.Study(model, X[:250], y[:250])
    margins = [study.claim(x).confidence for x in X[250:]]
    x = X[250 + int(np.argmin(np.abs(np.array(margins) - 0.7)))]
    ex = study.explain(x)
    assert ex.verified
    decided = fresh(model, X[:250], y[:250], x, ex.supports)
    assert np.mean(decided != ex.claim.favoured) > 0.5


def test_a_budget_too_small_says_what_is_needed(forest):
    model, X, y, x = forest
    study = forcing.Study(model, X, y)
    tiny = study.explain(x, max_refits=8)
    assert (tiny.status, tiny.size, tiny.stability) == ("limit", 0, None)
    assert "allow more with max_refits" in tiny.reason
    small = study.explain(x, max_refits=25)
    assert small.status == "limit"
    assert small.verified is None
    assert "A verdict and its control take 22" in small.reason


def test_what_was_found_is_kept_when_a_run_is_stopped(forest):
    model, X, y, x = forest
    study = forcing.Study(model, X, y)
    context = Context.of(study, x)
    events = study.events(x)
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Step):
            break
    events.close()
    ex = Explanation.gather(context, seen, {})
    assert ex.status == "cancelled"
    assert ex.size >= 1
    assert ex.stability is not None


def test_what_if_is_asked_of_several_retrainings(forest):
    model, X, y, x = forest
    study = forcing.Study(model, X, y)
    ex = study.explain(x)
    without = study.predict_without(ex.supports, x)
    assert without.tally.of == 11
    assert without.tally.flips >= 6
    assert without.flipped
    assert not study.predict_without([], x).flipped


def test_other_data_are_refused(forest):
    model, X, y, _ = forest
    study = forcing.Study(model, X, np.random.default_rng(0).permutation(y))
    refused = 0
    for x in X[:10]:
        try:
            study.explain(x, max_refits=12)
        except forcing.TrainingMismatchError:
            refused += 1
    assert refused


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"retrainings": 0}, "retrainings must be a whole number of at least 1"),
        ({"retrainings": 3}, "retrainings must be 1 .* or at least 5"),
        ({"retrainings": 11.0}, "retrainings must be a whole number"),
        ({"leave_out": 0.5}, "leave_out must be a share"),
        ({"leave_out": -0.1}, "leave_out must be a share"),
        ({"seeds": 0}, "seeds must be a whole number"),
        ({"seeds": 3, "leave_out": 0}, "leaves no retraining"),
    ],
)
def test_settings_are_checked_at_the_door(forest, given, expected):
    model, X, y, _ = forest
    with pytest.raises(ValueError, match=expected):
        forcing.Study(model, X, y, **given)


def test_the_seed_of_the_model_may_stay(forest):
    _, X, y, x = forest
    seen = set()

    class Watched(RandomForestClassifier):
        def fit(self, X, y, sample_weight=None):
            seen.add(self.random_state)
            return super().fit(X, y, sample_weight)

    watched = Watched(25, random_state=5).fit(X, y)
    forcing.Study(watched, X, y, seeds=1).explain(x)
    assert seen == {5}


def test_controls_are_as_many_rows_of_the_same_classes(forest):
    from forcing.models import TrainingData, adapt
    from forcing.study.black_box import BlackBoxExplainer, default_options
    from forcing.study.poll import Poll

    model, X, y, x = forest
    explainer = BlackBoxExplainer(adapt(model, TrainingData(X, y)))
    row = explainer.model.row(x)
    says = explainer.says(model, row)
    question = explainer._question(says, None, None)
    poll = Poll(explainer, question, question.claim(says), row, default_options(300))
    chosen = (*np.flatnonzero(y == 0)[:3].tolist(), *np.flatnonzero(y == 1)[:2].tolist())
    drawn = [poll._random(chosen, number) for number in range(5)]
    assert all(np.bincount(y[list(rows)]).tolist() == [3, 2] for rows in drawn)
    assert all(a != b for a, b in itertools.pairwise(drawn))
