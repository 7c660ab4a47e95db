"""captum's influence functions, TracIn and nearest activations."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import nn
from torch.utils.data import TensorDataset

from benchmarks.peers.contract import Head, Score, Vector
from benchmarks.peers.module import EXACT, Module


def naive(head: Head) -> Score:
    """All eigenvectors are kept, where its default is the 50 largest."""
    from captum.influence import NaiveInfluenceFunction

    module = Module.of(head, EXACT)
    attributor = NaiveInfluenceFunction(
        nn.Sequential(module.net),
        TensorDataset(module.X, module.y),
        "as it is",
        _as_it_is,
        loss_fn=nn.BCEWithLogitsLoss(reduction="none"),
        batch_size=len(module.y),
        projection_dim=module.X.shape[1],
        hessian_reg=1 / head.C,  # its Hessian is a sum over rows
        hessian_inverse_tol=0.0,
    )

    def score(x: Any) -> Vector:
        return module.falls(x, len(module.y) * attributor.influence(module.target(x)))

    return score


def tracin(head: Head) -> Score:
    """One checkpoint, the optimum."""
    from captum.influence import TracInCPFast

    module = Module.of(head)
    attributor = TracInCPFast(
        nn.Sequential(module.net),
        module.net,
        TensorDataset(module.X, module.y),
        ["as it is"],
        _as_it_is,
        loss_fn=nn.BCEWithLogitsLoss(reduction="sum"),
        batch_size=len(module.y),
    )

    def score(x: Any) -> Vector:
        return np.asarray(attributor.influence(module.target(x)).detach().numpy()).ravel()

    return score


def similarity(head: Head) -> Score:
    """Cosine of the features. It has no sign, so only rows with the label decided are ranked."""
    from captum.influence import SimilarityInfluence

    module = Module.of(head)
    features = TensorDataset(module.X[:, :-1])
    net = nn.Sequential(nn.Identity(), nn.Flatten())
    place = TemporaryDirectory()
    layers = ["0", "1"]  # given a single one, captum 0.9 stops with an AttributeError
    attributor = SimilarityInfluence(net, layers, features, place.name, batch_size=len(module.y))

    def score(x: Any) -> Vector:
        row, label = module.target(x)
        rows, values = attributor.influence(row[:, :-1], top_k=len(module.y))["0"]
        support = np.full(len(module.y), -np.inf)
        support[rows[0].numpy().astype(int)] = values[0].numpy()
        place.cleanup  # noqa: B018 - the folder lives as long as the score does
        return np.where(head.y == int(label), support, -np.inf)

    return score


def _as_it_is(_net: nn.Module, _path: str) -> float:
    """No checkpoint is on disk; the learning rate is 1."""
    return 1.0
