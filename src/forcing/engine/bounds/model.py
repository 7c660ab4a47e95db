"""The model as the bound sees it: plain arrays on the host."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import on_host
from forcing.engine.design import Sparse
from forcing.engine.factorise import LARGEST
from forcing.engine.losses import Logistic, Squared
from forcing.engine.problem import Problem

Floats = NDArray[np.float64]

TABLE = 2**28
"""Entries of the design above which no table is made of it, """
SPARSE = 2**22
"""and of a sparse one, which is not in memory as a table yet (32 MB)."""

PEAK = float(np.log(2.0 + np.sqrt(3.0)))
"""Where |sigma''| is largest, at 1 / (6 sqrt 3)."""


@dataclass(frozen=True, eq=False)
class HostModel:
    """The optimum on all rows, and how far a row's curvature can be from what it is there."""

    design: Floats
    """(n, p)"""
    penalty: Floats
    """(p,): the diagonal of R."""
    predictor: Floats
    """(n,): f_i."""
    weights: Floats
    """(n,): s_i."""
    slopes: Floats
    """(n,): rho_i, with the weight."""
    curvatures: Floats
    """(n,): w_i, with the weight."""
    fixed: bool
    """Whether the loss is quadratic: its curvature never changes."""

    def least_secant(self, moves: Floats) -> Floats:
        """(n,): at most the slope between f_i and any f_i + u, |u| <= moves_i, weighted.

        Of the logistic: it is least away from the peak, at u = moves_i on the side of |f_i|,
        sigma(-|f|) (1 - e^-u) sigma(|f| + u) / u, a form in which nothing cancels.
        """
        if self.fixed:
            return self.curvatures
        away = np.abs(self.predictor)
        t = np.maximum(moves, 1e-12)
        drop = _sigmoid(-away) * -np.expm1(-t) * _sigmoid(away + t) / t
        return np.minimum(self.weights * drop, self.curvatures)

    def bend(self, moves: Floats) -> Floats:
        """(n,): b_i with |secant - w_i| <= b_i |u| for |u| <= moves_i; it grows with moves_i."""
        if self.fixed:
            return np.zeros_like(moves)
        away = np.abs(self.predictor)
        near, far = np.abs(away - moves), away + moves
        # |sigma''| is even: over [|f| - t, |f| + t] it is largest at a peak, or at an end.
        lowest = np.where(moves >= away, 0.0, near)
        peak = (lowest <= PEAK) & (far >= PEAK)
        steepest = np.where(peak, 1 / (6 * np.sqrt(3)), np.maximum(_bend(lowest), _bend(far)))
        bent: Floats = 0.5 * self.weights * steepest
        # Or by self-concordance: the curvature changes by at most the factor e^|u|.
        t = np.clip(moves, 1e-6, 50.0)
        concordant = self.curvatures * (np.expm1(t) / t - 1.0) / t
        return np.where(moves < 50.0, np.minimum(bent, concordant), bent)


def host_model(problem: Problem) -> HostModel | None:
    """None for a model that the bound is not proved for, or too large for it."""
    objective, fit = problem.objective, problem.fit
    fixed = isinstance(objective.loss, Squared)
    proved = (fixed or isinstance(objective.loss, Logistic)) and not objective.outputs
    n, p = objective.design.shape
    most = SPARSE if isinstance(objective.design, Sparse) else TABLE
    if not proved or objective.tilt is not None or p > LARGEST or n * p > most:
        return None
    return HostModel(
        design=on_host(objective.design.rows(range(n))),
        penalty=on_host(objective.penalty),
        predictor=on_host(fit.predictor),
        weights=on_host(fit.kept),
        slopes=on_host(fit.kept * objective.residuals(fit.predictor)),
        curvatures=on_host(objective.hessian_weights(fit.predictor, fit.kept)),
        fixed=fixed,
    )


def _sigmoid(f: Floats) -> Floats:
    half: Floats = 0.5 * (1.0 + np.tanh(0.5 * f))
    # tanh cancels far on the negative side, where the exponential is exact.
    return np.where(
        f < -15.0, np.exp(np.minimum(f, 0.0)) / (1.0 + np.exp(np.minimum(f, 0.0))), half
    )


def _bend(f: Floats) -> Floats:
    p = _sigmoid(-f)
    bend: Floats = p * (1.0 - p) * np.abs(1.0 - 2.0 * p)
    return bend
