"""Problems of the engine made from arrays, for losses and namespaces that no estimator brings."""

from __future__ import annotations

import numpy as np

from forcing.baselines import rank
from forcing.engine.design import Dense
from forcing.engine.fitting import fit_at, refit
from forcing.engine.objective import LinearObjective
from forcing.engine.problem import Problem
from forcing.records import Claim


def problem_of(rows, labels, loss, target, penalty, *, weights=None, design=Dense, xp=np):
    """At a target that is a row of the design; labels (n,) of 0 and 1, or one-hot (n, K)."""
    n, p = rows.shape
    labels = np.asarray(labels, dtype=float)
    weights = np.ones(n) if weights is None else weights
    rows = design(xp.asarray(rows) if design is Dense else rows)
    objective = LinearObjective(
        rows, xp.asarray(labels), xp.asarray(weights), xp.asarray(np.broadcast_to(penalty, p)), loss
    )
    start = fit_at(objective, xp.zeros(objective.shape, dtype=xp.float64))
    fit = fit_at(objective, refit(objective, objective.weights, start).theta)
    theta = np.asarray(fit.theta)
    if labels.ndim == 1:
        K, favoured = 2, int(target @ theta > (0.5 if loss.calm == np.inf else 0.0))
        directions = [target if favoured else -target]
        offset = 0.5 if loss.calm == np.inf else 0.0
        offset = offset if favoured else -offset
        codes, rivals = labels.astype(int), (1 - favoured,)
    else:
        K, favoured, offset = labels.shape[1], int(np.argmax(target @ theta)), 0.0
        codes, rivals = labels.argmax(axis=1), tuple(k for k in range(K) if k != favoured)
        steps = np.eye(K)[favoured] - np.eye(K)[list(rivals)]
        directions = [np.outer(target, step) for step in steps]
    claim = Claim(favoured, rivals[0], 0.5, 0.0)
    return Problem(
        objective,
        fit,
        xp.asarray(np.stack(directions)),
        (offset,) * len(rivals),
        0.0,
        favoured,
        rivals,
        claim,
        tuple(range(K)),
        xp.asarray(codes),
    )


def scores_of(problem, method, seed=0):
    """(n,): scores by row; NaN for rows that are not ranked."""
    ranking = rank(problem, method, seed)
    scores = np.full(problem.objective.n_rows, np.nan)
    scores[ranking.rows] = ranking.scores
    return scores


def fall_without(problem, row):
    """By how much the margin over the rival that was nearest falls when the row leaves."""
    nearest = problem.nearest(problem.fit.theta)
    before, after = (
        problem.margins(theta)[nearest]
        for theta in (problem.fit.theta, problem.refit([int(row)]).theta)
    )
    return before - after
