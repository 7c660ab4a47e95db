"""From a fitted model and its training data to an objective: `adapt`, and `register` for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import Array
from forcing.engine.objective import LinearObjective
from forcing.records import Label

Head: TypeAlias = Callable[[NDArray[np.float64]], float]
"""A refitted model: from a target's row of the design to its decision function, positive
where label 1 is decided (log-odds for a logistic head)."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What the model was fitted on, as the user gave it, and checked."""

    X: Any
    y: NDArray[Any]
    """(n,)"""
    sample_weight: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class AdaptedModel:
    """All that the engine needs of a fitted model, and what the screen says of it."""

    objective: LinearObjective
    theta: Array
    """(p,): the parameters as fitted."""
    classes: tuple[Label, Label]
    """Labels that 0 and 1 stand for."""
    design_row: Callable[[Any], NDArray[np.float64]]
    """A target, as the user gives it, as a row (p,) of the design."""
    decide: Callable[[Any], float]
    """The fitted model itself: a target, as the user gives it, to the log-odds of label 1."""
    refit: Callable[[NDArray[np.bool_]], tuple[Callable[[Any], float], str]]
    """Clone the user's estimator, refit it on the rows where the mask (n,) is true, at tight
    tolerance: the log-odds of label 1 as a function of a target, and the estimator in words."""
    refit_as_given: Callable[[], Array]
    """theta (p,) of a clone fitted on all rows at the user's own settings."""
    tolerance: float | None
    """Largest entry of the gradient of the mean loss at which the solver stops, where known."""
    spread: float
    """How many times further from the optimum two fits at the same settings may end: above 1
    for solvers that draw at random."""
    description: str
    """Such as "LogisticRegression in a Pipeline"."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader of a result must know."""
    feature_weights: NDArray[np.float64] | None = field(default=None)
    """Weight of each original column on the margin, where the columns survive the pipeline."""


@singledispatch
def adapt(model: Any, data: TrainingData) -> Any:
    """A fitted model as an `AdaptedModel`; dispatches on the model's type.

    Types nobody registered are black boxes, explained by refitting: an `AdaptedBlackBox`.
    Raises `UnsupportedModelError` for what can be neither.
    """
    from forcing.models.black_box import adapt_black_box  # it needs this module's TrainingData

    return adapt_black_box(model, data)


def register(model_type: type, adapter: Callable[[Any, TrainingData], AdaptedModel]) -> None:
    """Teach `forcing` a kind of model.

    Parameters
    ----------
    model_type
        Class of the models; subclasses are found too.
    adapter
        Takes a fitted model and its `TrainingData`, returns an `AdaptedModel`.
    """
    if not isinstance(model_type, type):
        raise TypeError(f"model_type must be a class, got {model_type!r}.")
    if not callable(adapter):
        raise TypeError(f"adapter must be callable, got {adapter!r}.")
    adapt.register(model_type, adapter)
