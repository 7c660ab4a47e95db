"""Which factor of the Hessian a problem of this size gets."""

from __future__ import annotations

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, count
from forcing.engine.curvature import CHEAP, Blocks, Curvature, Whole
from forcing.engine.objective import LinearObjective
from forcing.engine.preconditioners import Diagonal, LowRank, SoftmaxBlocks

WHOLE = 800
"""Parameters of a softmax up to which its whole Hessian is factorised, else a block per class."""

SHARED = 2_000
"""The same where the outputs share their parameters, and no blocks can stand in."""

FEW = 0.25
"""Share of the columns that rows may number for a factor of the rows to be preferred."""

LIGHT = 0.3
"""Rows that curve the objective by less than this share of the penalty do not count there."""

LARGEST = 4_000
"""Columns up to which a matrix (p, p) is factorised; beyond, its diagonal has to do."""


def factorised(objective: LinearObjective, hessian_weights: Array) -> Curvature:
    """The most exact factor that the size of the problem allows.

    Costs n p^2 + p^3 operations and p^2 memory (for each class where there are several).
    """
    few = _weighty(objective, hessian_weights)
    if few is not None:
        return LowRank(objective, hessian_weights, few)
    if not objective.design.factorable or objective.design.shape[1] > LARGEST:
        return Diagonal(objective, hessian_weights)
    if objective.outputs and objective.design.shared:
        small = objective.n_parameters <= SHARED
        return (Whole if small else Diagonal)(objective, hessian_weights)
    if objective.outputs and not objective.loss.coupled:
        return Blocks(objective, hessian_weights)
    if objective.outputs and objective.n_parameters > WHOLE:
        return SoftmaxBlocks(objective, hessian_weights)
    return Whole(objective, hessian_weights)


def _weighty(objective: LinearObjective, hessian_weights: Array) -> Array | None:
    """(n,) of bool: the rows that bend the penalty's own curvature noticeably, where they are few.

    So it is where most rows are decided with near certainty, as on deep features.
    """
    xp = array_namespace(hessian_weights)
    p, penalty = objective.design.shape[1], objective.penalty
    if objective.outputs or not objective.design.factorable or p <= CHEAP:
        return None
    bent = hessian_weights * objective.design.squared_norms
    level = LIGHT * float(xp.max(penalty))
    few = bent > level
    if level == 0.0 or count(few) > FEW * p or count(penalty > 0) < p - 1:
        return None
    return few
