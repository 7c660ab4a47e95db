"""Attacks: on which targets, from which pictures, with how many poisons and how strong ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import told
from benchmarks.poison_craft import Progress, crafted
from benchmarks.poison_data import Case
from benchmarks.poison_measures import Array, poisoned, succeeds
from benchmarks.poison_store import Store, digest

ITERATIONS = 80
WEAK = 20
"""Iterations of a poison that stops early."""
SHOWN = 0.3
"""How much of the target's picture shines through, where it is mixed in beforehand."""
TOGETHER = 8
"""Poisons that are crafted at the same time."""
HALVINGS = 4
"""Of the interval in which the weakest share is looked for."""


@dataclass(frozen=True)
class Plan:
    """One target, and the training pictures that are turned into poisons."""

    target: int
    bases: tuple[int, ...]
    label: Any
    """Of the bases: the decision that the attacker wants."""


def plans(case: Case, each: int, bases: int = 1, seed: int = 0) -> list[Plan]:
    """Targets drawn from the rightly decided test rows, as many of either class, and bases drawn
    from the training rows of the other class.
    """
    right = case.model.predict(case.X_test) == case.y_test
    drawn = []
    for label in np.unique(case.y).tolist():
        members = np.flatnonzero(right & (case.y_test == label))
        others = np.flatnonzero(case.y == case.other(label))
        for target in np.random.default_rng(seed).permutation(members)[:each].tolist():
            # Drawn for each target by itself: more targets leave the others as they are.
            chosen = np.random.default_rng([seed, target]).permutation(others)[:bases].tolist()
            drawn.append(Plan(target, tuple(chosen), case.other(label)))
    return drawn


def craft(
    case: Case, pairs: Sequence[tuple[int, int]], iterations: int = ITERATIONS, shown: float = 0.0
) -> Iterator[Progress]:
    """Poisons for (target, base) pairs, side by side, as they become.

    With `shown` above 0 so much of the target's picture is mixed into the base beforehand.
    """
    bases = np.stack([case.pixels[base] for _, base in pairs])
    goals = np.stack([case.pixels_test[target] for target, _ in pairs])
    mixed = ((1 - shown) * bases + shown * goals).astype(np.float32)
    features = case.X_test[[target for target, _ in pairs]].astype(np.float32)
    return crafted(
        case.features, mixed, features, iterations=iterations, step=case.step, beta=case.beta
    )


def crafted_all(
    case: Case, pairs: Sequence[tuple[int, int]], store: Store, name: str, **how: Any
) -> tuple[NDArray[np.float32], Array]:
    """The poisons of all pairs as they are stored, and how far their pixels have moved (root mean
    square, 0 to 1).
    """
    poisons, moved_by = [], []
    for begin in range(0, len(pairs), TOGETHER):
        some = pairs[begin : begin + TOGETHER]
        key = f"{name}-{digest(some)}"
        one = store.arrays(key, partial(_together, case, some, how))
        poisons.append(one["poisons"])
        moved_by.append(one["moved"])
        told(f"{name}: {begin + len(some)} of {len(pairs)} poisons crafted")
    return np.concatenate(poisons), np.concatenate(moved_by)


def _together(
    case: Case, pairs: Sequence[tuple[int, int]], how: dict[str, Any]
) -> dict[str, NDArray[Any]]:
    *_, last = craft(case, pairs, **how)
    return {"poisons": case.stored(last.pictures), "moved": last.moved}


# Attacks on the features themselves


def moved(case: Case, plan: Plan, poisons: int, share: float) -> Array:
    """(poisons, p): features of the bases, moved so far towards the target's, 1 is all the way."""
    bases = case.X[list(plan.bases[:poisons])]
    return np.asarray(bases + share * (case.X_test[plan.target] - bases))


def weakest(case: Case, plan: Plan, poisons: int, C: float) -> float | None:
    """The smallest share, to 1/64, with which so many poisons succeed; None: not even with 1.

    More is taken to be stronger.
    """

    def wins(share: float) -> bool:
        data = poisoned(case, moved(case, plan, poisons, share), plan.label, C)
        return succeeds(data, case.X_test[plan.target], plan.label)

    if not wins(1.0):
        return None
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if wins(middle) else (middle, high)
    return high
