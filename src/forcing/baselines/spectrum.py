"""The scale of a Hessian, from products with it."""

from __future__ import annotations

import numpy as np
from array_api_compat import array_namespace

from forcing.engine.arrays import Array, beside
from forcing.engine.objective import LinearObjective

ITERATIONS = 50


def largest_eigenvalue(objective: LinearObjective, hessian_weights: Array) -> float:
    """By power iteration from a fixed start: at most the truth, and near it."""
    xp = array_namespace(hessian_weights)
    vector = beside(np.random.default_rng(0).standard_normal(objective.shape), hessian_weights)
    length = 0.0
    for _ in range(ITERATIONS):
        vector = vector / xp.sqrt(xp.sum(vector * vector))
        product = objective.hessian_product(hessian_weights, vector)
        length = float(xp.sqrt(xp.sum(product * product)))
        if length == 0.0:
            break
        vector = product
    return length
