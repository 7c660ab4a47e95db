"""k nearest neighbours: the smallest forcing set, exactly.

Leaving rows out matters only through who the k nearest of the rest are. Let j be the place of
the farthest of them in the order of distance: then exactly j - k of the first j rows are gone,
so the smallest set belongs to the smallest j for which k of the first j rows can be chosen that
decide otherwise. Best against the favoured class are, for one rival: as few rows of the favoured
class as fit, the farthest ones; as many of the rival as fit, the nearest ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = tuple[int, ...]
Places: TypeAlias = NDArray[np.intp]

TIED = 1e-7
"""Of the largest distance: what is apart by less may change places when rows leave."""


@dataclass(frozen=True, eq=False)
class Ballot:
    """Everything that a vote of the nearest rows depends on."""

    distances: NDArray[np.float64]
    """(n,), from the target, in the order of the rows."""
    codes: NDArray[np.intp]
    """(n,): the class of each row, from 0 to n_classes - 1."""
    n_classes: int
    k: int
    weighted: bool
    """Whether a vote counts 1 / distance; at distance 0 only the rows there vote."""
    favoured: int
    rivals: tuple[int, ...]
    """Classes whose win against the favoured one flips the decision."""
    flips: Callable[[NDArray[np.float64]], bool]
    """Whether these votes (n_classes,) are another decision."""

    def votes(self, rows: Places) -> NDArray[np.float64]:
        """(n_classes,): what these rows say."""
        if not self.weighted:
            return np.bincount(self.codes[rows], minlength=self.n_classes).astype(np.float64)
        distance = self.distances[rows]
        at_target = distance == 0
        weights = at_target * 1.0 if at_target.any() else 1.0 / distance
        return np.asarray(
            np.bincount(self.codes[rows], weights, minlength=self.n_classes), dtype=np.float64
        )

    def groups(self) -> tuple[Places, Places]:
        """The rows by distance, and for each place the number of its group of equal distances."""
        order = np.argsort(self.distances, kind="stable")
        steps = np.diff(self.distances[order])
        apart = steps > TIED * float(self.distances[order[-1]])
        return order, np.concatenate([[0], np.cumsum(apart)])

    @property
    def tied(self) -> bool:
        _, group = self.groups()
        return int(group[-1]) + 1 < len(group)

    def by_distance(self, rival: int, hopeful: bool) -> Places:
        """The rows by distance; within equal distances first those of the rival, then others,
        then those of the favoured class; not `hopeful`, the other way round.
        """
        order, group = self.groups()
        codes = self.codes[order]
        preference = np.where(codes == rival, 0, np.where(codes == self.favoured, 2, 1))
        return order[np.lexsort((preference if hopeful else -preference, group))]


def smallest_sets(ballot: Ballot, hopeful: bool = True) -> list[Rows]:
    """For each rival the smallest set, its nearest rows first; the smallest of all comes first.

    Of rows at equal distances those come first that speak for the rival; not `hopeful`, last.
    """
    found = [removal(ballot, ballot.by_distance(c, hopeful), c) for c in ballot.rivals]
    return sorted((rows for rows in found if rows is not None), key=len)


def fewest(ballot: Ballot) -> int | None:
    """No set with fewer rows flips the decision, however equal distances are ordered.

    None where no set flips it at all.
    """
    tied = ballot.tied
    sizes = [
        len(rows)
        for rival in ballot.rivals
        if (rows := removal(ballot, ballot.by_distance(rival, hopeful=True), rival, relaxed=tied))
        is not None
    ]
    return min(sizes) if sizes else None


def removal(ballot: Ballot, order: Places, rival: int, relaxed: bool = False) -> Rows | None:
    """The smallest set that makes the rival win; None where there is none.

    A class of which all rows are among the first j keeps one of them: a model that has never
    seen a class does not decide against it. `relaxed` lets classes go, which can only make the
    set smaller.
    """
    codes = ballot.codes[order]
    members = [np.flatnonzero(codes == c) for c in range(ballot.n_classes)]
    for j in range(ballot.k + 1, len(order) + 1):
        own = codes[j - 1] == ballot.favoured
        if own and j > ballot.k + 1 and not ballot.weighted:  # what it allows, j - 1 allowed
            continue
        inside = [rows[: int(np.searchsorted(rows, j))] for rows in members]
        least = [
            int(not relaxed and len(rows) > 0 and len(rows) == len(all_rows))
            for rows, all_rows in zip(inside, members, strict=True)
        ]
        kept = _strongest(ballot, inside, least, rival)
        if kept is not None and ballot.flips(ballot.votes(order[kept])):
            gone = np.setdiff1d(np.arange(j), kept)
            return tuple(int(row) for row in order[gone])
    return None


def _strongest(ballot: Ballot, inside: list[Places], least: list[int], rival: int) -> Places | None:
    """k places of the first j, of each class at least `least`, that are best for the rival."""
    favoured, k = ballot.favoured, ballot.k
    thirds = [c for c in range(ballot.n_classes) if c not in (favoured, rival)]
    others = sum(len(inside[c]) for c in (rival, *thirds))
    owed = sum(least[c] for c in thirds)
    n_favoured = max(least[favoured], k - others)
    n_rival = min(len(inside[rival]), k - n_favoured - owed)
    if n_rival < least[rival]:
        return None
    own = inside[favoured][len(inside[favoured]) - n_favoured :]
    return np.concatenate(
        [own, inside[rival][:n_rival], _farthest(inside, least, thirds, k - n_favoured - n_rival)]
    )


def _farthest(inside: list[Places], least: list[int], classes: list[int], size: int) -> Places:
    """`size` places of these classes, the farthest, yet `least` of each."""
    owed = [inside[c][len(inside[c]) - least[c] :] for c in classes]
    rest = [inside[c][: len(inside[c]) - least[c]] for c in classes]
    needed = np.concatenate([np.empty(0, np.intp), *owed])
    spare = np.sort(np.concatenate([np.empty(0, np.intp), *rest]))
    return np.concatenate([needed, spare[len(spare) - (size - len(needed)) :]])
