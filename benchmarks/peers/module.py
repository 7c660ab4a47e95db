"""The head as a torch module, as the packages want it: one linear layer, no bias of its own.

A constant column stands for the intercept. The packages' damping is one number for all
parameters, where the intercept has no penalty: a large constant makes its share as good as none,
for methods that invert exactly; those that iterate would not converge with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.peers.contract import Head, Vector

EXACT = 100.0
"""The constant for methods that invert exactly: the intercept is damped by 1e-4 of the rest."""

MILD = 10.0
"""For methods that iterate: damped by 1e-2 of the rest, and still well enough conditioned."""


@dataclass(frozen=True)
class Module:
    head: Head
    net: nn.Linear
    X: torch.Tensor
    """(n, p + 1)"""
    y: torch.Tensor
    """(n, 1)"""
    constant: float

    @classmethod
    def of(cls, head: Head, constant: float = 1.0, dtype: torch.dtype = torch.float64) -> Module:
        net = nn.Linear(len(head.w) + 1, 1, bias=False, dtype=dtype)
        with torch.no_grad():
            net.weight[:] = torch.from_numpy(np.append(head.w, head.b / constant))
        X = torch.from_numpy(with_column(head.X, constant)).to(dtype)
        return cls(head, net, X, torch.from_numpy(head.y[:, None]).to(dtype), constant)

    @property
    def damping(self) -> float:
        """The penalty in the unit of the mean loss."""
        return 1 / (self.head.C * len(self.y))

    def batch(self) -> DataLoader[Any]:
        """All rows at once: some of the packages average the inverses of batches."""
        return DataLoader(TensorDataset(self.X, self.y), batch_size=len(self.y))

    def target(self, x: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """x as (1, p + 1), and the label that is decided there."""
        row = x.reshape(1, -1)
        label = torch.tensor([[float(self.head.favoured(x))]], dtype=self.X.dtype)
        return torch.from_numpy(with_column(row, self.constant)).to(self.X.dtype), label

    def falls(self, x: Any, inner: torch.Tensor) -> Vector:
        """(n,): the margin's fall from <g*, H^-1 g_i> of the mean loss's Hessian.

        The loss at the target with the label decided falls by (1 - p) for each unit of margin.
        """
        doubt = 1 / (1 + math.exp(self.head.margin(x)))
        values: Vector = inner.detach().numpy().ravel().astype(float)
        return values / (doubt * len(self.y))


def loss(output: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy."""
    return binary_cross_entropy_with_logits(output, label)


def with_column(X: Any, constant: float) -> Vector:
    dense = X.toarray() if hasattr(X, "toarray") else X
    return np.column_stack([dense, np.full(len(dense), constant)])
