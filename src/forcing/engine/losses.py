"""Losses of one row as functions of its linear predictor f and its label y.

f and y are (n,) or, where a row has several outputs, (n, K); further axes at the end of f are
many fits side by side. Labels are 0 or 1 (one-hot where there are several), for the squared loss
any number.
"""

from __future__ import annotations

from typing import Protocol

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, widened


class Loss(Protocol):
    """Value, first and second derivative in the linear predictor, row by row."""

    coupled: bool
    """Whether the outputs of a row share one loss; else they are so many separate losses."""
    calm: float
    """Newton's step needs no line search where no predictor changes by more."""

    def value(self, predictor: Array, labels: Array) -> Array: ...
    def slope(self, predictor: Array, labels: Array) -> Array: ...
    def curvature(self, predictor: Array, labels: Array) -> Array: ...


def sigmoid(predictor: Array) -> Array:
    """1 / (1 + exp(-f)) without overflow."""
    return 0.5 * (1.0 + array_namespace(predictor).tanh(0.5 * predictor))


class Logistic:
    """Cross-entropy of a Bernoulli label in nats: log(1 + exp(f)) - y f."""

    coupled = False
    calm = 0.5  # the curvature changes by at most exp of the change: by less than two thirds

    def value(self, predictor: Array, labels: Array) -> Array:
        xp = array_namespace(predictor)
        return xp.logaddexp(predictor, xp.zeros_like(predictor)) - labels * predictor

    def slope(self, predictor: Array, labels: Array) -> Array:
        return sigmoid(predictor) - labels

    def curvature(self, predictor: Array, labels: Array) -> Array:  # noqa: ARG002
        probability = sigmoid(predictor)
        return probability * (1.0 - probability)


class Softmax:
    """Cross-entropy of a categorical label in nats: log sum_k exp(f_k) - y . f."""

    coupled = True
    calm = 0.5

    def value(self, predictor: Array, labels: Array) -> Array:
        xp = array_namespace(predictor)
        top = xp.max(predictor, axis=1, keepdims=True)
        total = xp.log(xp.sum(xp.exp(predictor - top), axis=1)) + xp.squeeze(top, axis=1)
        return total - xp.sum(labels * predictor, axis=1)

    def slope(self, predictor: Array, labels: Array) -> Array:
        return softmax(predictor) - labels

    def curvature(self, predictor: Array, labels: Array) -> Array:  # noqa: ARG002
        """The probabilities p; the second derivative is diag(p) - p p'."""
        return softmax(predictor)


def softmax(predictor: Array) -> Array:
    """Over axis 1, without overflow."""
    xp = array_namespace(predictor)
    odds = xp.exp(predictor - xp.max(predictor, axis=1, keepdims=True))
    return odds / xp.sum(odds, axis=1, keepdims=True)


class Squared:
    """(f - y)^2 / 2."""

    coupled = False
    calm = float("inf")

    def value(self, predictor: Array, labels: Array) -> Array:
        return 0.5 * (predictor - labels) ** 2

    def slope(self, predictor: Array, labels: Array) -> Array:
        return predictor - labels

    def curvature(self, predictor: Array, labels: Array) -> Array:  # noqa: ARG002
        return array_namespace(predictor).ones_like(predictor)


class SquaredHinge:
    """max(0, 1 - s f)^2 with s = 2 y - 1; once differentiable, its curvature has a step."""

    coupled = False
    calm = 0.0

    def value(self, predictor: Array, labels: Array) -> Array:
        return _short(predictor, labels) ** 2

    def slope(self, predictor: Array, labels: Array) -> Array:
        return -2.0 * (2.0 * labels - 1.0) * _short(predictor, labels)

    def curvature(self, predictor: Array, labels: Array) -> Array:
        xp = array_namespace(predictor)
        return 2.0 * xp.astype(_short(predictor, labels) > 0, predictor.dtype)


def _short(predictor: Array, labels: Array) -> Array:
    """How far the row is from the margin of 1."""
    xp = array_namespace(predictor)
    return xp.maximum(1.0 - (2.0 * widened(labels, predictor) - 1.0) * predictor, 0.0 * predictor)
