"""An adapted model seen through something that stays fixed, before it or after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import Array, beside
from forcing.models.registry import AdaptedModel, Outlook, Refit, Scores


def told(changed: NDArray[np.intp] | None) -> tuple[NDArray[np.intp], ...]:
    """The argument, or none: adapters of users' own may take no labels."""
    return () if changed is None else (changed,)


def behind(model: AdaptedModel, prepare: Callable[[Any], Any], **changed: Any) -> AdaptedModel:
    """The model on targets that `prepare` has transformed."""

    def through(scores: Scores) -> Scores:
        return lambda x: scores(prepare(x))

    return _seen(model, through, outlook=lambda x: model.outlook(prepare(x)), **changed)


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

    def through(scores: Scores) -> Scores:
        return lambda x: factors * scores(x) + shifts

    return _seen(model, through, outlook=outlook, **changed)


def _seen(model: AdaptedModel, through: Callable[[Scores], Scores], **changed: Any) -> AdaptedModel:
    """The model, and whatever refits it, with scores that went through the same."""
    own, asked = model.refit, model.scores_of
    if own is not None:
        changed["refit"] = _refitted(own, through)
    if asked is not None:
        changed["scores_of"] = lambda fitted: through(asked(fitted))
    return replace(model, scores=through(model.scores), **{"head": None, **changed})


def _refitted(own: Refit, through: Callable[[Scores], Scores]) -> Refit:
    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        scores, words = own(kept, near, *told(changed))
        return through(scores), words

    return refit
