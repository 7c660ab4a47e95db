"""Slices through a target: which shows most, where rows are on it, where the decision changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from sklearn.decomposition import PCA, TruncatedSVD

from forcing.display import Table, frames
from forcing.models.black_box import AdaptedBlackBox
from forcing.models.rows import as_single
from forcing.records import Claim, Label, Step
from forcing.study.plane.columns import Columns, lifted
from forcing.study.plane.level import level_lines
from forcing.study.plane.margins import Both, Margins, prepared, timed_side

if TYPE_CHECKING:
    from forcing.study.study import Study

Array: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = Literal["data", "features", "components"]

GRID = 60
"""Points a side at which the model is asked, """
BUDGET = 1.0
"""fewer where these would take more seconds."""
MOST_ROWS = 100_000
WIDEST = 20_000
"""Columns of prepared rows up to which components are lifted back to rows."""
UNLIKE = 3.0
"""Ratio of standard deviations from which on components are those of standardised columns."""
PATIENCE = 3.0
"""Seconds of a refit up to which a plane that nobody asked for is worth one."""
SLOW = "A refit takes long, so the boundary without the set is drawn for axes that are chosen."
USERS = "Only your refit can train this model again, so there is no boundary without the set."
FEW = 6
"""Strongest features among which the second axis is chosen, """
WEAKEST = 0.02
"""with at least this share of what the first one changes, """
ALIKE = 0.9
"""unless all of these are so correlated with it."""


@dataclass(frozen=True, eq=False, slots=True)
class Side:
    """One axis."""

    name: str
    feature: int | None
    low: float
    high: float


@dataclass(frozen=True, eq=False, slots=True)
class Slice:
    """A plane through the target; points are in units of the axes."""

    kind: Kind
    x: Side
    y: Side
    features: list[str]
    rows: NDArray[np.intp] | None
    """Positions of the rows; None: all."""
    points: Array
    """(m, 2)"""
    roles: NDArray[np.intp]
    target: Array
    before: list[Array]
    """Lines (k, 2) of the decision boundary."""
    after: list[Array]
    note: str


class Planes:
    """The slices through one target of one study. What is found once is kept."""

    def __init__(
        self, study: Study, x: Any, rival: Label = None, threshold: float | None = None
    ) -> None:
        self._study, self._x = study, x
        self._explainer = study._explainer  # noqa: SLF001 - the study makes this for itself
        self._both = Both(self._explainer, x, rival, threshold)
        self._order: list[int] | None = None
        self._lock = threading.Lock()

    def default(self, claim: Claim, steps: Sequence[Step], seconds: float = 0.0) -> Slice | None:
        """The two features in which the decision says most; None where nobody asked for more:
        pictures and texts have components, which take longer. `seconds`: of a refit.
        """
        if self._columns is None or not isinstance(self._study.display, Table | None):
            return None
        with self._lock:
            if self._columns.values.shape[1] < 2:
                return None
            self._fix_order(steps)
            return self._of_features(*self._best(), claim, steps, seconds <= PATIENCE)

    def slice(self, x: int | None, y: int | None, claim: Claim, steps: Sequence[Step]) -> Slice:
        """Of two features, by their place in `Slice.features`, or of principal components.

        Raises `ValueError` where there is no such plane.
        """
        with self._lock:
            self._fix_order(steps)
            if x is None or y is None:
                return self._of_components(claim, steps)
            if x == y or not max(x, y) < len(self._features):
                raise ValueError("A plane has two different features.")
            return self._of_features(x, y, claim, steps, refit=True)

    @cached_property
    def _columns(self) -> Columns | None:
        return Columns.of(self._study.X, self._x, self._study.feature_names)

    @property
    def _features(self) -> list[str]:
        columns, order = self._columns, self._order
        return [] if columns is None or order is None else [columns.names[j] for j in order]

    def _fix_order(self, steps: Sequence[Step]) -> None:
        """Once, since views name features by their place: where supports differ most first."""
        if self._order is None and self._columns is not None:
            rows = [step.row for step in steps]
            values = self._columns.values
            apart = np.zeros(values.shape[1])
            if rows:
                own = np.nan_to_num(np.nanmean(np.vstack([values[rows], self._columns.target]), 0))
                apart = np.abs(own - np.nanmean(values, axis=0)) / self._columns.spread
            self._order = np.argsort(-apart, kind="stable").tolist()

    def _best(self) -> tuple[int, int]:
        """Places of the features along which the margin at the target changes most; the second
        one is to say something else than the first.
        """
        columns, order = self._columns, self._order
        assert columns is not None  # noqa: S101 - the caller has looked
        assert order is not None  # noqa: S101
        if len(order) == 2:
            return order.index(0), order.index(1)
        order = order[:64]
        ends = np.nanpercentile(columns.values[:, order], [5, 25, 50, 75, 95], axis=0)
        m = ends.size
        changed = {}
        for place, j in enumerate(order):
            values = np.full(m, columns.target[j])
            values[5 * place : 5 * place + 5] = ends[:, place]
            changed[columns.places[j]] = values
        margins = self._both.before()(self._prepare(lifted(self._study.X, self._x, changed, m)))
        moved = np.ptp(margins.reshape(-1, 5), axis=1)
        first = int(np.argmax(moved))
        filled = np.nan_to_num(columns.values[:, order] - np.nanmean(columns.values[:, order], 0))
        norms = np.linalg.norm(filled, axis=0)
        alike = (filled.T @ filled[:, first]) / np.maximum(norms * norms[first], 1e-300)
        others = [int(place) for place in np.argsort(-moved, kind="stable") if place != first]
        strong = [j for j in others[:FEW] if moved[j] >= WEAKEST * moved[first]]
        # What measures nearly the same thing draws all rows on one line.
        unlike = [j for j in strong if abs(alike[j]) < ALIKE]
        return first, min(unlike or others[: 2 * FEW], key=lambda j: abs(alike[j]))

    @property
    def _prepare(self) -> Callable[[Any], Any]:
        """From rows as the user has them to what the margins take."""
        explainer, model = self._explainer, self._study.model
        inside = getattr(explainer, "model", None)
        if isinstance(inside, AdaptedBlackBox):
            whole = inside.fitted is model
        else:
            whole = explainer.adapted.head is None  # type: ignore[attr-defined]
        return (lambda X: X) if whole else (lambda X: prepared(model, X))

    def _of_features(
        self, x: int, y: int, claim: Claim, steps: Sequence[Step], refit: bool
    ) -> Slice:
        columns, order = self._columns, self._order
        if columns is None or order is None:
            raise ValueError("The rows have no columns of numbers.")
        chosen = [order[x], order[y]]
        points, target = columns.values[:, chosen], columns.target[chosen]
        places = [columns.places[j] for j in chosen]

        def lift(at: Array) -> Any:
            changed = {places[0]: at[:, 0], places[1]: at[:, 1]}
            return self._prepare(lifted(self._study.X, self._x, changed, len(at)))

        width = np.shape(self._study.X)[1]
        note = "" if width == 2 else "Other features are held at the target's values."
        kind: Kind = "data" if width == 2 else "features"
        names = [(self._features[x], x), (self._features[y], y)]
        return self._drawn(kind, names, points, target, lift, claim, steps, note, refit)

    def _of_components(self, claim: Claim, steps: Sequence[Step]) -> Slice:
        Z, z = self._numbers
        sparse = scipy.sparse.issparse(Z)
        width = Z.shape[1]
        if min(Z.shape) < 2:
            raise ValueError("Components need two columns of numbers or more.")
        if sparse:
            found: Any = TruncatedSVD(2, random_state=0).fit(Z)
            scale, centre = np.ones(width), np.zeros(width)
            z = z.toarray()
        else:
            deviations = Z.std(axis=0)
            varying = deviations[deviations > 0]
            unlike = len(varying) > 0 and varying.max() > UNLIKE * varying.min()
            scale = np.where(deviations > 0, deviations, 1.0) if unlike else np.ones(width)
            centre = Z.mean(axis=0)
            Z = (Z - centre) / scale
            found = PCA(2, random_state=0, svd_solver="auto").fit(Z)
        directions = found.components_
        points = np.asarray(Z @ directions.T)
        z = np.ravel(z)
        target = directions @ ((z - centre) / scale)

        def lift(at: Array) -> Any:
            return z + ((at - target) @ directions) * scale

        shares = found.explained_variance_ratio_
        names: list[tuple[str, int | None]] = [
            (f"component {k + 1} ({100 * shares[k]:.0f} % of the variance)", None) for k in (0, 1)
        ]
        able = width <= WIDEST
        note = (
            "Other components are held at the target's values."
            if able
            else "Points of this plane cannot be turned back into rows: there is no boundary."
        )
        return self._drawn(
            "components", names, points, target, lift if able else None, claim, steps, note
        )

    @cached_property
    def _numbers(self) -> tuple[Any, Any]:
        """The rows as the last step of the model takes them (n, p), and the target (1, p)."""
        study = self._study
        found = []
        for X in (study.X, as_single(self._x, study.X)):
            rows = self._prepare(X)
            if not scipy.sparse.issparse(rows):
                try:
                    rows = frames.as_array(rows).astype(np.float64)
                except (TypeError, ValueError) as error:
                    raise ValueError("Components need columns of numbers alone.") from error
                rows = rows.reshape(len(rows), -1)
                if not np.isfinite(rows).all():
                    raise ValueError("Components need rows without missing values.")
            found.append(rows)
        return found[0], found[1]

    def _drawn(
        self,
        kind: Kind,
        names: Sequence[tuple[str, int | None]],
        points: Array,
        target: Array,
        lift: Callable[[Array], Any] | None,
        claim: Claim,
        steps: Sequence[Step],
        note: str,
        refit: bool = True,
    ) -> Slice:
        supports = np.array([step.row for step in steps], dtype=np.intp)
        low, high = frame(points, np.vstack([points[supports], target]))
        placed: NDArray[np.bool_] = np.all(np.isfinite(points), axis=1)
        rows = np.flatnonzero(placed)
        if len(rows) > MOST_ROWS:
            even = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(np.intp)]
            rows = np.union1d(even, supports[placed[supports]])
        missing = int(np.sum(~placed))
        notes = [note] if note else []
        if missing:
            rows_are = (
                "1 row without a value is"
                if missing == 1
                else f"{missing} rows without a value are"
            )
            notes.append(f"{rows_are} not shown.")
        before: list[Array] = []
        after: list[Array] = []
        if lift is not None:
            try:
                before, after, why = self._boundaries(lift, low, high, steps, refit)
                notes += [why] if why else []
            except (ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError) as error:
                notes.append(f"There is no boundary: {str(error)[:120]}")
        sides = [
            Side(name, feature, float(low[j]), float(high[j]))
            for j, (name, feature) in enumerate(names)
        ]
        return Slice(
            kind=kind,
            x=sides[0],
            y=sides[1],
            features=self._features,
            rows=None if len(rows) == len(points) else rows,
            points=points[rows],
            roles=self._roles(claim)[rows],
            target=target,
            before=before,
            after=after,
            note=" ".join(notes),
        )

    def _boundaries(
        self,
        lift: Callable[[Array], Any],
        low: Array,
        high: Array,
        steps: Sequence[Step],
        refit: bool,
    ) -> tuple[list[Array], list[Array], str]:
        """Of the model as given and without the set, and why there is none of the second."""
        margins = self._both.before()
        few = low + np.random.default_rng(0).random((60, 2)) * (high - low)
        side = timed_side(margins, lift(few), GRID, BUDGET)
        before = traced(margins, lift, low, high, side)
        if not steps:
            return before, [], ""
        if not refit:
            return before, [], SLOW
        changed = self._both.after(steps)
        if changed is None:
            return before, [], USERS
        return before, traced(changed, lift, low, high, side), ""

    def _roles(self, claim: Claim) -> NDArray[np.intp]:
        y = np.asarray(self._study.y)
        if claim.cut is not None:
            above = claim.favoured == self._study.classes[1]
            return np.where((y >= claim.cut) == above, 0, 1)
        return np.where(y == claim.favoured, 0, np.where(y == claim.rival, 1, 2))


def frame(points: Array, hold: Array) -> tuple[Array, Array]:
    """Ends of both axes: the 1st to 99th percentile, and all that has to be inside."""
    low, high = np.nanpercentile(points, [1, 99], axis=0)
    low, high = np.fmin(low, np.nanmin(hold, axis=0)), np.fmax(high, np.nanmax(hold, axis=0))
    margin = np.where(high > low, 0.04 * (high - low), 1.0)
    return low - margin, high + margin


def traced(
    margins: Margins, lift: Callable[[Array], Any], low: Array, high: Array, side: int
) -> list[Array]:
    """The lines on which the decision changes."""
    ends = [np.linspace(low[j], high[j], side) for j in (0, 1)]
    at = np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1).reshape(-1, 2)
    # A few thousand rows at a time: lifted components may be wide.
    parts = np.array_split(at, max(1, len(at) // 600))
    values = np.concatenate([margins(lift(part)) for part in parts])
    lines = level_lines(values.reshape(side, side))
    return [low + line * (high - low) for line in lines]
