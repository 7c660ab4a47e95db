"""From a fitted model and its training data to an objective: `adapt`, and `register` for more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from array_api_compat import array_namespace
from numpy.typing import NDArray

from forcing.engine.arrays import Array, beside, eye
from forcing.engine.objective import LinearObjective
from forcing.errors import UnsupportedModelError
from forcing.records import Label

if TYPE_CHECKING:
    from forcing.models.black_box import AdaptedBlackBox

Scores: TypeAlias = Callable[[Any], NDArray[np.float64]]
"""A model: from a target, as the user gives it, to a score for each class (K,), whose
differences are margins. Of two classes decided by one function f that is (0, f), and of a
regression (0, prediction)."""


class Refit(Protocol):
    """Clone the user's estimator and refit it on the rows where `kept` (n,) is true, at tight
    tolerance; the refitted model, and the estimator in words.
    """

    def __call__(
        self, kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        """`near`: parameters to start from, where the estimator can; None: from cold. `changed`
        (n,): positions in `classes` of the labels to fit to, where some are changed.
        """


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What the model was fitted on, as the user gave it, and checked."""

    X: Any
    y: NDArray[Any]
    """(n,)"""
    sample_weight: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Outlook:
    """A target seen from the objective: score k is directions[k] . theta + constants[k]."""

    directions: Array
    """(K, *theta's shape)"""
    constants: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class AdaptedModel:
    """All that the engine needs of a fitted model, and what the screen says of it."""

    objective: LinearObjective
    theta: Array
    """(p,) or (p, K): the parameters as fitted."""
    classes: tuple[Label, ...]
    """In the order of the scores; none for a regression."""
    codes: NDArray[np.intp]
    """(n,): positions in `classes` of the training labels."""
    outlook: Callable[[Any], Outlook]
    """A target, as the user gives it, in the coordinates of the objective."""
    scores: Scores
    """The fitted model itself."""
    refit: Refit | None
    """None where nobody but the user can refit it."""
    refit_as_given: Callable[[], Array] | None
    """theta of a clone fitted on all rows at the user's own settings; None where the fit is
    exact or nobody can tell how far from its optimum it may end."""
    tolerance: float | None
    """Largest entry of the gradient of the mean loss at which the solver stops, where known."""
    spread: float
    """How many times further from the optimum two fits at the same settings may end: above 1
    for solvers that draw at random."""
    description: str
    """Such as "LogisticRegression in a Pipeline"."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader of a result must know."""
    feature_weights: NDArray[np.float64] | None = None
    """Weight of each original column on the margin, where the columns survive the pipeline."""
    probabilities: bool = True
    """Whether differences of scores are log-odds."""
    scale: float = 1.0
    """Difference of scores that is drawn like one unit of log-odds, where they are not."""
    scores_of: Callable[[Any], Scores] | None = None
    """How to ask what a user's own refit returned, which takes rows as this model does, behind
    what stays fixed; None: as a classifier of scikit-learn's that takes them as the user does."""
    linearised: bool = False
    """Whether the objective is a model of the user's model, so that it proves nothing of it."""
    head: AdaptedModel | None = None
    """The last step of a pipeline, which takes rows as the steps before it leave them."""
    cut: float = 0.0
    """Score from which on the second of two classes is decided."""
    cut_at: Callable[[float], float] | None = None
    """From a threshold, as the user gives it (a probability or a prediction), to the score that
    it stands for; None: its log-odds, of a regression itself."""


def outlook_of(objective: LinearObjective, row: NDArray[np.float64]) -> Outlook:
    """Of a target that is a row (p,) of the design."""
    v = beside(row, objective.weights)
    xp = array_namespace(v)
    outputs = objective.outputs
    if not outputs:
        return Outlook(xp.stack([0.0 * v, v]), (0.0, 0.0))
    directions = v[None, :, None] * eye(outputs, v)[:, None, :]
    return Outlook(directions, (0.0,) * outputs)


def adapt(model: Any, data: TrainingData) -> AdaptedModel | AdaptedBlackBox:
    """A fitted model as the engine takes it: by its type where its objective is known, else, or
    where a setting of it rules that out, by refits alone.

    Raises `UnsupportedModelError` for what cannot even be refitted.
    """
    from forcing.models.black_box import adapt_black_box  # it needs this module's TrainingData

    if by_type.dispatch(type(model)) is by_type.dispatch(object):
        _check_is_no_module(model)
        return adapt_black_box(model, data)
    try:
        return by_type(model, data)
    except UnsupportedModelError as reason:
        try:
            return adapt_black_box(model, data, f"Explained by refits alone: {reason}")
        except UnsupportedModelError:
            raise reason from None


def _check_is_no_module(model: Any) -> None:
    if any(kind.__module__.startswith("torch.nn.") for kind in type(model).__mro__):
        raise UnsupportedModelError(
            "model is a torch module, which does not say how it was regularised; pass "
            "forcing.TorchModel(model, weight_decay=...) with the weight_decay of its optimiser."
        )


@singledispatch
def by_type(model: Any, data: TrainingData) -> AdaptedModel | AdaptedBlackBox:  # noqa: ARG001
    """The adapter of a model's type; raises `UnsupportedModelError` for settings that it cannot
    take, and for types nobody registered.
    """
    raise UnsupportedModelError(f"{type(model).__name__} has no objective that is known.")


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
    by_type.register(model_type, adapter)


def with_objective(adapted: AdaptedModel | AdaptedBlackBox) -> AdaptedModel:
    """For wrappers that work on the objective inside; without one, the wrapper as a whole is
    refitted.
    """
    if not isinstance(adapted, AdaptedModel):
        raise UnsupportedModelError(f"{adapted.description} has no objective that is known.")
    return adapted
