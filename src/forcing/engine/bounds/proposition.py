"""Proposition 1: how far one-step Newton can err."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forcing.engine.arrays import on_host
from forcing.engine.problem import Problem


@dataclass(frozen=True, slots=True)
class NewtonErrorBound:
    """Proposition 1 and the constants in it.

    The sum-scaled Hessian with the Lipschitz constant of one row's: in this reading eq. 6 is
    the same statement as in mean scaling, and n^3 times tighter than its letters there.

    It holds for the step of the proof, whose Hessian (eq. 8) is that of the rows that stay. With
    the Hessian of all rows, as eq. 5 has it, the error falls with the second power of alpha only,
    and is above the bound where alpha is large (benchmarks/proposition.py).
    """

    lipschitz_margin: float
    """L_F of F(theta) = the margin: |v|."""
    lipschitz_hessian: float
    """L_H of one row's loss: max_i |x_i|^3 / (6 sqrt 3), from the logistic's third derivative."""
    largest_gradient: float
    """N_g: max_i |grad l_i| at the optimum."""
    smallest_eigenvalue: float
    """lambda_min + alpha of the Hessian at the optimum."""
    n_rows: int

    def of(self, m: int = 1) -> float:
        """Bound on the error of the margin after m one-step removals (eq. 6 and its remark)."""
        constants = self.lipschitz_margin * self.lipschitz_hessian * self.largest_gradient**2
        return self.n_rows * m * m * constants / self.smallest_eigenvalue**3


def newton_error_bound(problem: Problem) -> NewtonErrorBound:
    """The constants of Proposition 1 for this model and target."""
    objective, fit = problem.objective, problem.fit
    design = on_host(objective.design.rows(range(objective.n_rows)))
    norms = np.sqrt(np.sum(design * design, axis=1))
    weights = on_host(objective.hessian_weights(fit.predictor, fit.kept))
    hessian = (design * weights[:, None]).T @ design + np.diag(on_host(objective.penalty))
    slopes = np.abs(on_host(objective.residuals(fit.predictor)))
    return NewtonErrorBound(
        lipschitz_margin=float(np.linalg.norm(on_host(problem.direction(fit.theta)))),
        lipschitz_hessian=float(np.max(norms) ** 3 / (6 * np.sqrt(3))),
        largest_gradient=float(np.max(slopes * norms)),
        smallest_eigenvalue=float(np.linalg.eigvalsh(hessian)[0]),
        n_rows=objective.n_rows,
    )
