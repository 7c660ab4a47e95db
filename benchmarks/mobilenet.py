"""MobileNetV2 1.0 in torch, from arrays of its weights: the features that pictures are decided by.

Batch normalisation is folded into the convolutions; strided ones are padded as TensorFlow does.
Pictures of any size go in: the features are averages over the places of the last convolution.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Weights: TypeAlias = Mapping[str, Tensor]

FILE = "mobilenet_v2_1.0_224_dequant.npz"
STAGES = ((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))
"""Blocks of a stage, and the stride of the first of them."""


def load(path: Path) -> dict[str, Tensor]:
    with np.load(path) as arrays:
        weights = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
    return {
        # The order in memory in which a CPU convolves fastest.
        name: w.contiguous(memory_format=torch.channels_last) if w.ndim == 4 else w
        for name, w in weights.items()
    }


def features(weights: Weights, pictures: Tensor) -> Tensor:
    """(m, 1280) of pictures (m, 3, height, width) with values from 0 to 1."""
    x = (255 * pictures - 128) / 128
    x = x.contiguous(memory_format=torch.channels_last)
    x = _convolved(weights, "Conv", x, stride=2)
    block = 0
    for blocks, stride in STAGES:
        for place in range(blocks):
            x = _block(weights, f"blocks.{block}", x, stride if place == 0 else 1)
            block += 1
    return _convolved(weights, "Conv_1", x).mean((2, 3))


def _block(weights: Weights, name: str, x: Tensor, stride: int) -> Tensor:
    """An inverted residual: more channels, a filter for each of them, fewer channels."""
    y = x
    if f"{name}.expand.c.weight" in weights:
        y = _convolved(weights, f"{name}.expand", y)
    y = _convolved(weights, f"{name}.depthwise", y, stride, groups=y.shape[1])
    y = _convolved(weights, f"{name}.project", y, clipped=False)
    return x + y if stride == 1 and x.shape == y.shape else y


def _convolved(
    weights: Weights, name: str, x: Tensor, stride: int = 1, groups: int = 1, clipped: bool = True
) -> Tensor:
    kernel = weights[f"{name}.c.weight"]
    x = functional.pad(x, _padding(x, kernel.shape[-1], stride))
    y = functional.conv2d(x, kernel, weights[f"{name}.c.bias"], stride, groups=groups)
    return functional.relu6(y) if clipped else y


def _padding(x: Tensor, width: int, stride: int) -> tuple[int, int, int, int]:
    """So that the output has ceil(size / stride) places; the odd one goes right and below."""
    sides = []
    for size in (x.shape[3], x.shape[2]):
        missing = max((-(-size // stride) - 1) * stride + width - size, 0)
        sides += [missing // 2, missing - missing // 2]
    left, right, above, below = sides
    return left, right, above, below
