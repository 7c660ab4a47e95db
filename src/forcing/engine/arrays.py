"""Between array namespaces, devices and the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
from array_api_compat import array_namespace, device, is_numpy_array, is_torch_array
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
    xp, identity = array_namespace(factor), eye(factor.shape[0], factor)
    if is_torch_array(factor):
        return xp.linalg.solve_triangular(factor, identity, upper=False)
    return xp.linalg.solve(factor, identity)


def eye(size: int, like: Array) -> Array:
    xp = array_namespace(like)
    return xp.eye(size, dtype=like.dtype, device=device(like))


def indices(rows: Sequence[int], like: Array) -> Array:
    """Row positions as an array beside `like`."""
    xp = array_namespace(like)
    return xp.asarray([int(row) for row in rows], dtype=xp.int64, device=device(like))


def beside(x: Array, like: Array) -> Array:
    """x in the namespace, on the device and of the precision of `like`."""
    xp = array_namespace(like)
    return xp.asarray(x, dtype=like.dtype, device=device(like))


def single(x: Array) -> Array:
    """x in single precision: half the memory to pass over."""
    xp = array_namespace(x)
    return xp.astype(x, xp.float32)


def in_single(solve: Callable[[Array], Array], b: Array, axes: int) -> Array:
    """solve(b) of a linear map in single precision; each column, over the first `axes` axes,
    is brought to size 1 on the way, so that small ones keep their digits.
    """
    xp = array_namespace(b)
    size = xp.max(xp.abs(b), axis=tuple(range(axes)))
    size = xp.where(size > 0, size, 1.0)
    return xp.astype(solve(single(b / size)), b.dtype) * size


def widened(x: Array, like: Array) -> Array:
    """x with axes of length 1 at its end, until it has as many as `like`."""
    xp = array_namespace(x)
    return xp.reshape(x, (*x.shape, *([1] * (like.ndim - x.ndim))))


def count(members: Array) -> int:
    """How many entries are true."""
    xp = array_namespace(members)
    return int(xp.sum(xp.astype(members, xp.int64)))


def on_host(x: Array) -> NDArray[np.float64]:
    """As NumPy: for what the standard lacks (partitions, seeds) and for small tables."""
    if hasattr(x, "detach"):  # torch
        x = x.detach().cpu()
    host: NDArray[np.float64] = np.asarray(x, dtype=np.float64)
    return host
