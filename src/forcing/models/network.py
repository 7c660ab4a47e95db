"""A torch module as a function from the user's rows to logits, and what these decide."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from forcing.engine.arrays import Array, on_host
from forcing.engine.losses import Logistic, Loss, Softmax
from forcing.engine.objective import LinearObjective
from forcing.errors import TrainingMismatchError
from forcing.models.classes import one_hot
from forcing.models.module import TorchModel
from forcing.models.registry import Scores, TrainingData
from forcing.records import Label

PATIENCE = 2.0
"""Seconds of work from which on a line says how far it is."""


class Network:
    """A copy of the user's module, in evaluation mode, and the batches that it takes."""

    def __init__(self, model: TorchModel, X: Any) -> None:
        self.module = copy.deepcopy(model.module).eval().requires_grad_(requires_grad=False)
        if model.device is not None:
            self.module.to(model.device)
        self.device, self.dtype = _place(self.module)
        self.batch_size = int(model.batch_size)
        self.X = X.to_numpy() if hasattr(X, "to_numpy") else X
        self.n_rows = int(X.shape[0]) if hasattr(X, "shape") else len(X)
        self.row_shape = tuple(self.rows([0]).shape[1:])

    @property
    def engine_device(self) -> Any:
        """Where the engine computes, in float64, which Apple's MPS lacks."""
        return torch.device("cpu") if self.device.type == "mps" else self.device

    def in_double(self) -> None:
        """Move the module to where the engine is, in its precision."""
        self.module.to(self.engine_device).double()
        self.device, self.dtype = self.engine_device, torch.float64

    @property
    def notes(self) -> tuple[str, ...]:
        if self.device.type == "mps":
            return ("The search runs on the CPU: MPS has no double precision.",)
        return ()

    def rows(self, members: Sequence[int]) -> Any:
        """A batch of training rows, on the device."""
        if isinstance(self.X, torch.Tensor | np.ndarray):
            return self._batch(_tensor(self.X[members[0] : members[-1] + 1]))
        return self._batch(torch.stack([_input(self.X[i]) for i in members]))

    def batches(self, what: str) -> Iterator[Any]:
        """All training rows, with a line on stderr where that takes long."""
        began, told = time.monotonic(), False
        for first in range(0, self.n_rows, self.batch_size):
            if time.monotonic() - began > PATIENCE:
                told = True
                sys.stderr.write(f"\r\x1b[K{what}: {first} of {self.n_rows} rows")
                sys.stderr.flush()
            yield self.rows(range(first, min(first + self.batch_size, self.n_rows)))
        if told:
            sys.stderr.write("\r\x1b[K")

    def target(self, x: Any) -> Any:
        """One target, with or without an axis of length 1 before it, as a batch of one."""
        batch = _tensor(x)
        if tuple(batch.shape) == self.row_shape:
            batch = batch[None]
        if tuple(batch.shape) != (1, *self.row_shape):
            raise ValueError(
                f"x must be one row of shape {self.row_shape}, as X has them, got "
                f"{tuple(batch.shape)}. Pass one target, such as X_test[0]."
            )
        return self._batch(batch)

    def _batch(self, batch: Any) -> Any:
        dtype = self.dtype if batch.is_floating_point() else batch.dtype  # tokens stay integers
        return batch.detach().to(device=self.device, dtype=dtype)

    def logits(self, inputs: Any) -> Any:
        """(n, K)"""
        with torch.no_grad():
            return as_logits(self.module(inputs), len(inputs))

    def scores_of(self, fitted: Any, task: Task) -> Scores:
        """Of what the user's refit returned: a module, a function of a batch, a classifier."""
        probabilities = getattr(fitted, "predict_proba", None)
        if probabilities is None and not callable(fitted):
            raise TypeError(
                f"refit returned a {type(fitted).__name__}; return a torch module, a function from "
                "a batch of rows to logits, or a classifier with predict_proba."
            )

        def scores(x: Any) -> NDArray[np.float64]:
            batch = self.target(x)
            if probabilities is not None:
                shares = np.ravel(on_host(probabilities(batch)))
                return task.scores(np.log(np.maximum(shares, np.finfo(float).tiny))[None])
            answer = _asked(fitted, batch) if isinstance(fitted, torch.nn.Module) else fitted(batch)
            return task.scores(on_host(as_logits(answer, 1)))

        return scores


@dataclass(frozen=True, eq=False)
class Task:
    """What the logits decide. Two classes are decided by one function, the log-odds of the
    second: of two logits their difference.
    """

    classes: tuple[Label, ...]
    codes: NDArray[np.intp]
    """(n,): positions of the training labels."""
    outputs: int
    """Of the module: 1, or as many as there are classes."""

    @classmethod
    def of(cls, y: NDArray[Any], outputs: int, classes: Sequence[Label] | None) -> Task:
        """Checked: each output has a class, each class a row."""
        expected = max(outputs, 2)
        known = list(classes) if classes is not None else _labels(y, expected)
        if len(known) != expected:
            raise ValueError(
                f"classes must name the {expected} classes that the module's {outputs} outputs "
                f"decide between, in their order; got {len(known)}."
            )
        place = {label: k for k, label in enumerate(known)}
        unknown = sorted({str(label) for label in y.tolist() if label not in place})
        if unknown:
            raise ValueError(
                f"y has labels that are no classes of the module, such as {unknown[0]}: pass "
                "classes=, the labels in the order of its outputs."
            )
        codes = np.array([place[label] for label in y.tolist()], dtype=np.intp)
        absent = [label for k, label in enumerate(known) if not (codes == k).any()]
        if absent:
            raise ValueError(f"no row of y has the label {absent[0]!r}, an output of the module.")
        return cls(tuple(known), codes, outputs)

    @property
    def binary(self) -> bool:
        return self.outputs <= 2

    @property
    def loss(self) -> Loss:
        return Logistic() if self.binary else Softmax()

    def labels(self, device: Any) -> Array:
        """(n,), or (n, K) of three classes and more."""
        own = self.codes if self.binary else one_hot(self.codes, self.outputs)
        return torch.as_tensor(own, dtype=torch.float64, device=device)

    def reduced(self, logits: Any) -> Any:
        """(n, K): the same; of up to two outputs (n,), the log-odds of the second class."""
        if not self.binary:
            return logits
        return logits[:, 0] if self.outputs == 1 else logits[:, 1] - logits[:, 0]

    def scores(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of one target, from (1, K), or from the two classes' own (1, 2) where K is 1."""
        row = logits[0]
        if self.binary:
            return np.array([0.0, float(row[1] - row[0] if len(row) == 2 else row[0])])
        return np.asarray(row, dtype=np.float64)


def as_logits(output: Any, n_rows: int) -> Any:
    """What a module returned as (n, K)."""
    if not isinstance(output, torch.Tensor) or output.shape[:1] != (n_rows,) or output.ndim > 2:
        got = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise ValueError(
            f"module must return logits, one row (K,) for each of {n_rows} rows; it returned {got}."
        )
    return output[:, None] if output.ndim == 1 else output


def row_weights(data: TrainingData, device: Any) -> Array:
    """(n,)"""
    given = np.ones(len(data.y)) if data.sample_weight is None else data.sample_weight
    return torch.as_tensor(given, dtype=torch.float64, device=device)


def check_trained(objective: LinearObjective, predictor: Array, task: Task) -> None:
    """Refuse a module that knows less of the labels than how often each comes.

    Training makes the mean cross-entropy smaller than that of constant shares; rows and labels
    that do not belong together make it larger.
    """
    weights = on_host(objective.weights)
    losses = on_host(objective.row_losses(predictor))
    shares = np.bincount(task.codes, weights, minlength=len(task.classes)) / weights.sum()
    constant = -float(np.sum(shares * np.log(np.maximum(shares, np.finfo(float).tiny))))
    mean = float(weights @ losses / weights.sum())
    if not mean < constant:
        raise TrainingMismatchError(
            f"module was not trained on this X and y: its mean cross-entropy is {mean:.3g} nats, "
            f"{constant:.3g} without looking at X. Pass X prepared as in training, its labels in "
            "the same order, and classes= in the order of the outputs."
        )


def in_their_span(rows: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Rows (n, p) in min(n, p) coordinates, and the way there for directions (..., p).

    An L2 penalty does not notice a rotation, and what is orthogonal to all rows stays 0.
    """
    if rows.shape[1] <= rows.shape[0]:
        return rows, lambda direction: direction
    basis, triangle = torch.linalg.qr(rows.T)
    return triangle.T.contiguous(), lambda direction: direction @ basis


def _input(item: Any) -> Any:
    """The row of a data set's item, which may have its label beside it."""
    return _tensor(item[0] if isinstance(item, tuple | list) else item)


def _tensor(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value
    array = value.to_numpy() if hasattr(value, "to_numpy") else value
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))  # as torch wants memory


def _labels(y: NDArray[Any], expected: int) -> list[Label]:
    if y.dtype.kind in "biu" and y.min() >= 0 and y.max() < expected:
        return [y.dtype.type(k).item() for k in range(expected)]
    labels: list[Label] = np.unique(y).tolist()
    return labels


def _place(module: Any) -> tuple[Any, Any]:
    """Device and precision."""
    for parameter in module.parameters():
        if parameter.is_floating_point():
            return parameter.device, parameter.dtype
    raise ValueError("module has no parameters: there is nothing that rows have made.")


def _asked(module: Any, batch: Any) -> Any:
    training = module.training
    device, dtype = _place(module)
    try:
        with torch.no_grad():
            return module.eval()(batch.to(device, dtype if batch.is_floating_point() else None))
    finally:
        module.train(training)
