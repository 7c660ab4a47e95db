"""Refits of the user's own that are random: asked once a seed."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

import forcing
from forcing.records import Refined, Verified
from forcing.study.verification import UserRefit
from support import moons


class Fixed:
    """Decides for class 1 with these log-odds, whatever it is asked."""

    classes_ = (0, 1)

    def __init__(self, log_odds):
        self.log_odds = log_odds

    def decision_function(self, rows):
        return np.full(len(rows), self.log_odds)


def run(study, x, **options):
    """The set, where one was refined, and the last verification."""
    records = list(study.events(x, **options))
    refined = next((r for r in records[::-1] if isinstance(r, Refined)), None)
    return refined, [r for r in records if isinstance(r, Verified)][-1]


def test_most_seeds_decide():
    X, y, model = moons()
    asked = []

    def refit(rows, seed):
        asked.append((len(rows), seed))
        flipped = -1.0 if study.claim(X[80]).favoured == 1 else 1.0
        return Fixed(flipped * {10: 3.0, 11: -1.0, 12: 2.0}[seed])

    study = forcing.Study(model, X, y, refit=refit, seeds=3, random_state=10)
    refined, verified = run(study, X[80])
    assert asked == [(len(X) - len(refined.steps), seed) for seed in (10, 11, 12)]
    assert verified.flipped
    assert verified.by == "your refit (2 of 3 seeds flip)"
    assert verified.decision.margin == pytest.approx(-2.0)
    assert verified.irreducible is None


def test_half_of_the_seeds_is_not_enough():
    X, y, model = moons()

    def refit(rows, seed):  # noqa: ARG001
        favoured = study.claim(X[80]).favoured
        return Fixed((1.0 if favoured == 1 else -1.0) * (1.0 if seed else -1.0))

    study = forcing.Study(model, X, y, refit=refit, seeds=2)
    _, verified = run(study, X[80], max_removals=5)
    assert not verified.flipped
    assert verified.by == "your refit (1 of 2 seeds flip)"


def test_a_refit_without_a_seed_is_asked_once():
    X, y, model = moons()
    study = forcing.Study(model, X, y, refit=lambda rows: model.fit(X[rows], y[rows]))
    _, verified = run(study, X[80])
    assert verified.by == "your refit"


@pytest.mark.parametrize(
    ("refit", "seeds", "expected"),
    [
        (lambda rows: rows, 2, "no parameter `seed`"),
        (lambda rows, seed: rows, 0, "at least 1"),  # noqa: ARG005
        (lambda rows, seed: rows, True, "at least 1"),  # noqa: ARG005
        (lambda rows, seed: rows, 1.5, "at least 1"),  # noqa: ARG005
    ],
)
def test_what_is_wrong_is_named(refit, seeds, expected):
    with pytest.raises(ValueError, match=expected):
        UserRefit.of(refit, seeds, 0)


def test_a_model_of_no_chance_needs_a_refit_for_its_seeds():
    X, y, model = moons()
    with pytest.raises(ValueError, match="refit is None"):
        forcing.Study(model, X, y, seeds=2)


def test_a_model_known_by_refits_alone_is_refitted_with_other_seeds():
    X, y, _ = moons()
    forest = RandomForestClassifier(5, max_depth=3, random_state=0).fit(X[:40], y[:40])
    study = forcing.Study(forest, X[:40], y[:40], seeds=3)
    _, verified = run(study, X[80], max_refits=30)
    assert verified.by.endswith("of 3 seeds flip)")


def test_a_seed_is_given_where_it_is_wanted():
    asked = UserRefit.of(lambda rows, seed: (len(rows), seed), 2, None)
    assert list(asked.models(np.arange(3))) == [(3, 0), (3, 1)]
