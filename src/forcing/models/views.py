"""An adapted model seen through something that stays fixed, before it or after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import Array, beside
from forcing.models.registry import AdaptedModel, Outlook, Scores


def told(changed: NDArray[np.intp] | None) -> tuple[NDArray[np.intp], ...]:
    """The argument, or none: adapters of users' own may take no labels."""
    return () if changed is None else (changed,)


def behind(model: AdaptedModel, prepare: Callable[[Any], Any], **changed: Any) -> AdaptedModel:
    """The model on targets that `prepare` has transformed."""

    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        scores, words = model.refit(kept, near, *told(changed))
        return lambda x: scores(prepare(x)), words

    return replace(
        model,
        outlook=lambda x: model.outlook(prepare(x)),
        scores=lambda x: model.scores(prepare(x)),
        refit=refit,
        **changed,
    )


def rescaled(
    model: AdaptedModel,
    factors: NDArray[np.float64],
    shifts: NDArray[np.float64],
    **changed: Any,
) -> AdaptedModel:
    """The model with each class's score (K,) times a factor, plus a shift."""

    def outlook(x: Any) -> Outlook:
        seen = model.outlook(x)
        each = beside(factors, seen.directions)
        each = each.reshape(-1, *([1] * (seen.directions.ndim - 1)))
        constants = factors * np.asarray(seen.constants) + shifts
        return Outlook(seen.directions * each, tuple(constants.tolist()))

    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        scores, words = model.refit(kept, near, *told(changed))
        return lambda x: factors * scores(x) + shifts, words

    return replace(
        model,
        outlook=outlook,
        scores=lambda x: factors * model.scores(x) + shifts,
        refit=refit,
        **changed,
    )
