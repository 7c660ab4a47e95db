"""Refined sets against every set there is, and against the sizes others have found."""

import json

import numpy as np
import pytest

from forcing.engine.refine import Refinement, predicted_swaps, put_back_effects, removal_effects
from forcing.records import Progress
from support import (
    blobs,
    digits,
    moons,
    problem,
    refit_margin,
    smallest_by_exhaustion,
    study_of,
    unsure,
)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("n", "p", "C"), [(12, 2, 1.0), (16, 3, 0.3), (20, 2, 10.0)])
def test_finds_the_optimum_of_small_problems(n, p, C, seed):
    X, y, model = blobs(n, p, seed=seed, C=C)
    study = study_of(X, y, model)
    for target in unsure(study, X, 0.7)[:2]:
        claim = study.claim(X[target])
        smallest = smallest_by_exhaustion(model, X, y, X[target], claim.favoured, 3)
        found = study.explain(X[target])
        if smallest is not None:
            assert found.flipped
            assert found.size == smallest
        else:
            assert not found.flipped or found.size > 3


def test_is_irreducible_by_scikit_learns_own_refits():
    X, y, model = digits()
    study = study_of(X, y, model)
    for target in unsure(study, X, 0.97)[-3:]:
        found = study.explain(X[target])
        claim, rows = found.claim, found.supports
        assert refit_margin(model, X, y, X[target], rows, claim.favoured) < 0
        for row in rows:
            others = np.setdiff1d(rows, [row])
            assert refit_margin(model, X, y, X[target], others, claim.favoured) >= 0
        assert found.irreducible


def test_shrinks_a_set_that_has_rows_to_spare():
    X, y, model = moons()
    p = problem(study_of(X, y, model), X[3])
    refinement = Refinement(p)
    order = np.argsort(removal_effects(p, p.fit), kind="stable")
    start = refinement.refit([int(i) for i in order[:30]], p.fit)
    assert refinement.flips(start.margin)
    *_, best = (item for item in refinement.run(start) if not isinstance(item, Progress))
    assert len(best.rows) == 8  # the optimum, as every start ends there
    assert all(m >= 0 for m in best.put_back)


def test_predictions_of_single_moves_are_near_the_refits():
    X, y, model = blobs(300, 3, seed=5, C=0.1)
    p = problem(study_of(X, y, model), X[9])
    out = [1, 5, 8]
    candidate = Refinement(p).refit(out, p.fit)
    for row, predicted in zip(out, put_back_effects(p, candidate.fit, out), strict=True):
        alone = p.margin(p.refit([r for r in out if r != row]).theta)
        assert candidate.margin + predicted == pytest.approx(alone, abs=5e-4)
    _, back, gone = predicted_swaps(p, candidate)[0]
    best = p.margin(p.refit(sorted({*out, gone} - {back})).theta)
    for _, other_back, other_gone in predicted_swaps(p, candidate)[-3:]:
        rows = sorted({*out, other_gone} - {other_back})
        assert best <= p.margin(p.refit(rows).theta)


@pytest.mark.parametrize("name", ["moons", "digits"])
def test_no_larger_than_the_best_known(reference_folder, name):
    from sklearn.model_selection import train_test_split

    known = json.loads((reference_folder / f"{name}.json").read_text())
    if name == "moons":
        X, y, model = moons(C=known["C"])
        rows, targets = X, X
    else:
        X, y, model = digits(C=known["C"])
        rows, targets, y, _ = train_test_split(X, y, test_size=0.3, random_state=0)
        model = model.fit(rows, y)
    study = study_of(rows, y, model)
    for entry in known["results"]:
        x = targets[entry["target"]]
        found = study.explain(x)
        assert found.flipped
        assert found.irreducible
        assert found.size <= 1.02 * entry["best_known"]
        truth = refit_margin(model, rows, y, x, found.supports, found.claim.favoured)
        assert truth < 0
