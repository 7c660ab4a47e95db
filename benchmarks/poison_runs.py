"""The measurements of section `poisoned`, each a dictionary of one target, kept as it is done."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measure import evenly, told
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
from benchmarks.poison_data import Case
from benchmarks.poison_measures import (
    ORDERS,
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

CS = (0.1, 1.0, 10.0, 100.0)
COUNTS = (1, 2, 5, 10)
"""Poisons for one target."""
KINDS = {"mixed": (0, SHOWN), "mixed, moved": (WEAK, SHOWN), "moved": (WEAK, 0.0)}
"""Of weaker poisons: iterations, and how much of the target's picture shines through."""
CAP = 20
"""Rows of the largest sets that an audit looks for."""
HELD = 60
"""The same where the poison is held in place."""
SEVERAL = 10
"""The same of audits of poisoned heads, one for each."""
FEW = (1, 3)
"""Poisons for one target where decisions stand on few rows, """
AS_FAR = 0.75
"""and how far they are moved: about as far as crafted pictures of dogs and fish come."""


@dataclass(frozen=True)
class Amounts:
    """How much is measured."""

    tests: int = 300
    """Test pictures, every other one, """
    near_tests: int = 200
    """and of the task with decisions on few rows;"""
    each: int = 26
    """targets of either class that are attacked by one poison,"""
    weak: int = 3
    """by several weaker ones,"""
    moved: int = 3
    """in the space of features,"""
    near: int = 25
    """there on the task with decisions on few rows."""
    audited: int = 40
    """Test rows in the audit of each poisoned head."""


def one_poison(case: Case, amounts: Amounts, store: Store) -> list[dict[str, Any]]:
    """Each target attacked with one poison, before and after."""
    chosen = plans(case, amounts.each)
    pairs = [(plan.target, plan.bases[0]) for plan in chosen]
    poisons, moved_by = crafted_all(case, pairs, store, "one", iterations=ITERATIONS)
    results = []
    for place, plan in enumerate(chosen):
        pixels = poisons[place : place + 1]
        one = store.values(f"one-{plan.target}", partial(_attacked, case, plan, pixels, amounts))
        results.append(one | {"moved": float(moved_by[place])})
        told(f"target {place + 1} of {len(chosen)}: {results[-1]['after']}")
    return results


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
    }
    data = poisoned(case, features, plan.label)
    result["succeeds at"] = [C for C in CS if _succeeds(case, features, plan, C)]
    if not succeeds(data, x, plan.label):
        return result
    explanation = data.study.explain(x, bound=False, baselines=ORDERS)
    result["after"] = asdict(found(data, x, explanation))
    held = data.study.explain(x, hold=data.poisons, bound=False, refine=False, max_removals=HELD)
    result["held"] = held.size if held.flipped else None
    result["orders"] = asdict(ordered(data, explanation))
    result["accuracy"], result["changed"] = unnoticed(case, data, plan.target)
    result["signs"] = asdict(signs(data.study, x, explanation.size))
    result["suspects"] = suspected(case, data, plan.target, amounts.audited)
    return result


def _succeeds(case: Case, features: Array, plan: Plan, C: float) -> bool:
    """Whether the head decides for the label of the poison, and did not before."""
    x = case.X_test[plan.target]
    clean = poisoned(case, features[:0], plan.label, C)
    with_it = poisoned(case, features, plan.label, C)
    return succeeds(with_it, x, plan.label) and not succeeds(clean, x, plan.label)


def suspected(case: Case, data: Poisoned, target: int, rows: int) -> dict[str, Any]:
    """An audit of test rows, the target among them, that knows neither labels nor attack: the
    place of the poison among the suspects, from 1, and how many rows are suspected as much.
    """
    tests = np.union1d(evenly(len(case.X_test), rows), [target])
    audit = data.study.audit(case.X_test[tests], max_removals=SEVERAL, bound=False, progress=False)
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
        how = {"iterations": iterations, "shown": shown}
        poisons, _ = crafted_all(case, pairs, store, kind, **how)
        for place, plan in enumerate(chosen):
            pixels = poisons[place * max(COUNTS) : (place + 1) * max(COUNTS)]
            one = store.values(
                f"several-{kind}-{plan.target}", partial(_several, case, plan, pixels)
            )
            results.append({"kind": kind} | one)
        told(f"{kind}: done")
    return results


def _several(case: Case, plan: Plan, pixels: Any) -> dict[str, Any]:
    """With the first 1, 2, 3 ... of the poisons."""
    x, features = case.X_test[plan.target], case.seen(pixels)
    collides = np.linalg.norm(features - x, axis=1)
    attacks = {f"{k}": _attack(case, plan, features[:k]) for k in COUNTS}
    return {"target": plan.target, "collides": float(np.median(collides)), "attacks": attacks}


def _attack(case: Case, plan: Plan, features: Array) -> dict[str, Any] | None:
    """None where the decision stands."""
    x, data = case.X_test[plan.target], poisoned(case, features, plan.label)
    if not succeeds(data, x, plan.label):
        return None
    one = found(data, x)
    return asdict(one) | {"signs": asdict(signs(data.study, x, one.size))}


def in_features(case: Case, amounts: Amounts, store: Store) -> list[dict[str, Any]]:
    """Poisons that are moved in the space of features, only so far that they succeed at all, and
    half of the rest of the way.
    """
    chosen = plans(case, amounts.moved, bases=max(COUNTS), seed=2)
    results = []
    for C in CS:
        for count in COUNTS:
            for plan in chosen:
                key = f"moved-{C}-{count}-{plan.target}"
                results.append(store.values(key, partial(_moved, case, plan, count, C)))
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
        results += store.values(f"{case.name}-clean-{begin}", partial(_clean, case, rows))["of"]
        told(f"{len(results)} clean decisions")
    return results


def _clean(case: Case, rows: Any) -> dict[str, Any]:
    audit = case.study.audit(
        case.X_test[rows], case.y_test[rows], max_removals=CAP, bound=False, progress=False
    )
    assert audit.wrong is not None
    results = []
    for place, row in enumerate(rows.tolist()):
        size = float(len(audit.supports[place]) or np.inf)
        one = asdict(signs(case.study, case.X_test[row], size))
        results.append(one | {"target": row, "wrong": bool(audit.wrong[place])})
    return {"of": results}


def near(case: Case, amounts: Amounts, store: Store) -> list[dict[str, Any]]:
    """Attacks in the space of features on a task with decisions on few rows."""
    return [
        store.values(f"near-{plan.target}", partial(_near, case, plan))
        for plan in plans(case, amounts.near, bases=max(FEW), seed=3)
    ]


def _near(case: Case, plan: Plan) -> dict[str, Any]:
    attacks = {f"{k}": _attack(case, plan, moved(case, plan, k, AS_FAR)) for k in FEW}
    return {"target": plan.target, "attacks": attacks}
