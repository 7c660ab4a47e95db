"""What a peer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Vector: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """A binary logistic regression at its optimum: sum of losses + |w|^2 / 2C, free intercept."""

    X: Any
    """(n, p), dense or sparse."""
    y: NDArray[np.integer]
    """(n,): 0 or 1."""
    w: Vector
    """(p,)"""
    b: float
    C: float

    @property
    def probability(self) -> Vector:
        """(n,): of label 1."""
        return np.asarray(expit(self.X @ self.w + self.b))

    def log_odds(self, x: Any) -> float:
        return float(np.ravel(x @ self.w)[0] + self.b)

    def sign(self, x: Any) -> float:
        """1 where label 1 is decided at x, else -1."""
        return 1.0 if self.log_odds(x) > 0 else -1.0

    def favoured(self, x: Any) -> int:
        return int(self.log_odds(x) > 0)

    def margin(self, x: Any) -> float:
        return abs(self.log_odds(x))


Score: TypeAlias = Callable[[Any], Vector]
"""From a target (p,) or (1, p) to (n,): how much each row supports the decision there."""


@dataclass(frozen=True)
class Peer:
    name: str
    setup: Callable[[Head], Score]
    """What is done once for all targets."""
    in_margin: bool = False
    """Whether a score predicts by how much the margin falls when the row goes."""
    packages: tuple[str, ...] = ()
    most_parameters: int | None = None
    """Beyond, the method wants more memory or time than a benchmark has."""

    @property
    def missing(self) -> list[str]:
        return [package for package in self.packages if find_spec(package) is None]


def order_of(support: Vector) -> NDArray[np.intp]:
    """Rows by falling support; equal ones by position. NaN and -inf are not ranked."""
    order = np.argsort(-support, kind="stable")
    return order[np.isfinite(support[order])]


def predicted_set(support: Vector, margin: float) -> NDArray[np.intp] | None:
    """The shortest prefix whose scores add up to more than the margin (Yang, Jain and Wallace
    2023, algorithm 1; Broderick et al. 2020); None where the positive ones do not.
    """
    order = order_of(support)
    reached = np.flatnonzero(np.cumsum(np.maximum(support[order], 0.0)) > margin)
    return order[: reached[0] + 1] if len(reached) else None
