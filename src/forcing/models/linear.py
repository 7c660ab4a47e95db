"""What scikit-learn's linear models have in common: rows, parameters, and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.linalg import LinAlgWarning
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from forcing.engine.arrays import Array
from forcing.engine.design import Dense, Design, Sparse
from forcing.engine.losses import Loss
from forcing.engine.objective import LinearObjective
from forcing.errors import TrainingMismatchError, UnsupportedModelError
from forcing.models.quiet import quietly
from forcing.models.registry import AdaptedModel, Outlook, Scores, TrainingData, outlook_of
from forcing.models.rows import as_row, as_rows
from forcing.models.span import Span

TIGHT = 1e-10
"""Tolerance of a verifying refit: scikit-learn's default, 1e-4, makes and hides flips near 0."""

REACHED = 1e-6
"""Gradient of the mean loss, each column in units of its own size, below which a refit counts as
converged."""

DETERMINED = 1e-10
"""Least eigenvalue of the columns' correlations from which on a model needs no penalty."""

SHOWN = ("C", "alpha", "solver", "dual", "tol")
"""Settings that say what was refitted, where they are not scikit-learn's own."""


@dataclass(frozen=True, eq=False)
class Head:
    """What an estimator of scikit-learn minimises."""

    loss: Loss
    labels: NDArray[np.float64]
    """(n,) or (n, K)"""
    weights: NDArray[np.float64]
    """(n,)"""
    penalty: float
    """lambda of 1/2 lambda |w|^2, beside the plain sum of the rows' losses."""
    constant: float = 1.0
    """The column of the intercept; 0 without one."""
    constant_penalty: float = 0.0
    """Of that column, in units of `penalty`."""
    origin: float = 0.0
    """A regression's labels are (y - origin) / unit, """
    unit: float = 1.0
    """so that nothing depends on what y is measured in."""


class LinearRows:
    """The training rows as a design, and the way from and to scikit-learn's coefficients."""

    def __init__(self, model: Any, data: TrainingData) -> None:
        self.matrix = as_rows(data.X)
        self.n_features = int(model.n_features_in_)
        if self.matrix.shape[1] != self.n_features:
            raise TrainingMismatchError(
                f"X has {self.matrix.shape[1]} columns, the model was fitted on "
                f"{self.n_features}: pass the X that fit received."
            )
        self.names = getattr(model, "feature_names_in_", None)
        self._span: Span | None = None
        self._constant = 0.0

    def design(self, constant: float) -> Design:
        self._constant = constant
        n = self.matrix.shape[0]
        column = np.full((n, 1), constant)
        if scipy.sparse.issparse(self.matrix):
            return Sparse(scipy.sparse.hstack([self.matrix, column]) if constant else self.matrix)
        self._span, rows = Span.of(self.matrix)
        return Dense(np.hstack([rows, column]) if constant else rows)

    def numbers(self, x: Any) -> NDArray[np.float64]:
        """A target, as the user gives it, as (p,)."""
        return as_row(x, self.n_features, self.names)

    def row(self, x: Any) -> NDArray[np.float64]:
        """A target as a row of the design."""
        return self._with_constant(self.numbers(x))

    def _with_constant(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        inner = row if self._span is None else self._span.coordinates(row)
        return np.append(inner, self._constant) if self._constant else inner

    def theta(self, coef: NDArray[np.float64], intercept: Any) -> NDArray[np.float64]:
        """From coefficients (p,) or (K, p) to parameters (p',) or (p', K)."""
        coef = np.asarray(coef, dtype=np.float64)
        if coef.ndim == 2:
            own = np.broadcast_to(np.ravel(intercept), (len(coef),))
            return np.stack([self.theta(c, b) for c, b in zip(coef, own, strict=True)], axis=1)
        inner = coef if self._span is None else self._span.coordinates(coef)
        own_intercept = float(np.ravel(intercept)[0])
        return np.append(inner, own_intercept / self._constant) if self._constant else inner

    def coefficients(self, theta: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """The other way, coefficients (K, p) and intercepts (K,); None where they are not kept."""
        if self._span is not None and self._span.reflections is not None:
            return None
        columns = np.asarray(theta).reshape(len(theta), -1).T
        if not self._constant:
            return np.ascontiguousarray(columns), np.zeros(len(columns))
        return np.ascontiguousarray(columns[:, :-1]), columns[:, -1] * self._constant


def linear_model(
    model: Any,
    data: TrainingData,
    head: Head,
    tight: Sequence[Any],
    *,
    classes: tuple[Any, ...],
    codes: NDArray[np.intp],
    as_given: Sequence[Any] = (),
    warm: bool = False,
    aside: str = "",
    **told: Any,
) -> AdaptedModel:
    """Of a fitted estimator with `coef_` and `intercept_`.

    Parameters
    ----------
    tight
        Estimators that have the same optimum, in the order in which a refit tries them until
        one ends there.
    as_given
        The estimator at the user's own settings: that of them counts which ends furthest from
        the optimum.
    warm
        Whether the first of `tight` takes parameters to start from.
    aside
        Of the refitted estimator, for its words.
    told
        The other fields of `AdaptedModel`.
    """
    rows = LinearRows(model, data)
    design = rows.design(head.constant)
    penalty = np.full(design.shape[1], head.penalty)
    if head.constant:
        penalty[-1] = head.penalty * head.constant_penalty
    objective = LinearObjective(design, head.labels, head.weights, penalty, head.loss)
    if head.penalty == 0:
        _check_determined(objective)
    outputs = objective.outputs

    def parameters(fitted: Any) -> NDArray[np.float64]:
        coef = np.atleast_2d(fitted.coef_) / head.unit
        intercept = (np.ravel(fitted.intercept_) - head.origin) / head.unit
        return rows.theta(coef if outputs else coef[0], intercept)

    def outlook(x: Any) -> Outlook:
        seen = outlook_of(objective, rows.row(x))
        if classes:
            return seen
        return Outlook(seen.directions * head.unit, (0.0, head.origin))

    def scores_of(fitted: Any) -> Scores:
        def scores(x: Any) -> NDArray[np.float64]:
            values = np.atleast_2d(fitted.coef_) @ rows.numbers(x) + np.ravel(fitted.intercept_)
            return values if outputs else np.array([0.0, float(values[0])])

        return scores

    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        start = rows.coefficients(near) if warm and near is not None else None
        labels, target = data.y, objective
        if changed is not None:
            like = first_of_each(codes)[changed]
            labels, target = labels[like], replace(objective, labels=objective.labels[like])
        part = rows.matrix[kept], labels[kept], head.weights[kept]
        fitted, words = fitted_tightly(
            tight,
            part,
            lambda f: steepest(target, parameters(f), kept),
            start,
            large=objective.is_large,
            aside=aside,
        )
        return scores_of(fitted), words

    def refit_as_given() -> NDArray[np.float64]:
        X = rows.matrix if hasattr(data.X, "detach") else data.X
        fits = [quietly_fitted(clone(e), X, data.y, data.sample_weight) for e in as_given]
        return max(map(parameters, fits), key=value)

    def value(theta: NDArray[np.float64]) -> float:
        return float(objective.value(theta, objective.predictor(theta), objective.weights))

    weights = np.abs(np.atleast_2d(model.coef_)).mean(axis=0)
    fields = {"tolerance": None, "spread": 30.0, "description": type(model).__name__, **told}
    return AdaptedModel(
        objective=objective,
        theta=parameters(model),
        classes=classes,
        codes=codes,
        outlook=outlook,
        scores=scores_of(model),
        refit=refit,
        refit_as_given=refit_as_given if as_given else None,
        feature_weights=weights * _deviations(rows.matrix),
        **fields,
    )


def fitted_tightly(
    tight: Sequence[Any],
    part: tuple[Any, NDArray[Any], NDArray[np.float64]],
    slope: Callable[[Any], float],
    start: Any = None,
    *,
    large: bool = False,
    aside: str = "",
) -> tuple[Any, str]:
    """The first of these estimators that ends at the optimum of these rows, labels and weights,
    as `slope` measures it, and the estimator in words.
    """
    for estimator in tight:
        begun = _begun(estimator, part[1], start, large)
        words = _in_words(begun, aside)
        words += "" if start is None else ", started at the engine's optimum"
        fitted = quietly_fitted(begun, *part)
        if slope(fitted) <= REACHED:
            return fitted, words
        start = None
    return fitted, f"{words}, which ended short of its optimum"


def steepest(objective: LinearObjective, theta: Array, kept: NDArray[np.bool_]) -> float:
    """Largest entry of the mean loss's gradient over these rows, in units of each column's size."""
    weights = objective.weights * kept
    gradient = objective.gradient(theta, objective.predictor(theta), weights)
    mean = gradient.reshape(len(gradient), -1) / np.sum(weights)
    sizes = np.sqrt(objective.design.squares(weights) / np.sum(weights))
    return float(np.max(np.abs(mean) / np.maximum(sizes, 1.0)[:, None]))


def _begun(estimator: Any, y: NDArray[Any], start: Any, large: bool) -> Any:
    """A clone of the estimator, to be fitted from coefficients and intercepts where told."""
    begun = clone(estimator)
    if start is not None and large:
        begun.set_params(tol=REACHED / 10)  # what is asked of the result, and no hours beyond
    if start is not None:
        begun.set_params(warm_start=True)
        # Fitted to nothing yet: scikit-learn starts from what it finds here.
        begun.coef_, begun.intercept_ = start[0].copy(), start[1].copy()
        begun.classes_ = np.unique(y)
    return begun


def _in_words(estimator: Any, aside: str) -> str:
    estimator = getattr(estimator, "estimator", estimator)  # one for each class
    settings, usual = (e.get_params(deep=False) for e in (estimator, type(estimator)()))
    told = [name for name in SHOWN if name in settings]
    told = [name for name in told if name == "solver" or settings[name] != usual[name]]
    shown = [f"{name}={_short(settings[name])}" for name in told]
    return f"{type(estimator).__name__}({', '.join(shown)}){aside}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)


def _check_determined(objective: LinearObjective) -> None:
    """Without a penalty the rows alone must determine the parameters."""
    n, p = objective.design.shape
    if p <= n and objective.design.factorable:
        gram = objective.design.gram(objective.weights)
        size = np.sqrt(np.maximum(np.diagonal(gram), np.finfo(float).tiny))
        if float(np.linalg.eigvalsh(gram / size / size[:, None])[0]) > DETERMINED:
            return
    raise UnsupportedModelError(
        "model has no penalty, and the columns of X (with the intercept) do not determine its "
        f"coefficients: {n} rows, {p} columns, some of which follow from others. Drop such "
        "columns, or use Ridge with a small alpha, such as alpha=1e-3."
    )


def _deviations(matrix: Any) -> NDArray[np.float64]:
    """(p,): standard deviation of each column."""
    if scipy.sparse.issparse(matrix):
        mean = np.asarray(matrix.mean(axis=0)).ravel()
        square = np.asarray(matrix.multiply(matrix).mean(axis=0)).ravel()
        spread: NDArray[np.float64] = np.sqrt(np.maximum(square - mean * mean, 0.0))
        return spread
    mean = matrix.mean(axis=0)
    square = np.einsum("ij,ij->j", matrix, matrix) / len(matrix)
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0.0)))


def tightly(model: Any, **settings: Any) -> Any:
    """An unfitted clone at the tolerance of a verifying refit, its class weights taken out:
    they come with the weights of the rows.
    """
    known = model.get_params(deep=False)
    wanted = {"tol": TIGHT, "max_iter": 20_000, "class_weight": None, "warm_start": False}
    if "random_state" in known and known["random_state"] is None:
        wanted["random_state"] = 0
    wanted = {name: value for name, value in wanted.items() if name in known}
    return clone(model).set_params(**wanted, **settings)


def first_of_each(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """(K,): a row of each class, whose label is that of the class in whatever form."""
    return np.unique(codes, return_index=True)[1]


def drawn(model: Any) -> tuple[Any, ...]:
    """Clones of an estimator that draws at random: at its own seed, else at a few."""
    if model.random_state is not None:
        return (clone(model),)
    return tuple(clone(model).set_params(random_state=seed) for seed in range(3))


def quietly_fitted(head: Any, X: Any, y: NDArray[Any], weights: NDArray[np.float64] | None) -> Any:
    """The estimator, fitted without warnings: whether it converged is judged by its gradient."""
    with quietly(ConvergenceWarning, LinAlgWarning):
        return head.fit(X, y, sample_weight=weights)
