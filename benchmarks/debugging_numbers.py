"""Numbers of figure 4 over the seeds: who is ahead, and what is recorded for the notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks.debugging_measures import BUDGETS, RETRAINED, Measured
from benchmarks.debugging_orders import REPAIR, SETS, SUSPECTS

Found: TypeAlias = dict[float, list[Measured]]
"""For each share of wrong labels a measurement a seed."""


def curve(ones: Sequence[Measured], name: str, rows: int) -> NDArray[np.float64]:
    """(rows,): mean precision of the first 1, 2, ..., rows."""
    hits = np.mean([one.inspected[name].hits[:rows] for one in ones], axis=0)
    return np.asarray(hits / np.arange(1, rows + 1))


def lead(ones: Sequence[Measured], rows: int) -> tuple[NDArray[np.float64], list[str]]:
    """(rows,): by how much the suspects' mean precision is above that of the best order of others
    at each budget; and which that is.
    """
    others = [name for name in ones[0].inspected if name not in {SUSPECTS, REPAIR, SETS}]
    curves = np.array([curve(ones, name, rows) for name in others])
    best = [others[place] for place in curves.argmax(axis=0).tolist()]
    return curve(ones, SUSPECTS, rows) - curves.max(axis=0), best


def kept(found: Found) -> dict[str, Any]:
    """What the notebook shows: means over the seeds and their standard deviations."""
    values: dict[str, Any] = {
        "budgets": BUDGETS,
        "retrained": RETRAINED,
        "seeds": len(next(iter(found.values()))),
    }
    for share, ones in found.items():
        rows = [round(budget * ones[0].rows) for budget in BUDGETS]
        some = {name: [one.inspected[name] for one in ones] for name in ones[0].inspected}
        values[f"{100 * share:.0f} %"] = {
            "bugs": ones[0].bugs,
            "rows": ones[0].rows,
            "expected": [one.expected for one in ones],
            "union": [one.union for one in ones],
            "before": [one.before for one in ones],
            "clean": [one.clean for one in ones],
            "audited": [one.audited for one in ones],
            "sizes": [one.sizes for one in ones],
            "precision": {n: _spread([[i.precision(k) for k in rows] for i in each])
                          for n, each in some.items()},
            "recall": {n: _spread([[i.recall(k) for k in rows] for i in each])
                       for n, each in some.items()},
            "accuracy": {n: _spread([i.accuracy for i in each]) for n, each in some.items()},
            "repaired": {n: _spread([i.repaired for i in each]) for n, each in some.items()},
            "repaired_test": {n: _spread([i.repaired_test for i in each])
                              for n, each in some.items()},
            "single": {n: [float(np.mean([getattr(o.single[n], what) for o in ones]))
                           for what in ("precision", "repaired")] for n in ones[0].single},
        }  # fmt: skip
    return values


def _spread(each: list[list[float]] | list[list[int]]) -> list[list[float]]:
    """Mean and standard deviation over the seeds."""
    values = np.array(each, dtype=float)
    return [values.mean(axis=0).round(5).tolist(), values.std(axis=0).round(5).tolist()]
