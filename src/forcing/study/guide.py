"""Which rows are to leave next, of a model that is trained again after each chunk."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.engine.retraining import Measured
from forcing.models.leaves import shares
from forcing.models.orders import WIDEST, Features, surrogate_support

HALFWAY = 0.1
"""Share of the rows of a class that is expected to take the whole decision, where nothing is known
of what a row takes."""


class Guide:
    """For one target: by the leaves of the models trained so far where they show any, else by the
    influence of the rows on a linear surrogate, else by distance.

    Parameters
    ----------
    X, row
        All rows, and the target as a one-row container.
    features
        The rows in numbers.
    support
        (n,): above 0 where a row speaks for the decision.
    weights
        (n,): sample weights.
    allowed
        (n,): rows that may leave.
    margin
        Of the decision, in log-odds.
    """

    def __init__(
        self,
        X: Any,
        row: Any,
        features: Features,
        support: NDArray[np.float64],
        weights: NDArray[np.float64],
        allowed: NDArray[np.bool_],
        margin: float,
    ) -> None:
        self.X, self.row, self.features = X, row, features
        self.support, self.weights = support, weights
        self.allowed = allowed & (support > 0) & (weights > 0)
        self.margin = margin
        self._fixed: tuple[NDArray[np.intp], NDArray[np.float64]] | None = None

    def __call__(
        self, so_far: Measured, enough: float, least: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        allowed = self.allowed.copy()
        allowed[list(so_far.rows)] = False
        if self._fixed is None:
            found = shares(so_far.models, self.X, self.row, self.support)
            if found is not None:
                rows, taken = found.order(allowed, enough, least)
                return (
                    self._and_others(allowed, rows, taken) if len(rows) < least else (rows, taken)
                )
            self._fixed = self._by_surrogate()
        order, effect = self._fixed
        left = allowed[order]
        return order[left], np.cumsum(effect[left])

    def _and_others(
        self, allowed: NDArray[np.bool_], rows: NDArray[np.intp], taken: NDArray[np.float64]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """All further rows that speak for the decision, the nearest first: they share no leaf with
        the target now, but may when trees are trained without the others.
        """
        allowed[rows] = False
        others = self.nearest[allowed[self.nearest]]
        reached = float(taken[-1]) if len(taken) else 0.0
        return np.concatenate([rows, others]), np.concatenate(
            [taken, np.full(len(others), reached)]
        )

    @cached_property
    def nearest(self) -> NDArray[np.intp]:
        """(n,): the rows by their distance from the target."""
        away = self.features.matrix - self.features.row(self.row)
        return np.argsort(np.sum(away**2, axis=1), kind="stable")

    def follow(self, order: NDArray[np.intp]) -> None:
        """From now on in this order, whatever the models say."""
        self._fixed = self._in_order(order)

    def _in_order(self, order: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        order = order[self.allowed[order]]
        return order, np.full(len(order), self.margin / max(1.0, HALFWAY * len(order)))

    def _by_surrogate(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        if self.features.matrix.shape[1] > WIDEST:
            return self._in_order(self.nearest)
        at = self.features.row(self.row)
        effect = surrogate_support(self.features.matrix, at, self.support, self.weights)
        rows = np.flatnonzero(self.allowed & (effect > 0))
        order = rows[np.argsort(-effect[rows], kind="stable")]
        # Where the surrogate is wrong, any row that speaks for the decision may matter.
        rest = self.nearest[self.allowed[self.nearest] & ~np.isin(self.nearest, order)]
        return np.concatenate([order, rest]), np.concatenate([effect[order], np.zeros(len(rest))])
