"""The function whose minimum the model is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

from array_api_compat import array_namespace

from forcing.engine.arrays import Array, single, widened
from forcing.engine.design import Design
from forcing.engine.losses import Logistic, Loss

LARGE = 1e8
"""Rows times parameters, from about a tenth of a second a pass."""


@dataclass(frozen=True, eq=False)
class LinearObjective:
    """Weighted, L2-regularised empirical risk of a linear head, in sum scaling:

        P(theta) = sum_i s_i loss(x_i . theta, y_i) + 1/2 theta' R theta.

    theta is (p,), or (p, K) where a row has K outputs (classes); then predictors, residuals
    and changes of predictors are (n, K) instead of (n,). Further axes at the end of theta or of
    a predictor are many of them side by side.

    `kept` is what every method takes for "which rows": the weights s with a zero where a
    row is left out. Leaving rows out never changes R (C stays as it is).
    """

    design: Design
    labels: Array
    """(n,) or (n, K): as the loss has them."""
    weights: Array
    """(n,): s_i >= 0."""
    penalty: Array
    """(p,): the diagonal of R, the same for each output; 0 for a free intercept."""
    loss: Loss = field(default_factory=Logistic)
    offset: Array | None = None
    """(n,) or (n, K): predictors at theta = 0, where that is not zero."""
    tilt: Array | None = None
    """(p,) or (p, K): a term tilt . theta of the objective that no row leaves with."""

    @property
    def n_rows(self) -> int:
        return self.design.shape[0]

    @property
    def outputs(self) -> int:
        """K; 0 where predictors are (n,)."""
        return 0 if self.labels.ndim == 1 else int(self.labels.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """Of theta."""
        p = self.design.shape[1]
        return (p, self.outputs) if self.outputs and not self.design.shared else (p,)

    @property
    def n_parameters(self) -> int:
        return math.prod(self.shape)

    @cached_property
    def rough(self) -> LinearObjective:
        """For products with the Hessian in single precision."""
        return replace(self, design=self.design.rough, penalty=single(self.penalty))

    @property
    def is_large(self) -> bool:
        """Whether every solve takes long, so that several removals share one."""
        return self.n_rows * self.n_parameters > LARGE

    def predictor(self, theta: Array) -> Array:
        """(n,) or (n, K); one pass over the design."""
        change = self.design.times(theta)
        return change if self.offset is None else change + self.offset

    def row_losses(self, predictor: Array) -> Array:
        """(n,): the loss of each row, without its weight."""
        losses = self.loss.value(predictor, widened(self.labels, predictor))
        if self.outputs and not self.loss.coupled:
            losses = array_namespace(losses).sum(losses, axis=1)
        return losses

    def residuals(self, predictor: Array) -> Array:
        """rho_i, the slope of each row's loss in its predictor; its gradient is rho_i x_i."""
        return self.loss.slope(predictor, widened(self.labels, predictor))

    def slopes(self, predictor: Array, kept: Array) -> Array:
        """Of the predictor's shape: what each row adds to the gradient, before its x_i."""
        return self.leaving_slopes(predictor, kept)

    def leaving_slopes(self, predictor: Array, kept: Array) -> Array:
        """Likewise: what the gradient loses when a row leaves."""
        return self.each(kept) * self.residuals(predictor)

    def value(self, theta: Array, predictor: Array, kept: Array) -> Array:
        """() or, of many side by side, (m,)."""
        xp = array_namespace(theta)
        axes = tuple(range(len(self.shape)))
        value = xp.sum(kept * self.row_losses(predictor), axis=0)
        value = value + 0.5 * xp.sum(widened(self.penalty, theta) * theta * theta, axis=axes)
        return (
            value
            if self.tilt is None
            else value + xp.sum(widened(self.tilt, theta) * theta, axis=axes)
        )

    def gradient(self, theta: Array, predictor: Array, kept: Array) -> Array:
        """Of theta's shape; one pass over the design."""
        slopes = self.slopes(predictor, kept)
        gradient = self.design.transposed(slopes) + widened(self.penalty, theta) * theta
        return gradient if self.tilt is None else gradient + widened(self.tilt, theta)

    def hessian_weights(self, predictor: Array, kept: Array) -> Array:
        """c, of the predictor's shape, which says with `bent` what the Hessian is."""
        return self.each(kept) * self.loss.curvature(predictor, widened(self.labels, predictor))

    def leaving_weights(self, predictor: Array, kept: Array) -> Array:
        """By how much c falls at each row when that row leaves."""
        return self.hessian_weights(predictor, kept)

    def remaining_weight(self, predictor: Array, row: int) -> Array:
        """(1, ...): c at a row that has left."""
        return 0.0 * predictor[row : row + 1, ...]

    def counted(self, kept: Array) -> Array:
        """Of bool, beside the predictors: rows that have a loss."""
        return self.each(kept) > 0

    def bent(self, hessian_weights: Array, change: Array) -> Array:
        """What a change of the predictors adds to the weighted residuals, to first order."""
        c = widened(hessian_weights, change)
        bent = c * change
        if not self.loss.coupled:
            return bent
        xp = array_namespace(change)
        weight = xp.sum(c, axis=1, keepdims=True)
        share = xp.sum(bent, axis=1, keepdims=True) / xp.where(weight > 0, weight, 1.0)
        return bent - c * share

    def hessian_product(self, hessian_weights: Array, direction: Array) -> Array:
        """H direction; two passes over the design."""
        bent = self.bent(hessian_weights, self.design.times(direction))
        return self.design.transposed(bent) + widened(self.penalty, direction) * direction

    def paired(self, slopes: Array, change: Array) -> Array:
        """(n, ...): the inner product of each row's slopes with the change of its predictors."""
        product = slopes * change
        return array_namespace(product).sum(product, axis=1) if self.outputs else product

    def each(self, kept: Array) -> Array:
        """Weights of rows, (n,) or (n, m), beside predictors (n, K) or (n, K, m)."""
        return array_namespace(kept).expand_dims(kept, axis=1) if self.outputs else kept
