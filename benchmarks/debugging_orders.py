"""Orders in which to inspect training rows for wrong labels: ours and those of others."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import forcing
from benchmarks.debugging_data import Spoilt
from forcing.baselines.neighbours import shapley_scores

Scores: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]

SUSPECTS, REPAIR, SETS = "suspects", "suspects, repair", "sets by weight"
"""`Audit.suspects` by label, its default; for repair; and by how much wrong decisions stand on a
row."""
CLEANLAB = ("cleanlab quality", "cleanlab issues")
FOLDS = 5
"""Of the cross-validation for cleanlab: scikit-learn's, and cleanlab's own, default."""


def orders(
    case: Spoilt, audit: forcing.Audit, mistakes: Rows, seed: int, tables: Tables | None = None
) -> dict[str, Rows]:
    """All training rows in the order of each method, the most suspect first.

    The audit is of the mistakes, which are positions of validation rows; methods that look at
    targets look at the same.
    """
    rng = np.random.default_rng(seed)
    chance = rng.permutation(len(case.y))
    tables = Tables(case) if tables is None else tables
    targets = case.mails.X_valid[mistakes]
    found = {
        SUSPECTS: audit.suspect_rows("label"),
        REPAIR: audit.suspect_rows("repair"),
        SETS: _then(audit.suspect_rows("weight"), chance),
        "training loss": _first(tables.losses()),
        "self-influence": _first(tables.self_influence()),
    }
    if find_spec("cleanlab") is not None:
        found |= confident_learning(case)
    found |= {
        "influence": _first(tables.influence(targets).sum(axis=0)),
        "representer": _first(tables.representer(targets).sum(axis=0)),
        "KNN-Shapley": _first(knn_shapley(case, targets).sum(axis=0)),
        "random": chance,
    }
    return found


class Tables:
    """Closed forms of a logistic regression at its optimum, through products of rows.

    Apart from the package: H^-1 of more columns than rows in the form of Woodbury, with the
    free intercept by block elimination.
    """

    def __init__(self, case: Spoilt) -> None:
        self.case, model = case, case.model
        self.positive = (case.y == model.classes_[1]).astype(float)
        p = expit(model.decision_function(case.mails.X))
        self.residuals = p - self.positive
        self._root = np.sqrt(p * (1 - p))
        self._inner = model.C * (case.mails.X @ case.mails.X.T).toarray()
        bent = self._root[:, None] * self._inner * self._root
        bent[np.diag_indices_from(bent)] += 1.0
        self._factor = scipy.linalg.cholesky(bent, lower=True, overwrite_a=True)
        self._half = self._solved(self._root[:, None])

    def _solved(self, columns: Scores) -> Scores:
        return np.asarray(scipy.linalg.solve_triangular(self._factor, columns, lower=True))

    def covariance(self, products: Scores, likewise: Scores, plain: Scores) -> Scores:
        """u' H^-1 v for rows u and v with an intercept, from C times their products with the
        training rows, (n, U) and (n, V), and with each other, (U, V).
        """
        a, b = (self._solved(self._root[:, None] * part) for part in (products, likewise))
        left_a, left_b = (1.0 - part.T @ self._half for part in (a, b))  # (U, 1), (V, 1)
        found: Scores = plain - a.T @ b + left_a @ left_b.T / float((self._half**2).sum())
        return found

    def losses(self) -> Scores:
        """(n,): of each row, under the model that was trained on it."""
        return np.asarray(-np.log1p(-np.abs(self.residuals)))

    def leverages(self) -> Scores:
        """(n,): x' H^-1 x."""
        solved = self._solved(self._root[:, None] * self._inner)
        left = 1.0 - solved.T @ self._half
        squared = np.diag(self._inner) - (solved**2).sum(axis=0)
        return np.asarray(squared + left[:, 0] ** 2 / float((self._half**2).sum()))

    def self_influence(self) -> Scores:
        """(n,): by how much a row's own loss rises when it leaves, to first order."""
        return np.asarray(self.residuals**2 * self.leverages())

    def influence(self, targets: Any) -> Scores:
        """(T, n): by how much the loss of the target's other label rises when the row leaves,
        to first order: how much the decision owes to it. Koh and Liang (2017).
        """
        model = self.case.model
        products = model.C * (self.case.mails.X @ targets.T).toarray()
        levers = self.covariance(self._inner, products, products).T
        margin = model.decision_function(targets)
        signs = np.sign(margin) * expit(np.abs(margin))
        return np.asarray(-signs[:, None] * levers * self.residuals)

    def representer(self, targets: Any) -> Scores:
        """(T, n): what the row adds to the margin of the decision. Yeh et al. (2018)."""
        model = self.case.model
        products = model.C * (targets @ self.case.mails.X.T).toarray()
        signs = np.sign(model.decision_function(targets))
        return np.asarray(-signs[:, None] * products * self.residuals)


def knn_shapley(case: Spoilt, targets: Any) -> Scores:
    """(T, n): what the row adds to the vote of the five nearest for the decision."""
    model = case.model
    codes = (case.y == model.classes_[1]).astype(np.intp)
    decided = (model.decision_function(targets) > 0).astype(int)
    return np.array(
        [
            shapley_scores(case.mails.X, targets[t].toarray()[0], codes, int(code))
            for t, code in enumerate(decided)
        ]
    )


def confident_learning(case: Spoilt) -> dict[str, Rows]:
    """cleanlab's order by label quality, and its issues before all others (Northcutt, 2021)."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    model: LogisticRegression = clone(case.model).set_params(tol=1e-4)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    p = cross_val_predict(model, case.mails.X, case.y, cv=folds, method="predict_proba")
    labels = (case.y == case.model.classes_[1]).astype(int)
    quality = _first(-get_label_quality_scores(labels, p))
    issues = find_label_issues(labels, p, return_indices_ranked_by="self_confidence")
    return dict(zip(CLEANLAB, (quality, _then(np.asarray(issues), quality)), strict=True))


def _first(scores: Scores) -> Rows:
    return np.argsort(-scores, kind="stable")


def _then(rows: Rows, others: Rows) -> Rows:
    """These first, then the others in their order."""
    return np.concatenate([rows, others[~np.isin(others, rows)]])
