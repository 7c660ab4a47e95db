"""Sets of learners that do not repeat themselves, checked by retrainings made elsewhere."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import forcing
from benchmarks import retrainings as section
from benchmarks.retraining_subjects import (
    FIRST_SEED,
    FRESH,
    LEARNERS,
    Fresh,
    drawn,
    fitted,
    kept_rows,
    seeded,
    spread,
)


@pytest.fixture(scope="module")
def rows():
    return drawn("breast-cancer", 120)


@pytest.fixture(scope="module")
def fresh(rows):
    return Fresh(ExtraTreesClassifier(15, random_state=0), rows, count=5)


@pytest.mark.parametrize("name", LEARNERS)
def test_learners_are_there_and_draw(name):
    package, made = LEARNERS[name]
    pytest.importorskip(package)
    seeds = [k for k in made().get_params() if k.endswith(("random_state", "random_seed"))]
    again = seeded(made(), 3).get_params()
    assert seeds
    assert {again[k] for k in seeds} == {FIRST_SEED + 3}


def test_seeds_reach_into_a_pipeline():
    inside = make_pipeline(StandardScaler(), ExtraTreesClassifier(2, random_state=0))
    assert seeded(inside, 1)[-1].random_state == FIRST_SEED + 1
    assert inside[-1].random_state == 0


def test_a_retraining_leaves_out_one_in_a_hundred_and_the_set():
    kept = kept_rows(400, [7, 9], 0)
    assert 394 <= len(kept) <= 396
    assert not {7, 9} & set(kept.tolist())
    assert not np.array_equal(kept, kept_rows(400, [7, 9], 1))
    assert np.array_equal(kept, kept_rows(400, [7, 9], 0))


def test_random_rows_have_the_classes_of_the_set(rows, fresh):
    gone = [0, 1, 2, 3, 4, 5, 6]
    first, second = fresh.random(gone, 0), fresh.random(gone, 1)
    assert first != second
    assert len(set(first)) == len(gone)
    assert sorted(rows.y[first]) == sorted(rows.y[gone])


def test_counts_what_fresh_retrainings_decide(rows, fresh):
    x, gone = rows.X_test[0], list(range(30))
    labels = []
    for number in range(5):
        kept = kept_rows(120, gone, number)
        model = clone(fresh.estimator).set_params(random_state=FIRST_SEED + number)
        labels.append(model.fit(rows.X[kept], rows.y[kept]).predict(x[None])[0])
    assert fresh.without(gone, x, 0) == np.mean(np.array(labels) != 0)
    assert fresh.with_all(x, 0) == 1 - fresh.with_all(x, 1)


def test_targets_are_near_the_confidences_asked_for(rows):
    model = fitted(ExtraTreesClassifier(100, random_state=0), rows.X, rows.y)
    targets = spread(model, rows, (0.7, 0.7, 1.0))
    sure = model.predict_proba(rows.X_test).max(axis=1)
    assert len(set(targets)) == 3
    assert abs(sure[targets[0]] - 0.7) <= abs(sure[targets[1]] - 0.7)
    assert sure[targets[2]] == sure.max()


def test_a_decision_is_measured(rows, fresh):
    model = fitted(clone(fresh.estimator), rows.X, rows.y)
    studies = [forcing.Study(model, rows.X, rows.y, retrainings=r) for r in (5, 1)]
    one = section.measured(*studies, fresh, spread(model, rows, (0.8,))[0])
    assert 0.5 <= one.confidence <= 1
    assert one.trainings >= 5
    assert 0 <= one.all_rows <= 1
    assert (one.without is None) == (one.size == 0)
    assert one.until_first is None or one.until_first <= one.trainings


def decision(**values):
    usual = {
        "target": 0, "confidence": 0.7, "status": "flipped", "size": 30, "verified": True,
        "stable": 1.0, "agreement": 10 / 11, "control": 0.0, "alike": False, "candidates": 1,
        "without": 0.8, "random": 0.04, "all_rows": 0.0, "trainings": 60, "until_first": 16,
        "seconds": 20.0, "old_size": 10, "old_verified": True, "old_without": 0.2,
        "old_seconds": 30.0,
    }  # fmt: skip
    return usual | values


def test_conclusions_are_counted():
    nothing = {"verified": None, "size": 0, "without": None, "random": None, "until_first": None}
    told = "\n".join(
        section.conclusions(
            [
                decision(),
                decision(without=0.4, old_without=0.6),
                decision(status="unstable", stable=0.6, all_rows=0.4, **nothing),
                decision(status="limit", **nothing),
            ]
        )
    )
    assert "Of 4 decisions 2 have a set that is called verified, 1 are called unstable" in told
    assert f"for 1 of 2 most of {FRESH}" in told
    assert "of 4 that its refit confirms, for 1 most" in told
    assert "with all rows 40 %" in told
    assert "3 times the rows" in told


def test_a_line_for_each_decision():
    values = {"some": {"rows": 9, "columns": 2, "found": {"a learner": [decision(alike=True)]}}}
    line = next(line for line in section.printed(values) if line.startswith("| a learner"))
    assert "as chance" in line
    assert "20 / 1 / 0" in line
    assert "10 | 5 |" in line
