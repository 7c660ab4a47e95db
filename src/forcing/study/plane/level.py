"""Where a function on a grid is 0: marching over triangles, in lines that are as long as can be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def level_lines(values: Array) -> list[Array]:
    """Lines (m, 2) on which values (nx, ny) change sign, in the unit square.

    Every square of the grid is cut into two triangles; where the corners of one differ in sign,
    the line crosses two of its sides, at the points that linear interpolation gives.
    """
    segments, spots = _segments(np.asarray(values, dtype=np.float64))
    return [_simple(spots[line]) for line in _joined(segments)]


def _segments(values: Array) -> tuple[NDArray[np.intp], Array]:
    """Pairs (s, 2) of crossings, and where each crossing (c, 2) is."""
    nx, ny = values.shape
    place = np.arange(nx * ny).reshape(nx, ny)
    a, b = place[:-1, :-1].ravel(), place[1:, :-1].ravel()
    c, d = place[1:, 1:].ravel(), place[:-1, 1:].ravel()
    corners = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    flat = values.ravel()
    above = flat[corners] > 0
    crosses = above != np.roll(above, -1, axis=1)
    cut = np.flatnonzero(crosses.sum(axis=1) == 2)
    sides = np.argsort(~crosses[cut], axis=1, kind="stable")[:, :2]
    ends = np.stack([corners[cut[:, None], sides], corners[cut[:, None], (sides + 1) % 3]], -1)
    ends.sort(axis=-1)  # a side that two triangles share is one crossing
    edges, inverse = np.unique(ends.reshape(-1, 2), axis=0, return_inverse=True)
    grid = np.stack(np.unravel_index(np.arange(nx * ny), (nx, ny)), -1) / (nx - 1, ny - 1)
    low, high = flat[edges[:, 0]], flat[edges[:, 1]]
    share = low / (low - high)
    spots = grid[edges[:, 0]] + share[:, None] * (grid[edges[:, 1]] - grid[edges[:, 0]])
    return np.asarray(inverse.reshape(-1, 2), dtype=np.intp), spots


def _joined(segments: NDArray[np.intp]) -> list[list[int]]:
    """Crossings in the order of their line: open lines from end to end, then closed ones."""
    beside: dict[int, list[int]] = {}
    for one, other in segments.tolist():
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    lines = []
    for first in sorted(beside, key=lambda spot: len(beside[spot])):
        while beside[first]:
            line = [first]
            while beside[line[-1]]:
                following = beside[line[-1]].pop()
                beside[following].remove(line[-1])
                line.append(following)
            lines.append(line)
    return lines


def _simple(line: Array, tolerance: float = 3e-4) -> Array:
    """The line without points that it would go through all the same (Douglas, Peucker)."""
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    waiting = [(0, len(line) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        along, apart = line[last] - line[first], line[first + 1 : last] - line[first]
        length = float(np.hypot(*along))
        across = np.abs(apart[:, 0] * along[1] - apart[:, 1] * along[0]) / max(length, 1e-12)
        distance = across if length > tolerance else np.hypot(apart[:, 0], apart[:, 1])
        worst = int(np.argmax(distance))
        if distance[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
    return line[keep]
