"""Our attributions against those of other packages; needs the `bench` extra."""

import os
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import PEERS, Head
from benchmarks.peers.contract import order_of, predicted_set
from forcing.baselines import influence, representer
from support import blobs, problem, refit_margin, sign, study_of, tight_fit

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs, by the dozen


@pytest.fixture(scope="module")
def case():
    X, y, model = blobs(200, 6, seed=1)
    return X, y, model, study_of(X, y, model)


def scores(name, case, target):
    peer = PEERS[name]
    for package in peer.packages:
        pytest.importorskip(package)
    X, y, model, _ = case
    at = tight_fit(model, X, y, np.arange(len(y)))
    head = Head(X, y, at.coef_[0], float(at.intercept_[0]), model.C)
    with Path(os.devnull).open("w") as nowhere, redirect_stderr(nowhere):
        return peer.setup(head)(X[target])


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("influence, exact", 1e-7),
        ("pyDVL influence, direct", 1e-4),
        ("captum influence, naive", 1e-4),
        ("dattri influence, explicit", 1e-4),
        # A tenth of the intercept's column is the most that lets these converge.
        ("pyDVL influence, CG", 1e-2),
        ("dattri influence, CG, 10 iterations", 1e-2),
    ],
)
@pytest.mark.parametrize("target", [3, 8])  # one of each class
def test_influence_agrees_with(name, error, target, case):
    ours = np.asarray(influence(problem(case[3], case[0][target])))
    assert scores(name, case, target) == pytest.approx(ours, abs=error * np.abs(ours).max())


@pytest.mark.parametrize("target", [3, 8])
def test_representer_points_agree_with_their_formula(target, case):
    ours = np.asarray(representer(problem(case[3], case[0][target])))
    theirs = scores("representer points", case, target)
    assert theirs == pytest.approx(ours, abs=1e-6 * np.abs(ours).max())


@pytest.mark.parametrize("name", ["captum TracInCPFast", "dattri TracIn"])
@pytest.mark.parametrize("target", [3, 8])
def test_tracin_is_the_product_of_the_gradients(name, target, case):
    X, _, _, study = case
    p = problem(study, X[target])
    rho = np.asarray(p.objective.residuals(p.fit.predictor))
    favoured = float(p.claim.favoured == p.classes[1])
    at = 1 / (1 + np.exp(-sign(p) * float(p.direction(p.fit.theta) @ p.fit.theta))) - favoured
    formula = at * rho * (X @ X[target] + 1)
    theirs = scores(name, case, target)
    assert theirs == pytest.approx(formula, abs=1e-5 * np.abs(formula).max())
    # Representer points differ from it by a factor and the intercept's part alone.
    ours = np.asarray(representer(p)) - p.sign * rho
    assert np.corrcoef(ours, theirs)[0, 1] == pytest.approx(1.0, abs=1e-6)


def test_a_predicted_set_is_the_shortest_prefix_beyond_the_margin():
    support = np.array([0.1, -1.0, 0.5, np.nan, 0.3])
    assert order_of(support).tolist() == [2, 4, 0, 1]
    assert predicted_set(support, 0.7).tolist() == [2, 4]
    assert predicted_set(support, 0.8).tolist() == [2, 4, 0]
    assert predicted_set(support, 1.0) is None


def test_the_scores_of_influence_predict_the_margin_of_small_sets(case):
    X, y, model, study = case
    rows = order_of(scores("influence, exact", case, 8))[:3]
    claim = study.claim(X[8])
    fall = scores("influence, exact", case, 8)[rows].sum()
    left = refit_margin(model, X, y, X[8], rows, claim.favoured)
    assert claim.margin - left == pytest.approx(fall, rel=0.3)
