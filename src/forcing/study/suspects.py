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
    """What the model can be asked about training rows beyond their sets; each takes a while."""

    doubts: Callable[[], Doubts | None]
    owed: Callable[[], NDArray[np.float64] | None]


def known(doubts: Doubts | None) -> Doubts:
    if doubts is None:
        raise ValueError(
            "scores 'label' and 'repair' ask how likely labels are wrong, which this model cannot "
            "tell: it has no objective, or no classes. Use 'weight'."
        )
    return doubts


def by_label(doubts: Doubts | None, owed: NDArray[np.float64] | None) -> NDArray[np.float64]:
    """(n,): larger for rows that come earlier; of likely ones for those to which more is owed."""
    doubted = known(doubts)
    # Surprises tell rows apart whose probabilities are 0 or 1 but for rounding.
    ranked = doubted.surprise
    if owed is None:
        return ranked
    ahead = float(ranked.max()) + 1.0 + owed - owed.min()
    return np.where(doubted.wrong > LIKELY, ahead, ranked)
