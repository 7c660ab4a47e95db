"""How much of the curvature along its own direction a row provides itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from array_api_compat import array_namespace

from forcing.engine.arrays import Array, beside, eye
from forcing.engine.factorise import factorised
from forcing.engine.problem import Problem

ROWS_AT_A_TIME = 512
"""Rows whose leverage is solved for side by side."""

FEW = 1_000
"""Solves by conjugate gradients that are made, where the Hessian has no factor, before leverages
are estimated."""

SKETCHES = 256
"""Random directions to estimate from: the standard error of a leverage is sqrt(2 / 256), 9 %."""

SKETCHES_AT_A_TIME = 32

HIGHEST, HIGHEST_SKETCHED = 1.0 - 1e-9, 0.95
"""Leverages are below 1 where the rest of the rows, or the penalty, hold the model; rounding, or
the error of a sketch, must not take them there."""


def stretched(problem: Problem, slopes: Array, seed: int | None) -> Array:
    """(I - W_i G_i)^-1 slopes_i for each row, of the shape of `slopes`, (n,) or (n, K).

    W_i is the curvature of the row's loss in its predictor, G_i the block of X H^-1 X' that
    belongs to it: h_i = w_i G_i where there is one output. Costs n solves (n K of a softmax)
    where the Hessian can be factorised or they are few; else G is estimated from solves for
    random directions.
    """
    objective, fit = problem.objective, problem.fit
    xp = array_namespace(slopes)
    c = objective.hessian_weights(fit.predictor, fit.kept)
    if fit.curvature.exact:
        highest, blocks = HIGHEST, _exact(problem, factorised(objective, c).solve)
    elif objective.n_rows * max(1, objective.outputs) <= FEW:
        highest, blocks = HIGHEST, _exact(problem, fit.inverse.solve)
    else:
        highest, blocks = HIGHEST_SKETCHED, _sketched(problem, c, seed)
    if not objective.loss.coupled:
        return slopes / (1.0 - xp.minimum(c * blocks, xp.full_like(c, highest)))
    root = _curvature_root(c)
    transposed = xp.matrix_transpose(root)
    leverage = transposed @ blocks @ root  # has the eigenvalues of W G, and is symmetric
    top = xp.max(xp.linalg.eigvalsh(leverage), axis=1)
    blocks = blocks * (highest / xp.maximum(top, xp.full_like(top, highest)))[:, None, None]
    system = eye(c.shape[1], c)[None, :, :] - root @ transposed @ blocks
    return xp.linalg.solve(system, slopes[:, :, None])[:, :, 0]


def _exact(problem: Problem, solve: Callable[[Array], Array]) -> Array:
    """G: (n,), (n, K) for K separate losses, (n, K, K) for a softmax."""
    objective, n = problem.objective, problem.objective.n_rows
    xp = array_namespace(problem.fit.theta)
    ranges = (range(i, min(i + ROWS_AT_A_TIME, n)) for i in range(0, n, ROWS_AT_A_TIME))
    parts = []
    for members in ranges:
        rows = objective.design.rows(members).T  # (p, m)
        if not objective.outputs:
            parts.append(xp.sum(rows * solve(rows), axis=0))
            continue
        rows = rows[:, None, :]
        if not objective.loss.coupled:
            every = xp.broadcast_to(rows, (*objective.shape, len(members)))
            solved = solve(xp.asarray(every, copy=True))
            parts.append(xp.sum(rows * solved, axis=0).T)
            continue
        columns = []
        # What all classes have in common moves no probability, and H may lack its curvature.
        axes = eye(objective.outputs, rows) - 1.0 / objective.outputs
        for k in range(objective.outputs):
            solved = solve(rows * axes[k, :][None, :, None])
            columns.append(xp.sum(rows * solved, axis=0).T)
        parts.append(xp.stack(columns, axis=2))
    return xp.concat(parts, axis=0)


def _sketched(problem: Problem, c: Array, seed: int | None) -> Array:
    """The same, estimated: with H = B' B and Gaussian z, Y = H^-1 B' z has the covariance H^-1,
    so that the mean of (X Y)_i (X Y)_i' is G_i.
    """
    objective = problem.objective
    xp = array_namespace(c)
    total = 0.0
    for noise in _gradients_of_noise(problem, c, np.random.default_rng(seed)):
        solved = problem.fit.inverse.solve(noise, rtol=1e-3)
        u = objective.design.times(solved)  # (n, m) or (n, K, m)
        if objective.loss.coupled:
            total = total + u @ xp.matrix_transpose(u)
        else:
            total = total + xp.sum(u * u, axis=-1)
    return total / SKETCHES


def _gradients_of_noise(problem: Problem, c: Array, rng: np.random.Generator) -> Iterator[Array]:
    """B' z, of theta's shape with one more axis, for z drawn as often as `SKETCHES` says."""
    objective = problem.objective
    xp = array_namespace(c)
    root = _curvature_root(c) if objective.loss.coupled else None
    penalty = xp.sqrt(objective.penalty)
    penalty = xp.reshape(penalty, (-1, *([1] * len(objective.shape))))
    for _ in range(SKETCHES // SKETCHES_AT_A_TIME):
        of_rows = beside(rng.standard_normal((*c.shape, SKETCHES_AT_A_TIME)), c)
        of_penalty = beside(rng.standard_normal((*objective.shape, SKETCHES_AT_A_TIME)), c)
        bent = root @ of_rows if root is not None else xp.sqrt(c)[..., None] * of_rows
        yield objective.design.transposed(bent) + penalty * of_penalty


def _curvature_root(c: Array) -> Array:
    """(n, K, K): V_i with V_i V_i' = W_i = diag(c_i) - c_i c_i' / sum c_i, for c (n, K)."""
    xp = array_namespace(c)
    root = xp.sqrt(c)
    total = xp.sum(c, axis=1)[:, None, None]
    share = root[:, :, None] * root[:, None, :] / xp.where(total > 0, total, 1.0)
    return root[:, :, None] * (eye(c.shape[1], c)[None, :, :] - share)
