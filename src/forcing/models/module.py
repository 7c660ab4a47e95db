"""A trained torch module, and what it does not say of itself; torch comes when it is asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from forcing.models.registry import AdaptedModel, TrainingData, by_type
from forcing.records import Label


@dataclass(frozen=True, eq=False)
class TorchModel:
    """A classifier in torch, for `Study(TorchModel(module, weight_decay=...), X, y)`.

    By default its last linear layer is explained, on features that stay as they are. With
    `parameters` the parameters chosen are, in the network linearised around them: as rows leave
    these move by the Gauss-Newton form of the proximal Bregman response (Bae et al., "If
    influence functions are the answer, then what is the question?", 2022).

    Parameters
    ----------
    module
        Returns logits (n, K) from a batch of rows; (n, 1) or (n,) is the log-odds of the second
        of two classes. It is copied: what happens to it later changes no study.
    weight_decay
        As torch's SGD and Adam have it: the mean loss plus `weight_decay` / 2 |parameters|^2,
        biases included, above 0. Beside the sum over n rows that is a penalty of n times it,
        which stays as it was as rows leave. (AdamW's decay is no penalty; the nearest is its
        weight_decay times the learning rate, over that of the loss.)
    layer
        Name of the linear layer that makes the logits; by default it is found.
    parameters
        Names of parameters, or of submodules for all of theirs, or a function that chooses by
        name. Then only `Study(refit=...)` verifies.
    damping
        Beside `weight_decay`, in the same unit, how stiffly the chosen parameters stay where
        they are: the linearised network is to be trusted nearby only. By default a hundredth
        of what a row curves all of them together; without any, its sets are too small, and
        verification has to ask for more again and again.
    batch_size
        Rows that go through the module together.
    device
        Where the module and the engine run; by default where the module is.
    classes
        Labels in the order of the outputs; by default 0, 1, ... or the sorted labels in y.
    """

    module: Any
    weight_decay: float = field(kw_only=True)
    layer: str | None = field(default=None, kw_only=True)
    parameters: Sequence[str] | Callable[[str], bool] | None = field(default=None, kw_only=True)
    damping: float | None = field(default=None, kw_only=True)
    batch_size: int = field(default=256, kw_only=True)
    device: Any = field(default=None, kw_only=True)
    classes: Sequence[Label] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not callable(getattr(self.module, "named_parameters", None)):
            raise TypeError(f"module must be a torch.nn.Module, got {type(self.module).__name__}.")
        if not _real(self.weight_decay) or self.weight_decay <= 0:
            raise ValueError(
                f"weight_decay must be a number above 0, got {self.weight_decay!r}. Without "
                "any, a layer has no optimum where its rows are separable: say how little counts "
                "as none, such as 1e-5."
            )
        if self.damping is not None and (not _real(self.damping) or self.damping < 0):
            raise ValueError(f"damping must be a number from 0 on, got {self.damping!r}.")
        if isinstance(self.batch_size, bool) or self.batch_size != max(1, int(self.batch_size)):
            raise ValueError(f"batch_size must be a whole number above 0, got {self.batch_size!r}.")
        if self.layer is not None and self.parameters is not None:
            raise ValueError("layer and parameters exclude each other: pass one of the two.")

    @property
    def classes_(self) -> Sequence[Label] | None:
        """As given, under scikit-learn's name."""
        return self.classes


@by_type.register
def adapt_torch(model: TorchModel, data: TrainingData) -> AdaptedModel:
    """Its last linear layer, or the network linearised in the parameters chosen."""
    if model.parameters is None:
        from forcing.models.features import adapt_layer

        return adapt_layer(model, data)
    from forcing.models.jacobian import adapt_parameters

    return adapt_parameters(model, data, model.parameters)


def _real(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
