"""From the parameters as fitted to the optimum, and whether solver tolerance explains the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forcing.engine.arrays import Array, on_host
from forcing.engine.fitting import Fit, fit_at, refit, refresh
from forcing.engine.losses import sigmoid, softmax
from forcing.engine.objective import LinearObjective
from forcing.errors import TrainingMismatchError
from forcing.models import AdaptedModel

HARMLESS = 1e-3
"""Decrement below which it does not matter why: a thousandth of a standard deviation."""

SETTLED = 1e-7
"""Change of the predictors below which the factor at the fitted parameters serves the optimum."""

NOTABLE = 0.005
"""Change of a training row's probability from which on a result says that it was polished."""


@dataclass(frozen=True, slots=True)
class Polish:
    """How far the fitted parameters were from the optimum."""

    decrement: float
    """Newton decrement, sqrt(g' H^-1 g): in standard deviations of the parameters."""
    probability: float
    """Largest change of a training row's probability."""
    agreement: float = 1.0
    """Share of the training rows that are decided as fitted."""

    @property
    def note(self) -> str | None:
        if self.probability < NOTABLE:
            return None
        return (
            "The fitted model stopped short of its optimum, which is what is explained: "
            f"probabilities differ by up to {100 * self.probability:.1f} points, and "
            f"{100 * self.agreement:.4g} % of the training rows are decided as it decides them."
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
    if not within_tolerance and optimum.decrement > HARMLESS and model.refit_as_given is not None:
        again = _decrement(objective, model.refit_as_given())
        if optimum.decrement > model.spread * again:
            raise TrainingMismatchError(
                "model was not fitted on this X and y: at its parameters the gradient of the "
                f"mean loss is {steepest:.2g}, and a refit with the same settings ends "
                f"{optimum.decrement / max(again, 1e-12):.0f} times nearer to the optimum. Pass "
                "the rows, labels and sample_weight that fit received, in any order."
            )
    moved = float(np.max(np.abs(on_host(optimum.predictor - at_fit.predictor))))
    before, after = (probabilities(objective, f.predictor) for f in (at_fit, optimum))
    changed = float(np.max(np.abs(on_host(after - before))))
    report = Polish(optimum.decrement, changed, _agreement(on_host(before), on_host(after)))
    if moved > SETTLED or optimum.curvature is not at_fit.curvature:
        optimum = refresh(objective, optimum)
    return optimum, report


def probabilities(objective: LinearObjective, predictor: Array) -> Array:
    """Of each training row; the logistic function of its score where the loss knows none."""
    return softmax(predictor) if objective.loss.coupled else sigmoid(predictor)


def _agreement(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Share of the rows of two tables of probabilities, (n,) or (n, K), with the same decision."""
    decisions = [p > 0.5 if p.ndim == 1 else np.argmax(p, axis=1) for p in (before, after)]
    return float(np.mean(decisions[0] == decisions[1]))


def _decrement(objective: LinearObjective, theta: Array) -> float:
    fit = fit_at(objective, theta)
    gradient = objective.gradient(fit.theta, fit.predictor, fit.kept)
    return math.sqrt(float(np.sum(on_host(gradient * fit.curvature.solve(gradient)))))
