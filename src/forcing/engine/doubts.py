"""How likely each training label is wrong, as models tell that have not seen the row.

A label is doubted where models of the same kind, trained on the other rows, would give another
one. Three things make them good judges: rows whose labels are trusted may be added to their
training; rows that are doubted themselves count for less; and the penalty is the one with which
the labels are foretold best, since that of the model in question may fit the wrong labels too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse
from array_api_compat import array_namespace
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from forcing.engine.arrays import beside, on_host
from forcing.engine.columns import Columns
from forcing.engine.design import Dense, Design, Sparse
from forcing.engine.fitting import Fit, fit_at, refit
from forcing.engine.objective import LinearObjective
from forcing.errors import ConvergenceError

FOLDS, FEWER = 10, 4
"""Parts of the rows; each is judged by the models that were trained on the other parts. Fewer where
the objective is large; then there is one round, with the penalty as it is."""

ROUNDS = 3
"""Most times that rows are weighed anew by the doubts of the round before."""

FACTOR, STEPS = 10**0.5, 6
"""Penalties that are tried: the model's own times powers of this factor, so many to a side."""

NEAR, MOST = 0.1, 30
"""Decrement at which a model is near enough to its optimum to judge, and Newton steps to it."""

NOTHING = 1e-6
"""Weight of a row that is not believed at all: above zero, so that it still counts as a row."""

BETTER, CLEARLY = 5e-4, 5e-3
"""Nats a row by which labels must be foretold better for another penalty to count, and for another
round: what is believed by then was learned from the labels that are to be judged."""


SUREST = 30.0
"""Log-odds that the median label is given at most: where classes are apart without exception, any
would do, and the surprises of all rows would be lost in rounding."""


@dataclass(frozen=True, eq=False)
class Trusted:
    """Rows whose labels are known to be right, in the coordinates of a design."""

    rows: NDArray[np.float64] | scipy.sparse.csr_matrix
    """(T, p)"""
    codes: NDArray[np.intp]
    """(T,): positions of their classes."""
    offsets: NDArray[np.float64]
    """(T,) or (T, K): their predictors at theta = 0."""


@dataclass(frozen=True, eq=False)
class Doubts:
    """Of n rows."""

    surprise: NDArray[np.float64]
    """(n,): -log of the probability of the row's own label, in nats; -infinity for rows without
    weight."""
    wrong: NDArray[np.float64]
    """(n,): the probability that the label is wrong."""
    believed: NDArray[np.float64]
    """(n,): the probability that the label follows the model, rather than chance."""
    loss: float
    """Mean -log of the probability of the labels as they are: how badly they are foretold."""


def label_doubts(
    objective: LinearObjective,
    start: Fit,
    codes: NDArray[np.intp],
    trusted: Trusted | None = None,
    seed: int | None = 0,
) -> Doubts:
    """The doubts of the best judges that are found.

    Raises `ConvergenceError` where not even those with the model's own penalty can be trained.
    """
    judges = _Judges(objective, start, codes, trusted, seed)
    if objective.is_large:
        return judges.first(0)
    free = float(np.max(on_host(objective.penalty))) == 0.0
    # All rows are believed here: what is believed later was learned from the labels to be judged.
    return judges.best(0 if free else _lowest(lambda at: judges.first(at).loss))


def _lowest(loss: Callable[[int], float]) -> int:
    """The power from 0 on, to either side, before the loss rises."""
    power, lowest = 0, loss(0)
    for direction in (1, -1):
        while abs(power + direction) <= STEPS:
            try:
                other = loss(power + direction)
            except ConvergenceError:
                break
            if other > lowest - BETTER:
                break
            power, lowest = power + direction, other
        if power != 0:
            break
    return power


class _Judges:
    """Models that have seen all parts but one, for penalties and beliefs in rows."""

    def __init__(
        self,
        objective: LinearObjective,
        start: Fit,
        codes: NDArray[np.intp],
        trusted: Trusted | None,
        seed: int | None,
    ) -> None:
        self.n, self.codes = objective.n_rows, codes
        self.objective = objective if trusted is None else _with(objective, codes, trusted)
        self.weights = on_host(self.objective.weights)
        self.counted = self.weights[: self.n] > 0
        folds = min(FEWER if objective.is_large else FOLDS, self.n)
        self.folds = folds_of(codes, folds, np.random.default_rng(seed))
        self._whole = start if trusted is None else fit_at(self.objective, start.theta)
        self._parts: Columns | None = None
        self._first: dict[int, Doubts] = {}

    def first(self, power: int) -> Doubts:
        """With this power of `FACTOR` times the penalty, all rows believed."""
        if power not in self._first:
            self._first[power] = self._round(power, np.ones(self.n))
        return self._first[power]

    def best(self, power: int) -> Doubts:
        """Likewise, after as many rounds of belief as help."""
        best = self.first(power)
        for _ in range(ROUNDS):
            other = self._round(power, np.maximum(best.believed, NOTHING))
            if other.loss > best.loss - CLEARLY:
                break
            best = other
        return best

    def _round(self, power: int, believed: NDArray[np.float64]) -> Doubts:
        """Doubts by models that give each row its weight times what is believed of it."""
        objective = replace(self.objective, penalty=FACTOR**power * self.objective.penalty)
        weights = self.weights.copy()
        weights[: self.n] *= believed
        whole = refit(objective, beside(weights, self._whole.kept), self._whole, decrement=NEAR)
        parts = []
        for fold in range(int(self.folds.max()) + 1):
            out = weights.copy()
            out[: self.n][self.folds == fold] = 0.0
            parts.append(beside(out, whole.kept))
        # Each part starts from its own last model: that of all rows has seen what it is to judge.
        columns = Columns.of([_zero(objective, whole)] * len(parts), parts)
        if self._parts is not None:
            columns = replace(self._parts, kept=columns.kept)
        for _ in range(MOST):
            sizes = columns.newton_step(objective, whole)
            if float(array_namespace(sizes).max(sizes)) <= NEAR:
                break
        self._whole, self._parts = whole, columns
        predictors = on_host(columns.predictor)  # (n, folds) or (n, K, folds)
        unseen = predictors[np.arange(self.n), ..., self.folds]
        return told_apart(unseen, self.codes, self.counted)


def _zero(objective: LinearObjective, fit: Fit) -> Fit:
    zero = array_namespace(fit.theta).zeros_like(fit.theta)
    return replace(fit, theta=zero, predictor=objective.predictor(zero))


def told_apart(
    predictor: NDArray[np.float64], codes: NDArray[np.intp], counted: NDArray[np.bool_]
) -> Doubts:
    """Doubts from what models that have not seen the rows say of them, (n,) or (n, K).

    A label k follows softmax(a f + b), or, with the probability e_k, is k by chance:
    p = (1 - sum e) softmax(a f + b)_k + e_k. Scale, offsets and chances are those that make the
    labels most likely, so that predictors need not be log-odds, nor as sure as they should be,
    and labels of one class may be wrong more often than those of another.
    """
    scores = predictor if predictor.ndim == 2 else np.stack([0.0 * predictor, predictor], axis=1)
    n, K = scores.shape
    rows = np.arange(n)

    def surprise(place: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = np.exp(place[0]) * scores + np.append(0.0, place[1:K])
        moved -= moved[rows, codes][:, None]
        moved[rows, codes] = -np.inf
        told: NDArray[np.float64] = np.logaddexp(0.0, logsumexp(moved, axis=1))
        return told

    def chances(place: NDArray[np.float64]) -> NDArray[np.float64]:
        """(K + 1,): of each label by chance, and of a label that is none."""
        return np.asarray(softmax(np.append(place[K:], 0.0)))

    def loss(place: NDArray[np.float64]) -> float:
        chance = chances(place)
        p = chance[K] * np.exp(-surprise(place)) + chance[codes]
        return float(-np.mean(np.log(p[counted])))

    spread = scores[counted] - scores[counted].mean(axis=1, keepdims=True)
    size = max(2.0 * float(np.median(np.abs(spread).max(axis=1))), 1e-12)
    bounds = [(np.log(1e-3 / size), np.log(SUREST / size)), *[(-SUREST, SUREST)] * (K - 1)]
    bounds += [(-12.0, 3.0)] * K
    found = [
        minimize(
            loss,
            [np.log(a / size), *[0.0] * (K - 1), *[e - np.log(K)] * K],
            bounds=bounds,
            method="L-BFGS-B",
        )
        for a, e in ((1.0, -3.0), (4.0, 0.0))
    ]
    best = min(found, key=lambda one: float(one.fun))
    surprised, chance = surprise(best.x), chances(best.x)
    p = np.exp(-surprised)
    total = chance[K] * p + chance[codes]
    return Doubts(
        surprise=np.where(counted, surprised, -np.inf),
        wrong=np.where(counted, chance[codes] * (1.0 - p) / total, 0.0),
        believed=chance[K] * p / total,
        loss=float(best.fun),
    )


def folds_of(codes: NDArray[np.intp], folds: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """(n,): the part that a row is in; each has its share of each class."""
    order = rng.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    part = np.empty(len(codes), dtype=np.intp)
    part[order] = np.arange(len(codes)) % folds
    return part


def _with(objective: LinearObjective, codes: NDArray[np.intp], trusted: Trusted) -> LinearObjective:
    """The objective of these rows too; each weighs as much as a training row of its class."""
    xp = array_namespace(objective.labels)
    like = np.array([np.flatnonzero(codes == code)[0] for code in trusted.codes])
    weights = on_host(objective.weights)
    of_class = {code: weights[codes == code].mean() for code in set(trusted.codes.tolist())}
    added = beside(np.array([of_class[code] for code in trusted.codes.tolist()]), objective.weights)
    offset = objective.offset
    if offset is not None or trusted.offsets.any():
        before = xp.zeros_like(objective.labels) if offset is None else offset
        offset = xp.concat([before, beside(trusted.offsets, objective.labels)])
    return replace(
        objective,
        design=_stacked(objective.design, trusted.rows),
        labels=xp.concat([objective.labels, objective.labels[like.tolist(), ...]]),
        weights=xp.concat([objective.weights, added]),
        offset=offset,
    )


def _stacked(design: Design, rows: NDArray[np.float64] | scipy.sparse.csr_matrix) -> Design:
    if isinstance(design, Sparse):
        return Sparse(scipy.sparse.vstack([design.matrix, rows]))
    if not isinstance(design, Dense):
        raise TypeError(f"rows cannot be added to a {type(design).__name__}.")
    xp = array_namespace(design.array)
    return Dense(xp.concat([design.array, beside(rows, design.array)]))
