"""Between array namespaces and the host."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
from array_api_compat import array_namespace, is_numpy_array
from numpy.typing import NDArray

Array: TypeAlias = Any
"""An array of any namespace of the array API standard."""


def triangular_inverse(factor: Array) -> Array:
    """The inverse of a lower triangular matrix (p, p).

    The standard has no triangular solve; LAPACK's takes an eighth of what its general one does.
    """
    if is_numpy_array(factor):
        inverse, _ = scipy.linalg.lapack.dtrtri(factor, lower=1)
        return np.ascontiguousarray(inverse)
    xp = array_namespace(factor)
    return xp.linalg.solve(factor, xp.eye(factor.shape[0], dtype=factor.dtype))


def on_host(x: Array) -> NDArray[np.float64]:
    """As NumPy: for what the standard lacks (partitions, seeds) and for small tables."""
    if hasattr(x, "detach"):  # torch
        x = x.detach().cpu()
    host: NDArray[np.float64] = np.asarray(x, dtype=np.float64)
    return host
