"""How many of the first rows of an order, taken out with refitting, flip a decision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.problems import Data

SHARE = 0.6
"""Of the rows; longer prefixes are not tried."""


class Orders:
    """Refits are shared between orders: those of one method in two packages begin alike."""

    def __init__(self, model: LogisticRegression, data: Data) -> None:
        self.y = data.y
        self.study = forcing.Study(model, data.X, data.y)
        self._flips: dict[tuple[bytes, bytes], bool] = {}

    def flips_at(self, x: Any, order: NDArray[np.intp]) -> int | None:
        """A prefix that flips while the one before it does not, by doubling and bisection.

        A shorter one may exist: the margin need not fall with every row.
        """
        most = min(int(SHARE * len(self.y)), self._whole_classes(order))
        low, high = 0, 1
        while not self._without(x, order[: min(high, most)]):
            if high >= most:
                return None
            low, high = high, 2 * high
        high = min(high, most)
        while high - low > 1:
            middle = (low + high) // 2
            if self._without(x, order[:middle]):
                high = middle
            else:
                low = middle
        return high

    def _without(self, x: Any, rows: NDArray[np.intp]) -> bool:
        plain = x.toarray() if hasattr(x, "toarray") else np.asarray(x)
        key = plain.tobytes(), np.sort(rows).tobytes()
        if key not in self._flips:
            self._flips[key] = self.study.predict_without(rows, x).flipped
        return self._flips[key]

    def _whole_classes(self, order: NDArray[np.intp]) -> int:
        """The longest prefix that leaves a row of each class."""
        longest = len(order)
        for label in np.unique(self.y):
            places = np.flatnonzero(self.y[order] == label)
            if len(places) == np.sum(self.y == label):
                longest = min(longest, int(places[-1]))
        return longest
