"""Learners whose training does not repeat itself: are their sets confirmed by fresh retrainings?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

import forcing
from benchmarks import record
from benchmarks.five_models import fits_of
from benchmarks.measure import row, table, told
from benchmarks.poison_store import Store
from benchmarks.problems import PROBLEMS
from benchmarks.retraining_subjects import (
    EPOCHS,
    FIRST_SEED,
    FRESH,
    LEARNERS,
    Fresh,
    Rows,
    drawn,
    fitted,
    installed,
    spread,
)
from benchmarks.settings import Settings

Aims: TypeAlias = tuple[float, ...]

PLANNED: dict[str, tuple[int, Aims]] = {
    "heloc": (3_000, (0.56, 0.66, 0.80)),
    "adult": (4_000, (0.63,)),
}
"""Of each data set how many rows are trained on, and the confidences at which a target is looked
for: few, since each takes some hundred trainings."""
STAND_INS: dict[str, tuple[int, Aims]] = {
    "breast-cancer": (400, (0.56, 0.66, 0.80)),
    "digits": (250, (0.63,)),
}
OLD = 100
"""Refits of a search with `retrainings=1`."""
UNSTABLE, FLIPPED = "unstable", "flipped"

EXPLAINED = f"""\
Forests and CatBoost of 100 trees, a network of one hidden layer of 32 behind a `StandardScaler`
({EPOCHS} epochs), all else as the libraries have it, one thread each; rows drawn at random. Of each
learner a few targets only: the test rows whose confidence is nearest to some values from .56 to
.80. *Stable*: of the package's
retrainings on all rows, those that decide as the model. *Agreement*, *control*: of its fresh
retrainings, those that decide otherwise without the set, and without random rows. Then what the
package has not seen: {FRESH} retrainings made here with `sklearn.clone`, seeds from {FIRST_SEED:,}
on, each without 1 % of the rows of its own: how many decide otherwise without the set / without as
many random rows of the same classes / with all rows. *Trainings*: for this target, and until the
first set was there; what targets share is counted at the first one, the {FRESH} are not.
*Seconds* are of processor time. *One refit*: the set of `Study(retrainings=1)`, at most {OLD}
refits, and how many of the same {FRESH} decide otherwise without it.
"""


@dataclass(frozen=True)
class Found:
    """One decision of one learner."""

    target: int
    confidence: float
    status: str
    size: int
    verified: bool | None
    stable: float | None
    agreement: float | None
    control: float | None
    alike: bool
    candidates: int
    without: float | None
    """Of fresh retrainings without the set, the share that decides otherwise; None: no set."""
    random: float | None
    """The same without random rows."""
    all_rows: float
    """The same with every row."""
    trainings: int
    until_first: int | None
    """Trainings until there was a set on the screen."""
    seconds: float
    """Of processor time."""
    old_size: int
    old_verified: bool | None
    old_without: float | None
    old_seconds: float


def retrainings(settings: Settings) -> Iterator[str]:
    yield "## Learners whose training does not repeat itself\n"
    yield EXPLAINED
    plan = PLANNED if all(PROBLEMS[name].available for name in PLANNED) else STAND_INS
    chosen = {
        name: each for name, each in plan.items() if not settings.data or name in settings.data
    }
    learners = installed()
    if missing := [name for name in LEARNERS if name not in learners]:
        yield f"Not installed: {', '.join(missing)}.\n"
    if settings.short:
        chosen, learners = {"breast-cancer": (150, (0.63,))}, ["extra trees"]
    values = {}
    for name, (size, aims) in chosen.items():
        rows = drawn(name, size)
        found = {one: of_learner(rows, one, aims) for one in learners}
        values[name] = {
            "rows": len(rows.y),
            "columns": rows.X.shape[1],
            "found": {one: [asdict(each) for each in every] for one, every in found.items()},
        }
    yield from printed(values)
    if not settings.short:
        record.keep("retrainings", values)
        for name, (size, _) in chosen.items():
            store(name, size).clear()


def store(data: str, size: int) -> Store:
    """What was measured of a data set, should the run be broken off."""
    return Store(f"retrainings-{data}", (size, FRESH, OLD, EPOCHS))


def of_learner(rows: Rows, learner: str, aims: Sequence[float]) -> list[Found]:
    kept = store(rows.name, len(rows.y))
    model = fitted(LEARNERS[learner][1](), rows.X, rows.y)
    targets = spread(model, rows, aims)
    study = forcing.Study(model, rows.X, rows.y)
    old = forcing.Study(model, rows.X, rows.y, retrainings=1)
    fresh = Fresh(LEARNERS[learner][1](), rows)
    return [
        Found(**kept.values(f"{learner}-{target}", partial(_told, study, old, fresh, target)))
        for target in targets
    ]


def _told(study: Any, old: Any, fresh: Fresh, target: int) -> dict[str, Any]:
    one = measured(study, old, fresh, target)
    told(f"{fresh.rows.name}, {study.model_description}: {one}")
    return asdict(one)


def measured(study: Any, old: Any, fresh: Fresh, target: int) -> Found:
    """One decision, explained as the package does it now and as `retrainings=1` does it."""
    x = fresh.rows.X_test[target]
    model = study.model[-1] if hasattr(study.model, "steps") else study.model
    first: list[int] = []
    with fits_of(type(model)) as counted:
        began = time.process_time()
        now = study.explain(x, on_step=lambda _: first.append(counted["fits"]))
        seconds, fits = time.process_time() - began, counted["fits"]
    began = time.process_time()
    before = old.explain(x, max_refits=OLD)
    old_seconds = time.process_time() - began
    label, verification = now.claim.favoured, now.verification
    rows, old_rows = now.supports.tolist(), before.supports.tolist()
    return Found(
        target=target,
        confidence=now.claim.confidence,
        status=now.status,
        size=now.size,
        verified=now.verified,
        stable=now.stability,
        agreement=now.agreement,
        control=now.control,
        alike=bool(verification and verification.alike),
        candidates=verification.candidates if verification else 0,
        without=fresh.without(rows, x, label) if rows else None,
        random=fresh.without_random(rows, x, label) if rows else None,
        all_rows=fresh.with_all(x, label),
        trainings=fits,
        until_first=first[0] if first else None,
        seconds=seconds,
        old_size=before.size,
        old_verified=before.verified,
        old_without=fresh.without(old_rows, x, label) if old_rows else None,
        old_seconds=old_seconds,
    )


def printed(values: dict[str, Any]) -> Iterator[str]:
    """What is kept, as tables, and what follows from it."""
    for name, about in values.items():
        yield f"**{name}**, {about['rows']} x {about['columns']}\n"
        yield from table(
            ["learner", "confidence", "stable", "answer", "rows", "agreement, control",
             "fresh: set / random / all", "trainings, first set", "seconds",
             "one refit: rows", "fresh"]
        )  # fmt: skip
        for learner, every in about["found"].items():
            for one in every:
                yield _line(learner, one)
        yield ""
    yield from conclusions([
        one for about in values.values() for every in about["found"].values() for one in every
    ])  # fmt: skip


def _line(learner: str, one: dict[str, Any]) -> str:
    answer = _answer(one)
    rates = [one["without"], one["random"], one["all_rows"]]
    return row([
        learner,
        f"{one['confidence']:.2f}",
        _percent(one["stable"]),
        answer,
        str(one["size"] or "–"),
        f"{_percent(one['agreement'])}, {_percent(one['control'])}",
        " / ".join(_of_fresh(rate) for rate in rates),
        f"{one['trainings']}, {one['until_first'] or '–'}",
        f"{one['seconds']:.3g}",
        f"{one['old_size'] or '–'}{'' if one['old_verified'] else ' (not verified)'}",
        _of_fresh(one["old_without"]),
    ])  # fmt: skip


def _answer(one: dict[str, Any]) -> str:
    if not one["verified"]:
        return "not known" if one["status"] == "limit" else one["status"]
    return "as chance" if one["alike"] else "verified"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _of_fresh(share: float | None) -> str:
    return "–" if share is None else f"{round(FRESH * share)}"


def conclusions(every: list[dict[str, Any]]) -> Iterator[str]:
    """In words, from the numbers."""
    sets = [one for one in every if one["verified"]]
    shaky = [one for one in every if one["status"] == UNSTABLE]
    rest = [one for one in every if not one["verified"] and one["status"] != UNSTABLE]
    old = [one for one in every if one["old_verified"]]
    yield (
        f"- Of {len(every)} decisions {len(sets)} have a set that is called verified, {len(shaky)} "
        f"are called unstable, and for {len(rest)} no set was verified within the budget."
    )
    if sets:
        yield (
            f"- **Verified sets**: for {_most(sets, 'without')} of {len(sets)} most of {FRESH} "
            f"retrainings never used before decide otherwise ({_median(sets, 'without')} of them, "
            f"median; least {_least(sets, 'without')}), without random rows "
            f"{_median(sets, 'random')}, with all rows {_median(sets, 'all_rows')}. Of "
            f"{sum(one['alike'] for one in sets)} it is said that they are no different from "
            "chance."
        )
    if old:
        both = sum(_is_most(one["old_without"]) and one["all_rows"] < 0.5 for one in old)
        yield (
            f"- **Sets of one refit**: of {len(old)} that its refit confirms, for {both} most of "
            f"the same {FRESH} retrainings decide otherwise without the set and as before with all "
            f"rows; {_median(old, 'old_without')} decide otherwise, median."
        )
    if shaky:
        yield (
            f"- **Unstable decisions**: with all rows {_median(shaky, 'all_rows')} of {FRESH} "
            f"retrainings decide otherwise, median (least {_least(shaky, 'all_rows')})."
        )
    pairs = [(one["size"], one["old_size"]) for one in sets if one["old_verified"]]
    if pairs:
        ratios = [now / before for now, before in pairs]
        yield (
            f"- A verified set has {np.median(ratios):.2g} times the rows of the set of one refit, "
            f"median of {len(pairs)} decisions that have both."
        )
    searched = [one for one in every if one["until_first"] is not None]
    if searched:
        trainings = np.median([one["trainings"] for one in searched])
        first = np.median([one["until_first"] for one in searched])
        seconds = np.median([one["seconds"] for one in searched])
        yield (
            f"- A decision with a set takes {trainings:.0f} trainings, median, and the first set "
            f"is there after {first:.0f}; {seconds:.2g} s of processor time."
        )
    yield ""


def _is_most(share: float | None) -> bool:
    return share is not None and share > 0.5


def _most(every: list[dict[str, Any]], key: str) -> int:
    return sum(_is_most(one[key]) for one in every)


def _median(every: list[dict[str, Any]], key: str) -> str:
    return f"{100 * np.median([one[key] for one in every if one[key] is not None]):.0f} %"


def _least(every: list[dict[str, Any]], key: str) -> str:
    return f"{100 * min(one[key] for one in every if one[key] is not None):.0f} %"
