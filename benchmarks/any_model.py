"""One target under five kinds of model: on how many rows each decision stands, and on which."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks import record
from benchmarks.five_models import (
    BOOSTING,
    FOREST,
    NETWORK,
    RETRAINED,
    ROWS,
    VARYING,
    Prepared,
    Subject,
    agreed,
    prepared,
    studied,
)
from benchmarks.measure import row, table, told
from benchmarks.settings import Settings

TARGETS = 6
ONE_RUN = 100
"""Refits of a search with `retrainings=1`: as many as a search with retrainings may take."""

EXPLAINED = f"""\
{ROWS} training rows of the home equity loans (breast cancer stands in), missing values by their
median, standardised. A forest of 50 trees, 50 rounds of boosting, 15 neighbours, a network of one
hidden layer. Targets: test rows that all five and their retrainings decide alike, evenly spread
over the less confident half of these. *Verified*: by the explanation. *Stable*, *agreement*,
*control*: of the package's retrainings, those that decide as the model with all rows, and otherwise
without the set and without random rows; medians. *Trained again*: of models trained from scratch
without the set, how many decide otherwise; of forest, boosting and network {RETRAINED} each, which
the package has not seen, with seeds of their own and without 1 % of the rows. *Irreducible*: each
single row was put back. *Proved smallest*: as many rows as the lower bound, which for the network
is that of its last layer alone, and not counted. Where there is no set, its status stands in its
place, and the target is left out of medians and shares. *Fits*: how often the model was trained
for one explanation. *Seconds* are of processor time. The paper calls its algorithm model-agnostic,
and has no figure of other models to hold beside these.
"""


@dataclass(frozen=True)
class Found:
    """What one model's explanation of one target said."""

    confidence: float
    status: str
    size: int
    verified: bool | None
    irreducible: bool | None
    bound: int
    stable: float | None
    """Of retrainings on all rows, the share that decides as the model; None of one that repeats
    itself."""
    agreement: float | None
    """Of fresh retrainings of the explanation, the share that decides otherwise."""
    control: float | None
    """The same without random rows."""
    again: float
    """Of models trained from scratch without the set, the share that decides otherwise."""
    fits: int
    seconds: float
    """Of processor time."""
    supports: list[int]


def any_model(settings: Settings) -> Iterator[str]:
    yield "## One target under five kinds of model\n"
    yield EXPLAINED
    data = prepared(200 if settings.short else ROWS)
    told(f"{data.name}, {len(data.y)} rows")
    subjects = studied(data)
    targets = agreed(subjects, data, 2 if settings.short else TARGETS)
    options = {"max_refits": 60} if settings.short else {}
    found = {
        name: [explained(subject, data.X_test[t], **options) for t in targets]
        for name, subject in subjects.items()
    }
    told("each as one training run has it")
    alone = studied(data, [FOREST, BOOSTING], retrainings=1)
    before = {
        name: [explained(subject, data.X_test[t], max_refits=ONE_RUN) for t in targets]
        for name, subject in alone.items()
    }
    sets = {name: [one.supports for one in each] for name, each in found.items()}
    kinds = ("jaccard", "within", "chance")
    values = {
        "data": data.name,
        "shape": f"{data.X.shape[0]} x {data.X.shape[1]}",
        "rows": len(data.y),
        "targets": targets,
        "wrong": [_is_wrong(subjects, data, t) for t in targets],
        "found": {name: [asdict(one) for one in each] for name, each in found.items()},
        "before": {name: [asdict(one) for one in each] for name, each in before.items()},
        "overlap": {kind: overlap(sets, kind, len(data.y)) for kind in kinds},
        "transfers": transfers(subjects, sets, [data.X_test[t] for t in targets]),
    }
    yield from printed(values)
    if not settings.short:
        record.keep("any-model", values)


def printed(values: dict[str, Any]) -> Iterator[str]:
    """What is kept, as tables."""
    yield (
        f"**{values['data']}**, {values['shape']}, {len(values['targets'])} targets, "
        f"{sum(values['wrong'])} of them decided wrongly.\n"
    )
    yield from _sizes(values["found"])
    yield from _before(values["found"], values["before"])
    shared = values["overlap"]
    yield from _matrix("Rows in both sets, of those in either (Jaccard)", shared["jaccard"])
    chance = {"*a set as large, drawn at random*": next(iter(shared["chance"].values()))}
    inside = "Rows of the left model's set that are in the upper one's"
    yield from _matrix(inside, shared["within"], chance)
    what = "Trained without the left model's set, the upper decides otherwise"
    yield from _matrix(what, values["transfers"])


def explained(subject: Subject, x: Any, **options: Any) -> Found:
    """One target under one model; then models are trained once more without its set."""
    with subject.trainings() as counted:
        began = time.process_time()
        explanation = subject.study.explain(x, **options)
        seconds, fits = time.process_time() - began, counted["fits"]
    told(
        f"{subject.study.model_description}: {explanation.size} rows, {fits} fits, {seconds:.1f} s"
    )
    rows = explanation.supports.tolist()
    return Found(
        confidence=explanation.claim.confidence,
        status=explanation.status,
        size=explanation.size,
        verified=explanation.verified,
        irreducible=explanation.irreducible,
        bound=explanation.lower_bound or 1,
        stable=explanation.stability,
        agreement=explanation.agreement,
        control=explanation.control,
        again=float(np.mean(subject.decisions(rows, x) != explanation.claim.favoured)),
        fits=fits,
        seconds=seconds,
        supports=rows,
    )


def overlap(sets: dict[str, list[list[int]]], kind: str, n_rows: int) -> dict[str, list[float]]:
    """(K,) for each of K models, in their order: the mean over targets where both have a set.

    Parameters
    ----------
    kind
        "jaccard": rows in both, of those in either; "within": the share of the first set's rows
        that are in the second; "chance": the same, were the second drawn at random.
    """

    def share(first: list[int], second: list[int]) -> float:
        both = len(set(first) & set(second))
        if kind == "jaccard":
            return both / len(set(first) | set(second))
        return both / len(first) if kind == "within" else len(second) / n_rows

    def mean(first: str, second: str) -> float:
        pairs = [(a, b) for a, b in zip(sets[first], sets[second], strict=True) if a and b]
        return float(np.mean([share(a, b) for a, b in pairs])) if pairs else float("nan")

    return {first: [mean(first, second) for second in sets] for first in sets}


def transfers(
    subjects: dict[str, Subject], sets: dict[str, list[list[int]]], X: Sequence[Any]
) -> dict[str, list[float]]:
    """(K,) for each of K models: of trainings without its sets, the share in which each model
    decides otherwise than with all rows; over targets with a set.
    """
    told("without each other's sets")
    before = {name: [s.study.claim(x).favoured for x in X] for name, s in subjects.items()}

    def share(first: str, second: str) -> float:
        flips = [
            np.mean(subjects[second].decisions(rows, x) != label)
            for rows, x, label in zip(sets[first], X, before[second], strict=True)
            if rows
        ]
        return float(np.mean(flips)) if flips else float("nan")

    return {first: [share(first, second) for second in subjects] for first in subjects}


def _is_wrong(subjects: dict[str, Subject], data: Prepared, target: int) -> bool:
    study = next(iter(subjects.values())).study
    return bool(study.claim(data.X_test[target]).favoured != data.y_test[target])


def _sizes(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    yield from table(
        ["model", "rows in the sets", "median", "verified", "stable", "agreement", "control",
         "trained again", "irreducible", "proved smallest", "fits, median", "seconds, median"]
    )  # fmt: skip
    for name, each in found.items():
        sets = [one for one in each if one["size"]]
        sure = [one["irreducible"] for one in each]
        proved = sum(one["size"] == one["bound"] for one in each)
        yield row([
            name,
            ", ".join(str(one["size"] or one["status"]) for one in each),
            f"{np.median([one['size'] for one in sets]):g}" if sets else "–",
            f"{sum(bool(one['verified']) for one in each)}/{len(each)}",
            *(_median(each, key) for key in ("stable", "agreement", "control")),
            f"{100 * np.mean([one['again'] for one in sets]):.0f} %" if sets else "–",
            "not asked" if name == NETWORK else f"{sum(map(bool, sure))}/{len(sets)}",
            "–" if name in VARYING else f"{proved}/{len(each)}",
            f"{np.median([one['fits'] for one in each]):g}",
            f"{np.median([one['seconds'] for one in each]):.2g}",
        ])  # fmt: skip
    yield ""


def _before(
    now: dict[str, list[dict[str, Any]]], before: dict[str, list[dict[str, Any]]]
) -> Iterator[str]:
    """What one training run said of the same decisions."""
    for name, each in before.items():
        one_run, several = (
            [one for one in every if one["verified"]] for every in (each, now[name])
        )
        yield (
            f"- {name.capitalize()}: of {len(each)} decisions {len(one_run)} have a set that one "
            f"training run confirms (`retrainings=1`, at most {ONE_RUN} refits), "
            f"{_sizes_and_flips(one_run)}. {len(several)} have one that fresh retrainings confirm, "
            f"{_sizes_and_flips(several)}."
        )
    yield ""


def _sizes_and_flips(sets: list[dict[str, Any]]) -> str:
    if not sets:
        return "which leaves nothing to train again"
    rows = np.median([one["size"] for one in sets])
    again = 100 * np.mean([one["again"] for one in sets])
    return f"of {rows:g} rows, median; trained again without it {again:.0f} % decide otherwise"


def _median(each: list[dict[str, Any]], key: str) -> str:
    known = [one[key] for one in each if one[key] is not None]
    return f"{100 * np.median(known):.0f} %" if known else "–"


def _matrix(
    what: str, shares_of: dict[str, list[float]], last: dict[str, list[float]] | None = None
) -> Iterator[str]:
    yield f"{what}:\n"
    yield from table(["", *shares_of])
    for first, values in (shares_of | (last or {})).items():
        yield row([first, *(f"{100 * value:.0f} %" for value in values)])
    yield ""
