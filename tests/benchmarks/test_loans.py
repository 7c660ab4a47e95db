from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from benchmarks.loan_data import (
    SPACES,
    WORDS,
    applicants,
    as_confident,
    confident_mistakes,
    in_words,
)
from benchmarks.loan_measures import (
    BASELINES,
    NEGATIVE,
    RELABELLED,
    REMOVED,
    TRUE_SIGNS,
    corrected,
    corrections,
    distance,
    measured,
    orders,
    switched,
)
from benchmarks.loans import loans
from benchmarks.settings import Settings
from forcing.datasets import HELOC_SPECIAL, load_breast_cancer


@pytest.fixture(scope="module")
def case():
    return applicants(load_breast_cancer())


@pytest.fixture(scope="module")
def mistakes(case):
    """Explained, by target."""
    return {int(t): case.explain(int(t), baselines=BASELINES) for t in confident_mistakes(case)}


@pytest.fixture(scope="module")
def mistake(mistakes):
    """The one that stands on most rows."""
    return max(mistakes.items(), key=lambda pair: pair[1].size)


def test_codes_become_words_and_numbers_stay():
    frame = pd.DataFrame({"months": [3, -7, -8], "trades": [0, 5, 2], "burden": [-9, 0, 1]})
    words = in_words(frame)
    assert words["months"].tolist() == [3, "never happened", "no usable trades"]
    assert words["burden"].tolist() == ["no record", 0, 1]
    assert words["trades"].dtype == frame["trades"].dtype
    assert frame["months"].tolist() == [3, -7, -8]
    assert set(WORDS) == set(HELOC_SPECIAL)


def test_codes_are_missing_to_the_model():
    data = load_breast_cancer()
    X = data.X.copy()
    X.iloc[:40, 0] = -7
    case = applicants(dataclasses.replace(data, X=X))
    assert case.X.isna().sum().sum() == 40
    assert set(case.words.iloc[:40, 0]) == {"never happened"}
    # Each has the median of the others.
    Z, _ = case.prepared
    column = X.iloc[40:, 0]
    filled = pd.concat([pd.Series([column.median()] * 40), column])
    assert Z[0, 0] == pytest.approx((column.median() - filled.mean()) / filled.std(ddof=0))


def test_mistakes_come_with_the_surest_first_and_right_ones_are_alike(case):
    mistakes = confident_mistakes(case).tolist()
    assert all(case.predicted[t] != case.data.y_test[t] for t in mistakes)
    assert len(mistakes) == int(np.sum(case.predicted != case.data.y_test))
    sure = case.confidence[mistakes]
    assert (np.diff(sure) <= 0).all()
    right = as_confident(case, [mistakes[0]] * 3)
    assert len(set(right)) == 3
    assert all(case.predicted[t] == case.data.y_test[t] for t in right)
    every = np.flatnonzero(case.predicted == case.data.y_test)
    away = np.sort(np.abs(case.confidence[every] - sure[0]))
    assert np.abs(case.confidence[right] - sure[0]) == pytest.approx(away[:3])


def test_distances_are_in_units_of_chance(case):
    everyone = np.arange(len(case.X))
    for space in SPACES:
        assert distance(case, space, 3, everyone) == pytest.approx(1)
    points, targets = case.spaces["two features"]
    columns = case.X[list(case.data.axes)]
    means, deviations = columns.mean().to_numpy(), columns.std(ddof=0).to_numpy()
    assert points == pytest.approx((columns.to_numpy() - means) / deviations)
    apart = np.hypot(*(points - targets[3]).T)
    assert distance(case, "two features", 3, np.array([7])) == pytest.approx(
        apart[7] / apart.mean()
    )


def test_what_is_measured_of_mistakes(case, mistakes):
    negatives = set()
    for target, found in mistakes.items():
        one = measured(case, target, found)
        assert one.wrong
        assert one.flipped
        assert (one.size, one.confidence) == (found.size, found.claim.confidence)
        labels = case.data.y[found.supports]
        assert one.negative == np.sum(labels != one.predicted)
        assert one.decided["forcing set"][0] == np.mean(labels[:10] == one.predicted)
        assert one.decided["nearest"] == (1, 1)
        assert one.away["all features"]["nearest"][0] < 1
        rows = found.rankings["representer"].rows
        assert one.away["components"]["representer"] == (
            distance(case, "components", target, rows[:10]),
            distance(case, "components", target, rows[10:40]),
        )
        positive, negative = np.nan_to_num(one.sides["components"])
        away = (one.size - one.negative) * positive + one.negative * negative
        assert away == pytest.approx(
            one.size * distance(case, "components", target, found.supports)
        )
        negatives.add(one.negative)
    assert len(negatives) > 1


def test_the_signs_of_the_truth_turn_the_order_of_a_mistake_alone(mistake):
    _, found = mistake
    influence = found.rankings["influence"].rows
    assert orders(found, wrong=True)[TRUE_SIGNS].tolist() == influence[::-1].tolist()
    assert orders(found, wrong=False)[TRUE_SIGNS].tolist() == influence.tolist()


def test_corrections_say_what_a_refit_decides(case, mistake):
    target, found = mistake
    told = {one.what: one for one in corrections(case, target, found)}
    assert told[REMOVED].rows == found.size
    assert told[REMOVED].flipped
    assert told[RELABELLED].flipped
    assert told[RELABELLED].rows <= found.size
    assert told[NEGATIVE].rows == sum(not step.positive for step in found.steps)
    # By hand, with the whole pipeline's last step on what is left.
    Z, Z_test = case.prepared
    kept = np.setdiff1d(np.arange(len(Z)), found.supports)
    head = clone(case.model[-1]).set_params(tol=1e-10, max_iter=10_000)
    new = head.fit(Z[kept], case.data.y[kept]).predict(Z_test)
    others = np.arange(len(Z_test)) != target
    assert told[REMOVED].changed == np.sum((new != case.predicted)[others])
    right = case.data.y_test
    gain = np.mean((new == right)[others]) - np.mean((case.predicted == right)[others])
    assert told[REMOVED].accuracy == pytest.approx(gain)
    assert told[REMOVED].better == np.sum(((new == right) & (case.predicted != right))[others])


def test_nothing_corrected_changes_nothing(case):
    none = np.array([], dtype=np.intp)
    assert switched(case.data.y, none).tolist() == case.data.y.tolist()
    one = corrected(case, 0, "nothing", none, case.data.y)
    assert (one.rows, one.flipped, one.accuracy, one.changed, one.better) == (0, False, 0, 0, 0)


def test_labels_are_switched_where_asked_alone(case):
    y = case.data.y
    new = switched(y, np.array([2, 5]))
    assert np.flatnonzero(new != y).tolist() == [2, 5]
    assert set(new) == set(y)


def test_without_the_data_the_section_says_so(monkeypatch):
    monkeypatch.delenv("FORCING_DATA", raising=False)
    assert "FORCING_DATA" in "".join(loans(Settings()))
