"""Losses of one row as functions of its linear predictor f and its label y in {0, 1}."""

from __future__ import annotations

from typing import Protocol

from array_api_compat import array_namespace

from forcing.engine.arrays import Array


class Loss(Protocol):
    """Value, first and second derivative in the linear predictor, row by row."""

    def value(self, predictor: Array, labels: Array) -> Array: ...
    def slope(self, predictor: Array, labels: Array) -> Array: ...
    def curvature(self, predictor: Array) -> Array: ...


def sigmoid(predictor: Array) -> Array:
    """1 / (1 + exp(-f)) without overflow."""
    return 0.5 * (1.0 + array_namespace(predictor).tanh(0.5 * predictor))


class Logistic:
    """Cross-entropy of a Bernoulli label in nats: log(1 + exp(f)) - y f."""

    def value(self, predictor: Array, labels: Array) -> Array:
        xp = array_namespace(predictor)
        return xp.logaddexp(predictor, xp.zeros_like(predictor)) - labels * predictor

    def slope(self, predictor: Array, labels: Array) -> Array:
        return sigmoid(predictor) - labels

    def curvature(self, predictor: Array) -> Array:
        probability = sigmoid(predictor)
        return probability * (1.0 - probability)
