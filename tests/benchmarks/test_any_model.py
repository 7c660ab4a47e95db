"""Sets of several models beside each other, on the tumours that stand in for the loans."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from benchmarks import any_model, five_models
from benchmarks.five_models import BOOSTING, FOREST, LOGISTIC, NEIGHBOURS, NETWORK


@pytest.fixture(scope="module")
def data():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FORCING_DATA", raising=False)
        yield five_models.prepared(120)


@pytest.fixture(scope="module")
def quick(data):
    return five_models.studied(data, [LOGISTIC, NEIGHBOURS])


def test_says_what_stands_in(data):
    assert "FORCING_DATA" in data.note
    assert data.X.shape == (120, 30)
    assert np.allclose(data.X.mean(axis=0), 0)


def test_codes_below_zero_are_missing(monkeypatch):
    frame = five_models.datasets.load_breast_cancer()
    frame.X.iloc[0, 0] = -9
    monkeypatch.setattr(five_models.datasets, "load_heloc", lambda: frame)
    made = five_models.prepared(len(frame.y))
    middle = frame.X.iloc[1:, 0].median()
    scale = np.std(frame.X.iloc[:, 0].where(frame.X.iloc[:, 0] >= 0, middle))
    apart = made.X[0, 0] - made.X[1, 0]
    assert apart == pytest.approx((middle - frame.X.iloc[1, 0]) / scale)


def test_targets_are_decided_alike_by_all(data, quick):
    targets = any_model.agreed(quick, data, 4)
    assert len(set(targets)) == 4
    for t in targets:
        assert len({quick[name].study.claim(data.X_test[t]).favoured for name in quick}) == 1


@pytest.mark.parametrize("name", [LOGISTIC, NEIGHBOURS])
def test_a_set_flips_its_own_model(data, quick, name):
    target = data.X_test[any_model.agreed(quick, data, 3)[1]]
    found = any_model.explained(quick[name], target)
    assert found.verified
    assert found.again == 1.0
    assert found.size == len(found.supports) >= found.bound
    kept = np.setdiff1d(np.arange(120), found.supports)
    model = {LOGISTIC: LogisticRegression(), NEIGHBOURS: KNeighborsClassifier(15)}[name]
    before = quick[name].study.claim(target).favoured
    assert model.fit(data.X[kept], data.y[kept]).predict(target[None])[0] != before


def test_neighbours_have_the_smallest_set(data, quick):
    found = any_model.explained(quick[NEIGHBOURS], data.X_test[0])
    assert found.size == found.bound


def test_counts_the_fits(data, quick):
    with quick[NEIGHBOURS].trainings() as counted:
        for _ in range(3):
            KNeighborsClassifier().fit(data.X, data.y)
        LogisticRegression().fit(data.X, data.y)
    assert counted["fits"] == 3


def test_the_network_is_trained_several_times(data):
    subject = five_models.studied(data, [NETWORK])[NETWORK]
    with subject.trainings() as counted:
        decisions = subject.decisions([3, 5], data.X_test[0])
    assert counted["fits"] == len(decisions) == five_models.RETRAINED
    assert np.mean([subject.study.claim(x).favoured for x in data.X[:30]] == data.y[:30]) > 0.9


@pytest.mark.parametrize("name", [FOREST, BOOSTING])
def test_trees_are_trained_several_times(data, name):
    subject = five_models.studied(data, [name])[name]
    first, second = (shares(data.X_test) for shares in subject.trained([])[:2])
    assert len(subject.trained([])) == five_models.RETRAINED
    assert not np.array_equal(first, second)


def test_targets_are_decided_alike_by_retrainings(data):
    subjects = five_models.studied(data, [FOREST])
    for t in any_model.agreed(subjects, data, 3):
        subject = subjects[FOREST]
        favoured = subject.study.claim(data.X_test[t]).favoured
        assert set(subject.decisions([], data.X_test[t])) == {favoured}


def test_one_training_run_is_a_study_of_its_own(data):
    alone = five_models.studied(data, [FOREST], retrainings=1)[FOREST]
    found = any_model.explained(alone, data.X_test[0], max_refits=20)
    assert found.stable is found.agreement is found.control is None


def test_overlap_by_hand():
    sets = {"a": [[1, 2], [5], []], "b": [[2, 3, 4], [5], [7]]}
    assert any_model.overlap(sets, "jaccard", 10)["a"] == pytest.approx([1.0, (1 / 4 + 1) / 2])
    within = any_model.overlap(sets, "within", 10)
    assert within["a"][1] == pytest.approx((1 / 2 + 1) / 2)
    assert within["b"][0] == pytest.approx((1 / 3 + 1) / 2)
    assert any_model.overlap(sets, "chance", 10)["a"][1] == pytest.approx((0.3 + 0.1) / 2)


def test_a_set_need_not_flip_another_model(data, quick):
    targets = [data.X_test[t] for t in any_model.agreed(quick, data, 2)]
    sets = {name: [any_model.explained(quick[name], x).supports for x in targets] for name in quick}
    flips = any_model.transfers(quick, sets, targets)
    assert flips[LOGISTIC][0] == flips[NEIGHBOURS][1] == 1.0
    nothing = {name: [[] for _ in targets] for name in quick}
    assert np.isnan(any_model.transfers(quick, nothing, targets)[LOGISTIC]).all()
