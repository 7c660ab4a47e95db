"""Baselines' orders for a model whose training does not repeat itself: where along an order the
mean of several retrainings turns.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from forcing.engine.knockout import BudgetSpentError, doubled
from forcing.engine.retraining import CLOSE, Measured
from forcing.records import Ranking, Work
from forcing.study.poll import Poll
from forcing.study.refits import RANK_REFITS, keeping_classes


def followed_by_retrainings(poll: Poll, ranking: Ranking, limit: int) -> Work[Ranking]:
    """The ranking with its `flips_at`: ever longer prefixes are left out of the same few
    retrainings until their mean turns; then the lengths in between are bisected, as closely as
    noise allows. Takes at most `RANK_REFITS` trainings.
    """
    began = time.perf_counter()
    poll.allow(RANK_REFITS)
    order = keeping_classes(poll.recipe, ranking.rows)
    path: dict[int, Measured] = {}
    flips_at = None
    try:
        start = yield from poll.ranked((), ranking.method)
        path[0] = start
        before, lengths = 0, doubled(min(limit, len(order)))
        while lengths and flips_at is None and start.mean >= 0:
            length = lengths.pop(0)
            path[length] = yield from poll.ranked(order[:length], ranking.method)
            if path[length].mean < 0:
                flips_at = length
            else:
                before = length
        while flips_at is not None and flips_at - before > max(1, flips_at // CLOSE):
            middle = (flips_at + before) // 2
            path[middle] = yield from poll.ranked(order[:middle], ranking.method)
            if path[middle].mean < 0:
                flips_at = middle
            else:
                before = middle
    except BudgetSpentError:
        pass  # what was measured counts
    known = [(k, float(np.mean(path[k].confidences))) for k in sorted(path)]
    return replace(
        ranking,
        rows=np.asarray(order, dtype=np.intp),
        scores=ranking.scores[np.isin(ranking.rows, order)],
        flips_at=flips_at,
        tried=max(path, default=0),
        curve=tuple(known) or ((0, poll.claim.confidence),),
        seconds=ranking.seconds + time.perf_counter() - began,
    )
