"""Which rows are to leave next, of a model that is trained again after each chunk."""

from __future__ import annotations

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
                return found.order(allowed, enough, least)
            self._fixed = self._by_surrogate()
        order, effect = self._fixed
        left = allowed[order]
        return order[left], np.cumsum(effect[left])

    def follow(self, order: NDArray[np.intp]) -> None:
        """From now on in this order, whatever the models say."""
        order = order[self.allowed[order]]
        each = self.margin / max(1.0, HALFWAY * len(order))
        self._fixed = order, np.full(len(order), each)

    def _by_surrogate(self) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        at = self.features.row(self.row)
        if self.features.matrix.shape[1] <= WIDEST:
            effect = surrogate_support(self.features.matrix, at, self.support, self.weights)
            rows = np.flatnonzero(self.allowed & (effect > 0))
            order = rows[np.argsort(-effect[rows], kind="stable")]
            return order, effect[order]
        distance = np.sum((self.features.matrix - at) ** 2, axis=1)
        self.follow(np.argsort(distance, kind="stable"))
        assert self._fixed is not None  # noqa: S101 - for the type checker
        return self._fixed
