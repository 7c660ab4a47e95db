"""Influence functions for models too large to factorise: three ways to H^-1 v from products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse.linalg
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.baselines.influence import supports
from forcing.baselines.spectrum import largest_eigenvalue
from forcing.engine.arrays import Array, beside, indices, on_host
from forcing.engine.conjugate import TIGHT, Conjugate
from forcing.engine.design import Dense, Sparse
from forcing.engine.objective import LinearObjective
from forcing.engine.preconditioners import Diagonal
from forcing.engine.problem import Problem

DEPTH, REPEATS, BATCH = 5_000, 4, 64
"""Terms of LiSSA's series, independent runs that are averaged, and rows drawn for a term.
Koh and Liang take as many terms; larger batches need a smaller scale and less averaging."""

RANK = 200
"""Eigenpairs that Arnoldi keeps, as many iterations as Schioppa et al. take."""


def influence_cg(problem: Problem, rtol: float = TIGHT) -> Array:
    """(n,): influence by conjugate gradients (Martens, 2010; Koh and Liang, section 3), down to a
    relative residual of `rtol`, preconditioned by the Hessian's diagonal: no factor is made.
    """
    objective, c = _hessian(problem)
    inverse = Conjugate(objective, c, Diagonal(objective, c))
    return supports(problem, inverse.solve(problem.direction(problem.fit.theta), rtol))


def influence_lissa(
    problem: Problem,
    seed: int | None = 0,
    depth: int = DEPTH,
    repeats: int = REPEATS,
    batch: int = BATCH,
) -> Array:
    """(n,): influence by LiSSA (Agarwal et al., 2017): u <- v + (I - H_j / scale) u.

    H_j is the Hessian of a batch drawn at random, weighted up to all rows, or H itself where
    `batch` is at least n. Nothing is added to H: the penalty damps it. The scale follows from
    the spectrum. With E[H_j^2] <= M H, M the largest eigenvalue of H plus n / batch times the
    largest curvature of one row, the error contracts in mean square where scale >= M. The
    second half of the iterates is averaged, and so are the repeats.
    """
    objective, c = _hessian(problem)
    v = problem.direction(problem.fit.theta)
    n, rng = objective.n_rows, np.random.default_rng(seed)
    scale = 1.1 * largest_eigenvalue(objective, c)  # power iteration comes from below
    if batch >= n:
        solved = _series(lambda u: objective.hessian_product(c, u), v, scale, depth, last=1)
        return supports(problem, solved)
    xp = array_namespace(c)
    bend = xp.max(c, axis=1) if objective.outputs else c
    scale += n / batch * float(xp.max(bend * objective.design.squared_norms))

    def product(u: Array) -> Array:
        return _batch_product(objective, c, rng.integers(n, size=batch), u)

    solved = 0.0 * v
    for _ in range(repeats):
        solved = solved + _series(product, v, scale, depth, last=max(1, depth // 2)) / repeats
    return supports(problem, solved)


def _series(
    product: Callable[[Array], Array], v: Array, scale: float, depth: int, last: int
) -> Array:
    """H^-1 v: the mean of the last iterates."""
    u, total = v, 0.0 * v
    for number in range(depth):
        u = v + u - product(u) / scale
        if depth - number <= last:
            total = total + u
    return total / (last * scale)


def influence_arnoldi(problem: Problem, seed: int | None = 0, rank: int = RANK) -> Array:
    """(n,): influence in the span of the Hessian's `rank` largest eigenpairs (Schioppa et al.,
    2022), found by Lanczos's method, Arnoldi's for symmetric matrices.

    What v has outside of that span is dropped, as in the paper: exact only where the rank
    reaches the number of parameters, and else blind to directions of little curvature.
    """
    objective, c = _hessian(problem)
    theta = problem.fit.theta
    size = objective.n_parameters

    def product(columns: NDArray[np.float64]) -> NDArray[np.float64]:
        many = beside(columns.reshape(*objective.shape, -1), theta)
        return on_host(objective.hessian_product(c, many)).reshape(size, -1)

    if rank >= size:
        values, vectors = np.linalg.eigh(product(np.eye(size)))
    else:
        operator = scipy.sparse.linalg.LinearOperator(
            (size, size), matvec=product, matmat=product, dtype=np.float64
        )
        start = np.random.default_rng(seed).standard_normal(size)
        values, vectors = scipy.sparse.linalg.eigsh(operator, rank, which="LM", v0=start)
    # A softmax has directions without curvature, which no gradient has either.
    curved = values > 1e-12 * np.max(values)
    values, vectors = values[curved], vectors[:, curved]
    v = on_host(problem.direction(theta)).reshape(-1)
    solved = vectors @ ((vectors.T @ v) / values)
    return supports(problem, beside(solved.reshape(objective.shape), theta))


def _hessian(problem: Problem) -> tuple[LinearObjective, Array]:
    objective, fit = problem.objective, problem.fit
    return objective, objective.hessian_weights(fit.predictor, fit.kept)


def _batch_product(
    objective: LinearObjective, c: Array, members: NDArray[np.intp], u: Array
) -> Array:
    """H_j u."""
    xp = array_namespace(c)
    design: Any = objective.design
    chosen = indices(members.tolist(), c)
    # A few rows of a sparse design stay sparse: as dense ones they would cost p each.
    part = Sparse(design.matrix[members]) if isinstance(design, Sparse) else None
    rows = part or Dense(design.rows(members.tolist()))
    share = xp.take(c, chosen, axis=0) * (objective.n_rows / len(members))
    return replace(objective, design=rows).hessian_product(share, u)
