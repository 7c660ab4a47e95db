"""dattri's influence functions, TracIn and representer points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.func import functional_call
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.peers.contract import Head, Score, Vector
from benchmarks.peers.module import EXACT, MILD, Module, loss


def explicit(head: Head) -> Score:
    """It takes the Hessian anew for each call."""
    from dattri.algorithm.influence_function import IFAttributorExplicit

    module = Module.of(head, EXACT)
    return _falls(module, IFAttributorExplicit(_task(module), regularization=module.damping))


def conjugate_gradients(iterations: int) -> Callable[[Head], Score]:
    """Its default is 10. Where it has converged before the last one, its scores are NaN."""

    def setup(head: Head) -> Score:
        from dattri.algorithm.influence_function import IFAttributorCG

        module = Module.of(head, MILD)
        settings: dict[str, Any] = {"max_iter": iterations, "regularization": module.damping}
        return _falls(module, IFAttributorCG(_task(module), **settings))

    return setup


def lissa(head: Head) -> Score:
    """5 000 recursions, its default; in float32, to which it casts."""
    from dattri.algorithm.influence_function import IFAttributorLiSSA

    module = Module.of(head, MILD, torch.float32)
    largest = float(0.25 * (module.X**2).sum(dim=1).max())  # it diverges with a smaller scaling
    attributor = IFAttributorLiSSA(
        _task(module), damping=module.damping, scaling=max(50.0, 2 * largest)
    )
    return _falls(module, attributor)


def datainf(head: Head) -> Score:
    """Damped as its paper does, by a tenth of the mean squared entry of the gradients; the
    penalty alone makes its scores a thousand times too large. In float32: what it adds up is.
    """
    from dattri.algorithm.influence_function import IFAttributorDataInf

    module = Module.of(head, MILD, torch.float32)
    slope = torch.from_numpy(head.probability - head.y).to(module.X.dtype)
    damping = 0.1 * float(((slope[:, None] * module.X) ** 2).mean())
    return _falls(module, IFAttributorDataInf(_task(module), regularization=damping))


def tracin(head: Head) -> Score:
    from dattri.algorithm.tracin import TracInAttributor

    module = Module.of(head)
    attributor = TracInAttributor(_task(module), torch.ones(1), normalized_grad=False)
    attributor.projector_kwargs = None  # its random projection, of 7 parameters to 512 too
    return lambda x: _attributed(attributor, module, x)


def _falls(module: Module, attributor: Any) -> Score:
    attributor.cache(module.batch())
    return lambda x: module.falls(x, torch.from_numpy(_attributed(attributor, module, x)))


def _attributed(attributor: Any, module: Module, x: Any) -> Vector:
    target = DataLoader(TensorDataset(*module.target(x)), batch_size=1)
    scores = attributor.attribute(module.batch(), target).detach().numpy()
    return np.asarray(scores, dtype=float).ravel()


def _task(module: Module) -> Any:
    from dattri.task import AttributionTask

    def of(params: Any, data: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        X, y = data
        output = functional_call(module.net, params, (X,))
        return loss(output.reshape(y.shape), y)

    return AttributionTask(of, module.net, module.net.state_dict())
