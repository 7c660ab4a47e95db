"""The baselines by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from forcing.baselines.chance import random_favoured, random_order
from forcing.baselines.influence import influence, influence_1exact
from forcing.baselines.inverses import influence_arnoldi, influence_cg, influence_lissa
from forcing.baselines.neighbours import knn_shapley, nearest
from forcing.baselines.prefix import Selection, prefix, prefix_refined
from forcing.baselines.representer import representer
from forcing.baselines.tracin import tracin
from forcing.engine.arrays import on_host
from forcing.engine.problem import Problem

Method: TypeAlias = Callable[[Problem, int | None], Any]
"""From a problem and a seed to scores (n,) in any namespace, or a `Selection`."""


def _seedless(method: Callable[[Problem], Any]) -> Method:
    return lambda problem, _: method(problem)


BASELINES: dict[str, Method] = {
    "influence": _seedless(influence),
    "influence-1exact": influence_1exact,
    "influence-cg": _seedless(influence_cg),
    "influence-lissa": influence_lissa,
    "influence-arnoldi": influence_arnoldi,
    "representer": _seedless(representer),
    "prefix": _seedless(prefix),
    "prefix-refined": _seedless(prefix_refined),
    "tracin": _seedless(tracin),
    "knn-shapley": _seedless(knn_shapley),
    "nearest": _seedless(nearest),
    "random": random_order,
    "random-favoured": random_favoured,
}


def selected(problem: Problem, method: str, seed: int | None = 0) -> Selection:
    """Scores of all rows by a method, with the set that it claims, if it claims one."""
    found = BASELINES[method](problem, seed)
    return found if isinstance(found, Selection) else Selection(on_host(found))
