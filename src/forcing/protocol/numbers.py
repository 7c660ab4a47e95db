"""Numbers that JSON can hold."""

from __future__ import annotations

import math

_LARGEST = 1e300


def finite(value: float) -> float:
    """Infinities become huge, what is no number becomes 0."""
    number = float(value)
    if math.isnan(number):
        return 0.0
    return max(-_LARGEST, min(_LARGEST, number))
