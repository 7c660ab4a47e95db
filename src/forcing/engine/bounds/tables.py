"""What the bound needs of the model, whatever the target: a ladder of metrics (docs/bound.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from forcing.engine.arrays import on_host
from forcing.engine.bounds.model import Floats, HostModel, host_model
from forcing.engine.bounds.sums import worst_matrix, worst_sums
from forcing.engine.curvature import Whole
from forcing.engine.problem import Problem

OUTWARD = 1e-6
"""Every table is moved by this share to the safe side. Factors that are further than this from
inverting their matrix are not used, so that it is more than the arithmetic can lose."""

GROWTH = 2.0
"""From the radius of one rung to the next."""

RUNGS = 7

AHEAD = 1.05
"""By how much more than the present norms the next weights allow for."""

LONGEST = 300
"""Rows of the largest sets that are looked at."""

PASSES_LIMIT = 2e9
"""n p^2 above which the metrics of all rungs are multiples of the first: one factor for all."""


@dataclass(frozen=True, eq=False)
class Rung:
    """A metric M that the Hessian exceeds on the whole segment to any D with |D|_M <= radius.

    M = R + sum_i omega_i x_i x_i' where omega_i is at most the slope of row i between f_i and
    any point that it can reach.
    """

    radius: float
    omega: Floats
    """(n,)"""
    norms: Floats
    """(n,): |x_i| in M^-1."""
    root: Floats
    """(p, p): M^-1 = root' root."""
    sums: Floats
    """(n, sizes): F_i(k); the sum over any S of k rows has |sum_S g|^2 <= sum_S F_i(k)."""
    gradient: Floats
    """(sizes,): G(k) >= |sum_S g| in M^-1."""
    kappa: Floats
    """(sizes,): sum_S omega_i x_i x_i' <= kappa M."""

    @property
    def reaches(self) -> Floats:
        """(sizes,): at least |D|_M without any k rows; infinite where D may leave the radius."""
        left = 1.0 - self.kappa
        with np.errstate(divide="ignore"):
            reach = np.where(left > 0.0, self.gradient / left, np.inf)
        return np.where(reach < self.radius, reach, np.inf)


@dataclass(frozen=True, eq=False)
class BoundTables:
    """Of one model, for every target."""

    model: HostModel
    sizes: Floats
    """Set sizes k of the tables; what holds for k rows holds for fewer."""
    leverage: Floats
    """(n,): w_i x_i' H^-1 x_i."""
    rungs: tuple[Rung, ...]
    """By radius; none where the model is too near to singular."""


def bound_tables(problem: Problem) -> BoundTables | None:
    """A ladder of metrics; n p^2 operations a rung. None for a loss that has no bound."""
    model = host_model(problem)
    if model is None:
        return None
    n_rows, n_parameters = model.design.shape
    sizes = _sizes(n_rows)
    root = on_host(_whole(problem).root)
    metric = _metric(model, model.curvatures)
    whitened = model.design @ root.T
    leverage = model.curvatures * _norms(whitened) ** 2
    first = _rung(model, sizes, np.inf, model.curvatures, metric, root, whitened)
    if first is None or model.fixed:
        return BoundTables(model, sizes, leverage, (first,) if first else ())
    cheap = n_rows * n_parameters**2 > PASSES_LIMIT
    rungs: list[Rung] = []
    omega, best = model.curvatures, 0
    left = max(1.0 - float(first.kappa[0]), 0.1)
    radius = 1.2 * float(first.gradient[0]) / left
    for _ in range(RUNGS):
        rung = (
            _scaled(model, first, radius)
            if cheap
            else _settled(model, sizes, radius, omega, rungs[-1] if rungs else first)
        )
        if rung is None:
            break
        covered = int(np.sum(np.isfinite(rung.reaches)))
        if covered < best:
            break
        best, omega = covered, rung.omega
        rungs.append(rung)
        radius *= GROWTH
    return BoundTables(model, sizes, leverage, tuple(rungs))


def _whole(problem: Problem) -> Whole:
    factor = problem.fit.curvature
    return factor if isinstance(factor, Whole) else Whole(problem.objective, factor.hessian_weights)


def _sizes(n_rows: int) -> Floats:
    """1 to 20, then by a tenth at a time; no more than half of the rows."""
    sizes = [1]
    while sizes[-1] < LONGEST:
        sizes.append(max(sizes[-1] + 1, sizes[-1] * 11 // 10))
    return np.array([k for k in sizes if k <= max(1, n_rows // 2)], dtype=float)


def _settled(
    model: HostModel, sizes: Floats, radius: float, omega: Floats, near: Rung
) -> Rung | None:
    """A rung whose weights agree with the norms that follow from them."""
    norms = near.norms
    for _ in range(8):
        # Lighter rows make longer norms, and those lighter rows: go a little ahead of them.
        omega = np.minimum(omega, model.least_secant(AHEAD * norms * radius))
        metric = _metric(model, omega)
        root = _root(metric)
        if root is None:
            return None
        whitened = model.design @ root.T
        norms = _norms(whitened)
        if np.all(omega <= model.least_secant(norms * radius)):
            return _rung(model, sizes, radius, omega, metric, root, whitened)
    return None


def _scaled(model: HostModel, first: Rung, radius: float) -> Rung | None:
    """The rung M = share H: a weaker metric that needs no factor of its own."""
    share = 1.0
    for _ in range(50):
        heavy = first.omega > 0.0
        least = model.least_secant(first.norms * radius / np.sqrt(share))
        needed = float(np.min(least[heavy] / first.omega[heavy], initial=1.0))
        if share <= needed:
            break
        share = 0.99 * needed
        if share < 0.05:
            return None
    else:
        return None
    shrunk = np.sqrt(share)
    return Rung(
        radius=radius,
        omega=share * first.omega,
        norms=first.norms / shrunk,
        root=first.root / shrunk,
        sums=first.sums / share,
        gradient=first.gradient / shrunk,
        kappa=first.kappa,
    )


def _rung(
    model: HostModel,
    sizes: Floats,
    radius: float,
    omega: Floats,
    metric: Floats,
    root: Floats,
    whitened: Floats,
) -> Rung | None:
    if np.linalg.norm(root @ metric @ root.T - np.eye(len(root))) > 0.1 * OUTWARD:
        return None
    sums, gradient = worst_sums(whitened * model.slopes[:, None], sizes)
    kappa = worst_matrix(whitened * np.sqrt(omega)[:, None], sizes)
    more = 1.0 + OUTWARD
    return Rung(
        radius=radius,
        omega=omega,
        norms=_norms(whitened),
        root=root,
        sums=more * sums,
        gradient=more * gradient + OUTWARD,  # the fit's own gradient is far smaller
        kappa=more * kappa,
    )


def _norms(rows: Floats) -> Floats:
    norms: Floats = (1.0 + OUTWARD) * np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return norms


def _metric(model: HostModel, omega: Floats) -> Floats:
    scaled = model.design * np.sqrt(omega)[:, None]
    return scaled.T @ scaled + np.diag(model.penalty)


def _root(metric: Floats) -> Floats | None:
    try:
        factor = np.linalg.cholesky(metric)
    except np.linalg.LinAlgError:
        return None
    root: Floats = scipy.linalg.lapack.dtrtri(factor, lower=1)[0]
    return np.tril(root)
