"""From the parameters as fitted to the optimum, and whether solver tolerance explains the way."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import Array, on_host
from forcing.engine.fitting import Fit, fit_at, refit, refresh
from forcing.engine.losses import sigmoid, softmax
from forcing.engine.objective import LinearObjective
from forcing.errors import TrainingMismatchError
from forcing.models import AdaptedModel

HARMLESS = 1e-3
"""Distance below which it does not matter why: a thousandth of a standard deviation."""

SETTLED = 1e-7
"""Change of the predictors below which the factor at the fitted parameters serves the optimum."""

NOTABLE = 0.005
"""Change of a training row's probability from which on a result says that it was polished."""


@dataclass(frozen=True, slots=True)
class Polish:
    """How far the fitted parameters were from the optimum."""

    distance: float
    """In standard deviations of the parameters."""
    probability: float
    """Largest change of a training row's probability, """
    known: bool = True
    """or of what is drawn as one, of a model that gives none."""
    agreement: float | None = None
    """Share of the training rows that are decided as fitted; None: nobody asks about those."""

    @property
    def note(self) -> str | None:
        if self.probability < NOTABLE:
            return None
        what = "probabilities" if self.known else "percentages"
        decided = (
            ""
            if self.agreement is None
            else f", and {100 * self.agreement:.4g} % of the training rows are decided as it "
            "decides them"
        )
        return (
            "The fitted model stopped short of its optimum, which is what is explained: "
            f"{what} differ by up to {100 * self.probability:.1f} points{decided}."
        )


def polish(model: AdaptedModel) -> tuple[Fit, Polish]:
    """The optimum on all rows.

    Raises
    ------
    TrainingMismatchError
        The fitted parameters are further from the optimum of this data than the solver's
        tolerance, and than a refit at the user's own settings: they were fitted on other data.
    """
    objective = model.objective
    at_fit = fit_at(objective, model.theta)
    optimum = refit(objective, objective.weights, at_fit)
    gradient = objective.gradient(at_fit.theta, at_fit.predictor, at_fit.kept)
    steepest = float(np.max(np.abs(on_host(gradient)))) / float(np.sum(on_host(objective.weights)))
    within_tolerance = model.tolerance is not None and steepest <= 1.05 * model.tolerance
    distance = _distance(objective, at_fit, optimum)
    harmless = distance <= HARMLESS or _is_near_enough(objective, at_fit, optimum)
    if not within_tolerance and not harmless and model.refit_as_given is not None:
        again = _distance(objective, _at(objective, model.refit_as_given(), at_fit), optimum)
        if distance > model.spread * again:
            raise TrainingMismatchError(
                "model was not fitted on this X and y: at its parameters the gradient of the "
                f"mean loss is {steepest:.2g}, and a refit with the same settings ends "
                f"{distance / max(again, 1e-12):.0f} times nearer to the optimum. Pass "
                "the rows, labels and sample_weight that fit received, in any order."
            )
    moved = float(np.max(np.abs(on_host(optimum.predictor - at_fit.predictor))))
    before, after = (probabilities(objective, f.predictor) for f in (at_fit, optimum))
    changed = float(np.max(np.abs(on_host(after - before))))
    agreement = _agreement(on_host(at_fit.predictor), on_host(optimum.predictor), model)
    report = Polish(distance, changed, model.probabilities, agreement)
    exact = optimum.curvature.exact
    if exact and (moved > SETTLED or optimum.curvature is not at_fit.curvature):
        optimum = refresh(objective, optimum)
    return optimum, report


def _is_near_enough(objective: LinearObjective, at_fit: Fit, optimum: Fit) -> bool:
    """Of a large problem, whose refit is not worth a suspicion: within a thousandth of the best
    objective.
    """
    if not objective.is_large:
        return False
    values = [float(objective.value(f.theta, f.predictor, f.kept)) for f in (at_fit, optimum)]
    return values[0] <= 1.001 * values[1]


def probabilities(objective: LinearObjective, predictor: Array) -> Array:
    """Of each training row; the logistic function of its score where the loss knows none."""
    return softmax(predictor) if objective.loss.coupled else sigmoid(predictor)


def _agreement(
    before: NDArray[np.float64], after: NDArray[np.float64], model: AdaptedModel
) -> float | None:
    """Share of the rows of two predictors, (n,) or (n, K), with the same decision."""
    if not model.classes:  # a regression's line comes with each question
        return None
    decisions = [p > model.cut if p.ndim == 1 else np.argmax(p, axis=1) for p in (before, after)]
    return float(np.mean(decisions[0] == decisions[1]))


def _at(objective: LinearObjective, theta: Array, like: Fit) -> Fit:
    return replace(like, theta=theta, predictor=objective.predictor(theta))


def _distance(objective: LinearObjective, fit: Fit, optimum: Fit) -> float:
    """sqrt(2 (P(theta) - P(optimum))): the Newton decrement where that is small, and where it is
    not, as after stochastic descent, no victim of rows whose curvature has vanished.
    """
    values = [objective.value(f.theta, f.predictor, f.kept) for f in (fit, optimum)]
    return math.sqrt(2.0 * max(values[0] - values[1], 0.0))
