"""A network linearised in some of its parameters: products with its Jacobian, and the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import functional_call, jacrev, jvp, vjp, vmap

from forcing.engine.arrays import Array, on_host, single
from forcing.engine.design import Dense, Design
from forcing.engine.objective import LinearObjective
from forcing.models.module import TorchModel
from forcing.models.network import (
    Network,
    Task,
    as_logits,
    check_trained,
    in_their_span,
    row_weights,
)
from forcing.models.registry import AdaptedModel, Outlook, TrainingData

HELD = 5e7
"""Entries of a Jacobian (n, K, P) up to which it is held in memory: 400 MB."""

DAMPED = 0.01
"""Damping as a share of the mean trace of a row's Gauss-Newton matrix."""

TOGETHER = 2e7
"""Entries of it that are made together."""


def adapt_parameters(
    model: TorchModel, data: TrainingData, chosen: Sequence[str] | Callable[[str], bool]
) -> AdaptedModel:
    """P(delta) = sum_i s_i loss(f_i + J_i delta) + n (weight_decay + damping) / 2 |delta|^2 +
    tilt . delta around the parameters as trained, where tilt makes delta = 0 the optimum.

    Its Hessian is the Gauss-Newton matrix. The tilt is what training left of the gradient,
    that of the penalty included; Bae et al. (2022), eq. 8, have it as the Bregman divergence.
    """
    network = Network(model, data.X)
    network.in_double()
    inputs = torch.cat(list(network.batches("rows")))
    logits = torch.cat([network.logits(part) for part in inputs.split(network.batch_size)])
    task = Task.of(data.y, int(logits.shape[1]), model.classes)
    tangent = Tangent(network, task, chosen)
    design, into = _design(tangent, inputs)
    weights = row_weights(data, network.engine_device)
    theta = torch.zeros(design.shape[1], dtype=torch.float64, device=network.engine_device)
    predictor = task.reduced(logits)
    bare = LinearObjective(
        design=design,
        labels=task.labels(network.engine_device),
        weights=weights,
        penalty=theta,
        loss=task.loss,
        offset=predictor,
    )
    check_trained(bare, predictor, task)
    damping = DAMPED * _mean_trace(bare, predictor) if model.damping is None else model.damping
    objective = replace(
        bare,
        penalty=theta + float(weights.sum()) * (model.weight_decay + damping),
        tilt=-bare.gradient(theta, predictor, weights),
    )

    def scores(x: Any) -> NDArray[np.float64]:
        return task.scores(on_host(network.logits(network.target(x))))

    def outlook(x: Any) -> Outlook:
        directions = into(tangent.jacobian(network.target(x))[0])
        if task.binary:
            directions = torch.stack([torch.zeros_like(directions), directions])
        return Outlook(directions, tuple(scores(x).tolist()))

    n_chosen = sum(part.numel() for part in tangent.chosen.values())
    return AdaptedModel(
        objective=objective,
        theta=theta,
        classes=task.classes,
        codes=task.codes,
        outlook=outlook,
        scores=scores,
        refit=None,
        refit_as_given=None,
        tolerance=None,
        spread=1.0,
        description=f"{type(model.module).__name__}, linearised in {n_chosen:,} parameters",
        notes=(
            f"Steps and margins are those of the linearised network, damping {damping:.3g}.",
            *network.notes,
        ),
        scores_of=partial(network.scores_of, task=task),
        linearised=True,
    )


class Tangent:
    """f(delta), the outputs with delta (P,) added to the chosen parameters, and its derivatives."""

    def __init__(
        self, network: Network, task: Task, chosen: Sequence[str] | Callable[[str], bool]
    ) -> None:
        self.network, self.task = network, task
        own = dict(network.module.named_parameters())
        names = chosen_names(list(own), chosen)
        self.chosen = {name: own[name].detach() for name in names}
        sizes = [part.numel() for part in self.chosen.values()]
        self.n_parameters = sum(sizes)
        self._sizes = sizes
        self.origin = torch.zeros(self.n_parameters, dtype=torch.float64, device=network.device)

    def outputs(self, delta: Any, inputs: Any) -> Any:
        """(n,) or (n, K)"""
        moved = {
            name: part + move.view_as(part)
            for (name, part), move in zip(
                self.chosen.items(), delta.split(self._sizes), strict=True
            )
        }
        logits = functional_call(self.network.module, moved, (inputs,))
        return self.task.reduced(as_logits(logits, len(inputs)))

    def jacobian(self, inputs: Any) -> Any:
        """(n, P) or (n, K, P)"""

        def one(row: Any) -> Any:
            return jacrev(lambda delta: self.outputs(delta, row[None])[0])(self.origin)

        width = self.n_parameters * self.task.outputs
        made = vmap(one, chunk_size=max(1, int(TOGETHER / width)))(inputs)
        return made.detach()

    def forward(self, inputs: Any, theta: Any) -> Any:
        """J theta for theta (P,)."""
        tangent = theta.to(self.origin.dtype)
        _, change = jvp(lambda delta: self.outputs(delta, inputs), (self.origin,), (tangent,))
        return change.detach().to(theta.dtype)

    def backward(self, inputs: Any, slopes: Any) -> Any:
        """J' slopes, (P,) or (P, m)."""
        outputs, pull = vjp(lambda delta: self.outputs(delta, inputs), self.origin)
        given = slopes.to(outputs.dtype)
        if slopes.ndim == outputs.ndim:
            moved = pull(given)[0]
        else:
            moved = vmap(lambda column: pull(column)[0], in_dims=-1, out_dims=-1)(given)
        return moved.detach().to(slopes.dtype)


class Shared:
    """The Jacobian (n, K, P) in memory."""

    shared = True
    factorable = True

    def __init__(self, array: Any) -> None:
        self.array = array
        self._flat = Dense(array.reshape(-1, array.shape[2]))

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.array.shape[0]), int(self.array.shape[2])

    @cached_property
    def rough(self) -> Design:
        return Shared(single(self.array))

    @property
    def squared_norms(self) -> Array:
        """(n,): of all outputs together."""
        return torch.sum(self.array * self.array, dim=(1, 2))

    def times(self, theta: Array) -> Array:
        change = self._flat.times(theta)
        return change.reshape(*self.array.shape[:2], *theta.shape[1:])

    def transposed(self, slopes: Array) -> Array:
        return self._flat.transposed(slopes.flatten(0, 1))

    def gram(self, weights: Array) -> Array:
        return self._flat.gram(weights.repeat_interleave(self.array.shape[1]))

    def squares(self, weights: Array) -> Array:
        return self._flat.squares(weights.flatten(0, 1))

    def rows(self, members: Sequence[int]) -> Array:
        """(k, K, P)"""
        return self.array[list(members)]

    def subset(self, members: Sequence[int]) -> Design:
        return Shared(self.rows(members))

    def outer(self, scale: Array) -> Array:
        """(n K, n K)"""
        return self._flat.outer(scale)


class Implicit:
    """The Jacobian as products by forward and backward differentiation, a batch at a time."""

    factorable = False

    def __init__(self, tangent: Tangent, inputs: Any) -> None:
        self.tangent = tangent
        self.inputs = inputs
        self.shared = not tangent.task.binary

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.inputs), self.tangent.n_parameters

    @cached_property
    def squared_norms(self) -> Array:
        parts = (self.tangent.jacobian(part).flatten(1) for part in self._batches())
        return torch.cat([torch.sum(part * part, dim=1) for part in parts])

    @property
    def rough(self) -> Design:
        """Itself: derivatives stay in double precision, whatever they are asked in."""
        return self

    def times(self, theta: Array) -> Array:
        columns = theta[:, None] if theta.ndim == 1 else theta
        changes = [
            torch.cat([self.tangent.forward(part, column) for part in self._batches()])
            for column in columns.T
        ]
        return changes[0] if theta.ndim == 1 else torch.stack(changes, dim=-1)

    def transposed(self, slopes: Array) -> Array:
        size = self.tangent.network.batch_size
        parts = zip(self._batches(), slopes.split(size), strict=True)
        return sum(self.tangent.backward(part, own) for part, own in parts)

    def gram(self, weights: Array) -> Array:  # noqa: ARG002
        raise TypeError(f"{self.shape[1]} columns are too many for a matrix of their products.")

    def squares(self, weights: Array) -> Array:  # noqa: ARG002 - a preconditioner may do without
        """Zeros: the diagonal costs as much as K passes, and the penalty is a plain start."""
        return torch.zeros_like(self.tangent.origin)

    def rows(self, members: Sequence[int]) -> Array:
        """(k, P) or (k, K, P)"""
        return self.tangent.jacobian(self.inputs[list(members)])

    def subset(self, members: Sequence[int]) -> Design:
        return Implicit(self.tangent, self.inputs[list(members)])

    def outer(self, scale: Array) -> Array:  # noqa: ARG002
        raise TypeError(f"rows of {self.shape[1]} columns are too many for their products.")

    def _batches(self) -> Iterator[Any]:
        yield from self.inputs.split(self.tangent.network.batch_size)


def chosen_names(known: list[str], chosen: Sequence[str] | Callable[[str], bool]) -> list[str]:
    """Of the parameters, by name, by submodule or by a function of the name."""
    if callable(chosen):
        names = [name for name in known if chosen(name)]
        if not names:
            raise ValueError(f"parameters chooses none of {', '.join(map(repr, known))}.")
        return names
    wanted = [chosen] if isinstance(chosen, str) else list(chosen)
    found = {part: [n for n in known if n == part or n.startswith(f"{part}.")] for part in wanted}
    for part, names in found.items():
        if not names:
            raise ValueError(
                f"parameters must name parameters or submodules of the module, such as "
                f"{', '.join(map(repr, known[-4:]))}; got {part!r}."
            )
    if not wanted:
        raise ValueError("parameters is empty: name at least one, or leave it out.")
    return [name for name in known if any(name in names for names in found.values())]


def _mean_trace(objective: LinearObjective, predictor: Array) -> float:
    """Of the Gauss-Newton matrix of a row, J' B J."""
    weights = objective.hessian_weights(predictor, objective.weights)
    total = 0.0
    for first in range(0, objective.n_rows, 64):
        members = range(first, min(first + 64, objective.n_rows))
        rows = objective.design.rows(members)
        total += float(torch.sum(rows * objective.bent(weights[first : members[-1] + 1], rows)))
    return total / float(objective.weights.sum())


def _design(tangent: Tangent, inputs: Any) -> tuple[Design, Callable[[Any], Any]]:
    """The Jacobian, in memory where it fits, and a target's directions in its coordinates."""
    outputs = 1 if tangent.task.binary else tangent.task.outputs
    if len(inputs) * outputs * tangent.n_parameters > HELD:
        return Implicit(tangent, inputs), lambda directions: directions
    array = tangent.jacobian(inputs)
    flat, into = in_their_span(array.reshape(-1, tangent.n_parameters))
    if tangent.task.binary:
        return Dense(flat), into
    return Shared(flat.reshape(*array.shape[:2], -1)), into
