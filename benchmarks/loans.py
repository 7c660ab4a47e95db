"""Figure 6 of the paper: which past cases loan decisions stand on, and where those are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import record
from benchmarks.loan_data import SPACES, Applicants, C, applicants, as_confident, confident_mistakes
from benchmarks.loan_measures import (
    DISPUTED,
    FIRST,
    FOLLOWING,
    ORDERS,
    TRUE_SIGNS,
    Correction,
    Decision,
    corrections,
    measured,
)
from benchmarks.measure import ranged, row, table, told
from benchmarks.problems import folder
from benchmarks.settings import Settings

WHOLE = 20
"""Of the wrong decisions, those that are corrected and for which another set is sought."""
EVERY = 4
"""Of the test rows, every fourth, for sizes."""

EXPLAINED = f"""\
FICO's HELOC data without the applicants who have no record at all; codes below 0 are missing values
and have the column's median; standardised; logistic regression, C = {C:g}. Targets: the wrong
decisions of the test set in which the model is most confident, and for each the right decision
nearest to it in confidence. *Flipped*: scikit-learn at tol 1e-10 from a cold start decides
otherwise without the set. *Negative*: supports with another label than the decision. *Flips at*:
how many of a baseline's first rows have to go, refitted, as a multiple of the set's size.
"""

PLACES = f"""\
Where the first {FIRST} rows of each order are, and the {FOLLOWING} after them. *Label*: share with
the label that was decided, mean. Distances are means over the rows, in units of the mean distance
of all training rows from the same target: 1 is what rows drawn at random have; medians over the
targets. Columns are standardised, components are the first two. Orders are signed by the decision:
their first rows support what the model decided. *{TRUE_SIGNS}*: those that
support the true label come first, for a wrong decision the opposite order.
"""

PAPER = """\
The paper has one such target, a good applicant who is refused with 99 % confidence. It says that
around the target lie rows of the class that was decided, "with only a few" of the other "at a
further distance"; that influence functions "can only select positive supporting points with
positive labels", close to the target; and that representer points are of both classes, "but all
with large Euclidean distance from the target".
"""

CORRECTED = f"""\
What correcting the data costs elsewhere: for the {WHOLE} most confident of the wrong decisions, a
refit after each correction. *Changed*: other decisions on the test set. Medians over the targets,
smallest and largest in brackets.
"""


def loans(settings: Settings) -> Iterator[str]:
    yield "## Loan decisions (Figure 6 of the paper)\n"
    if folder("FORCING_DATA") is None:
        yield "Not measured: set FORCING_DATA to the folder of the data sets.\n"
        return
    case = applicants()
    targets = 5 * settings.targets
    mistakes = confident_mistakes(case)[:targets].tolist()
    groups = {"wrong": mistakes, "right": as_confident(case, mistakes)}
    found: dict[str, list[Decision]] = {}
    for name, members in groups.items():
        found[name] = [measured(case, target) for target in members]
        told(f"{len(members)} {name} decisions measured")
    corrected_too, others = [], []
    some = mistakes[: 3 if settings.short else WHOLE]
    for target in some:
        explanation = case.explain(target)
        corrected_too.append(corrections(case, target, explanation))
        others += [
            (other.size / explanation.size, explanation.overlap(other))
            for other in explanation.alternatives(1)
        ]
    told(f"{len(corrected_too)} corrected")
    every = np.arange(0, len(case.X_test), 16 * EVERY if settings.short else EVERY)
    audit = case.study.audit(case.X_test.iloc[every], case.data.y_test[every], progress=False)
    told(f"{len(audit)} audited")
    yield EXPLAINED
    yield from _sizes(found)
    yield PLACES
    yield from _places(found)
    yield PAPER
    yield from _said(found["wrong"])
    yield CORRECTED
    yield from _corrected(corrected_too)
    yield from _more(case, audit.frame, others, len(some))
    if not settings.short:
        _keep(found, audit.frame, corrected_too)


def _sizes(found: dict[str, list[Decision]]) -> Iterator[str]:
    yield from table(
        ["decisions", "confidence", "rows in the set", "lower bound", "flipped", "negative",
         "influence flips at", "representer flips at"]
    )  # fmt: skip
    for name, ones in found.items():
        sure = [100 * one.confidence for one in ones]
        yield row([
            f"{len(ones)} {name}",
            f"{min(sure):.0f} – {max(sure):.0f} %",
            ranged([one.size for one in ones]),
            ranged([one.bound for one in ones]),
            f"{sum(one.flipped for one in ones)}/{len(ones)}",
            f"{100 * np.median([one.negative / one.size for one in ones]):.0f} %",
            *(_multiple(ones, baseline) for baseline in ("influence", "representer")),
        ])  # fmt: skip
    yield ""


def _multiple(ones: list[Decision], baseline: str) -> str:
    """How much further than the set an order has to go; where it flips at all."""
    ratios = [k / one.size for one in ones if (k := one.flips_at[baseline]) is not None]
    never = len(ones) - len(ratios)
    told_never = f", {never} never" if never else ""
    return f"{np.median(ratios):.2f}{told_never}" if ratios else "never"


def _places(found: dict[str, list[Decision]]) -> Iterator[str]:
    for name, ones in found.items():
        yield f"**{len(ones)} {name} decisions**\n"
        yield from table(["order", "label", *SPACES])
        for order in ORDERS:
            if order == TRUE_SIGNS and name == "right":
                continue
            shares = np.array([one.decided[order] for one in ones])
            first, following = np.nanmean(shares, axis=0).tolist()
            cells = [f"{100 * first:.0f} %, {100 * following:.0f} %"]
            for space in SPACES:
                away = np.array([one.away[space][order] for one in ones])
                first, following = np.nanmedian(away, axis=0).tolist()
                cells.append(f"{first:.2f}, {following:.2f}")
            yield row([order, *cells])
        yield ""


def _said(ones: list[Decision]) -> Iterator[str]:
    """The paper's sentences, counted over the wrong decisions."""
    n = len(ones)
    for space in SPACES:
        nearer = {
            order: sum(
                one.away[space]["forcing set"][0] < one.away[space][order][0] for one in ones
            )
            for order in ("influence", "representer")
        }
        both = [one.sides[space] for one in ones if one.negative]
        further = sum(far > near for near, far in both)
        yield (
            f"- {space}: the first {FIRST} rows of the forcing set are nearer than representer's "
            f"for {nearer['representer']} of {n} targets, nearer than influence's for "
            f"{nearer['influence']}; its negative supports are further than its positive ones for "
            f"{further} of {len(both)}."
        )
    alone = {
        order: sum(one.decided[order][0] == 1 for one in ones)
        for order in ("forcing set", "influence", "representer")
    }
    alone[TRUE_SIGNS] = sum(one.decided[TRUE_SIGNS][0] == 0 for one in ones)
    yield (
        f"- the first {FIRST} rows have the label of the decision alone for "
        + ", ".join(f"{alone[order]} ({order})" for order in alone if order != TRUE_SIGNS)
        + f"; the true label alone for {alone[TRUE_SIGNS]} of {n} ({TRUE_SIGNS})."
    )
    yield ""


def _corrected(every: list[list[Correction]]) -> Iterator[str]:
    yield from table(["correction", "rows", "flipped", "accuracy, points", "changed", "now right"])
    for what in DISPUTED:
        ones = [one for each in every for one in each if one.what == what]
        yield row([
            what,
            ranged([one.rows for one in ones]),
            f"{sum(one.flipped for one in ones)}/{len(ones)}",
            ranged([100 * one.accuracy for one in ones], "+.2f"),
            ranged([one.changed for one in ones]),
            ranged([one.better for one in ones]),
        ])  # fmt: skip
    yield ""


def _more(
    case: Applicants, frame: Any, others: list[tuple[float, int]], asked: int
) -> Iterator[str]:
    ratios, shared = [ratio for ratio, _ in others], [n for _, n in others]
    yield (
        f"Another set that flips the same decision was found for {len(others)} of {asked}: "
        f"{ranged(ratios, '.2f')} times as large, sharing {ranged(shared)} rows with the first.\n"
    )
    size = frame["size"].to_numpy(dtype=float, na_value=np.nan)
    sure = frame["confidence"].to_numpy()
    few = ", ".join(f"{100 * np.mean(size <= k):.0f} % on {k} or fewer" for k in (10, 100, 300))
    yield (
        f"Of every {EVERY}th test row ({len(frame)}), the decision stands on {ranged(size)} rows: "
        f"{few}. Rank correlation of size and confidence: {_ranked(size, sure):.2f}. "
        f"Training rows that repeat an earlier one exactly: {case.duplicates}.\n"
    )


def _ranked(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    ranks = np.array([np.argsort(np.argsort(values)) for values in (a, b)], dtype=float)
    ranks -= ranks.mean(axis=1, keepdims=True)
    return float(ranks[0] @ ranks[1] / np.linalg.norm(ranks[0]) / np.linalg.norm(ranks[1]))


def _keep(found: dict[str, list[Decision]], frame: Any, every: list[list[Correction]]) -> None:
    kept: dict[str, Any] = {"first": FIRST, "following": FOLLOWING}
    for name, ones in found.items():
        kept[name] = {
            "target": [one.target for one in ones],
            "predicted": [one.predicted for one in ones],
            "confidence": [one.confidence for one in ones],
            "size": [one.size for one in ones],
            "bound": [one.bound for one in ones],
            "negative": [one.negative for one in ones],
            "flipped": sum(one.flipped for one in ones),
            "sides": {space: [one.sides[space] for one in ones] for space in SPACES},
            "decided": {order: [one.decided[order] for one in ones] for order in ORDERS},
            "away": {
                space: {order: [one.away[space][order] for one in ones] for order in ORDERS}
                for space in SPACES
            },
        }
    names = ("confidence", "size", "wrong")
    kept["sizes"] = {name: frame[name].tolist() for name in names}
    kept["corrections"] = [[vars(one) for one in each] for each in every]
    record.keep("loans", kept)
