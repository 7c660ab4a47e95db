"""Chance: what a ranking has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forcing.engine.problem import Problem


def random_order(problem: Problem, seed: int | None = 0) -> NDArray[np.float64]:
    """(n,): uniform scores between 0 and 1, the same for the same seed."""
    return np.random.default_rng(seed).uniform(size=problem.objective.n_rows)
