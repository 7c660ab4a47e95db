"""What of the benchmarks is run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import evenly
from benchmarks.problems import Named


@dataclass(frozen=True)
class Settings:
    targets: int = 12
    """Most targets of a data set."""
    data: tuple[str, ...] = ()
    """Names of data sets; all where empty."""
    budget: float = 300.0
    """Seconds that a peer gets for the targets of one data set; those it misses are missing."""
    short: bool = False
    """To try the benchmarks out: what is large is left out, and nothing is recorded."""

    def takes(self, named: Named) -> bool:
        return named.available and (not self.data or named.name in self.data)

    def some(self, positions: list[int] | NDArray[np.intp]) -> list[int]:
        """Evenly spread ones, if there are too many."""
        return [int(positions[i]) for i in evenly(len(positions), self.targets)]
