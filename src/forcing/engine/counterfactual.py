"""The counterfactual model: best loss subject to the opposite decision (eq. 2 and 4)."""

from __future__ import annotations

from dataclasses import dataclass

from array_api_compat import array_namespace

from forcing.engine.arrays import Array
from forcing.engine.conjugate import Inverse
from forcing.engine.problem import Problem


@dataclass(frozen=True, eq=False)
class Iterate:
    """The model as the search has it, between two removals."""

    theta: Array
    predictor: Array
    kept: Array
    inverse: Inverse
    rival: int
    """Position of the rival whose decision the counterfactual has to take."""
    lever: Array
    """u = H^-1 v, with v the gradient of the margin over that rival."""
    lever_predictor: Array
    """X u."""
    newton: Array | None = None
    """-H^-1 grad P where the gradient has not been driven to zero."""
    newton_predictor: Array | None = None


@dataclass(frozen=True, eq=False)
class Counterfactual:
    """theta_c, and what it costs."""

    theta: Array
    predictor: Array
    loss_gap: float
    """P(theta_c) - P(theta) over the kept rows, in nats: with one quadratic programme in the
    quadratic model, where it is (margin + slack)^2 / (2 v' H^-1 v); with more, of the losses."""


def counterfactual(
    problem: Problem, model: Iterate, *, slack: float, qp_steps: int
) -> Counterfactual:
    """Solve eq. 2 through its quadratic model (eq. 4) by the KKT conditions, `qp_steps` times.

    One linear constraint, margin(theta) <= -slack, so each quadratic programme has a closed
    form: theta + d - u (margin(theta + d) + slack) / (v . u), with d the Newton step of the
    unconstrained problem and u = H^-1 v. Repeating it with the gradient taken anew converges
    to the constrained optimum. A model that meets the constraint already is its own
    counterfactual.
    """
    objective = problem.objective
    xp = array_namespace(model.theta)
    stiffness = float(xp.sum(problem.directions[model.rival, ...] * model.lever))  # v' H^-1 v
    theta, predictor = model.theta, model.predictor
    newton, newton_predictor = model.newton, model.newton_predictor
    excess = 0.0
    for number in range(qp_steps):
        if number > 0:
            gradient = objective.gradient(theta, predictor, model.kept)
            newton = -model.inverse.solve(gradient)
            newton_predictor = objective.design.times(newton)
        if newton is not None:
            theta, predictor = theta + newton, predictor + newton_predictor
        excess = problem.margins(theta)[model.rival] + slack
        if excess > 0 or number > 0:
            theta = theta - (excess / stiffness) * model.lever
            predictor = predictor - (excess / stiffness) * model.lever_predictor
    if qp_steps == 1:
        gap = max(excess, 0.0) ** 2 / (2.0 * stiffness)
    else:
        before = float(objective.value(model.theta, model.predictor, model.kept))
        if model.newton is not None and model.newton_predictor is not None:
            # An iterate off its optimum would make the counterfactual look like a gain.
            nearer = model.theta + model.newton, model.predictor + model.newton_predictor
            before = min(before, float(objective.value(*nearer, model.kept)))
        gap = max(float(objective.value(theta, predictor, model.kept)) - before, 0.0)
    return Counterfactual(theta, predictor, gap)
