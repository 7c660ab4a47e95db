"""Products with the inverse Hessian of one model, factorised once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Protocol, TypeAlias

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, eye, in_single, single, triangular_inverse, widened
from forcing.engine.design import Design
from forcing.engine.objective import LinearObjective
from forcing.errors import ConvergenceError

CHEAP = 64
"""Parameters up to which a new factor costs no more than an iteration of conjugate gradients; of
more, p / 64 iterations cost as much as a new one."""

STEEP = 1e5
"""Ratio of curvatures beyond which single precision loses the smallest."""

JITTERS = (1e-14, 1e-12, 1e-10, 1e-8)
"""Shares of a column's curvature that rounding may have taken from it; the first that serves."""


class Curvature(Protocol):
    """The Hessian at some weights, or something like it that is quickly inverted."""

    objective: LinearObjective
    hessian_weights: Array
    exact: bool
    """Whether `solve` is the inverse Hessian; else it is a preconditioner."""
    patience: int
    """Iterations of conjugate gradients that cost as much as a new one of these."""

    single: bool
    """Whether single precision can tell its smallest curvature from none."""

    @property
    def rough(self) -> Solver:
        """The same in single precision."""

    def solve(self, b: Array) -> Array:
        """For b of theta's shape, or with one more axis of many at the end."""


Solver: TypeAlias = Callable[[Array], Array]
"""From b to M^-1 b."""


def roughly(curvature: Curvature, b: Array) -> Array:
    """M^-1 b to a few digits, in half the time: for a step that a gradient corrects."""
    if not curvature.single:
        return curvature.solve(b)
    return in_single(curvature.rough, b, len(curvature.objective.shape))


class Whole:
    """H = X' diag(c) X + R, factorised; H^-1 = root' root with root = L^-1, H = L L'.

    The inverse of the triangular factor is kept because matrix-vector products with it
    exist, and are fast, in every array namespace.
    """

    exact = True

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.patience = objective.n_parameters // CHEAP
        self.root = inverse_root(_hessian(objective, hessian_weights))
        self.single = steepness(self.root) < STEEP
        several = objective.loss.coupled and not objective.design.shared
        self._flat = flat(objective) if several else None

    @cached_property
    def rough(self) -> Solver:
        solve = partial(_through, single(self.root))
        return solve if self._flat is None else partial(apart, solve, single(self._flat))

    def solve(self, b: Array) -> Array:
        solve = partial(_through, self.root)
        return solve(b) if self._flat is None else apart(solve, self._flat, b)


def _through(root: Array, b: Array) -> Array:
    xp = array_namespace(b)
    return xp.reshape(root.T @ (root @ xp.reshape(b, (root.shape[0], -1))), b.shape)


def flat(objective: LinearObjective) -> Array:
    """(p,): the curvature of a softmax along what is added to all classes alike."""
    penalty = objective.penalty
    return array_namespace(penalty).where(penalty > 0, penalty, float("inf"))


def apart(solve: Solver, along: Array, b: Array) -> Array:
    """M^-1 b, where a softmax does not notice what is added to all classes alike: there H is the
    penalty alone, which would drown beside the rest; `solve` acts on the rest.
    """
    xp = array_namespace(b)
    alike = xp.mean(b, axis=1, keepdims=True)
    solved = solve(b - alike)
    return solved - xp.mean(solved, axis=1, keepdims=True) + alike / widened(along, b)


class Blocks:
    """A factor for each output by itself, where each has a loss by itself."""

    exact = True

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.patience = objective.design.shape[1] // CHEAP
        self._roots = inverse_roots(objective, objective.design, hessian_weights)
        self.single = max(steepness(root) for root in self._roots) < STEEP

    @cached_property
    def rough(self) -> Solver:
        return partial(each_through, [single(root) for root in self._roots])

    def solve(self, b: Array) -> Array:
        return each_through(self._roots, b)


def each_through(roots: list[Array], b: Array) -> Array:
    solved = [root.T @ (root @ b[:, k, ...]) for k, root in enumerate(roots)]
    return array_namespace(b).stack(solved, axis=1)


def _hessian(objective: LinearObjective, c: Array) -> Array:
    """(P, P) in the order of a flattened theta."""
    xp, K = array_namespace(c), objective.outputs
    if not K:
        return with_penalty(objective, objective.design.gram(c))
    if objective.design.shared:
        rows = objective.design.rows(range(objective.n_rows))
        return with_penalty(objective, objective.design.transposed(objective.bent(c, rows)))
    p = objective.design.shape[1]
    weight = xp.sum(c, axis=1)
    share = c / xp.where(weight > 0, weight, 1.0)[:, None]
    # x x' (x) (diag(c) - c c' / s): the second part as a Gram matrix, the first on its diagonal.
    blocks = [[None] * K for _ in range(K)]
    for k in range(K):
        for other in range(k, K):
            block = -objective.design.gram(c[:, k] * share[:, other])
            if k == other:
                block = with_penalty(objective, objective.design.gram(c[:, k]) + block)
            blocks[k][other] = blocks[other][k] = block
    # What is added to all classes alike has no curvature but the penalty's; with as much as the
    # rest has, the factor keeps its digits. It is not asked about that direction (`apart`).
    own = xp.linalg.diagonal(blocks[0][0])
    for k in range(1, K):
        own = xp.maximum(own, xp.linalg.diagonal(blocks[k][k]))
    lift = (own / K)[:, None] * eye(p, c)
    rows = [xp.stack([block + lift for block in row], axis=1) for row in blocks]  # (p, K, p)
    whole = xp.permute_dims(xp.stack(rows, axis=1), (0, 1, 3, 2))  # (p, K, p, K)
    return xp.reshape(whole, (p * K, p * K))


def inverse_roots(objective: LinearObjective, design: Design, weights: Array) -> list[Array]:
    outputs = range(objective.outputs)
    return [inverse_root(with_penalty(objective, design.gram(weights[:, k]))) for k in outputs]


def with_penalty(objective: LinearObjective, gram: Array) -> Array:
    return gram + eye(gram.shape[0], gram) * objective.penalty[:, None]


def inverse_root(hessian: Array) -> Array:
    """L^-1 with L L' = H.

    Where all rows are decided with certainty (separable data, huge C) H is singular to
    working precision. A jitter of rounding size keeps the factor; refits stay exact,
    because they end on the gradient, not on the factor. It is relative to each column's own
    curvature, beside which that of columns in larger units says nothing.
    """
    xp = array_namespace(hessian)
    own = xp.linalg.diagonal(hessian)
    own = xp.where(own > 0, own, float(xp.max(own)) or 1.0)  # 1: nothing curves at all
    diagonal = own[:, None] * eye(own.shape[0], own)
    for jitter in JITTERS:
        try:
            return triangular_inverse(xp.linalg.cholesky(hessian + jitter * diagonal))
        except (ValueError, RuntimeError):  # NumPy's LinAlgError, and torch's: not positive
            continue
    raise ConvergenceError(
        "the curvature of the objective is lost in rounding. Scale the columns (StandardScaler) "
        "or use a smaller C."
    )


def steepness(root: Array) -> float:
    """Of the matrix that it inverts, by its pivots: at most its condition."""
    xp = array_namespace(root)
    pivots = xp.abs(xp.linalg.diagonal(root))
    return float(xp.max(pivots) / xp.min(pivots)) ** 2
