"""The mails of Figure 4: Enron1, with some training labels turned on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import forcing
from forcing.datasets import Dataset, load_enron

C = 1.0
"""Of the logistic regression: scikit-learn's own."""


@dataclass(frozen=True, eq=False)
class Mails:
    """Texts of three parts, and their words as the model counts them."""

    data: Dataset
    words: TfidfVectorizer | None
    X: Any
    """(n, p), sparse, like the two others."""
    X_valid: Any
    X_test: Any

    @property
    def y_valid(self) -> NDArray[Any]:
        assert self.data.y_valid is not None
        return self.data.y_valid


def mails(data: Dataset | None = None) -> Mails:
    """Enron1, or what stands in for it."""
    data = load_enron() if data is None else data
    words = TfidfVectorizer(min_df=3, sublinear_tf=True).fit(data.X)
    return Mails(data, words, *map(words.transform, (data.X, data.X_valid, data.X_test)))


@dataclass(frozen=True, eq=False)
class Spoilt:
    """The mails with wrong labels among those of the training rows, and a model of them."""

    mails: Mails
    bugs: NDArray[np.bool_]
    """(n,): whose labels are wrong."""
    y: NDArray[Any]
    """(n,): the labels that the model is trained on."""
    model: LogisticRegression

    @cached_property
    def study(self) -> forcing.Study:
        return forcing.Study(self.model, self.mails.X, self.y)

    @cached_property
    def mistakes(self) -> NDArray[np.intp]:
        """Validation rows that are decided wrongly, the most confident first."""
        sure = self.model.predict_proba(self.mails.X_valid).max(axis=1)
        wrong = np.flatnonzero(self.model.predict(self.mails.X_valid) != self.mails.y_valid)
        return np.asarray(wrong[np.argsort(-sure[wrong], kind="stable")])

    def fixed(self, rows: NDArray[np.intp]) -> LogisticRegression:
        """The model after someone has looked at these rows and corrected the wrong labels."""
        y = self.y.copy()
        found = rows[self.bugs[rows]]
        y[found] = self.mails.data.y[found]
        return clone(self.model).set_params(tol=1e-4).fit(self.mails.X, y)


def spoilt(case: Mails, share: float, seed: int, penalty: float = C) -> Spoilt:
    """With this share of the training labels turned, drawn at random from all rows."""
    y = case.data.y.copy()
    bugs = np.zeros(len(y), dtype=bool)
    drawn = np.random.default_rng(seed).choice(len(y), round(share * len(y)), replace=False)
    bugs[drawn] = True
    first, second = case.data.classes
    y[bugs] = np.where(y[bugs] == first, second, first)
    model = LogisticRegression(C=penalty, tol=1e-6, max_iter=10_000).fit(case.X, y)
    return Spoilt(case, bugs, y, model)
