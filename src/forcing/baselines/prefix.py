"""First-order prefix sets: how many and which rows a method says must go, without a refit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forcing.baselines.influence import influence, supports
from forcing.engine.arrays import on_host
from forcing.engine.conjugate import Conjugate
from forcing.engine.problem import Problem


@dataclass(frozen=True, eq=False)
class Selection:
    """Scores of all rows, and the set that the method claims to flip the decision."""

    scores: NDArray[np.float64]
    """(n,)"""
    chosen: NDArray[np.intp] | None = None
    """Strongest support first; None where the method claims none."""


def prefix(problem: Problem) -> Selection:
    """One shot: the fewest rows whose influences add up to more than the margin.

    Algorithm 1 of Yang, Jain and Wallace (2023), and AMIP (Broderick, Giordano and Meager,
    2020), with effects on the margin: on the probability they have the same order.
    """
    scores = on_host(influence(problem))
    candidates = np.flatnonzero(on_host(problem.removable(problem.fit.kept)))
    return Selection(scores, _shortest(problem, scores, candidates))


def prefix_refined(problem: Problem) -> Selection:
    """The same, repeated inside its own set with the curvature of the set gone.

    Algorithm 2 of Yang, Jain and Wallace (2023): the effects of the set's rows are computed
    anew with the Hessian, at the same parameters, of the rows that would remain; the fewest of
    these rows that now add up to more than the margin are the next set, until none is spared.
    """
    selection = prefix(problem)
    scores, chosen = selection.scores, selection.chosen
    if chosen is None:
        return selection
    effects = scores
    while True:
        fresh = _without(problem, chosen)
        fewer = _shortest(problem, fresh, np.sort(chosen))
        if fewer is None or len(fewer) == len(chosen):
            break
        effects, chosen = fresh, fewer
    scores = scores.copy()
    scores[chosen] = effects[chosen]
    return Selection(scores, chosen)


def _without(problem: Problem, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n,): first-order supports with the Hessian of all rows but the chosen."""
    objective, fit = problem.objective, problem.fit
    kept = problem.without([int(row) for row in chosen])
    inverse = Conjugate(objective, objective.hessian_weights(fit.predictor, kept), fit.curvature)
    return on_host(supports(problem, inverse.solve(problem.direction(fit.theta))))


def _shortest(
    problem: Problem, scores: NDArray[np.float64], candidates: NDArray[np.intp]
) -> NDArray[np.intp] | None:
    """The first of the candidates, by falling score, that add up to more than the margin."""
    order = candidates[np.argsort(-scores[candidates], kind="stable")]
    enough = np.flatnonzero(np.cumsum(scores[order]) > problem.margin(problem.fit.theta))
    return order[: enough[0] + 1] if len(enough) else None
