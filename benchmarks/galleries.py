"""Figure 5 of the paper: the photographs that three methods show for a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks import record
from benchmarks.gallery_data import (
    BRIGHTNESS,
    COLOURS,
    FEATURES,
    PIXELS,
    SPACES,
    Album,
    cat_dog,
    dog_fish,
)
from benchmarks.gallery_measures import (
    AGAINST,
    BASELINES,
    COMPARED,
    FIRST,
    INFLUENCE,
    NEAREST,
    NEGATIVE,
    ORDERS,
    POSITIVE,
    PRINTED,
    REPRESENTER,
    SET,
    SIGNS,
    Shown,
    measured,
    nearer,
    repeated,
    several,
    shared,
)
from benchmarks.measure import evenly, ranged, row, table, told
from benchmarks.problems import folder
from benchmarks.settings import Settings

DECISIONS = {"dog-fish": 20, "cat-dog": 40}
"""Evenly spread over the test photographs that the model is least sure of."""
THREE, TEN = FIRST

PAPER = """\
The paper shows one decision, about a white dog, and says: the forcing set "tends to choose more
similar images from the same class, e.g., white and similar dogs, while the other two tend to give
more different images, e.g., black dog"; "some positive images are selected by multiple methods";
"different methods tend to select different negative examples".
"""

EXPLAINED = f"""\
Logistic regression on features of MobileNetV2, as the paper's is on Inception's. Of the *forcing
set* the first rows in order of removal; where no set of at most as many rows as are said was found,
those of the search. *{PRINTED}*: the search with the paper's one-step updates instead.
*Influence* and *representer*: the rankings' first rows, of those that support the decision.
*{AGAINST}*: of the other class, those that count most against the decision, since none counts for
it. *{NEAREST}*: nearest in the features. *Positive*: with the label that was decided; *negative*:
with the other. *Flipped*: scikit-learn at tol 1e-10 from a cold start decides otherwise without the
set. *Flips at*: how many of a baseline's first rows have to go, as a multiple of the set's size.
"""

DISTANCES = f"""\
How alike the first {THREE} and the first {TEN} photographs are to the target: mean distance, in
units of the mean distance of all training photographs of the same class, so that 1 is chance and
less is more alike; medians over the decisions for which a method shows so many. *Pixels*: of
photographs reduced to 16 x 16; *colours*: Hellinger's, of shares of 64 colours; *brightness*: of
the mean grey. These three know nothing of the model.
"""

COUNTED = f"""\
For how many decisions the forcing set's first {THREE} are more alike to the target than the other
method's, of those for which both show so many and not the same.
"""

OVERLAPS = f"""\
How many of the first {THREE}, and of the first {TEN}, two methods have in common, means over the
decisions for which both show so many. In brackets what two draws at random from the class have.
"""


def galleries(settings: Settings) -> Iterator[str]:
    yield "## Galleries of photographs (Figure 5 of the paper)\n"
    if folder("FORCING_DATA") is None:
        yield "Not measured: set FORCING_DATA to the folder of the data sets.\n"
        return
    albums: dict[str, Callable[[], Album]] = {"dog-fish": dog_fish, "cat-dog": cat_dog}
    found: dict[str, list[Shown]] = {}
    about: dict[str, dict[str, Any]] = {}
    for name, load in albums.items():
        album = load()
        most = 4 if settings.short else DECISIONS[name]
        targets = spread(album, most)
        found[name] = [measured(album, target) for target in targets]
        about[name] = {
            "rows": len(album.X), "most": album.most, "C": album.model.C,
            "class": len(album.X) // 2, "test": len(album.X_test),
        }  # fmt: skip
        told(f"{len(targets)} decisions of {name} measured")
    yield PAPER
    yield EXPLAINED
    yield from _decisions(found, about)
    yield DISTANCES
    yield from _distances(found)
    yield COUNTED
    yield from _counted(found)
    yield OVERLAPS
    yield from _overlaps(found, about)
    for name, every in found.items():
        yield from _said(name, every)
    if not settings.short:
        record.keep(
            "galleries",
            {name: about[name] | {"decisions": list(map(vars, found[name]))} for name in found},
        )


def spread(album: Album, most: int) -> list[int]:
    """Targets that the model is unsure of, evenly spread, the least confident first."""
    unsure = album.unsure
    return [int(unsure[i]) for i in evenly(len(unsure), most)]


def _decisions(found: dict[str, list[Shown]], about: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from table(
        ["decisions", "confidence", "wrong", "with a set", "rows in the set", "flipped",
         "negative", f"{THREE} negative or more", "influence flips at", "representer flips at"]
    )  # fmt: skip
    for name, every in found.items():
        sets = [one for one in every if one.size is not None]
        sure = [100 * one.confidence for one in every]
        yield row([
            f"{name}: {len(every)}",
            f"{min(sure):.0f} – {max(sure):.1f} %",
            f"{sum(one.wrong for one in every)}",
            f"{len(sets)}, of at most {about[name]['most']} rows",
            ranged([one.removed for one in sets]) if sets else "–",
            f"{sum(bool(one.flipped) for one in sets)}/{len(sets)}",
            f"{100 * np.median([one.negative / one.removed for one in every]):.0f} %",
            f"{sum(one.negative >= THREE for one in every)}",
            *(_multiple(sets, baseline) for baseline in BASELINES),
        ])  # fmt: skip
    yield ""


def _multiple(sets: list[Shown], baseline: str) -> str:
    """How much further than the set an order has to go; where it flips at all."""
    ratios = [k / one.removed for one in sets if (k := one.flips_at[baseline]) is not None]
    never = len(sets) - len(ratios)
    told_never = f", {never} not within the limit" if never else ""
    return f"{np.median(ratios):.2f}{told_never}" if ratios else "never"


def _distances(found: dict[str, list[Shown]]) -> Iterator[str]:
    for name, every in found.items():
        for sign in SIGNS:
            yield f"**{name}, {sign} photographs**\n"
            yield from table(["method", "decisions", *SPACES])
            for order in ORDERS:
                if order not in every[0].rows[sign]:
                    continue
                counts = [sum(len(one.rows[sign][order]) >= k for one in every) for k in FIRST]
                if not counts[0]:
                    yield row([order, "0", *("–" for _ in SPACES)])
                    continue
                yield row([
                    order,
                    ", ".join(map(str, counts)),
                    *(_medians(every, space, sign, order) for space in SPACES),
                ])  # fmt: skip
            yield ""


def _medians(every: list[Shown], space: str, sign: str, order: str) -> str:
    away = np.array([one.away[space][sign][order] for one in every])
    columns = [column[np.isfinite(column)] for column in away.T]
    return ", ".join(f"{np.median(c):.2f}" if len(c) else "–" for c in columns)


def _counted(found: dict[str, list[Shown]]) -> Iterator[str]:
    yield from table(["data", "than those of", *SPACES])
    for name, every in found.items():
        for sign, order in (
            (POSITIVE, INFLUENCE), (POSITIVE, REPRESENTER), (POSITIVE, PRINTED),
            (NEGATIVE, INFLUENCE), (NEGATIVE, AGAINST),
        ):  # fmt: skip
            cells = ["{} of {}".format(*nearer(every, space, sign, order)) for space in SPACES]
            yield row([name, f"{order}, {sign}", *cells])
    yield ""


def _overlaps(found: dict[str, list[Shown]], about: dict[str, dict[str, Any]]) -> Iterator[str]:
    pairs = ((SET, INFLUENCE), (SET, REPRESENTER), (INFLUENCE, REPRESENTER), (SET, PRINTED))
    yield from table(["data", "photographs", "methods", f"of {THREE}", f"of {TEN}"])
    for name, every in found.items():
        for sign in SIGNS:
            for pair in pairs:
                one, other = (
                    AGAINST if order == REPRESENTER and sign == NEGATIVE else order
                    for order in pair
                )
                cells = []
                for k in FIRST:
                    common = shared(every, sign, one, other, k)
                    chance = k * k / about[name]["class"]
                    cells.append(
                        f"{np.mean(common):.1f} ({chance:.2g}), n = {len(common)}"
                        if common
                        else "–"
                    )
                yield row([name, sign, f"{one}; {other}", *cells])
    yield ""


def _said(name: str, every: list[Shown]) -> Iterator[str]:
    """The paper's sentences, counted."""
    yield f"**{name}**\n"
    for order in BASELINES:
        counts = [
            "{} of {} by ".format(*nearer(every, space, POSITIVE, order)) + space
            for space in (FEATURES, PIXELS, COLOURS, BRIGHTNESS)
        ]
        yield (
            f'- "More similar images from the same class": the forcing set\'s first {THREE} '
            f"positive ones are more alike than {order}'s for {', '.join(counts)}."
        )
    yield f'- "Some positive images are selected by multiple methods": {_twice(every, POSITIVE)}'
    yield f'- "Different negative examples": {_twice(every, NEGATIVE)}'
    again = {order: repeated(every, order) for order in COMPARED}
    shares = [f"{100 * share:.0f} % ({order})" for order, share in again.items() if share == share]
    yield (
        f"- Not in the paper: of the first {TEN} positive ones so many are shown for another "
        f"decision of the same label too, on average over pairs: {', '.join(shares)}.\n"
    )


def _twice(every: list[Shown], sign: str) -> str:
    both = several(every, sign)
    return (
        f"of {len(both)} decisions for which all three methods show {THREE} {sign} ones, some "
        f"photograph is shown by more than one for {sum(both)}."
    )
