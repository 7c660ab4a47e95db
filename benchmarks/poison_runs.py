"""The measurements of section `poisoned`, each a dictionary of one target, kept as it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.measure import decides, told
from benchmarks.poison_attacks import (
    ITERATIONS,
    SHOWN,
    WEAK,
    Plan,
    crafted_all,
    moved,
    plans,
    weakest,
)
from benchmarks.poison_data import Case, spread
from benchmarks.poison_measures import (
    BASELINES,
    Array,
    Poisoned,
    found,
    ordered,
    poisoned,
    signs,
    succeeds,
    unnoticed,
)
from benchmarks.poison_store import Store

CS = (0.01, 0.1, 1.0, 10.0, 100.0)
COUNTS = (1, 2, 3, 5, 10)
"""Poisons for one target."""
KINDS = {"mixed": (0, SHOWN), "mixed, moved": (WEAK, SHOWN), "moved": (WEAK, 0.0)}
"""Of weaker poisons: iterations, and how much of the target's picture shines through."""
CAP = 60
"""Rows of the largest sets that an audit looks for."""
SEVERAL = 20
"""The same of audits of poisoned heads, one for each."""


@dataclass(frozen=True)
class Amounts:
    """How much is measured."""

    each: int = 30
    """Targets of either class that are attacked by one poison,"""
    weak: int = 10
    """by several weaker ones,"""
    moved: int = 6
    """and in the space of features."""
    audited: int = 100
    """Test rows in the audit of each poisoned head."""


def one_poison(case: Case, amounts: Amounts, store: Store) -> list[dict[str, Any]]:
    """Each target attacked with one poison, before and after."""
    chosen = plans(case, amounts.each)
    pairs = [(plan.target, plan.bases[0]) for plan in chosen]
    crafted = store.arrays("one", lambda: _crafted(case, pairs, iterations=ITERATIONS))
    results = []
    for place, plan in enumerate(chosen):
        pixels = crafted["poisons"][place : place + 1]
        results.append(
            store.values(
                f"one-{plan.target}",
                lambda plan=plan, pixels=pixels: _attacked(case, plan, pixels, amounts),  # type: ignore[misc]
            )
            | {"apart": float(crafted["apart"][place]), "moved": float(crafted["moved"][place])}
        )
        told(f"target {place + 1} of {len(chosen)}: {results[-1]['after']}")
    return results


def _crafted(case: Case, pairs: Sequence[tuple[int, int]], **how: Any) -> dict[str, Any]:
    poisons, apart, moved_by = crafted_all(case, pairs, told, **how)
    return {"poisons": poisons, "apart": apart, "moved": moved_by}


def _attacked(case: Case, plan: Plan, pixels: Any, amounts: Amounts) -> dict[str, Any]:
    x, features = case.X_test[plan.target], case.seen(pixels)
    before = case.study.explain(x, bound=False)
    result: dict[str, Any] = {
        "target": plan.target,
        "base": plan.bases[0],
        "label": plan.label,
        "collides": float(np.linalg.norm(features[0] - x)),
        "nearest": float(np.linalg.norm(case.X - x, axis=1).min()),
        "before": {
            "size": before.size,
            "confidence": before.claim.confidence,
            "margin": before.claim.margin,
            "flipped": before.verified,
        },
        "after": None,
        "other_C": {},
    }
    for C in CS:
        data = poisoned(case, features, plan.label, C)
        clean = poisoned(case, features[:0], plan.label, C)
        if decides(clean.model, x) == plan.label or not succeeds(data, x, plan.label):
            continue
        if case.C != C:
            result["other_C"][C] = asdict(found(data, x))
            continue
        explanation = data.study.explain(x, bound=False, baselines=BASELINES)
        result["after"] = asdict(found(data, x, explanation))
        result["orders"] = asdict(ordered(data, explanation))
        result["accuracy"], result["changed"] = unnoticed(case, data, plan.target)
        result["signs"] = asdict(signs(data.study, x, explanation.size))
        result["suspects"] = suspected(case, data, plan.target, amounts.audited)
    return result


def suspected(case: Case, data: Poisoned, target: int, rows: int) -> dict[str, Any]:
    """An audit of test rows, the target among them, that knows neither labels nor attack: the
    place of the poison among the suspects, from 1, and how many rows are suspected as much.
    """
    tests = np.union1d(spread(len(case.X_test), rows), [target])
    audit = data.study.audit(
        case.X_test[tests], max_removals=SEVERAL, bound=False, progress=False
    )
    order = audit.suspect_rows("weight")
    weights = np.zeros(len(data.y))
    for supports in audit.supports:
        weights[list(supports)] += 1 / max(1, len(supports))
    places = np.flatnonzero(np.isin(order, data.poisons))
    few = [len(supports) for supports in audit.supports if supports]
    return {
        "place": int(places[0]) + 1 if len(places) else None,
        "as_suspect": int(np.sum(weights >= weights[data.poisons].max() - 1e-9)),
        "on_three": int(np.sum(np.array(few) <= 3)),
        "targets": len(tests),
    }


def several(case: Case, amounts: Amounts, store: Store) -> list[dict[str, Any]]:
    """Each target attacked with several poisons that are weaker by themselves."""
    chosen = plans(case, amounts.weak, bases=max(COUNTS), seed=1)
    results = []
    for kind, (iterations, shown) in KINDS.items():
        pairs = [(plan.target, base) for plan in chosen for base in plan.bases]
        crafted = store.arrays(
            f"several-{kind}",
            lambda pairs=pairs, iterations=iterations, shown=shown: _crafted(  # type: ignore[misc]
                case, pairs, iterations=iterations, shown=shown
            ),
        )
        for place, plan in enumerate(chosen):
            begin = place * max(COUNTS)
            part = slice(begin, begin + max(COUNTS))
            results.append(
                store.values(
                    f"several-{kind}-{plan.target}",
                    lambda plan=plan, part=part, kind=kind, crafted=crafted: {  # type: ignore[misc]
                        "kind": kind,
                        "target": plan.target,
                        "apart": crafted["apart"][part].tolist(),
                        **_several(case, plan, case.seen(crafted["poisons"][part])),
                    },
                )
            )
        told(f"{kind}: done")
    return results


def _several(case: Case, plan: Plan, features: Array) -> dict[str, Any]:
    """With the first 1, 2, 3 ... of the poisons (10, p): None where the decision stands."""
    x = case.X_test[plan.target]
    result: dict[str, Any] = {"found": {}, "signs": {}}
    for count in COUNTS:
        data = poisoned(case, features[:count], plan.label)
        if not succeeds(data, x, plan.label):
            result["found"][count] = None
            continue
        one = found(data, x)
        result["found"][count] = asdict(one)
        result["signs"][count] = asdict(signs(data.study, x, one.size))
    return result


def in_features(case: Case, amounts: Amounts, store: Store) -> list[dict[str, Any]]:
    """Poisons that are moved in the space of features, only so far that they succeed at all, and
    half of the rest of the way.
    """
    chosen = plans(case, amounts.moved, bases=max(COUNTS), seed=2)
    results = []
    for C in CS[1:]:
        for count in COUNTS:
            for plan in chosen:
                results.append(
                    store.values(
                        f"moved-{C}-{count}-{plan.target}",
                        lambda C=C, count=count, plan=plan: _moved(case, plan, count, C),  # type: ignore[misc]
                    )
                )
            told(f"features moved: C = {C:g}, {count} poisons")
    return results


def _moved(case: Case, plan: Plan, count: int, C: float) -> dict[str, Any]:
    x = case.X_test[plan.target]
    share = weakest(case, plan, count, C)
    result: dict[str, Any] = {"C": C, "poisons": count, "target": plan.target, "share": share}
    if share is not None:
        for name, far in (("weakest", share), ("halfway", (1 + share) / 2)):
            data = poisoned(case, moved(case, plan, count, far), plan.label, C)
            result[name] = asdict(found(data, x))
    return result


def clean_signs(case: Case, store: Store, part: int = 50) -> list[dict[str, Any]]:
    """Of every decision on the test rows, with no poison anywhere."""
    results: list[dict[str, Any]] = []
    for begin in range(0, len(case.X_test), part):
        rows = np.arange(begin, min(begin + part, len(case.X_test)))
        results += store.values(
            f"clean-{begin}",
            lambda rows=rows: {"of": _clean(case, rows)},  # type: ignore[misc]
        )["of"]
        told(f"{len(results)} clean decisions")
    return results


def _clean(case: Case, rows: Any) -> list[dict[str, Any]]:
    audit = case.study.audit(
        case.X_test[rows], case.y_test[rows], max_removals=CAP, bound=False, progress=False
    )
    assert audit.wrong is not None
    results = []
    for place, row in enumerate(rows.tolist()):
        size = float(len(audit.supports[place]) or np.inf)
        one = asdict(signs(case.study, case.X_test[row], size))
        results.append(one | {"target": row, "wrong": bool(audit.wrong[place])})
    return results
