"""At most how much any k rows add up to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forcing.engine.bounds.model import Floats

Order = NDArray[np.intp]

HEAD = 1_000
"""Rows of largest norm whose inner products are taken; the others' are bounded by the norms."""

ROUNDS = 4
"""Of tightening a bound by itself."""


def worst_sums(rows: Floats, sizes: Floats) -> tuple[Floats, Floats]:
    """F (n, sizes) and G (sizes,): for every S of k rows, |sum_S r|^2 <= sum_S F_i(k) <= G(k)^2.

    |sum_S r|^2 = sum_{i in S} <r_i, sum_S r>, and the inner product is at most the k largest
    <r_i, r_j>, or |r_i| G(k). All eigenvalues together bound G^2 by k times the largest.
    """
    norms, order = _ranked(rows)
    products = _partners(rows, norms, order, sizes, signed=True)
    head = len(products)
    spectral = largest_eigenvalue(rows)
    sums = np.empty((len(rows), len(sizes)))
    gradient = np.empty(len(sizes))
    falling = norms[order]
    for j, k in enumerate(sizes.astype(int)):
        largest = min(float(np.sum(falling[:k])), float(np.sqrt(k * spectral)))
        for _ in range(ROUNDS):
            # Of the rows beyond the head none but the first k can be among the largest.
            own = falling[: head + k] * largest
            own[:head] = np.minimum(own[:head], products[:, j])
            largest = min(largest, float(np.sqrt(top(own, k))))
        sums[order, j] = falling * largest
        sums[order[:head], j] = np.minimum(sums[order[:head], j], products[:, j])
        gradient[j] = largest
    return sums, gradient


def worst_matrix(rows: Floats, sizes: Floats) -> Floats:
    """(sizes,): at least the largest eigenvalue of sum_S r_i r_i' for every S of k rows, of rows
    for which that of all together is at most 1.

    That matrix has the eigenvalues of the rows' inner products among themselves: at most the
    largest sum of a row of their sizes (Gershgorin), at most their trace.
    """
    norms, order = _ranked(rows)
    products = _partners(rows, norms, order, sizes, signed=False)
    falling = norms[order]
    beyond = float(falling[len(products)]) if len(products) < len(rows) else 0.0
    counts = sizes.astype(int)
    lengths, squares = np.cumsum(falling)[counts - 1], np.cumsum(falling**2)[counts - 1]
    gershgorin = np.maximum(np.max(products, axis=0), beyond * lengths)
    worst: Floats = np.minimum(np.minimum(gershgorin, squares), 1.0)
    return worst


def top(values: Floats, k: int) -> float:
    """The sum of the k largest that are above 0."""
    chosen = np.partition(values, -k)[-k:] if k < len(values) else values
    return float(np.sum(np.maximum(chosen, 0.0)))


def _ranked(rows: Floats) -> tuple[Floats, Order]:
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return norms, np.argsort(-norms, kind="stable")


def _partners(rows: Floats, norms: Floats, order: Order, sizes: Floats, signed: bool) -> Floats:
    """(head, sizes): for each row of the head the sum of its k largest inner products."""
    head = rows[order[:HEAD]]
    products = head @ head.T
    products = np.maximum(products, 0.0) if signed else np.abs(products)
    if len(head) < len(rows):  # rows beyond the head give at most this (Cauchy-Schwarz)
        products = np.maximum(products, norms[order[:HEAD], None] * norms[order[HEAD]])
    longest = int(sizes[-1])
    if longest < products.shape[1]:
        products = np.partition(products, -longest, axis=1)[:, -longest:]
    products = -np.sort(-products, axis=1)
    sums: Floats = np.cumsum(products, axis=1)[:, sizes.astype(int) - 1]
    return sums


def largest_eigenvalue(rows: Floats) -> float:
    """Of sum_i r_i r_i', not below it."""
    square = rows.T @ rows if rows.shape[0] >= rows.shape[1] else rows @ rows.T
    # The trace's rounding is far above the eigenvalue solver's.
    return float(np.linalg.eigvalsh(square)[-1]) + 1e-12 * float(np.trace(square))
