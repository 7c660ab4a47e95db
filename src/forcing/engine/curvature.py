"""Products with the inverse Hessian of one model, factorised once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Protocol, TypeAlias

from array_api_compat import array_namespace

from forcing.engine.arrays import (
    Array,
    count,
    eye,
    in_single,
    indices,
    single,
    triangular_inverse,
    widened,
)
from forcing.engine.design import Design
from forcing.engine.objective import LinearObjective
from forcing.errors import ConvergenceError

WHOLE = 800
"""Parameters of a softmax up to which its whole Hessian is factorised, else a block per class."""

CHEAP = 64
"""Parameters up to which a new factor costs no more than an iteration of conjugate gradients; of
more, p / 64 iterations cost as much as a new one."""

NEVER = 1_000
"""Iterations of conjugate gradients that are too many even where there is nothing else."""

STEEP = 1e5
"""Ratio of curvatures beyond which single precision loses the smallest."""

FEW = 0.25
"""Share of the columns that rows may number for a factor of the rows to be preferred."""

LIGHT = 0.3
"""Rows that curve the objective by less than this share of the penalty do not count there."""

SAMPLE = 4
"""Rows a column that a preconditioner is made of."""

JITTERS = (1e-14, 1e-12, 1e-10, 1e-8)
"""Shares of a column's curvature that rounding may have taken from it; the first that serves."""

LARGEST = 4_000
"""Columns up to which a matrix (p, p) is factorised; beyond, its diagonal has to do."""


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


def factorised(objective: LinearObjective, hessian_weights: Array) -> Curvature:
    """The most exact factor that the size of the problem allows.

    Costs n p^2 + p^3 operations and p^2 memory (for each class where there are several).
    """
    few = _weighty(objective, hessian_weights)
    if few is not None:
        return LowRank(objective, hessian_weights, few)
    if not objective.design.factorable or objective.design.shape[1] > LARGEST:
        return Diagonal(objective, hessian_weights)
    if objective.outputs and not objective.loss.coupled:
        return Blocks(objective, hessian_weights)
    if objective.outputs and objective.n_parameters > WHOLE:
        return SoftmaxBlocks(objective, hessian_weights)
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
        self.patience = objective.n_parameters // CHEAP
        self.root = _root(_hessian(objective, hessian_weights))
        self.single = _steepness(self.root) < STEEP

    @cached_property
    def rough(self) -> Solver:
        return partial(_through, single(self.root))

    def solve(self, b: Array) -> Array:
        return _through(self.root, b)


def _through(root: Array, b: Array) -> Array:
    xp = array_namespace(b)
    return xp.reshape(root.T @ (root @ xp.reshape(b, (root.shape[0], -1))), b.shape)


class Blocks:
    """A factor for each output by itself, where each has a loss by itself."""

    exact = True

    def __init__(self, objective: LinearObjective, hessian_weights: Array) -> None:
        self.objective = objective
        self.hessian_weights = hessian_weights
        self.patience = objective.design.shape[1] // CHEAP
        self._roots = _roots(objective, objective.design, hessian_weights)
        self.single = max(_steepness(root) for root in self._roots) < STEEP

    @cached_property
    def rough(self) -> Solver:
        return partial(_each_through, [single(root) for root in self._roots])

    def solve(self, b: Array) -> Array:
        return _each_through(self._roots, b)


class SoftmaxBlocks:
    """A factor for each class against all others, from a sample of the rows: a preconditioner.

    A softmax does not notice what is added to all classes alike: there H is the penalty alone,
    and the blocks, which do not know it, act on the rest.
    """

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
        self._roots = _roots(objective, design, own)
        self._flat = xp.where(objective.penalty > 0, objective.penalty, xp.inf)
        self.single = max(_steepness(root) for root in self._roots) < STEEP

    @cached_property
    def rough(self) -> Solver:
        return partial(_but_alike, [single(root) for root in self._roots], single(self._flat))

    def solve(self, b: Array) -> Array:
        return _but_alike(self._roots, self._flat, b)


def _roots(objective: LinearObjective, design: Design, weights: Array) -> list[Array]:
    outputs = range(objective.outputs)
    return [_root(_with_penalty(objective, design.gram(weights[:, k]))) for k in outputs]


def _each_through(roots: list[Array], b: Array) -> Array:
    solved = [root.T @ (root @ b[:, k, ...]) for k, root in enumerate(roots)]
    return array_namespace(b).stack(solved, axis=1)


def _but_alike(roots: list[Array], flat: Array, b: Array) -> Array:
    xp = array_namespace(b)
    alike = xp.mean(b, axis=1, keepdims=True)
    solved = _each_through(roots, b - alike)
    return solved - xp.mean(solved, axis=1, keepdims=True) + alike / widened(flat, b)


def _weighty(objective: LinearObjective, hessian_weights: Array) -> Array | None:
    """(n,) of bool: the rows that bend the penalty's own curvature noticeably, where they are few.

    So it is where most rows are decided with near certainty, as on deep features.
    """
    xp = array_namespace(hessian_weights)
    p, penalty = objective.design.shape[1], objective.penalty
    if objective.outputs or p <= CHEAP:
        return None
    bent = hessian_weights * objective.design.squared_norms
    level = LIGHT * float(xp.max(penalty))
    few = bent > level
    if level == 0.0 or count(few) > FEW * p or count(penalty > 0) < p - 1:
        return None
    return few


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
            self._root = _root(core + eye(len(members), core) / own[:, None])

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


def roughly(curvature: Curvature, b: Array) -> Array:
    """M^-1 b to a few digits, in half the time: for a step that a gradient corrects."""
    if not curvature.single:
        return curvature.solve(b)
    return in_single(curvature.rough, b, len(curvature.objective.shape))


def _steepness(root: Array) -> float:
    """Of the matrix that it inverts, by its pivots: at most its condition."""
    xp = array_namespace(root)
    pivots = xp.abs(xp.linalg.diagonal(root))
    return float(xp.max(pivots) / xp.min(pivots)) ** 2


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
        column = roughly(self.base, self.base.objective.design.rows([row])[0, :])[:, None]
        if not self.rows:
            return Corrected(self.base, (row,), gone, column)
        deltas = xp.concat([self._deltas, gone])
        solved = xp.concat([self._solved, column], axis=1)
        return Corrected(self.base, (*self.rows, row), deltas, solved)

    def solve(self, b: Array, rtol: float = 0.0) -> Array:  # noqa: ARG002 - it is exact
        """H'^-1 b for b of shape (p,) or (p, k)."""
        result = roughly(self.base, b)
        if not self.rows:
            return result
        xp = array_namespace(b)
        columns = result[:, None] if b.ndim == 1 else result
        inner = xp.linalg.solve(self._core, self._deltas[:, None] * (self._members @ columns))
        change = self._solved @ inner
        return result - (change[:, 0] if b.ndim == 1 else change)
