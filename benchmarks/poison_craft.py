"""Poison Frogs (Shafahi et al., 2018): pictures whose features collide with a target's.

A poison is the picture x that is best at |f(x) - f(target)|^2 + beta |x - base|^2: to a person the
base picture, and labelled as such; to the network the target. It is found by forward-backward
splitting: a step along the gradient of the first term, then the step that is exact for the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SHORTER, LONGER = 0.5, 1.05
"""How the step along the gradient changes after one that failed, that succeeded."""
INERTIA = 0.9
"""Of each step so much is done again: iPiano (Ochs et al., 2014); none after one that failed."""


@dataclass(frozen=True)
class Progress:
    """Where the pictures are, (m,) each."""

    iteration: int
    apart: NDArray[np.float64]
    """Distance of the best pictures' features from the target's."""
    moved: NDArray[np.float64]
    """Root mean square change of a pixel, 0 to 1."""
    pictures: NDArray[np.float32]
    """(m, ...): the best so far."""


def crafted(
    features: Callable[[Tensor], Tensor],
    bases: NDArray[np.float32],
    targets: NDArray[np.float32],
    *,
    iterations: int,
    step: float,
    beta: float,
) -> Iterator[Progress]:
    """The pictures after each iteration; those of the last are the poisons.

    Parameters
    ----------
    features
        From pictures (m, ...) to features (m, p).
    bases
        (m, ...), values from 0 to 1.
    targets
        (m, p): features to collide with.
    step
        The first one along the gradient.
    beta
        Weight of the distance between pictures beside that of features.
    """
    base, goal = torch.from_numpy(bases), torch.from_numpy(targets)
    x = base.clone()
    one = (len(x),) + (1,) * (x.ndim - 1)
    steps, inertia = torch.full(one, step), torch.full(one, INERTIA)
    best, previous, gradient = x.clone(), x.clone(), torch.zeros_like(x)
    least = torch.full(one, np.inf)
    distance = torch.full((len(x),), np.inf)
    for iteration in range(iterations + 1):
        apart, slope = _apart(features, x, goal)
        moved = ((x - base) ** 2).flatten(1).sum(1)
        value = (apart + beta * moved).reshape(one)
        better = value <= least
        # A step that failed is taken back, and tried again shorter and without inertia.
        steps = torch.where(better, LONGER * steps, SHORTER * steps)
        inertia = torch.where(better, INERTIA, 0.0)
        previous = torch.where(better, best, previous)
        best = torch.where(better, x, best)
        gradient = torch.where(better, slope, gradient)
        least = torch.minimum(value, least)
        distance = torch.where(better.flatten(), apart.sqrt(), distance)
        yield Progress(
            iteration,
            distance.double().numpy(),
            ((best - base) ** 2).flatten(1).mean(1).sqrt().double().numpy(),
            best.numpy(),
        )
        forward = best - steps * gradient + inertia * (best - previous)
        x = ((forward + 2 * steps * beta * base) / (1 + 2 * steps * beta)).clamp(0, 1)


def _apart(features: Callable[[Tensor], Tensor], x: Tensor, goal: Tensor) -> tuple[Tensor, Tensor]:
    """(m,): |f(x) - goal|^2, and its gradient."""
    x = x.detach().requires_grad_()
    apart = ((features(x) - goal) ** 2).sum(1)
    (gradient,) = torch.autograd.grad(apart.sum(), x)
    return apart.detach(), gradient
