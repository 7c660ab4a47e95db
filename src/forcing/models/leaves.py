"""Orders of the rows from the leaves of trees: who answers, in each tree, where the target ends.

A forest answers with the mean of its leaves, and a boosted model with a sum of them; each leaf is
a quotient of sums over the training rows in it. While the trees keep their splits, what a row
contributes is known exactly, so that rows can leave one after the other, the most telling first.
Trees that are trained anew split otherwise: this is an order in which to try rows, no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.tree import BaseDecisionTree

from forcing.engine.losses import sigmoid

Vector = NDArray[np.float64]

GROWTH = 10
"""A row is chosen at a time, and one more for every so many that were chosen before."""

AHEAD = 3
"""Times what is wanted, for which likely rows are looked at: the rest cannot come in between."""

SHARE = 0.5
"""Weight of a row's share of a leaf beside what the leaf answers at once without it."""

MOST_CELLS = 200_000_000
"""Rows times trees up to which leaves are asked for."""

PENALTY = 1.0
"""On the value of a boosted leaf, a usual default: the order does not depend on it."""

DIGITS = 9
"""Of a boosted model's answers after each tree, by which its leaves are told apart."""


class Trained:
    """A fitted model and the rows that it was fitted on; remembers where all rows end."""

    def __init__(self, model: Any, kept: NDArray[np.intp]) -> None:
        self.model = model
        self.kept = kept
        """(k,): positions of its rows in all rows."""
        self._ends: Ends | None = None

    def ends(self, X: Any) -> Ends | None:
        """Where the rows end; None where the model shows no leaves."""
        if self._ends is None and (found := leaves(self.model, X)) is not None:
            names, codes = zip(*(np.unique(f, return_inverse=True) for f in found.T), strict=True)
            table = np.column_stack(codes).astype(np.int32)
            self._ends = Ends(table, names, self._drawn(len(found), len(names)))
        return self._ends

    def _drawn(self, n: int, n_trees: int) -> NDArray[np.float32]:
        samples = getattr(_unwrapped(self.model), "estimators_samples_", None)
        if samples is None or len(samples) != n_trees:
            there = np.zeros((n, 1), dtype=np.float32)
            there[self.kept] = 1.0
            return there
        drawn = np.zeros((n, n_trees), dtype=np.float32)
        for tree, rows in enumerate(samples):
            drawn[self.kept, tree] = np.bincount(rows, minlength=len(self.kept))
        return drawn


@dataclass(frozen=True, eq=False)
class Ends:
    """In which leaves of a model the rows end."""

    codes: NDArray[np.int32]
    """(rows, trees): by the place of the leaf in `names`."""
    names: tuple[NDArray[Any], ...]
    """Of each tree its leaves, in order, as the model calls them."""
    drawn: NDArray[np.float32]
    """(rows, trees): how often a row was drawn for a tree; (rows, 1): whether it was there."""

    def beside(self, at: NDArray[Any]) -> NDArray[np.bool_]:
        """(rows, trees): whether a row ends in the leaf `at` (trees,) of the tree."""
        there = np.array([_place(n, leaf) for n, leaf in zip(self.names, at, strict=True)])
        return np.asarray(self.codes == there)


def _place(names: NDArray[Any], leaf: Any) -> int:
    """-1 for a leaf where no row ends."""
    place = int(np.searchsorted(names, leaf))
    return place if place < len(names) and names[place] == leaf else -1


@dataclass(frozen=True, eq=False)
class Shares:
    """What the rows contribute to the leaves where one target ends, an entry for each row in
    each such leaf. A leaf answers with sum(above) / sum(below).
    """

    leaf: NDArray[np.intp]
    row: NDArray[np.intp]
    above: Vector
    below: Vector
    extra: float
    """Added to every sum(below)."""
    scale: float
    """Of the mean over the leaves, in the unit of the margin."""

    def order(
        self, allowed: NDArray[np.bool_], enough: float, least: int = 1
    ) -> tuple[NDArray[np.intp], Vector]:
        """Rows that leave one after the other, each the one that takes most from the decision,
        and what all that left together have taken after each; until that is `enough` and so many
        have left. `allowed` (n,) says which rows may.
        """
        n_leaves = int(self.leaf.max(initial=-1)) + 1
        above: NDArray[Any] = np.bincount(self.leaf, self.above, n_leaves)
        below: NDArray[Any] = np.bincount(self.leaf, self.below, n_leaves) + self.extra
        start = float(np.sum(_quotient(above, below)))
        live = allowed[self.row] & (self.above > 0)
        leaf, row = self.leaf[live], self.row[live]
        a: NDArray[Any] = self.above[live]
        b: NDArray[Any] = self.below[live]
        each: NDArray[Any] = np.bincount(row, SHARE * a / below[leaf], len(allowed)) * self.scale
        likely = np.argsort(-each, kind="stable")
        wanted = max(AHEAD * least, 1 + np.searchsorted(np.cumsum(each[likely]), AHEAD * enough))
        near = np.zeros(len(allowed), dtype=bool)
        near[likely[:wanted]] = True
        kept = near[row]
        leaf, row, a, b = leaf[kept], row[kept], a[kept], b[kept]
        names, place = np.unique(row, return_inverse=True)
        order: list[int] = []
        taken: list[float] = []
        while len(names) and (not taken or taken[-1] < enough or len(order) < least):
            now = _quotient(above, below)
            effect = _quotient(above[leaf] - a, below[leaf] - b) - now[leaf]
            # A leaf of two rows of one class answers the same without either: what is a row's own
            # share of it counts too, so that such leaves fall in the end.
            each = np.bincount(place, effect - SHARE * a / below[leaf], len(names))
            some = 1 + len(order) // GROWTH
            best = np.argsort(each, kind="stable")[:some]
            order += names[best].tolist()
            gone = np.zeros(len(names), dtype=bool)
            gone[best] = True
            leaving = gone[place]
            above = above - np.bincount(leaf[leaving], a[leaving], n_leaves)
            below = below - np.bincount(leaf[leaving], b[leaving], n_leaves)
            after = (start - float(np.sum(_quotient(above, below)))) * self.scale
            before = taken[-1] if taken else 0.0
            taken += np.linspace(before, after, len(best) + 1)[1:].tolist()
            kept = ~leaving
            leaf, row, a, b = leaf[kept], row[kept], a[kept], b[kept]
            names, place = np.unique(row, return_inverse=True)
        return np.array(order, dtype=np.intp), np.maximum.accumulate(np.array(taken))


def _quotient(above: NDArray[Any], below: NDArray[Any]) -> Vector:
    """0 where nothing is left below: an empty leaf leans neither way."""
    empty = below <= 1e-9
    return np.where(empty, 0.0, above / np.where(empty, 1.0, below))


def shares(models: Sequence[Trained], X: Any, row: Any, support: Vector) -> Shares | None:
    """The leaves of all models together; None where the models show none.

    Parameters
    ----------
    models
        Of one kind, such as the same forest trained with several seeds.
    X, row
        All rows, and the target as a one-row container.
    support
        (n,): above 0 where a row speaks for the decision; of a classifier 1, -1 for the rival and
        0 for a third class, of a regressor how far its value is on the favoured side.
    """
    parts = [part for model in models if (part := _of_one(model, X, row, support)) is not None]
    if len(parts) < len(models) or not parts:
        return None
    begin = np.cumsum([0, *(1 + int(part.leaf.max(initial=-1)) for part in parts)])
    return Shares(
        leaf=np.concatenate([p.leaf + start for p, start in zip(parts, begin, strict=False)]),
        row=np.concatenate([p.row for p in parts]),
        above=np.concatenate([p.above for p in parts]),
        below=np.concatenate([p.below for p in parts]),
        extra=parts[0].extra,
        scale=parts[0].scale / len(parts),
    )


def _of_one(trained: Trained, X: Any, row: Any, support: Vector) -> Shares | None:
    try:
        ends, at = trained.ends(X), leaves(trained.model, row)
    except (AttributeError, TypeError, ValueError):
        return None  # another package's `apply` may mean another thing; any order will do
    if ends is None or at is None or at.shape[1] != len(ends.names):
        return None
    beside = ends.beside(at[0])
    if is_boosted(trained.model):
        return _boosted(trained.model, ends.codes, beside, support, ends.drawn[:, 0])
    return _averaged(ends, beside, support)


def _averaged(ends: Ends, beside: NDArray[np.bool_], support: Vector) -> Shares:
    """Each leaf is a mean, in which a row counts as often as it was drawn for the tree."""
    member, leaf = np.nonzero(beside & (ends.drawn > 0))
    count = ends.drawn[member, leaf if ends.drawn.shape[1] > 1 else 0].astype(np.float64)
    # Near the decision line a log-odds is twice the difference of two shares.
    scale = 2.0 / len(ends.names)
    return Shares(leaf, member, count * support[member], count, 0.0, scale)


def _boosted(
    model: Any,
    codes: NDArray[np.int32],
    beside: NDArray[np.bool_],
    support: Vector,
    inside: NDArray[np.float32],
) -> Shares:
    """The boosting is done again on the leaves as they are, so that each row's residual before
    each tree is known.
    """
    last = _unwrapped(model)
    parameters = last.get_params() if hasattr(last, "get_params") else {}
    rate = float(parameters.get("learning_rate") or 0.1)
    classifies = set(np.unique(support)) <= {-1.0, 0.0, 1.0}
    y = (support > 0).astype(np.float64) if classifies else support
    mean = float(np.average(y, weights=inside))
    score = np.full(len(y), np.log(mean / (1 - mean)) if classifies and 0 < mean < 1 else mean)
    leaf, member, above, below = [], [], [], []
    for tree in range(codes.shape[1]):
        p = np.asarray(sigmoid(score)) if classifies else score
        gradient, curvature = inside * (y - p), inside * (p * (1 - p) if classifies else 1.0)
        code = codes[:, tree]
        step = np.bincount(code, gradient) / (np.bincount(code, curvature) + PENALTY)
        score = score + rate * step[code]
        members = np.flatnonzero(beside[:, tree] & (inside > 0))
        leaf.append(np.full(len(members), tree))
        member.append(members)
        above.append(gradient[members])
        below.append(curvature[members])
    return Shares(
        np.concatenate(leaf),
        np.concatenate(member),
        np.concatenate(above),
        np.concatenate(below),
        PENALTY,
        rate,
    )


def is_boosted(model: Any) -> bool:
    """Whether the trees of a model add up, each made for what those before it left."""
    model = _unwrapped(model)
    return isinstance(model, _OWN_BOOSTING) or any(
        hasattr(model, name) for name in ("booster_", "get_booster", "calc_leaf_indexes")
    )


_HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
_OWN_BOOSTING = (GradientBoostingClassifier, GradientBoostingRegressor, *_HISTOGRAMS)


def _unwrapped(model: Any) -> Any:
    return model[-1] if isinstance(model, Pipeline) else model


def is_of_trees(model: Any) -> bool:
    """Whether a fitted model answers by leaves: its splits jump as rows come and go."""
    model = _unwrapped(model)
    members = list(np.ravel(getattr(model, "estimators_", np.empty(0, dtype=object))))
    return (
        is_boosted(model)
        or isinstance(model, BaseDecisionTree)
        or (bool(members) and all(isinstance(member, BaseDecisionTree) for member in members))
    )


def leaves(model: Any, X: Any) -> NDArray[Any] | None:
    """(rows, trees): the leaf of each tree where a row ends; None where a model shows none."""
    if isinstance(model, Pipeline):
        model, X = model[-1], model[:-1].transform(X) if len(model) > 1 else X
    count = len(X) if hasattr(X, "__len__") and not hasattr(X, "toarray") else X.shape[0]
    trees = getattr(model, "estimators_", None)
    if count * (len(trees) if trees is not None else 1) > MOST_CELLS:
        return None
    if hasattr(model, "calc_leaf_indexes"):  # CatBoost
        found = model.calc_leaf_indexes(X)
    elif isinstance(model, _HISTOGRAMS):
        found = _by_answers(model, X)
    else:
        return applied(model, X)
    found = np.asarray(found)
    return found.reshape(len(found), -1)


def applied(model: Any, X: Any) -> NDArray[Any] | None:
    """As `leaves`, of models with a method for it: no CatBoost, no histograms of scikit-learn's."""
    if hasattr(model, "booster_"):  # LightGBM
        found = model.predict(X, pred_leaf=True)
    elif hasattr(model, "apply"):  # trees, forests, gradient boosting, XGBoost
        found = model.apply(X)
    else:
        trees = list(np.ravel(getattr(model, "estimators_", np.empty(0, dtype=object))))
        same_columns = not hasattr(model, "estimators_features_")
        if not trees or not same_columns or not all(hasattr(tree, "apply") for tree in trees):
            return None
        found = np.column_stack([tree.apply(X) for tree in trees])
    found = np.asarray(found)
    return found.reshape(len(found), -1)


def _by_answers(model: Any, X: Any) -> NDArray[Any]:
    """Of a model that shows its answer after each tree: what a tree adds is the value of a leaf,
    and two leaves of one tree with the same value answer the same.
    """
    staged = getattr(model, "staged_decision_function", None) or model.staged_predict
    answers = np.array([np.asarray(answer).reshape(len(X), -1) for answer in staged(X)])
    added = np.diff(answers, axis=0, prepend=0.0)  # (trees, rows, classes)
    return np.round(np.moveaxis(added, 1, 0).reshape(len(X), -1), DIGITS)
