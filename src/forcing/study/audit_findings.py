"""What a report on an audit tells of its targets and rows, and what it calls them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forcing.explanation.figures import count
from forcing.study.audit_html import decided, told_label
from forcing.study.audit_looks import Looks

if TYPE_CHECKING:
    from forcing.study.audit import Audit


@dataclass(frozen=True, eq=False)
class Findings:
    audit: Audit
    names: Sequence[Any] | None
    """(T,): what targets are called; positions where None."""
    looks: Looks

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """(T,): rows of each set, 0 where there is none."""
        sizes = [len(o.supports) if o.flipped else 0 for o in self.audit.outcomes]
        return np.array(sizes, dtype=np.intp)

    @cached_property
    def found(self) -> NDArray[np.intp]:
        """Targets with a set, those on fewest rows first, of these the surest first."""
        known = [t for t, o in enumerate(self.audit.outcomes) if self.sizes[t] and o.claim]
        order = sorted(known, key=lambda t: (self.sizes[t], -self.margin(t)))
        return np.array(order, dtype=np.intp)

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """(T,): none of them where true labels were not given."""
        wrong = self.audit.wrong
        return np.zeros(len(self.audit), bool) if wrong is None else wrong

    def margin(self, target: int) -> float:
        claim = self.audit[target].claim
        return -np.inf if claim is None else float(claim.margin)

    @cached_property
    def confidence(self) -> NDArray[np.float64]:
        """Of those `found`."""
        claims = [self.audit[t].claim for t in self.found.tolist()]
        return np.array([c.confidence for c in claims if c is not None], dtype=float)

    def standing(self, counted: NDArray[np.bool_] | None = None) -> dict[int, list[int]]:
        """For each training row the targets in whose sets it stands, smallest set first; of
        those that are `counted`.
        """
        standing: dict[int, list[int]] = {}
        for target in np.argsort(self.sizes, kind="stable").tolist():
            if counted is None or counted[target]:
                for row in self.audit.supports[target]:
                    standing.setdefault(row, []).append(target)
        return standing

    def decided(self, target: int) -> str:
        return decided(self.audit, self.audit[target])

    def label(self, row: int) -> str:
        return told_label(self.audit, self.audit.y[row])

    def true_label(self, target: int) -> str | None:
        labels = self.audit.y_test
        return None if labels is None else told_label(self.audit, labels[target])

    def name(self, target: int) -> str:
        return f"{target}" if self.names is None else str(self.names[target])

    def row(self, row: int) -> str:
        ids = self.audit.row_ids
        return f"row {count(row)}" if ids is None else f"{ids[row]} (row {count(row)})"
