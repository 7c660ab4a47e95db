"""The engine keeps to the array API standard, so that torch on a GPU runs the same code."""

from dataclasses import replace

import array_api_strict as strict
import numpy as np
import pytest

from forcing.baselines import influence, representer
from forcing.engine.arrays import on_host
from forcing.engine.bounds import bound_tables, lower_bound
from forcing.engine.design import Dense
from forcing.engine.factorise import factorised
from forcing.engine.fitting import Fit
from forcing.engine.refine import Refinement
from forcing.engine.search import SearchOptions, search
from forcing.records import Progress, finished
from support import digits, problem, study_of


def moved(p, asarray):
    """The same problem in other arrays."""
    o = p.objective
    arrays = {k: asarray(getattr(o, k)) for k in ("labels", "weights", "penalty")}
    objective = replace(o, design=Dense(asarray(o.design.array)), **arrays)
    theta, predictor, kept = (asarray(x) for x in (p.fit.theta, p.fit.predictor, p.fit.kept))
    curvature = factorised(objective, objective.hessian_weights(predictor, kept))
    fit = Fit(theta, predictor, kept, curvature)
    return replace(
        p,
        objective=objective,
        fit=fit,
        directions=asarray(p.directions),
        codes=asarray(p.codes),
    )


@pytest.fixture(scope="module", params=["strict", "torch"])
def pair(request):
    """The same problem in NumPy's arrays, and in those that offer nothing but the standard or
    in torch's tensors.
    """
    X, y, model = digits()
    p = problem(study_of(X, y, model), X[30])
    if request.param == "torch":
        return p, moved(p, pytest.importorskip("torch").asarray)
    return p, moved(p, strict.asarray)


@pytest.mark.parametrize("method", ["mfs", "mfs-newton", "mfs-retrain"])
def test_search(pair, method):
    options = SearchOptions(method=method, qp_steps=2 if method == "mfs" else 1)
    ours, theirs = (list(search(p, p.fit, 12, options)) for p in pair)
    assert [s.row for s in ours] == [s.row for s in theirs]
    np.testing.assert_allclose([s.margin for s in ours], [s.margin for s in theirs], rtol=1e-6)


def test_refinement_bound_and_baselines(pair):
    results = []
    for p in pair:
        rows = [s.row for s in search(p, p.fit, 300, SearchOptions())]
        refinement = Refinement(p)
        *_, best = (
            item
            for item in refinement.run(refinement.refit(rows, p.fit), [rows[::-1]])
            if not isinstance(item, Progress)
        )
        tables = bound_tables(p)
        size = finished(lower_bound(p, tables, len(rows))).rows
        results.append((best.rows, size, on_host(influence(p)), on_host(representer(p))))
    (rows, size, *scores), (strict_rows, strict_size, *strict_scores) = results
    assert set(rows) == set(strict_rows)
    assert size == strict_size
    np.testing.assert_allclose(scores, strict_scores, rtol=1e-8, atol=1e-12)
