"""Chance: what a ranking has to beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import on_host
from forcing.engine.problem import Problem


def random_order(problem: Problem, seed: int | None = 0) -> NDArray[np.float64]:
    """(n,): uniform scores between 0 and 1, the same for the same seed."""
    return np.random.default_rng(seed).uniform(size=problem.objective.n_rows)


def random_favoured(problem: Problem, seed: int | None = 0) -> NDArray[np.float64]:
    """(n,): the same within the favoured class; rows of another class follow, below 0."""
    scores = random_order(problem, seed)
    return np.where(on_host(problem.codes) == problem.favoured, scores, scores - 1.0)
