"""Doubts about training labels, with what a study knows: the rows, and targets whose true labels
are known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.baselines.influence import supports
from forcing.engine.arrays import on_host
from forcing.engine.design import Dense, Sparse
from forcing.engine.doubts import Doubts, Trusted, label_doubts
from forcing.engine.fitting import Fit
from forcing.engine.problem import Problem
from forcing.errors import ConvergenceError, TrainingMismatchError
from forcing.models import AdaptedModel
from forcing.models.black_box import take_rows

SAME = 1e-6
"""Share by which a training row, seen as a target, may differ from itself in the design."""


def doubts(
    adapted: AdaptedModel,
    fit: Fit,
    X: Any,
    targets: Sequence[Any],
    labels: NDArray[Any] | None,
    seed: int | None,
) -> Doubts | None:
    """Of the training labels; targets with `labels` count as rows whose labels are right.

    None where labels are not classes, where the objective is itself an approximation, and where
    no model can be trained without some of the rows.
    """
    if not adapted.classes or adapted.linearised:
        return None
    trusted = None if labels is None else _trusted(adapted, X, targets, labels)
    try:
        return label_doubts(adapted.objective, fit, adapted.codes, trusted, seed)
    except ConvergenceError:
        return None


def owed(decisions: Sequence[Problem]) -> NDArray[np.float64]:
    """(n,): by how much these decisions get likelier, to first order, through each training row:
    its influence on the sum of the losses that they would have if they were wrong.
    """
    first = decisions[0]
    theta = first.fit.theta
    total = array_namespace(theta).zeros_like(theta)
    for one in decisions:
        margin = one.margin(theta) / one.scale
        total = total + 0.5 * (1.0 + math.tanh(0.5 * margin)) * one.direction(theta)
    return on_host(supports(first, first.fit.inverse.solve(total)))


def _trusted(
    adapted: AdaptedModel, X: Any, targets: Sequence[Any], labels: NDArray[Any]
) -> Trusted | None:
    """None where targets are seen through something, such as a calibration, that rows are not."""
    design = adapted.objective.design
    if not isinstance(design, Dense | Sparse):
        return None
    own, as_target = on_host(design.rows([0]))[0], _row(adapted, take_rows(X, np.array([0])))[0]
    if np.abs(own - as_target).max() > SAME * max(1.0, float(np.abs(own).max())):
        return None
    rows, codes, offsets = [], [], []
    for x, label in zip(targets, labels.tolist(), strict=True):
        try:
            row, offset = _row(adapted, x)
        except (TrainingMismatchError, ValueError):
            continue  # its outcome says what is wrong with it
        rows.append(scipy.sparse.csr_matrix(row) if isinstance(design, Sparse) else row)
        codes.append(adapted.classes.index(label))
        offsets.append(offset)
    if not rows:
        return None
    stacked = scipy.sparse.vstack(rows).tocsr() if isinstance(design, Sparse) else np.stack(rows)
    return Trusted(stacked, np.array(codes, dtype=np.intp), np.array(offsets))


def _row(adapted: AdaptedModel, x: Any) -> tuple[NDArray[np.float64], Any]:
    """A target as a row (p,) of the design, and its predictor at theta = 0: () or (K,)."""
    seen = adapted.outlook(x)
    constants = np.array(seen.constants)
    if not adapted.objective.outputs:
        row = seen.directions[1, ...] - seen.directions[0, ...]
        return on_host(row), constants[1] - constants[0]
    xp = array_namespace(seen.directions)
    return on_host(xp.sum(seen.directions[0, ...], axis=1)), constants
