"""What a run may be asked for, checked at the door."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, get_args

import numpy as np

from forcing.baselines import BASELINES
from forcing.engine.search import Exit, SearchOptions
from forcing.engine.updates import UPDATES
from forcing.study.run import RunOptions

METHODS = (*UPDATES, *BASELINES)

LARGEST_SHARE = 0.6
"""Of the training rows, that a search may remove unless `max_removals` says otherwise."""


def run_options(
    n_rows: int,
    seed: int | None,
    *,
    method: str = "mfs",
    refine: bool = True,
    verify: bool = True,
    bound: bool = True,
    baselines: Iterable[str] = (),
    max_removals: int | None = None,
    exit: Exit = "flip",  # noqa: A002 - the paper's word
    delta: float = 1e-3,
    slack: float = 0.0,
    qp_steps: int = 1,
) -> RunOptions:
    """Options of a run, or a `ValueError` that names what is wrong with one."""
    one_of("method", method, METHODS)
    one_of("exit", exit, get_args(Exit))
    names = (baselines,) if isinstance(baselines, str) else tuple(baselines)
    for name in names:
        one_of("baselines", name, tuple(BASELINES))
    limit = max(1, int(LARGEST_SHARE * n_rows)) if max_removals is None else max_removals
    whole("max_removals", limit, 1)
    whole("qp_steps", qp_steps, 1)
    positive("delta", delta)
    if slack < 0:
        raise ValueError(f"slack must not be negative, got {slack!r}.")
    return RunOptions(
        SearchOptions(method, exit, delta, slack, qp_steps),
        min(limit, n_rows - 1),
        refine,
        verify,
        bound,
        tuple(dict.fromkeys(names)),
        seed,
    )


def one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        near = difflib.get_close_matches(str(value), allowed, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name} must be one of {', '.join(allowed)}; got {value!r}.{hint}")


def whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}.")


def positive(name: str, value: Any) -> None:
    if not isinstance(value, int | float | np.number) or not value > 0:
        raise ValueError(f"{name} must be a number above 0, got {value!r}.")
