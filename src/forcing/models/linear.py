"""What scikit-learn's linear models have in common: rows, parameters, and how to read them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from forcing.engine.arrays import Array
from forcing.engine.design import Dense, Design, Sparse
from forcing.engine.losses import Loss
from forcing.engine.objective import LinearObjective
from forcing.errors import TrainingMismatchError
from forcing.models.registry import AdaptedModel, Scores, TrainingData, outlook_of
from forcing.models.rows import as_row, as_rows
from forcing.models.span import Span

_quiet = threading.Lock()


@dataclass(frozen=True, eq=False)
class Head:
    """What an estimator of scikit-learn minimises, and how it is refitted."""

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


TightFit = Callable[[Any, NDArray[Any], NDArray[np.float64], Any], tuple[Any, str]]
"""From rows, labels, weights and parameters to start from (coefficients and intercept as the
estimator keeps them, or None) to a refitted estimator and its words."""


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
    tight: TightFit,
    *,
    classes: tuple[Any, ...],
    codes: NDArray[np.intp],
    rows: LinearRows | None = None,
    **told: Any,
) -> AdaptedModel:
    """Of an estimator with `coef_` and `intercept_`; `told` are the other fields."""
    rows = rows or LinearRows(model, data)
    design = rows.design(head.constant)
    penalty = np.full(design.shape[1], head.penalty)
    if head.constant:
        penalty[-1] = head.penalty * head.constant_penalty
    objective = LinearObjective(design, head.labels, head.weights, penalty, head.loss)
    outputs = objective.outputs

    def parameters(fitted: Any) -> NDArray[np.float64]:
        coef = np.atleast_2d(fitted.coef_)
        return rows.theta(coef if outputs else coef[0], fitted.intercept_)

    def scores_of(fitted: Any) -> Scores:
        def scores(x: Any) -> NDArray[np.float64]:
            values = np.atleast_2d(fitted.coef_) @ rows.numbers(x) + np.ravel(fitted.intercept_)
            return values if outputs or not classes else np.array([0.0, float(values[0])])

        return scores

    def refit(
        kept: NDArray[np.bool_], near: Array | None, changed: NDArray[np.intp] | None = None
    ) -> tuple[Scores, str]:
        start = None if near is None else rows.coefficients(near)
        labels = data.y if changed is None else data.y[first_of_each(codes)[changed]]
        fitted, words = tight(rows.matrix[kept], labels[kept], head.weights[kept], start)
        return scores_of(fitted), words

    given = told.pop("as_given", None)
    weights = np.abs(np.atleast_2d(model.coef_)).mean(axis=0)
    return AdaptedModel(
        objective=objective,
        theta=parameters(model),
        classes=classes,
        codes=codes,
        outlook=lambda x: outlook_of(objective, rows.row(x)),
        scores=scores_of(model),
        refit=refit,
        refit_as_given=None if given is None else lambda: parameters(given()),
        feature_weights=weights * _deviations(rows.matrix),
        **told,
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


def codes_of(classes: Any, y: NDArray[Any]) -> NDArray[np.intp]:
    """(n,): positions of the labels among the classes, which are sorted."""
    codes: NDArray[np.intp] = np.searchsorted(np.asarray(classes), y)
    return codes


def first_of_each(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """(K,): a row of each class, whose label is that of the class in whatever form."""
    return np.unique(codes, return_index=True)[1]


def one_hot(codes: NDArray[np.intp], n_classes: int) -> NDArray[np.float64]:
    return np.eye(n_classes)[codes]


def quietly_fitted(head: Any, X: Any, y: NDArray[Any], weights: NDArray[np.float64] | None) -> Any:
    """The estimator, fitted without warnings: whether it converged is judged by its gradient.

    `catch_warnings` changes the whole process, hence one thread at a time.
    """
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return head.fit(X, y, sample_weight=weights)
