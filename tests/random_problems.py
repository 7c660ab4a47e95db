"""Random training problems, most of them with something odd about them, and the refit of each
model that scikit-learn itself would do.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

KINDS = (
    "plain",
    "duplicates",
    "constant",
    "separable",
    "zero weights",
    "lonely",
    "tiny and huge columns",
    "whole numbers",
    "opposed twins",
    "far away",
    "empty rows",
)
FORMS = ("array", "float32", "frame", "sparse")
TARGETS = ("a row", "a point", "zero", "far")
STRENGTHS = (1e-6, 1e-2, 1.0, 1e2, 1e6)

SOLVERS = ("lbfgs", "newton-cg", "newton-cholesky", "sag", "saga", "liblinear")

TIGHT = {"tol": 1e-12, "max_iter": 20_000}


@dataclass(frozen=True)
class Kind:
    """A model: how a user makes it, and the estimator that is it at its own optimum."""

    make: Callable[[float], Any]
    tight: Callable[[Any, int], Any]
    """From the fitted model and how many rows it was fitted on."""
    several: bool = True
    """Whether it takes more than two classes."""
    weighted: bool = True
    """Whether `fit` takes weights."""
    objective: bool = True
    """Whether the engine knows what it minimises; else it is refitted."""


def _newton(model: Any, _: int) -> Any:
    return clone(model).set_params(solver="newton-cholesky", **TIGHT)


def _primal(model: Any, _: int) -> Any:
    return clone(model).set_params(dual=False, **TIGHT)


def _direct(model: Any, _: int) -> Any:
    return clone(model).set_params(solver="svd")


def _as_logistic(model: Any, n_rows: int) -> Any:
    return LogisticRegression(C=1 / (model.alpha * n_rows), solver="newton-cholesky", **TIGHT)


def _same(model: Any, _: int) -> Any:
    return clone(model)


MODELS: dict[str, Kind] = {
    solver: Kind(
        lambda C, solver=solver: LogisticRegression(C=C, solver=solver, random_state=0),
        _primal if solver == "liblinear" else _newton,
        several=solver != "liblinear",
    )
    for solver in SOLVERS
} | {
    "bare": Kind(lambda C: LogisticRegression(C=C, fit_intercept=False), _newton),
    "ridge classifier": Kind(lambda C: RidgeClassifier(alpha=1 / C), _direct),
    "svc": Kind(lambda C: LinearSVC(C=C, random_state=0), _primal),
    "sgd": Kind(
        lambda C: SGDClassifier("log_loss", alpha=min(1.0, 0.01 / C), random_state=0),
        _as_logistic,
        several=False,
    ),
    "ridge": Kind(lambda C: Ridge(alpha=1 / C), _direct),
    "neighbours": Kind(
        lambda C: KNeighborsClassifier(5 if C > 1 else 3 if C == 1 else 1),
        _same,
        weighted=False,
        objective=False,
    ),
    "tree": Kind(
        lambda _: DecisionTreeClassifier(max_depth=3, random_state=0), _same, objective=False
    ),
    "forest": Kind(
        lambda _: RandomForestClassifier(3, max_depth=3, random_state=0), _same, objective=False
    ),
}


@dataclass(frozen=True)
class Case:
    """A fitted model, its training data, and one target."""

    name: str
    model: Any
    X: Any
    y: Any
    weights: Any
    x: Any
    threshold: float | None
    tight: Any

    @property
    def n_rows(self) -> int:
        return len(self.y)

    @cached_property
    def line(self) -> float:
        """Margin within which two solvers may disagree on which side of the line they are."""
        model = self.refitted([])
        return 1e-6 * (1 + abs(self.margin(model, self.decision(model))))

    @cached_property
    def rows(self) -> np.ndarray:
        """X in double precision, in which alone a fit can be tight."""
        return _doubles(self.X)

    @property
    def labels(self) -> list[Any]:
        return np.asarray(self.y).tolist()

    def counts(self) -> list[int]:
        """Rows that weigh anything."""
        weights = np.ones(self.n_rows) if self.weights is None else self.weights
        return [int(i) for i in np.flatnonzero(weights > 0)]

    def refitted(self, rows: Sequence[int], becomes: Sequence[Any] | None = None) -> Any:
        """scikit-learn's fit without the rows, or with these labels for them; None where a class
        is empty, or nobody is left to ask.
        """
        labels = self.labels
        kept = np.setdiff1d(np.arange(self.n_rows), rows)
        if becomes is not None:
            kept = np.arange(self.n_rows)
            for row, label in zip(rows, becomes, strict=True):
                labels[row] = label
        y = np.array(labels)
        if self.threshold is None:
            weighty = np.intersect1d(kept, self.counts())
            if set(y[weighty].tolist()) != set(self.labels):
                return None
        options = {} if self.weights is None else {"sample_weight": self.weights[kept]}
        return fitted(clone(self.tight), self.rows[kept], y[kept], **options)

    def decision(self, model: Any) -> Any:
        """As a claim says it."""
        decided = model.predict(self._row)[0]
        if self.threshold is None:
            return decided
        return "above" if decided >= self.threshold else "below"

    @property
    def _row(self) -> np.ndarray:
        return _doubles(self.x).reshape(1, -1)

    def margin(self, model: Any, favoured: Any) -> float:
        """Above 0 where the model decides as claimed; +-1 where it has no score."""
        row = self._row
        if self.threshold is not None:
            above = float(np.ravel(model.predict(row))[0]) - self.threshold
            return above if favoured == "above" else -above
        if not hasattr(model, "decision_function"):
            return 1.0 if model.predict(row)[0] == favoured else -1.0
        scores = np.ravel(model.decision_function(row))
        if len(scores) == 1:
            scores = np.array([0.0, scores[0]])
        at = model.classes_.tolist().index(favoured)
        return float(scores[at] - np.max(np.delete(scores, at)))

    def margin_without(
        self, rows: Sequence[int], favoured: Any, becomes: Sequence[Any] | None = None
    ) -> float:
        """Of the refit; infinite where there is none."""
        model = self.refitted(rows, becomes)
        return np.inf if model is None else self.margin(model, favoured)


def _doubles(X: Any) -> np.ndarray:
    return np.asarray(X.toarray() if scipy.sparse.issparse(X) else X, dtype=np.float64)


def fitted(model: Any, *data: Any, **options: Any) -> Any:
    """Models are fitted as users do, who see warnings of convergence and go on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.filterwarnings("ignore", message=".*(ill-conditioned|line search|Line Search).*")
        return model.fit(*data, **options)


def random_case(
    name: str,
    kind: str,
    *,
    n: int = 20,
    p: int = 3,
    n_classes: int = 2,
    strength: float = 1.0,
    form: str = "array",
    target: str = "a row",
    seed: int = 0,
) -> Case:
    """The same for the same arguments. `strength` is C, or what is like it."""
    what = MODELS[name]
    rng = np.random.default_rng(seed)
    n_classes = n_classes if what.several else 2
    n = max(n, n_classes + 3)
    X, codes = rng.normal(size=(n, p)), rng.integers(0, n_classes, n)
    X[:, 0] += rng.uniform(0, 2) * codes
    if kind == "separable":
        codes = np.digitize(X[:, 0], np.quantile(X[:, 0], np.arange(1, n_classes) / n_classes))
    elif kind == "lonely":
        codes[:] = 0
    codes[:n_classes] = np.arange(n_classes)
    X = _odd(X, kind, rng)
    if kind == "opposed twins":
        codes[n // 2 : 2 * (n // 2)] = (codes[: n // 2] + 1) % n_classes
    weights = None
    if kind == "zero weights" and what.weighted:
        weights = rng.integers(0, 3, n).astype(float)
        weights[:n_classes] = 1.0
    if form == "float32":
        X = X.astype(np.float32)
    x = _target(X, target, rng)
    if form == "frame":
        X = pd.DataFrame(X, columns=[f"c{j}" for j in range(p)])
        x = pd.DataFrame(x[None], columns=X.columns)
    elif form == "sparse":
        X = scipy.sparse.csr_array(X)
    threshold, y = None, np.array(["a", "b", "c", "d"])[codes] if seed % 2 else codes
    if name == "ridge":
        y = codes + rng.normal(size=n)
        threshold = float(np.quantile(y, rng.uniform(0.2, 0.8)))
    options = {} if weights is None else {"sample_weight": weights}
    model = fitted(what.make(strength), X, y, **options)
    return Case(name, model, X, y, weights, x, threshold, what.tight(model, n))


def _odd(X: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    n, p = X.shape
    if kind == "duplicates":
        return X[rng.integers(0, max(2, n // 3), n)]
    if kind == "constant":
        X[:, 0] = 3.0
    elif kind == "tiny and huge columns":
        X *= 10.0 ** rng.integers(-6, 7, p)
    elif kind == "whole numbers":
        X = np.round(X)
    elif kind == "opposed twins":
        X[n // 2 : 2 * (n // 2)] = X[: n // 2]
    elif kind == "far away":
        X[rng.integers(n)] *= 1e3
        X += 100.0
    elif kind == "empty rows":
        X[rng.uniform(size=n) < 0.3] = 0.0
    return X


def _target(X: np.ndarray, target: str, rng: np.random.Generator) -> np.ndarray:
    if target == "a row":
        return X[rng.integers(len(X))].copy()
    if target == "zero":
        return np.zeros_like(X[0])
    x = X.mean(axis=0) + X.std(axis=0) * rng.normal(size=X.shape[1]).astype(X.dtype)
    return x * 1000 if target == "far" else x
