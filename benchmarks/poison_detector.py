"""An audit as a detector of poisons: attacked decisions against clean ones, sign by sign."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.measure import row, table
from benchmarks.poison_measures import SUSPICIOUS, Array, Signs, area, roc, suspicion
from benchmarks.poison_runs import AS_FAR, CAP, FEW, KINDS

Ones = Sequence[dict[str, Any]]

DETECTOR = f"""\
An audit as a detector: attacked decisions (in a head trained with their poisons) against decisions
of a head without poison. *AUC*: how often an attacked decision is more suspicious than a clean one.
*Caught without alarm*: share of the attacked ones that are more suspicious than all clean ones.
Signs: rows of the set (sets above {CAP} are not looked for); confidence; the largest influence of
one row, to first order, over the margin; the same of representer points; share of the ten rows
after the nearest one that have another label than it; distance of the second nearest row over that
of the nearest.
"""


def won(ones: Ones) -> list[dict[str, Any]]:
    """The attacks that succeeded."""
    return [one for one in ones if one["after"] is not None]


def detectors(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Of each attack and sign the curve, its area, and what is caught without an alarm."""
    clean, near_clean = _signs(found["clean"]), _signs(found["near clean"])
    groups = {"dog-fish, one poison": ([one["signs"] for one in won(found["one"])], clean)}
    for kind in KINDS:
        attacks = [
            attack["signs"]
            for one in found["several"]
            for attack in one["attacks"].values()
            if one["kind"] == kind and attack is not None
        ]
        groups[f"dog-fish, {kind}"] = (attacks, clean)
    for count in FEW:
        attacks = [one["attacks"][f"{count}"] for one in found["near"]]
        signs = [attack["signs"] for attack in attacks if attack is not None]
        groups[f"cat-dog, {count} moved {AS_FAR:.0%}"] = (signs, near_clean)
    return {
        name: {sign: _detector(sign, _signs(attacked), against) for sign in SUSPICIOUS}
        for name, (attacked, against) in groups.items()
        if attacked
    }


def _detector(sign: str, attacked: Sequence[Signs], clean: Sequence[Signs]) -> dict[str, Any]:
    bad, good = suspicion(attacked, sign), suspicion(clean, sign)
    alarms, caught = roc(bad, good)
    corners = _corners(alarms, caught)
    return {
        "attacked": len(bad),
        "clean": len(good),
        "area": area(bad, good),
        "caught": float(np.mean(bad > good.max())),
        "alarms": alarms[corners],
        "caught at": caught[corners],
    }


def _corners(alarms: Array, caught: Array) -> Array:
    """(k,): which points of a curve are not in the middle of a horizontal or vertical line."""
    level = [np.diff(values, prepend=np.nan, append=np.nan) == 0 for values in (alarms, caught)]
    return np.asarray(~(level[0][:-1] & level[0][1:]) & ~(level[1][:-1] & level[1][1:]))


def _signs(ones: Ones) -> list[Signs]:
    names = Signs.__dataclass_fields__
    return [Signs(**{name: one[name] for name in names}) for one in ones]


def told_detectors(curves: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield "AUC (caught without alarm):\n"
    yield from table(["attack", "attacked", "clean", *SUSPICIOUS])
    for name, signs in curves.items():
        first = signs["set size"]
        cells = [f"{one['area']:.3f} ({100 * one['caught']:.0f} %)" for one in signs.values()]
        yield row([name, f"{first['attacked']}", f"{first['clean']}", *cells])
    yield ""


def told_few(found: dict[str, Any]) -> Iterator[str]:
    """Clean decisions that look like attacked ones."""
    for name, ones in (("dog-fish", found["clean"]), ("cat-dog", found["near clean"])):
        sizes = np.array([one["size"] for one in ones])
        wrong = np.array([one["wrong"] for one in ones])
        on = ", ".join(f"{np.sum(sizes <= k)} on {k} or fewer" for k in (1, 3, 10))
        yield (
            f"Clean decisions of {name} on few rows: {on}, of {len(ones)}; wrong are "
            f"{wrong.sum()}, {np.sum(wrong & (sizes <= 3))} of these on 3 or fewer.\n"
        )
