"""Five kinds of model on the same rows, each under study, for `any_model`."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

import forcing
from benchmarks.measure import tight
from benchmarks.retraining_subjects import FIRST_SEED, kept_rows, seeded
from forcing import datasets

ROWS = 600
"""Training rows drawn, so that hundreds of refits are soon done."""
RETRAINED = 7
"""Fresh retrainings of a model whose training does not repeat itself."""
DECAY = 1e-2
"""Weight decay of the network."""
HIDDEN = 16

LOGISTIC, FOREST, BOOSTING = "logistic regression", "random forest", "gradient boosting"
NEIGHBOURS, NETWORK = "nearest neighbours", "small network"
NAMES = (LOGISTIC, FOREST, BOOSTING, NEIGHBOURS, NETWORK)
VARYING = (FOREST, BOOSTING, NETWORK)
"""Those whose training does not repeat itself."""

Shares: TypeAlias = Callable[[Any], NDArray[np.float64]]
"""From rows (T, p) to the probabilities of the classes (T, 2)."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Rows as people know them, and as the models take them."""

    frame: Any
    X: NDArray[np.float64]
    y: NDArray[Any]
    frame_test: Any
    X_test: NDArray[np.float64]
    y_test: NDArray[Any]
    name: str
    note: str


@dataclass(frozen=True, eq=False)
class Subject:
    """A fitted model under study."""

    study: forcing.Study
    shares: Shares
    """Of the model under study."""
    trained: Callable[[Sequence[int]], list[Shares]]
    """Without these rows, from scratch: one model, or of those whose training does not repeat
    itself several, which the package has not seen."""
    trainings: Callable[[], contextlib.AbstractContextManager[Counter[str]]]
    """Counts, as `fits`, how often the model is trained within the block."""

    def decisions(self, rows: Sequence[int], x: Any) -> NDArray[Any]:
        """(S,): of one target, by each model trained without the rows."""
        classes = self.study.classes
        return np.array([classes[shares(x[None])[0].argmax()] for shares in self.trained(rows)])


def prepared(rows: int = ROWS, seed: int = 0) -> Prepared:
    """Of the loans, or of what stands in: as many training rows as asked for, drawn at random.

    Missing values are replaced by their column's median; columns are standardised.
    """
    data = datasets.load_heloc()
    drawn = np.sort(np.random.default_rng(seed).permutation(len(data.y))[:rows])
    frame = data.X.iloc[drawn].reset_index(drop=True)
    known, test = (f.where(f >= 0) for f in (frame, data.X_test))
    middle = known.median()
    scaler = StandardScaler().fit(known.fillna(middle).to_numpy())
    return Prepared(
        frame=frame,
        X=scaler.transform(known.fillna(middle).to_numpy()),
        y=data.y[drawn],
        frame_test=data.X_test.reset_index(drop=True),
        X_test=scaler.transform(test.fillna(middle).to_numpy()),
        y_test=data.y_test,
        name=data.name,
        note=data.note,
    )


def estimators() -> dict[str, Any]:
    """Those of scikit-learn, unfitted."""
    return {
        LOGISTIC: LogisticRegression(tol=1e-8, max_iter=10_000),
        FOREST: RandomForestClassifier(50, min_samples_leaf=5, random_state=0),
        BOOSTING: HistGradientBoostingClassifier(max_iter=50, random_state=0),
        NEIGHBOURS: KNeighborsClassifier(15),
    }


def studied(data: Prepared, names: Sequence[str] = NAMES, **options: Any) -> dict[str, Subject]:
    """The models, fitted, each in a study of its own; `options` are those of `Study`."""
    known = estimators()
    return {
        name: network(data, **options)
        if name == NETWORK
        else of_estimator(known[name], data, **options)
        for name in names
    }


def of_estimator(estimator: Any, data: Prepared, **options: Any) -> Subject:
    """An estimator of scikit-learn's kind, fitted on the rows."""
    model = clone(estimator).fit(data.X, data.y)
    study = forcing.Study(model, data.X, data.y, display=forcing.Table(data.frame), **options)
    n = len(data.y)

    def trained(rows: Sequence[int]) -> list[Shares]:
        kept = np.setdiff1d(np.arange(n), rows)
        if isinstance(estimator, LogisticRegression):
            return [tight(estimator.C, data.X[kept], data.y[kept]).predict_proba]
        if isinstance(estimator, KNeighborsClassifier):
            return [clone(estimator).fit(data.X[kept], data.y[kept]).predict_proba]
        again = []
        for number in range(RETRAINED):
            kept = kept_rows(n, rows, number)
            one = seeded(estimator, number).fit(data.X[kept], data.y[kept])
            again.append(one.predict_proba)
        return again

    return Subject(study, model.predict_proba, trained, lambda: fits_of(type(model)))


@contextlib.contextmanager
def fits_of(kind: Any) -> Iterator[Counter[str]]:
    counted: Counter[str] = Counter()
    original = kind.fit

    def fit(self: Any, *args: Any, **more: Any) -> Any:
        counted["fits"] += 1
        return original(self, *args, **more)

    with mock.patch.object(kind, "fit", fit):
        yield counted


def network(data: Prepared, **options: Any) -> Subject:
    """A torch module of one hidden layer; the whole of it is retrained for verification."""
    counted: Counter[str] = Counter()
    codes = np.searchsorted(np.unique(data.y), data.y)

    def refit(rows: NDArray[np.intp], seed: int) -> Any:
        counted["fits"] += 1
        return train(data.X[rows], codes[rows], seed)

    module = refit(np.arange(len(data.y)), 0)
    study = forcing.Study(
        forcing.TorchModel(module, weight_decay=DECAY),
        data.X,
        data.y,
        refit=refit,
        display=forcing.Table(data.frame),
        **options,
    )

    def trained(rows: Sequence[int]) -> list[Shares]:
        return [
            _shares_of(refit(kept_rows(len(data.y), rows, number), FIRST_SEED + number))
            for number in range(RETRAINED)
        ]

    @contextlib.contextmanager
    def trainings() -> Iterator[Counter[str]]:
        counted.clear()
        yield counted

    return Subject(study, _shares_of(module), trained, trainings)


def train(X: NDArray[np.float64], codes: NDArray[np.intp], seed: int) -> Any:
    """A network of one hidden layer, by L-BFGS on the mean loss with weight decay."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        hidden = torch.nn.Linear(X.shape[1], HIDDEN, dtype=torch.float64)
        last = torch.nn.Linear(HIDDEN, 2, dtype=torch.float64)
    module = torch.nn.Sequential(hidden, torch.nn.Tanh(), last)
    inputs, labels = torch.as_tensor(X), torch.as_tensor(codes)
    optimiser = torch.optim.LBFGS(module.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Any:
        optimiser.zero_grad()
        decay = sum((parameter**2).sum() for parameter in module.parameters())
        loss = torch.nn.functional.cross_entropy(module(inputs), labels) + DECAY / 2 * decay
        loss.backward()
        return loss

    optimiser.step(closure)
    return module.eval()


def _shares_of(module: Any) -> Shares:
    import torch

    def shares(X: Any) -> NDArray[np.float64]:
        with torch.no_grad():
            return np.asarray(torch.softmax(module(torch.as_tensor(X)), 1).numpy())

    return shares


def agreed(subjects: dict[str, Subject], data: Prepared, count: int) -> list[int]:
    """Test rows that all models and their retrainings decide alike, over the less confident half
    of these.
    """
    every = {
        name: [one(data.X_test) for one in (s.shares, *s.trained([]))]
        for name, s in subjects.items()
    }
    labels = [shares.argmax(axis=1) for each in every.values() for shares in each]
    positions = np.flatnonzero(np.ptp(labels, axis=0) == 0)
    sure = np.mean([np.abs(each[0][:, 1] - 0.5) for each in every.values()], axis=0)
    order = positions[np.argsort(sure[positions], kind="stable")]
    return [int(i) for i in order[np.linspace(0, len(order) // 2, count).astype(int)]]
