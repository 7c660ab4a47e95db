"""Training rows in the order of suspicion, where labels can be doubted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts

Score: TypeAlias = Literal["label", "repair", "weight", "count"]
BY_LABEL = ("label", "repair")
"""Those for which labels are doubted."""

LIKELY = 0.5
"""Probability of a wrong label from which on it is worth asking what the row does."""


@dataclass(frozen=True)
class Evidence:
    """What the model can be asked about training rows beyond their sets; each takes a while.

    A text says why it does not tell.
    """

    doubts: Callable[[], Doubts | str | None]
    owed: Callable[[], NDArray[np.float64] | str | None]
    slow: bool = False
    """Whether doubts take trainings of the user's own estimator: then only who asks gets them."""


def known(doubts: Doubts | str | None) -> Doubts:
    """Raises `ValueError` where there are none."""
    if isinstance(doubts, Doubts):
        return doubts
    why = doubts or "it has no objective that would, or no classes"
    raise ValueError(
        "scores 'label' and 'repair' ask how likely labels are wrong, which this model cannot "
        f"tell: {why}. Use 'weight'."
    )


def debts(owed: NDArray[np.float64] | str | None) -> NDArray[np.float64] | None:
    """Raises `ValueError` where there is no telling; None where nothing is owed."""
    if isinstance(owed, str):
        raise ValueError(  # noqa: TRY004 - the type is ours, the fault is in the score
            "score 'repair' asks what wrong decisions owe to each row, which influence functions "
            f"tell: {owed}. Use 'label'."
        )
    return owed


def by_label(doubts: Doubts, owed: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(n,): larger for rows that come earlier; of likely ones for those to which more is owed."""
    # Surprises tell rows apart whose probabilities are 0 or 1 but for rounding.
    ranked = doubts.surprise
    if owed is None:
        return ranked
    ahead = float(ranked.max()) + 1.0 + owed - owed.min()
    return np.where(doubts.wrong > LIKELY, ahead, ranked)
