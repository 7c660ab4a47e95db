"""Products with the inverse Hessian of one model, factorised once."""

from __future__ import annotations

from typing import Protocol

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, eye, indices, triangular_inverse, widened
from forcing.engine.objective import LinearObjective

NEGLIGIBLE = 1e-4
"""Changes of curvature below this share of the largest are left to the iterations."""

WHOLE = 800
"""Parameters of a softmax up to which its whole Hessian is factorised, else a block per class."""

LARGEST = 4_000
"""Columns up to which a matrix (p, p) is factorised; beyond, its diagonal has to do."""


class Curvature(Protocol):
    """The Hessian at some weights, or something like it that is quickly inverted."""

    objective: LinearObjective
    hessian_weights: Array
    exact: bool
    """Whether `solve` is the inverse Hessian; else it is a preconditioner."""

    def solve(self, b: Array) -> Array:
        """For b of theta's shape, or with one more axis of many at the end."""


def factorised(objective: LinearObjective, hessian_weights: Array) -> Curvature:
    """The most exact factor that the size of the problem allows.

    Costs n p^2 + p^3 operations and p^2 memory (for each class where there are several).
    """
    if not objective.design.factorable or objective.design.shape[1] > LARGEST:
        return Diagonal(objective, hessian_weights)
    if objective.outputs and not (objective.loss.coupled and objective.n_parameters <= WHOLE):
        return Blocks(objective, hessian_weights)
    return Whole(objective, hessian_weights)


class Whole:
    """H = X' diag(c) X + R, factorised; H^-1 = root' root with root = L^-1, H = L L'.

    The inverse of the triangular factor is kept because matrix-vector products with it
    exist, and are fast, in every array namespace.
    """

    exact = True

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.root = _root(_hessian(objective, hessian_weights))

    def solve(self, b: Array) -> Array:
        flat = array_namespace(b).reshape(b, (self.root.shape[0], -1))
        solved = self.root.T @ (self.root @ flat)
        return array_namespace(b).reshape(solved, b.shape)


class Blocks:
    """A factor for each output by itself: exact where the outputs have separate losses."""

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        xp = array_namespace(hessian_weights)
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.exact = not objective.loss.coupled
        own = hessian_weights
        if objective.loss.coupled:  # p_k - p_k^2, each class against all others
            weight = xp.sum(own, axis=1, keepdims=True)
            own = own - own * own / xp.where(weight > 0, weight, 1.0)
        self._roots = [
            _root(_with_penalty(objective, objective.design.gram(own[:, k])))
            for k in range(objective.outputs)
        ]

    def solve(self, b: Array) -> Array:
        xp = array_namespace(b)
        solved = [root.T @ (root @ b[:, k, ...]) for k, root in enumerate(self._roots)]
        return xp.stack(solved, axis=1)


class Diagonal:
    """The diagonal of H, for more columns than can be factorised."""

    exact = False

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        xp = array_namespace(hessian_weights)
        self.objective = objective
        self.hessian_weights = hessian_weights
        diagonal = objective.design.squares(hessian_weights)
        diagonal = diagonal + widened(objective.penalty, diagonal)
        self._diagonal = xp.where(diagonal > 0, diagonal, 1.0)

    def solve(self, b: Array) -> Array:
        return b / widened(self._diagonal, b)


def _hessian(objective: LinearObjective, c: Array) -> Array:
    """(P, P) in the order of a flattened theta."""
    xp, K = array_namespace(c), objective.outputs
    if not K:
        return _with_penalty(objective, objective.design.gram(c))
    p = objective.design.shape[1]
    weight = xp.sum(c, axis=1)
    share = c / xp.where(weight > 0, weight, 1.0)[:, None]
    # x x' (x) (diag(c) - c c' / s): the second part as a Gram matrix, the first on its diagonal.
    blocks = [[None] * K for _ in range(K)]
    for k in range(K):
        for other in range(k, K):
            block = -objective.design.gram(c[:, k] * share[:, other])
            if k == other:
                block = _with_penalty(objective, objective.design.gram(c[:, k]) + block)
            blocks[k][other] = blocks[other][k] = block
    # A constant added to a column of theta that has no penalty changes nothing: H lacks that
    # direction, and so has every gradient. Curvature along it keeps the factor.
    free = xp.astype(objective.penalty == 0, c.dtype)
    level = float(xp.max(xp.linalg.diagonal(blocks[0][0])))
    lift = (level / K) * free[:, None] * eye(p, c)
    rows = [xp.stack([block + lift for block in row], axis=1) for row in blocks]  # (p, K, p)
    whole = xp.permute_dims(xp.stack(rows, axis=1), (0, 1, 3, 2))  # (p, K, p, K)
    return xp.reshape(whole, (p * K, p * K))


def _with_penalty(objective: LinearObjective, gram: Array) -> Array:
    return gram + eye(gram.shape[0], gram) * objective.penalty[:, None]


def _root(hessian: Array) -> Array:
    """L^-1 with L L' = H.

    Where all rows are decided with certainty (separable data, huge C) H is singular to
    working precision. A jitter of rounding size keeps the factor; refits stay exact,
    because they end on the gradient, not on the factor.
    """
    xp = array_namespace(hessian)
    jitter = 1e-14 * float(xp.max(xp.linalg.diagonal(hessian)))
    jitter = jitter or 1.0  # nothing curves at all
    return triangular_inverse(xp.linalg.cholesky(hessian + jitter * eye(hessian.shape[0], hessian)))


class Corrected:
    """The inverse of H + sum_T delta_i x_i x_i' for a few rows T, by Woodbury's identity.

    For rows that left (delta_i = -c_i), that came back, or whose curvature has changed much;
    of an objective with one output.
    """

    def __init__(
        self,
        base: Curvature,
        rows: tuple[int, ...] = (),
        deltas: Array = None,
        solved: Array = None,
    ) -> None:
        self.base = base
        self.rows = rows
        if not rows:
            return
        removed = base.objective.design.rows(rows)
        self._members = removed
        self._deltas = deltas
        self._solved = base.solve(removed.T) if solved is None else solved
        # H'^-1 = H^-1 - H^-1 Z' (I + D Z H^-1 Z')^-1 D Z H^-1: nothing is divided by a delta of 0.
        self._core = eye(len(rows), removed) + deltas[:, None] * (removed @ self._solved)

    def without(self, row: int, remaining: Array | float = 0.0) -> Corrected:
        """The same with the curvature that the base has of one more row replaced by what is
        left of it (1,); costs p^2.
        """
        gone = remaining - self.base.hessian_weights[row : row + 1]
        xp = array_namespace(gone)
        if row in self.rows:
            place = self.rows.index(row)
            deltas = xp.asarray(self._deltas, copy=True)
            deltas[place] = gone[0]
            return Corrected(self.base, self.rows, deltas, self._solved)
        column = self.base.solve(self.base.objective.design.rows([row])[0, :])[:, None]
        if not self.rows:
            return Corrected(self.base, (row,), gone, column)
        deltas = xp.concat([self._deltas, gone])
        solved = xp.concat([self._solved, column], axis=1)
        return Corrected(self.base, (*self.rows, row), deltas, solved)

    def solve(self, b: Array, rtol: float = 0.0) -> Array:  # noqa: ARG002 - it is exact
        """H'^-1 b for b of shape (p,) or (p, k)."""
        result = self.base.solve(b)
        if not self.rows:
            return result
        xp = array_namespace(b)
        columns = result[:, None] if b.ndim == 1 else result
        inner = xp.linalg.solve(self._core, self._deltas[:, None] * (self._members @ columns))
        change = self._solved @ inner
        return result - (change[:, 0] if b.ndim == 1 else change)


def corrected(base: Curvature, hessian_weights: Array, most: int) -> Corrected:
    """The base with the weights of up to `most` rows brought up to date, the weightiest first."""
    xp = array_namespace(hessian_weights)
    deltas = hessian_weights - base.hessian_weights
    importance = xp.abs(deltas) * base.objective.design.squared_norms
    largest = float(xp.max(importance))
    if largest == 0.0:
        return Corrected(base)
    order = xp.argsort(-importance, stable=True)[:most]
    weighty = [int(i) for i in order if float(importance[i]) > NEGLIGIBLE * largest]
    return Corrected(base, tuple(weighty), xp.take(deltas, indices(weighty, deltas)))
