"""The user's own way to train again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Refit: TypeAlias = Callable[..., Any]
"""From the positions of the rows that stay to a fitted model that takes rows as the user has
them; where it has a parameter `seed`, that is a whole number, another one in each call."""


@dataclass(frozen=True, slots=True)
class UserRefit:
    """Called with the positions of the rows that stay, and with a seed where it takes one."""

    refit: Refit
    takes_seed: bool
    first: int = 0
    """The seed of a single training."""

    @classmethod
    def of(cls, refit: Refit | None, first: int | None) -> UserRefit | None:
        """None without a refit of the user's."""
        if refit is None:
            return None
        if not callable(refit):
            raise TypeError(
                f"refit must be a function from the positions of the rows that stay to a fitted "
                f"model, got {refit!r}."
            )
        return cls(refit, _takes_seed(refit), first or 0)

    def __call__(self, rows: NDArray[np.intp], seed: int | None = None) -> Any:
        """A model trained on these rows."""
        if not self.takes_seed:
            return self.refit(rows)
        return self.refit(rows, seed=self.first if seed is None else seed)


def _takes_seed(refit: Refit) -> bool:
    try:
        return "seed" in inspect.signature(refit).parameters
    except (TypeError, ValueError):  # built in, without a signature
        return False
