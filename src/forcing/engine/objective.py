"""The function whose minimum the model is."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.losses import Logistic, Loss


@dataclass(frozen=True, eq=False)
class LinearObjective:
    """Weighted, L2-regularised empirical risk of a linear head, in sum scaling:

        P(theta) = sum_i s_i loss(x_i . theta, y_i) + 1/2 theta' R theta.

    `kept` is what every method takes for "which rows": the weights s with a zero where a
    row is left out. Leaving rows out never changes R (C stays as it is).
    """

    design: Array
    """(n, p): the rows x_i, with the intercept's column where there is one."""
    labels: Array
    """(n,): 0.0 or 1.0."""
    weights: Array
    """(n,): s_i >= 0."""
    penalty: Array
    """(p,): the diagonal of R; 0 for a free intercept."""
    loss: Loss = field(default_factory=Logistic)

    @property
    def n_rows(self) -> int:
        return int(self.design.shape[0])

    @cached_property
    def squared_norms(self) -> Array:
        """(n,): |x_i|^2."""
        return array_namespace(self.design).sum(self.design * self.design, axis=1)

    @property
    def n_parameters(self) -> int:
        return int(self.design.shape[1])

    def row_losses(self, predictor: Array) -> Array:
        """(n,): the loss of each row, without its weight."""
        return self.loss.value(predictor, self.labels)

    def residuals(self, predictor: Array) -> Array:
        """(n,): rho_i, the slope of each row's loss; its gradient is rho_i x_i."""
        return self.loss.slope(predictor, self.labels)

    def value(self, theta: Array, predictor: Array, kept: Array) -> float:
        xp = array_namespace(theta)
        risk = xp.sum(kept * self.row_losses(predictor))
        return float(risk + 0.5 * xp.sum(self.penalty * theta * theta))

    def gradient(self, theta: Array, predictor: Array, kept: Array) -> Array:
        """(p,); one pass over the design."""
        return self.design.T @ (kept * self.residuals(predictor)) + self.penalty * theta

    def hessian_weights(self, predictor: Array, kept: Array) -> Array:
        """(n,): c_i with H = X' diag(c) X + R."""
        return kept * self.loss.curvature(predictor)
