"""pyDVL's influence functions, with its exact solver and with conjugate gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.peers.contract import Head, Score, Vector
from benchmarks.peers.module import EXACT, MILD, Module, loss

ROWS_AT_ONCE = 128
"""Its gradients of a batch take time and memory with the square of the batch."""


def direct(head: Head) -> Score:
    _with_new_numpy()
    from pydvl.influence.torch import DirectInfluence

    module = Module.of(head, EXACT)
    return _score(module, DirectInfluence(module.net, loss, module.damping))


def conjugate_gradients(head: Head) -> Score:
    _with_new_numpy()
    from pydvl.influence.torch import CgInfluence

    module = Module.of(head, MILD)
    return _score(module, CgInfluence(module.net, loss, module.damping))


def _score(module: Module, model: Any) -> Score:
    model = model.fit(module.batch())

    def score(x: Any) -> Vector:
        factors = model.influence_factors(*module.target(x))
        pieces = zip(module.X.split(ROWS_AT_ONCE), module.y.split(ROWS_AT_ONCE), strict=True)
        parts = [model.influences_from_factors(factors, X, y) for X, y in pieces]
        return module.falls(x, torch.cat(parts, dim=1))

    return score


def _with_new_numpy() -> None:
    """pyDVL 0.9 asks for `numpy.float_` as it is imported, a name that NumPy 2 gave up."""
    vars(np).setdefault("float_", np.float64)
