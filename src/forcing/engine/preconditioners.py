"""Quick approximations of the inverse Hessian, for conjugate gradients to start from."""

from __future__ import annotations

from functools import cached_property, partial

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, eye, indices, single, widened
from forcing.engine.curvature import (
    STEEP,
    Solver,
    apart,
    each_through,
    flat,
    inverse_root,
    inverse_roots,
    steepness,
)
from forcing.engine.design import Design
from forcing.engine.objective import LinearObjective

NEVER = 1_000
"""Iterations of conjugate gradients that are too many even where there is nothing else."""

SAMPLE = 4
"""Rows a column that a preconditioner is made of."""


class SoftmaxBlocks:
    """A factor for each class against all others, from a sample of the rows: a preconditioner."""

    exact = False
    patience = NEVER

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        xp = array_namespace(hessian_weights)
        self.objective = objective
        self.hessian_weights = hessian_weights
        n, p = objective.design.shape
        stride = max(1, n // (SAMPLE * p))
        members = list(range(0, n, stride))
        own = xp.take(hessian_weights, indices(members, hessian_weights), axis=0)
        weight = xp.sum(own, axis=1, keepdims=True)
        own = stride * (own - own * own / xp.where(weight > 0, weight, 1.0))
        design = objective.design.subset(members) if stride > 1 else objective.design
        self._roots = inverse_roots(objective, design, own)
        self._flat = flat(objective)
        self.single = max(steepness(root) for root in self._roots) < STEEP

    @cached_property
    def rough(self) -> Solver:
        solve = partial(each_through, [single(root) for root in self._roots])
        return partial(apart, solve, single(self._flat))

    def solve(self, b: Array) -> Array:
        return apart(partial(each_through, self._roots), self._flat, b)


class LowRank:
    """M = D + X_T' diag(c_T) X_T for few rows T, D the penalty and the diagonal of the rest.

    A matrix over the rows T is factorised instead of one over the columns (Woodbury).
    """

    exact = False
    patience = 6

    def __init__(self, objective: LinearObjective, hessian_weights: Array, few: Array) -> None:
        xp = array_namespace(hessian_weights)
        self.objective = objective
        self.hessian_weights = hessian_weights
        members = [int(i) for i in xp.nonzero(few)[0]]
        own = hessian_weights[few]
        diagonal = objective.penalty + _spread(objective, xp.where(few, 0.0, hessian_weights))
        lifted = float(xp.max(diagonal)) * 1e-12
        self._diagonal = xp.where(diagonal > lifted, diagonal, lifted or 1.0)
        self.single = float(xp.max(diagonal)) < STEEP * float(xp.min(self._diagonal))
        self._few: Design | None = None
        if members:
            self._few = objective.design.subset(members)
            core = self._few.outer(1.0 / self._diagonal)
            self._root = inverse_root(core + eye(len(members), core) / own[:, None])

    @cached_property
    def rough(self) -> Solver:
        diagonal = single(self._diagonal)
        if self._few is None:
            return partial(_divided, diagonal)
        return partial(_less_rows, diagonal, self._few.rough, single(self._root))

    def solve(self, b: Array) -> Array:
        if self._few is None:
            return _divided(self._diagonal, b)
        return _less_rows(self._diagonal, self._few, self._root, b)


def _spread(objective: LinearObjective, weights: Array) -> Array:
    """(p,): the curvature of these rows, as if it were the same in all penalised columns."""
    xp = array_namespace(weights)
    p = objective.design.shape[1]
    even = float(xp.sum(weights * objective.design.squared_norms)) / p
    spread = xp.where(objective.penalty > 0, even, 0.0 * objective.penalty)
    free = xp.astype(objective.penalty == 0, weights.dtype)  # one column: the intercept's
    if bool(xp.any(free > 0)):
        entries = objective.design.times(free)
        spread = spread + xp.sum(weights * entries * entries) * free
    return spread


def _less_rows(diagonal: Array, few: Design, root: Array, b: Array) -> Array:
    solved = b / widened(diagonal, b)
    inner = root.T @ (root @ few.times(solved))
    return solved - few.transposed(inner) / widened(diagonal, b)


class Diagonal:
    """The diagonal of H, for more columns than can be factorised."""

    exact = False
    patience = NEVER

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        xp = array_namespace(hessian_weights)
        self.objective = objective
        self.hessian_weights = hessian_weights
        diagonal = objective.design.squares(hessian_weights)
        diagonal = diagonal + widened(objective.penalty, diagonal)
        self._diagonal = xp.where(diagonal > 0, diagonal, 1.0)
        self.single = float(xp.max(diagonal)) < STEEP * float(xp.min(self._diagonal))

    @cached_property
    def rough(self) -> Solver:
        return partial(_divided, single(self._diagonal))

    def solve(self, b: Array) -> Array:
        return _divided(self._diagonal, b)


def _divided(diagonal: Array, b: Array) -> Array:
    return b / widened(diagonal, b)
