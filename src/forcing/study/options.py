"""What a run may be asked for, checked at the door."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from forcing.baselines import BASELINES
from forcing.engine.relabel import RELABEL
from forcing.engine.search import Exit, SearchOptions
from forcing.engine.updates import UPDATES
from forcing.study.training import positions

LARGEST_SHARE = 0.6
"""Of the training rows, that a search may remove unless `max_removals` says otherwise."""

METHODS = (*UPDATES, *BASELINES)

LEAST, LARGEST = float(np.finfo(float).tiny), float(np.finfo(float).max)
"""The least number above 0, for ranges that leave 0 out, and the largest that is finite."""

OF_EXPLAIN = ("rival", "threshold", "on_step", "progress", "name", "label", "target_display")
"""What `explain` takes beside the options of a run."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What `Study.explain` and its kin take, checked by `forcing.study.options`."""

    search: SearchOptions
    limit: int
    refine: bool
    verify: bool
    bound: bool
    baselines: tuple[str, ...]
    seed: int | None
    max_refits: int | None = None
    """Refits of the user's estimator; None: as many as the way of searching takes by default."""
    max_seconds: float | None = None
    hold: tuple[int, ...] = ()
    """Rows that have to stay."""


def run_options(
    n_rows: int,
    seed: int | None,
    *,
    method: str = "mfs",
    refine: bool = True,
    verify: bool = True,
    bound: bool = True,
    baselines: Iterable[str] | None = (),
    max_removals: int | None = None,
    exit: Exit = "flip",  # noqa: A002 - the paper's word
    delta: float = 1e-3,
    slack: float = 0.0,
    qp_steps: int = 1,
    max_refits: int | None = None,
    max_seconds: float | None = None,
    hold: Any = (),
    **unknown: Any,
) -> RunOptions:
    """Options of a run, or an error that names what is wrong with one.

    A `TypeError` for an option that does not exist, a `ValueError` for a value.
    """
    for name in unknown:
        raise _no_option(name)
    one_of("method", method, METHODS)
    one_of("exit", exit, get_args(Exit))
    names = _names(baselines)
    for name in names:
        one_of("baselines", name, tuple(BASELINES))
    limit = max(1, int(LARGEST_SHARE * n_rows)) if max_removals is None else max_removals
    whole("max_removals", limit, 1)
    whole("qp_steps", qp_steps, 1)
    number("delta", delta, LEAST, expected="must be a number above 0")
    number("slack", slack, 0.0, expected="must not be negative, but a number of log-odds")
    if max_refits is not None:
        whole("max_refits", max_refits, 1)
    if max_seconds is not None:
        number("max_seconds", max_seconds, LEAST, expected="must be a number above 0")
    return RunOptions(
        SearchOptions(method, exit, delta, slack, qp_steps),
        min(limit, n_rows - 1),
        refine,
        verify,
        bound and method != RELABEL,  # the theorem is about rows that leave
        tuple(dict.fromkeys(names)),
        seed,
        max_refits,
        max_seconds,
        tuple(sorted(set(positions(() if hold is None else hold, n_rows, "hold")))),
    )


def _names(baselines: Any) -> tuple[Any, ...]:
    if baselines is None:
        return ()
    several = np.iterable(baselines) and not isinstance(baselines, str)
    return tuple(baselines) if several else (baselines,)


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        near = difflib.get_close_matches(str(value), allowed, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}.{hint}")


def whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}.")


def number(name: str, value: Any, low: float, high: float = LARGEST, *, expected: str) -> None:
    """Refuse what is no number from `low` on and below `high`; NaN is not, nor is infinity."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    plain = value.item() if isinstance(value, np.generic) else value  # a float32 would overflow
    if not real or not low <= plain < high:
        raise ValueError(f"{name} {expected}, got {value!r}.")


def probability(name: str, value: Any) -> None:
    number(name, value, LEAST, 1.0, expected="must be a probability between 0 and 1")


def _no_option(name: str) -> TypeError:
    if name in OF_EXPLAIN:
        return TypeError(f"only explain() takes {name!r}: a stream of records has no use for it.")
    parameters = inspect.signature(run_options).parameters.values()
    known = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    near = difflib.get_close_matches(name, [*known, *OF_EXPLAIN], 1)
    hint = f" Did you mean {near[0]!r}?" if near else f" It has {', '.join(known)}."
    return TypeError(f"explain() has no option {name!r}.{hint}")
