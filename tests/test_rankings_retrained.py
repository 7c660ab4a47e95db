"""Baselines measured on a model whose training does not repeat itself."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

import forcing
from forcing.engine.chance import Chance
from forcing.records import End, Progress, Ranking, Verified
from forcing.study import rankings
from forcing.study.refits import RANK_REFITS


class Counted(RandomForestClassifier):
    """A forest that counts its trainings."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        Counted.fits += 1
        return super().fit(X, y, sample_weight)


@pytest.fixture(scope="module")
def case():
    X, y = make_classification(300, 6, n_informative=3, flip_y=0.15, class_sep=0.7, random_state=0)
    model = Counted(8, min_samples_leaf=3, random_state=0).fit(X[:250], y[:250])
    study = forcing.Study(model, X[:250], y[:250])
    confidence = [study.claim(x).confidence for x in X[250:]]
    return study, X[250:][int(np.argsort(confidence)[30])]


def mean_by_hand(study, x, rows):
    """Mean log-odds, at most 4 to either side, of three forests that are trained here."""
    favoured = study.classes.tolist().index(study.claim(x).favoured)
    chance, values = Chance(study.n_rows), []
    for number in range(3):
        kept = np.setdiff1d(np.arange(study.n_rows), [*rows, *chance.left_out(number)])
        forest = clone(study.model).set_params(random_state=chance.seed(number))
        p = forest.fit(study.X[kept], study.y[kept]).predict_proba(x[None])[0]
        with np.errstate(divide="ignore"):
            values.append(np.clip(np.log(p[favoured]) - np.log(p[1 - favoured]), -4, 4))
    return float(np.mean(values))


@pytest.mark.parametrize("method", ["nearest", "knn-shapley"])
def test_the_mean_of_three_trainings_turns_at_that_length_and_not_much_before(case, method):
    study, x = case
    Counted.fits = 0
    ranking = study.rank(x, method)
    assert Counted.fits <= RANK_REFITS
    assert ranking.flips_at is not None
    order = ranking.rows.tolist()
    assert mean_by_hand(study, x, order[: ranking.flips_at]) < 0
    shorter = [k for k, _ in ranking.curve if k < ranking.flips_at]
    assert mean_by_hand(study, x, order[: max(shorter)]) >= 0
    assert ranking.flips_at - max(shorter) <= max(1, ranking.flips_at // 8)


def test_an_order_that_does_not_turn_has_no_such_length(case):
    study, x = case
    ranking = study.rank(x, "random")
    assert ranking.flips_at is None
    assert ranking.tried == 150  # 60 % of the rows
    assert mean_by_hand(study, x, ranking.rows[:150].tolist()) >= 0


def test_the_curve_has_the_mean_confidence(case):
    study, x = case
    ranking = study.rank(x, "nearest")
    favoured = study.classes.tolist().index(study.claim(x).favoured)
    assert (ranking.curve[0][0], ranking.curve[-1][0]) == (0, ranking.tried)
    chance = Chance(study.n_rows)
    for k, told in ranking.curve:
        found = []
        for number in range(3):
            kept = np.setdiff1d(np.arange(250), [*ranking.rows[:k], *chance.left_out(number)])
            forest = clone(study.model).set_params(random_state=chance.seed(number))
            forest.fit(study.X[kept], study.y[kept])
            found.append(forest.predict_proba(x[None])[0, favoured])
        assert told == pytest.approx(np.mean(found))


def test_a_run_has_its_rankings_after_the_verdict(case):
    study, x = case
    records = [r for r in study.events(x, baselines=("nearest",)) if not isinstance(r, Progress)]
    kinds = [type(record) for record in records]
    assert kinds.index(Verified) < kinds.index(Ranking) == len(kinds) - 2
    assert kinds[-1] is End
    ranking = records[-2]
    assert ranking.flips_at == study.rank(x, "nearest").flips_at
    assert records[-1].seconds > records[kinds.index(Verified)].seconds + 0.9 * ranking.seconds
    assert not any(isinstance(r, Ranking) for r in study.events(x))


def test_of_an_unstable_decision_there_is_no_ranking(case):
    study, _ = case
    X, _ = make_classification(300, 6, n_informative=3, flip_y=0.15, class_sep=0.7, random_state=0)
    x = min(X[250:], key=lambda x: study.claim(x).confidence)
    records = list(study.events(x, baselines=("nearest",)))
    assert records[-1].status == "unstable"
    assert not any(isinstance(r, Ranking) for r in records)


def test_where_the_trainings_are_spent_what_was_measured_counts(case, monkeypatch):
    study, x = case
    whole = study.rank(x, "random")
    monkeypatch.setattr(rankings, "RANK_REFITS", 10)
    Counted.fits = 0
    short = study.rank(x, "random")
    assert Counted.fits <= 10
    assert (short.flips_at, short.tried) == (None, 2)
    assert short.curve == whole.curve[:1] + tuple(p for p in whole.curve if p[0] in (1, 2))
