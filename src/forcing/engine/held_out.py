"""Labels judged by models that can only be trained and asked, each row by those without it.

`doubts.py` does so for models with an objective, fitted side by side from parameters that are
near. Here each judge is a training of its own, so that there are few of them, and their penalty
and the rows' weights are as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts, folds_of, told_apart

FOLDS, REPEATS = 5, 2
"""Parts of the rows, and how often they are cut anew. Two cuts in five parts mostly find
more wrong labels than one in ten, which takes as many trainings: means of two vary less."""

LEAST = 1e-12
"""Probabilities below are as good as none, also where a model tells them apart."""


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """A judge and what it is asked."""

    trained: NDArray[np.intp]
    """Rows that it is trained on."""
    asked: NDArray[np.intp]
    """Rows that it judges, none of which it has seen."""
    repeat: int
    """Which cut of the rows it belongs to."""


def judged(codes: NDArray[np.intp], counted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,): rows that can be left out. The only row of a class cannot: a model that has never
    seen a class says nothing of it; and rows that do not count have no say, nor are they asked.
    """
    rows = np.bincount(codes[counted], minlength=int(codes.max()) + 1)
    return counted & (rows[codes] > 1)


def trials(codes: NDArray[np.intp], asked: NDArray[np.bool_], seed: int | None = 0) -> list[Trial]:
    """As many for each of the `asked` rows as there are repeats; each part has its share of each
    class, and each training at least one row of it, where `asked` are those `judged`.
    """
    rng = np.random.default_rng(seed)
    found = []
    for repeat in range(REPEATS):
        part = np.full(len(codes), -1)  # in no part: always trained on
        part[asked] = folds_of(codes[asked], FOLDS, rng)
        for fold in range(int(part.max()) + 1):
            out = part == fold
            found.append(Trial(np.flatnonzero(~out), np.flatnonzero(out), repeat))
    return found


def held_out_doubts(
    done: Sequence[Trial],
    answers: Sequence[NDArray[np.float64]],
    codes: NDArray[np.intp],
    *,
    probabilities: bool,
) -> Doubts:
    """The doubts of n rows by what the judges answered.

    Parameters
    ----------
    done
        At least one trial for some of the rows; the others are not doubted.
    answers
        Of each trial what its judge says of its rows, (m, K): log-probabilities, or scores of any
        scale and offset that is the same for all judges.
    codes
        (n,): positions of the rows' own labels.
    probabilities
        Whether answers are log-probabilities. Of these the mean probability counts, and none is
        0: a class for which no tree of a forest speaks may be the right one. It gets half of the
        smallest probability that the models did tell. Of scores the mean score counts.
    """
    n, K = len(codes), answers[0].shape[1]
    total, times = np.zeros((n, K)), np.zeros(n)
    for trial, answer in zip(done, answers, strict=True):
        total[trial.asked] += np.exp(answer) if probabilities else answer
        times[trial.asked] += 1.0
    scores = total / np.maximum(times, 1.0)[:, None]
    if probabilities:
        told = scores[scores > LEAST]
        scores = np.log(np.maximum(scores, max(LEAST, 0.5 * float(told.min(initial=1.0)))))
    return told_apart(scores, codes, times > 0)
