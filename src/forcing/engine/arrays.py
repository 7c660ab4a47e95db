"""Between array namespaces and the host."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = Any
"""An array of any namespace of the array API standard."""


def on_host(x: Array) -> NDArray[np.float64]:
    """As NumPy: for what the standard lacks (partitions, seeds) and for small tables."""
    if hasattr(x, "detach"):  # torch
        x = x.detach().cpu()
    host: NDArray[np.float64] = np.asarray(x, dtype=np.float64)
    return host
