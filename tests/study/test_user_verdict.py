"""Training of the user's own has the last word on sets of models with an objective."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import forcing
from forcing.models.user_refit import UserRefit
from forcing.records import End, Refined, Stability, Verified
from support import moons

X, y, MODEL = moons()
TARGET = X[80]
FAVOURED = int(MODEL.predict(TARGET[None])[0])


class Fixed:
    """Decides with these log-odds for the class of the claim, whatever it is asked."""

    classes_ = (0, 1)

    def __init__(self, margin):
        self.margin = margin

    def decision_function(self, rows):
        return np.full(len(rows), self.margin if FAVOURED == 1 else -self.margin)


class Training:
    """Decides otherwise with a known probability where many rows of the class are missing."""

    def __init__(self, otherwise, rows_missing=2, stable=1.0):
        self.otherwise, self.rows_missing, self.stable = otherwise, rows_missing, stable
        self.asked = []

    def __call__(self, rows, seed):
        self.asked.append((tuple(rows.tolist()), seed))
        draw = np.random.default_rng([seed, len(rows)]).random()
        missing = len(X) - len(rows) - 1  # one is left out at random
        turns = self.otherwise if missing >= self.rows_missing else 1 - self.stable
        sure = 1.0 + np.random.default_rng(seed).random()
        return Fixed(-sure if draw < turns else sure)


def run(study, **options):
    records = list(study.events(TARGET, **options))
    verified = [record for record in records if isinstance(record, Verified)]
    stable = next((record for record in records if isinstance(record, Stability)), None)
    refined = [record for record in records if isinstance(record, Refined)]
    end = records[-1]
    assert isinstance(end, End)
    return stable, verified, refined[-1] if refined else None, end


def test_most_of_fresh_trainings_decide():
    training = Training(otherwise=1.0)
    stable, verified, refined, end = run(forcing.Study(MODEL, X, y, refit=training))
    assert end.status == "flipped"
    assert stable.tally.flips == 0
    assert verified[-1].flipped
    assert verified[-1].agreement.flips == verified[-1].agreement.of == 11
    assert verified[-1].control.flips == 11  # it looks at the number of rows alone,
    assert verified[-1].alike  # which is said
    assert verified[-1].irreducible is None
    gone = {step.row for step in refined.steps}
    verdict = [rows for rows, _ in training.asked if not gone & set(rows)]
    assert len(verdict) >= 11
    seeds = [seed for rows, seed in training.asked if not gone & set(rows)]
    assert len(set(seeds)) == len(seeds)


def test_half_of_them_are_not_enough():
    training = Training(otherwise=0.5)
    _, verified, _, end = run(forcing.Study(MODEL, X, y, refit=training), max_removals=30)
    assert not verified[-1].flipped
    assert end.status == "limit"
    assert 1 <= verified[-1].candidates <= 4
    assert "put to the test" in end.reason


def test_a_decision_of_chance_is_told_before_any_search():
    training = Training(otherwise=1.0, stable=0.5)
    stable, verified, refined, end = run(forcing.Study(MODEL, X, y, refit=training))
    assert end.status == "unstable"
    assert stable.tally.of == 11
    assert not verified
    assert refined is None


def test_one_training_is_asked_with_its_own_seed():
    training = Training(otherwise=1.0)
    study = forcing.Study(MODEL, X, y, refit=training, retrainings=1, random_state=7)
    stable, verified, refined, _ = run(study)
    assert stable is None
    assert verified[-1].agreement is None
    assert verified[-1].by == "your refit"
    assert [seed for _, seed in training.asked] == [7]
    assert len(training.asked[0][0]) == len(X) - len(refined.steps)


def test_a_training_that_repeats_itself_is_asked_once_of_a_set():
    asked = []

    def refit(rows):
        asked.append(len(rows))
        return MODEL.__class__().fit(X[rows], y[rows])

    stable, verified, refined, _ = run(forcing.Study(MODEL, X, y, refit=refit))
    assert stable is None
    assert verified[-1].flipped
    assert verified[-1].agreement is None
    assert asked[-1] == len(X) - len(refined.steps)
    assert len(asked) <= 4 + 2  # the probe, and the verification


def test_a_training_without_a_seed_that_draws_is_found_out():
    random = np.random.default_rng(0)

    def refit(rows):
        return Fixed(float(random.normal(3.0 if len(rows) > 98 else -3.0, 1.0)))

    stable, verified, _, _ = run(forcing.Study(MODEL, X, y, refit=refit))
    assert stable.tally.of == 11
    assert verified[-1].agreement.flips >= 9


def test_the_probe_finds_a_forest_with_a_fixed_seed():
    def refit(rows):
        return RandomForestClassifier(10, random_state=0).fit(X[rows], y[rows])

    stable, _, _, _ = run(forcing.Study(MODEL, X, y, refit=refit))
    assert stable is not None


def test_what_refit_is_not():
    with pytest.raises(TypeError, match="refit must be a function from the positions"):
        UserRefit.of("forest", 0)
    assert UserRefit.of(None, 0) is None
    assert UserRefit.of(int, 0).takes_seed is False
