"""TracIn (Pruthi et al., 2020): gradients of a row and of the target along the training."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from array_api_compat import array_namespace

from forcing.baselines.spectrum import largest_eigenvalue
from forcing.engine.arrays import Array, beside
from forcing.engine.problem import Problem

CHECKPOINTS = 100


def tracin(problem: Problem, checkpoints: int = CHECKPOINTS) -> Array:
    """(n,): sum over checkpoints of eta (gradient of the row's loss) . (gradient of the target's).

    How the model's own solver went is not known, and at the optimum, where it ended, gradients
    say least. The checkpoints are those of a training that anyone can repeat: gradient descent on
    the same objective from theta = 0 with eta = 1 / (largest eigenvalue of the Hessian there),
    halved for good whenever a step falls short of half the descent that its gradient promises.

    The target's loss is the cross-entropy of the decision, log(1 + sum_r exp(-margin_r)), which
    is the model's own for logistic and softmax models. A row scores above 0 where the steps that
    it asks for make the decision surer.
    """
    objective, kept = problem.objective, problem.fit.kept
    xp = array_namespace(kept)
    likeness = objective.design.times(xp.moveaxis(problem.directions, 0, -1))  # (n[, K], R)
    scores = xp.zeros_like(kept)
    for eta, theta, predictor in descent(problem, checkpoints):
        pull = xp.sum(likeness * _shares(problem, theta), axis=-1)
        slopes = objective.leaving_slopes(predictor, kept)
        scores = scores - eta * objective.paired(slopes, pull)
    return scores


def descent(problem: Problem, checkpoints: int) -> Iterator[tuple[float, Array, Array]]:
    """(eta of the step that follows, theta, predictor) of each checkpoint, theta = 0 first."""
    objective, kept = problem.objective, problem.fit.kept
    xp = array_namespace(kept)
    theta = xp.zeros_like(problem.fit.theta)
    predictor = objective.predictor(theta)
    eta = 1.0 / largest_eigenvalue(objective, objective.hessian_weights(predictor, kept))
    value = objective.value(theta, predictor, kept)
    for _ in range(checkpoints):
        gradient = objective.gradient(theta, predictor, kept)
        steepness = float(xp.sum(gradient * gradient))
        rounding = 1e-12 * (1.0 + abs(value))
        while True:
            following = theta - eta * gradient
            reached = objective.predictor(following)
            below = objective.value(following, reached, kept)
            if below <= value - 0.5 * eta * steepness + rounding:
                break
            eta /= 2.0
        yield eta, theta, predictor
        theta, predictor, value = following, reached, below


def _shares(problem: Problem, theta: Array) -> Array:
    """(R,): minus the slope of the target's loss in its margin over each rival."""
    scaled = [-margin / problem.scale for margin in problem.margins(theta)]
    highest = max(0.0, *scaled)
    odds = np.array([math.exp(value - highest) for value in scaled])
    return beside(odds / (problem.scale * (math.exp(-highest) + odds.sum())), theta)
