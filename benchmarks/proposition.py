"""Proposition 1 of the paper: its bound beside the error that one-step Newton really makes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks import record
from benchmarks.measure import row, table, told
from benchmarks.problems import PROBLEMS, Data
from benchmarks.settings import Settings
from forcing.baselines import rank
from forcing.engine.bounds import newton_error_bound
from forcing.engine.fitting import Fit, refit, refresh
from forcing.engine.problem import Problem
from forcing.engine.updates import UPDATES, begin
from forcing.study.linear import LinearExplainer

ALPHAS = tuple(float(f"{10**power:.3g}") for power in np.arange(-2, 6.1, 0.5))
"""Penalties 1/C: those of C = 100 to 0.001, and further, to where the curves cross."""

REMOVED = (1, 2, 5, 10, 20)
"""m of the remark: rows that leave one after the other."""

SINGLES = 20
"""Rows that leave alone, each by itself, of each target."""

TARGETS = 5

NAMES = ("moons", "digits", "heloc")

PRINTED, PROVED, DRIFT_FREE = "eq. 5", "proof", "drift-free"
ALONE = (PRINTED, PROVED)
"""One Newton step with the Hessian of all rows, and with that of the rows that stay; """
STEPS = (*ALONE, DRIFT_FREE)
"""and with the true gradient of these, to a few digits, which the next step makes up for."""

TIGHT = 1e-13
"""Decrement of the refits that are compared with."""

LAST, NOISE = 5, 1e-12
"""Slopes are taken over so many of the largest penalties at which errors are above rounding."""

EXPLAINED = f"""\
Error of the margin at the target: after one-step Newton, against a refit. Rows: the {SINGLES} that
influence ranks first, each alone (m = 1), and the first m of them one after the other; {TARGETS}
targets, evenly spread over confidence. m = 1: the largest error over targets and rows beside the
largest bound, n m^2 L_F L_H N_g^2 / (lambda_min + alpha)^3; *least bound / error*, over targets:
below 1 the bound does not hold. m = {REMOVED[-1]}: the median over targets. The proposition
penalises all parameters, and so do these models: their constant is a column. *Eq. 5*, as printed,
has the Hessian of all rows; the *proof* (eq. 8) takes it for that of the rows that stay;
*drift-free* updates, the default of this package, have that and the true gradient of these rows,
and solve for the step to a few digits. *Slope*: of log error in log alpha, over the {LAST} largest
alphas at which it is above {NOISE:g}.
"""


@dataclass(frozen=True)
class Errors:
    """Of one data set: (A,) for each of the A alphas."""

    shape: str
    alphas: list[float]
    bound: list[float]
    """For one row."""
    single: dict[str, list[float]]
    """Largest error of one row that leaves, by step."""
    least_ratio: dict[str, list[float]]
    """The smallest bound / error of one row, by step."""
    several: dict[str, list[list[float]]]
    """(A, M): median over targets of the error after m rows, by step."""
    bound_of_several: list[list[float]]
    """(A, M)"""


def proposition(settings: Settings) -> Iterator[str]:
    yield "## Proposition 1: how far one-step Newton errs\n"
    yield EXPLAINED
    kept: dict[str, Any] = {}
    for name in NAMES:
        if not PROBLEMS[name].available:
            yield f"{name}: not measured, set FORCING_DATA to the folder of the data sets.\n"
            continue
        told(name)
        alphas = ALPHAS[::3] if settings.short else ALPHAS
        found = errors(PROBLEMS[name].load(), alphas, targets=2 if settings.short else TARGETS)
        kept[name] = asdict(found)
        yield from _printed(name, found)
    if not settings.short:
        record.keep("proposition", {"removed": REMOVED, "data": kept})


def _printed(name: str, found: Errors) -> Iterator[str]:
    yield f"**{name}**, {found.shape}.\n"
    last = REMOVED[-1]
    ratios = [f"least bound / error, {step}" for step in ALONE]
    several = [f"m = {last}: {step}" for step in STEPS]
    yield from table(["alpha = 1/C", "m = 1: bound", *ALONE, *ratios, *several])
    for a, alpha in enumerate(found.alphas):
        cells = [f"{alpha:.3g}", f"{found.bound[a]:.2g}"]
        cells += [f"{found.single[step][a]:.2g}" for step in ALONE]
        cells += [f"{found.least_ratio[step][a]:.2g}" for step in ALONE]
        cells += [f"{found.several[step][a][-1]:.2g}" for step in STEPS]
        yield row(cells)
    columns = [found.bound, *(found.single[step] for step in ALONE)]
    ends = [[each[-1] for each in found.several[step]] for step in ALONE]
    cells = [f"{slope(found.alphas, values):.2f}" for values in (*columns, *ends)]
    yield row(["slope", *cells[: len(columns)], *([""] * len(ALONE)), *cells[len(columns) :], ""])
    yield ""


def slope(alphas: Sequence[float], values: Sequence[float]) -> float:
    """Of log value in log alpha, where the penalty is strong and rounding is not yet reached."""
    kept = [(a, v) for a, v in sorted(zip(alphas, values, strict=True)) if v > NOISE][-LAST:]
    x, y = np.log(np.array(kept)).T
    return float(np.polyfit(x, y, 1)[0])


def errors(data: Data, alphas: Sequence[float], targets: int = TARGETS) -> Errors:
    """Errors and bounds for each penalty."""
    X = _with_a_constant(data.X)
    X_test = _with_a_constant(data.X_test)
    found: dict[str, list[Any]] = {"bound": [], "several_bound": []}
    single: dict[str, list[float]] = {step: [] for step in ALONE}
    ratio: dict[str, list[float]] = {step: [] for step in ALONE}
    several: dict[str, list[list[float]]] = {step: [] for step in STEPS}
    chosen = None
    for alpha in alphas:
        model = _fitted(1.0 / alpha, X, data.y)
        study = forcing.Study(model, X, data.y)
        if chosen is None:
            order = np.argsort(np.abs(model.decision_function(X_test)))
            chosen = order[np.linspace(0, len(order) - 1, targets + 2).astype(int)[1:-1]]
        problems = [_problem(study, X_test[target]) for target in chosen]
        bounds = [newton_error_bound(p) for p in problems]
        found["bound"].append(max(bound.of(1) for bound in bounds))
        found["several_bound"].append([max(b.of(m) for b in bounds) for m in REMOVED])
        for step in ALONE:
            ones = [_of_single_rows(p, step) for p in problems]
            single[step].append(max(map(max, ones)))
            pairs = zip(bounds, ones, strict=True)
            ratio[step].append(min(bound.of(1) / max(one) for bound, one in pairs))
        for step in STEPS:
            runs = [_of_several_rows(p, step) for p in problems]
            several[step].append(np.median(runs, axis=0).tolist())
    return Errors(
        shape=f"{X.shape[0]} x {X.shape[1]}",
        alphas=list(alphas),
        bound=found["bound"],
        single=single,
        least_ratio=ratio,
        several=several,
        bound_of_several=found["several_bound"],
    )


def _of_single_rows(problem: Problem, step: str) -> list[float]:
    """The error of each of the first rows, leaving alone."""
    return [_error(problem, [r], step) for r in _order(problem)[:SINGLES]]


def _of_several_rows(problem: Problem, step: str) -> list[float]:
    rows = _order(problem)
    return [_error(problem, rows[:m], step) for m in REMOVED]


def _error(problem: Problem, rows: list[int], step: str) -> float:
    """|F(refit without these rows) - F(one step for each of them, in order)|."""
    optimum = refit(problem.objective, problem.fit.kept, problem.fit, decrement=TIGHT)
    refitted = problem.refit(rows, optimum, decrement=TIGHT)
    return abs(
        problem.margin(refitted.theta) - problem.margin(stepped(problem, optimum, rows, step))
    )


def stepped(problem: Problem, optimum: Fit, rows: list[int], step: str) -> NDArray[np.float64]:
    """(p,): the parameters after one step for each of these rows, in order."""
    if step == PROVED:
        return _as_in_the_proof(problem, optimum, rows)
    update = UPDATES["mfs-newton" if step == PRINTED else "mfs"]
    model = begin(problem, refresh(problem.objective, optimum))
    for leaving in rows:
        model = update(problem, model, [leaving])
    theta: NDArray[np.float64] = model.theta
    return theta


def _as_in_the_proof(problem: Problem, optimum: Fit, rows: list[int]) -> NDArray[np.float64]:
    """Each step: plus the inverse Hessian of the rows that stay times the gradient of the one
    that leaves.
    """
    objective, kept = problem.objective, optimum.kept.copy()
    X = objective.design.rows(range(objective.n_rows))
    theta: NDArray[np.float64] = optimum.theta
    for leaving in rows:
        predictor = X @ theta
        kept[leaving] = 0.0
        weights = objective.hessian_weights(predictor, kept)
        hessian = (X * weights[:, None]).T @ X + np.diag(objective.penalty)
        gradient = objective.residuals(predictor)[leaving] * X[leaving]
        theta = theta + np.linalg.solve(hessian, gradient)
    return theta


def _order(problem: Problem) -> list[int]:
    rows: list[int] = rank(problem, "influence").rows.tolist()
    return rows


def _problem(study: forcing.Study, x: NDArray[np.float64]) -> Problem:
    explainer = study._explainer  # noqa: SLF001 - the bound is of the engine's problem
    assert isinstance(explainer, LinearExplainer)
    return explainer.problem(x)


def _fitted(C: float, X: NDArray[np.float64], y: NDArray[Any]) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C, fit_intercept=False, tol=1e-10, max_iter=20_000)
        return model.fit(X, y)


def _with_a_constant(X: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([X, np.ones(len(X))])
