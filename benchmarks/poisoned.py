"""Figures 2 and 3 of the paper: decisions before and after a picture of the training set was
poisoned, and who finds the poison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks import record
from benchmarks.measure import ranged, row, table, told
from benchmarks.poison_attacks import ITERATIONS, SHOWN, WEAK
from benchmarks.poison_data import Case, cats, features_differ, photographs
from benchmarks.poison_detector import (
    DETECTOR,
    detectors,
    told_detectors,
    told_few,
    won,
)
from benchmarks.poison_measures import ORDERS
from benchmarks.poison_runs import (
    COUNTS,
    CS,
    HELD,
    KINDS,
    SEVERAL,
    Amounts,
    clean_signs,
    in_features,
    near,
    one_poison,
    several,
)
from benchmarks.poison_store import Store
from benchmarks.settings import Settings
from forcing.datasets import DatasetMissingError, load_dogfish

Ones = Sequence[dict[str, Any]]

PAPER = """\
The paper poisons one picture of dogs and fish (500 training pictures of each, Inception-V3, five
targets; figures 2 and 3), and says: the set of a decision is clearly smaller after the attack; the
poison is its first support; influence functions and representer points "cannot be applied for this
application", because they do not measure the threshold at which a decision flips.
"""

EXPLAINED = """\
Here: MobileNetV2, the first 500 training pictures of each class as they are (160 pixels), logistic
regression on 1 280 features. The features that come with the data are of larger originals and are
not used: those of the files are {differ} of their norm away from them. Targets: {targets} rightly
decided test pictures, {each} of either class, drawn at random; bases: training pictures of the
other class, drawn at random. The poison is crafted in pixel space ({iterations} iterations of
forward-backward splitting with inertia), rounded to 8 bits, and added with the label of its base.
It *succeeds* if the head, trained with it, decides for that label at the target.
*Flipped*: scikit-learn at tol 1e-10, from a cold start without the set, decides otherwise.
"""

OTHERS = """\
The same decisions by other orders of the training rows. *Place* of the poison; *flips at*: how many
first rows have to go, by refitting. *Itself*: the smallest number of first rows of which influence
functions themselves say that it suffices (the sum of their first-order effects).
"""

WEAKER = f"""\
Several weaker poisons for a target, in pixel space. *Mixed*: {100 * SHOWN:.0f} % of the target's
picture over the base's, nothing else. *Moved*: {WEAK} iterations instead of {ITERATIONS}. *Set is
poison*: share of its rows; *poisons in the set*: share of all poisons. A decision that hangs by a
thread stands on one of ten poisons, and the set has one: it is no list of the poisons.
"""

MOVED = """\
The same in the space of features: base features moved towards the target's, as little as
the attack needs (*share* of the way, to 1/16; with the *weakest* poisons), or *halfway* from there
to a collision.
"""


def poisoned(settings: Settings) -> Iterator[str]:
    yield "## Poisoned pictures (Figures 2 and 3 of the paper)\n"
    amounts = Amounts(40, 40, 2, 1, 1, 1, 10) if settings.short else Amounts()
    store = Store("poisoned", (amounts.tests, amounts.audited, ITERATIONS, KINDS))
    told(f"parts are kept in {store.folder}")
    try:
        data = load_dogfish(stand_in=False)
        case, cat_dog = photographs(data, amounts.tests, store), cats(tests=amounts.near_tests)
    except DatasetMissingError as missing:
        yield f"Not measured. {missing}\n"
        return
    found = {
        "one": one_poison(case, amounts, store),
        "several": several(case, amounts, store),
        "features": in_features(case, amounts, store),
        "clean": clean_signs(case, store),
        "near": near(cat_dog, amounts, store),
        "near clean": clean_signs(cat_dog, store),
    }
    differ = features_differ(data, rows=8 if settings.short else 32)
    yield PAPER
    yield EXPLAINED.format(
        differ=f"{100 * min(differ.values()):.0f} – {100 * max(differ.values()):.0f} %",
        targets=len(found["one"]),
        each=amounts.each,
        iterations=ITERATIONS,
    )
    yield from told_one(found["one"], case)
    yield OTHERS
    yield from told_orders(found["one"])
    yield WEAKER
    yield from told_several(found["several"])
    yield MOVED
    yield from told_features(found["features"])
    yield DETECTOR
    curves = detectors(found)
    yield from told_detectors(curves)
    yield from told_few(found)
    if not settings.short:
        record.keep("poisoned", kept(found, curves, case, differ))
        store.clear()


def told_one(ones: Ones, case: Case) -> Iterator[str]:
    there = won(ones)
    yield from table(["", "before", "after"])
    sets = [one["after"] for one in there]
    pairs = {
        "rows in the set": ("size", 1, ".0f"),
        "confidence, %": ("confidence", 100, ".2f"),
    }
    for name, (field, factor, form) in pairs.items():
        cells = [
            ranged([factor * one[when][field] for one in there], form)
            for when in ("before", "after")
        ]
        yield row([name, *cells])
    yield ""
    at = ", ".join(f"{sum(C in one['succeeds at'] for one in ones)} at C = {C:g}" for C in CS)
    yield (
        f"Attacks that succeed, of {len(ones)}: {at}. At C = {case.C:g}, of the {len(there)}: the "
        f"poison is in the set for {sum(one['poisons'] > 0 for one in sets)}, is its first support "
        f"for {sum(one['first'] for one in sets)}, is the whole set for "
        f"{sum(one['poisons'] == one['size'] for one in sets)}; flipped: "
        f"{sum(one['flipped'] for one in sets)}. With the poison held in place, a set of up to "
        f"{HELD} other rows was found for {sum(one['held'] is not None for one in there)}.\n"
    )
    yield (
        f"Features of the poisons are {ranged([one['collides'] for one in ones], '.1f')} from the "
        f"target's (the nearest training picture: "
        f"{ranged([one['nearest'] for one in ones], '.1f')}); pixels moved by "
        f"{ranged([255 * one['moved'] for one in ones], '.1f')} of 255 (root mean square). "
        f"Elsewhere: test accuracy changes by "
        f"{ranged([100 * one['accuracy'] for one in there], '+.2f')} points, "
        f"{ranged([one['changed'] for one in there])} other decisions of {len(case.X_test)} "
        f"change.\n"
    )
    suspects = [one["suspects"] for one in there]
    first = sum(one["place"] == 1 for one in suspects)
    alone = sum(one["place"] == 1 and one["as_suspect"] == 1 for one in suspects)
    yield (
        f"An audit of about {suspects[0]['targets']} test rows that knows neither labels nor "
        f"attack (sets up to {SEVERAL} rows) has the poison as its first suspect for {first} of "
        f"{len(there)}, {alone} times alone; decisions on three rows or fewer in it, the target's "
        f"among them: {ranged([one['on_three'] for one in suspects])}.\n"
    )


def told_orders(ones: Ones) -> Iterator[str]:
    there = [one["orders"] for one in won(ones)]
    yield from table(
        [
            "order",
            "poison first",
            "flips at 1",
            "itself: 1 row",
            "itself: more",
            "itself: no number",
        ]
    )
    for name in ORDERS:
        cells = [
            f"{sum(one['place'][name] == 1 for one in there)}/{len(there)}",
            f"{sum(one['flips_at'][name] == 1 for one in there)}/{len(there)}",
        ]
        said = [one["foretold"] for one in there]
        itself = (sum(n == 1 for n in said), sum((n or 0) > 1 for n in said), said.count(None))
        none = ("–", "–", "–")
        yield row([name, *cells, *(map(str, itself) if name == "influence" else none)])
    yield ""
    shares = [one["share"] for one in there]
    low = [one for one in won(ones) if one["orders"]["share"] < 1]
    yet = [one for one in low if one["after"]["flipped"] and one["after"]["poisons"] == 1]
    yield (
        f"Influence functions foretell that without the poison the margin falls by "
        f"{ranged([100 * share for share in shares])} % of itself. For {len(low)} of "
        f"{len(shares)} that is below 100 %, so that the decision should stand; by refitting it "
        f"falls for {sum(one['after']['size'] == 1 for one in yet)} of these {len(low)}.\n"
    )


def told_several(ones: Ones) -> Iterator[str]:
    yield from table(
        ["poisons", "of each", "succeeded", "rows in the set", "a poison in it", "first",
         "set is poison", "poisons in the set", "flipped"]
    )  # fmt: skip
    for kind in KINDS:
        members = [one for one in ones if one["kind"] == kind]
        for count in COUNTS:
            sets = [one["attacks"][f"{count}"] for one in members]
            yield from _counted(kind, count, sets)
    yield ""


def told_features(ones: Ones) -> Iterator[str]:
    for name in ("weakest", "halfway"):
        yield f"**{name}**\n"
        yield from table(
            ["C", "poisons", "succeeded", "rows in the set", "a poison in it", "first",
             "set is poison", "poisons in the set", "flipped", "share"]
        )  # fmt: skip
        for C in CS:
            for count in COUNTS:
                members = [one for one in ones if (one["C"], one["poisons"]) == (C, count)]
                far = [one["share"] for one in members if one["share"] is not None]
                for line in _counted(f"{C:g}", count, [one.get(name) for one in members]):
                    yield f"{line} {ranged(far, '.2f') if far else '–'} |"
        yield ""


def _counted(what: str, count: int, sets: Sequence[dict[str, Any] | None]) -> Iterator[str]:
    there = [one for one in sets if one is not None]
    cells = [what, f"{count}", f"{len(there)}/{len(sets)}"]
    if not there:
        yield row([*cells, *["–"] * 6])
        return
    yield row([
        *cells,
        ranged([one["size"] for one in there]),
        f"{sum(one['poisons'] > 0 for one in there)}",
        f"{sum(one['first'] for one in there)}",
        f"{100 * np.mean([one['poisons'] / one['size'] for one in there]):.0f} %",
        f"{100 * np.mean([one['poisons'] / count for one in there]):.0f} %",
        f"{sum(one['flipped'] for one in there)}",
    ])  # fmt: skip


def kept(
    found: dict[str, Any], curves: dict[str, Any], case: Case, differ: dict[str, float]
) -> dict[str, Any]:
    """For the notebook: what it shows, and no pictures."""
    few = ("size", "confidence", "wrong")
    return {
        "C": case.C,
        "iterations": ITERATIONS,
        "features differ": differ,
        "one": found["one"],
        "several": [
            one | {"attacks": {k: _bare(a) for k, a in one["attacks"].items()}}
            for one in found["several"]
        ],
        "features": found["features"],
        "curves": curves,
        "clean": {name: [_finite(one[name]) for one in found["clean"]] for name in few},
        "near clean": {name: [_finite(one[name]) for one in found["near clean"]] for name in few},
    }


def _bare(attack: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if attack is None else {k: v for k, v in attack.items() if k != "signs"}


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
