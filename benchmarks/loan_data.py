"""The loan decisions of Figure 6: HELOC, a model of it, and its rows as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import forcing
from forcing.datasets import Dataset, load_heloc
from forcing.explanation import Explanation

C = 1.0
WORDS = {-7: "never happened", -8: "no usable trades", -9: "no record"}
"""`HELOC_SPECIAL`, as short as a card has room for."""
SPACES = ("two features", "components", "all features")


@dataclass(frozen=True, eq=False)
class Applicants:
    """The data, a model of it, and its rows as people read them."""

    data: Dataset
    X: pd.DataFrame
    """Training rows as the model takes them: NaN where there is no value."""
    X_test: pd.DataFrame
    words: pd.DataFrame
    """Training rows as they are shown: a word where there is no value."""
    words_test: pd.DataFrame
    model: Pipeline

    @cached_property
    def study(self) -> forcing.Study:
        display = forcing.Table(self.words)
        return forcing.Study(self.model, self.X, self.data.y, display=display)

    @cached_property
    def prepared(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Training and test rows as the classifier takes them: imputed and standardised."""
        before = self.model[:-1]
        return before.transform(self.X), before.transform(self.X_test)

    @cached_property
    def predicted(self) -> NDArray[Any]:
        """(T,): what the model decides on the test rows."""
        return np.asarray(self.model.predict(self.X_test))

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        return np.asarray(self.model.predict_proba(self.X_test).max(axis=1))

    @cached_property
    def spaces(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Training and test rows in `SPACES`, all in standard deviations of the columns."""
        Z, Z_test = self.prepared
        assert self.data.axes is not None
        two = [list(self.X.columns).index(name) for name in self.data.axes]
        components = PCA(2, random_state=0).fit(Z)
        found = [
            (Z[:, two], Z_test[:, two]),
            (components.transform(Z), components.transform(Z_test)),
            (Z, Z_test),
        ]
        return dict(zip(SPACES, found, strict=True))

    def explain(self, target: int, **options: Any) -> Explanation:
        """A test row explained, shown in original units and with its true label."""
        return self.study.explain(
            self.X_test.iloc[target],
            label=self.data.y_test[target],
            target_display=self.words_test.iloc[target],
            **options,
        )

    @property
    def duplicates(self) -> int:
        """Training rows that have the values of an earlier one, in every column."""
        return int(self.data.X.duplicated().sum())


def applicants(data: Dataset | None = None) -> Applicants:
    """HELOC, or what stands in for it, with a logistic regression fitted on it."""
    data = load_heloc() if data is None else data
    X, X_test = (rows.where(rows >= 0) for rows in (data.X, data.X_test))
    model = make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(C=C, tol=1e-8)
    )
    model.fit(X, data.y)
    return Applicants(data, X, X_test, in_words(data.X), in_words(data.X_test), model)


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are, words in place of FICO's codes."""
    coded = [name for name in frame if (frame[name] < 0).any()]
    return frame.assign(**{str(name): frame[name].map(lambda v: WORDS.get(v, v)) for name in coded})


def confident_mistakes(case: Applicants) -> NDArray[np.intp]:
    """Test rows that the model decides wrongly, the most confident first."""
    wrong = np.flatnonzero(case.predicted != case.data.y_test)
    return np.asarray(wrong[np.argsort(-case.confidence[wrong], kind="stable")])


def as_confident(case: Applicants, targets: Sequence[int]) -> list[int]:
    """For each target the right decision with the most similar confidence, none twice."""
    left = np.flatnonzero(case.predicted == case.data.y_test).tolist()
    found = []
    for target in targets:
        away = np.abs(case.confidence[left] - case.confidence[target])
        found.append(left.pop(int(np.argmin(away))))
    return found
