"""The last linear layer of a torch module, on the features before it, which stay as they are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from forcing.engine.arrays import Array, on_host
from forcing.engine.design import Dense
from forcing.engine.objective import LinearObjective
from forcing.models.linear import fitted_tightly, steepest, tightly
from forcing.models.module import TorchModel
from forcing.models.network import (
    Network,
    Task,
    check_trained,
    in_their_span,
    row_weights,
)
from forcing.models.registry import AdaptedModel, Refit, Scores, TrainingData, outlook_of

SAME = 1e-3
"""Share of the largest logit within which a layer's output is the module's."""


def adapt_layer(model: TorchModel, data: TrainingData) -> AdaptedModel:
    """Cross-entropy of the layer's logits on its inputs, lambda = n weight_decay on all of it.

    Two outputs decide like their difference w = w1 - w0; at the optimum w0 = -w1, so that the
    penalty of the difference is half of theirs.
    """
    network = Network(model, data.X)
    name, layer = last_linear(network, model.layer)
    reach = Features(network, layer)
    task = Task.of(data.y, layer.out_features, model.classes)
    features = reach.of_all_rows()
    design, into = in_their_span(features)
    weights = row_weights(data, network.engine_device)
    penalty = float(weights.sum()) * model.weight_decay / (2.0 if task.outputs == 2 else 1.0)
    objective = LinearObjective(
        design=Dense(design),
        labels=task.labels(network.engine_device),
        weights=weights,
        penalty=torch.full_like(design[0], penalty),
        loss=task.loss,
    )
    fitted = task.reduced(reach.parameters())  # (p,) or (p, K)
    check_trained(objective, features @ fitted, task)
    theta = into(fitted.movedim(0, -1)).movedim(-1, 0)

    def scores(x: Any) -> NDArray[np.float64]:
        return task.scores(on_host(reach.of(x) @ reach.parameters()))

    label = f"{type(model.module).__name__}, its last layer {name!r}"
    return AdaptedModel(
        objective=objective,
        theta=theta,
        classes=task.classes,
        codes=task.codes,
        outlook=lambda x: outlook_of(objective, into(reach.of(x))[0]),
        scores=scores,
        refit=_refit(task, on_host(features), on_host(weights), penalty, reach),
        refit_as_given=None,
        tolerance=None,
        spread=1.0,
        description=label,
        notes=(
            f"The layers before {name!r} stay as trained on all rows.",
            *_size_note(objective, theta, model.weight_decay),
            *network.notes,
        ),
        scores_of=partial(network.scores_of, task=task),
    )


class Features:
    """What reaches a layer, (n, p), with a column of ones where the layer has a bias."""

    def __init__(self, network: Network, layer: Any) -> None:
        self.network = network
        self.layer = layer
        layer.register_forward_pre_hook(_stop)

    def of_all_rows(self) -> Any:
        return torch.cat([self._of(batch) for batch in self.network.batches("features")])

    def of(self, x: Any) -> Any:
        """(1, p)"""
        return self._of(self.network.target(x))

    def parameters(self) -> Any:
        """(p, K)"""
        parts = [self.layer.weight.T]
        if self.layer.bias is not None:
            parts.append(self.layer.bias[None])
        return self._in_double(torch.cat(parts))

    def _of(self, batch: Any) -> Any:
        try:
            with torch.no_grad():
                self.network.module(batch)
        except _Reached as reached:
            features = self._in_double(reached.features)
        if features.ndim != 2:
            raise ValueError(
                f"the layer must see one row of features for each row of X, it sees "
                f"{tuple(features.shape)}: pool before it, or choose parameters=."
            )
        if not bool(torch.isfinite(features).all()):
            raise ValueError("the features of the module have NaN or infinity: prepare X.")
        if self.layer.bias is None:
            return features
        return torch.cat([features, torch.ones_like(features[:, :1])], dim=1)

    def _in_double(self, tensor: Any) -> Any:
        return tensor.detach().to(self.network.engine_device).to(torch.float64)


def last_linear(network: Network, name: str | None) -> tuple[str, Any]:
    """The linear layer whose output is the module's, on a first batch; named or found.

    Up to a constant a row, which a log-softmax takes away and no decision depends on.
    """
    linear = {
        key: part
        for key, part in network.module.named_modules()
        if isinstance(part, torch.nn.Linear)
    }
    if name is not None and name not in linear:
        known = ", ".join(map(repr, linear)) or "none"
        raise ValueError(f"layer must name a linear layer of the module: {known}; got {name!r}.")
    seen: dict[str, Any] = {}
    handles = [
        part.register_forward_hook(lambda _, __, output, key=key: seen.__setitem__(key, output))
        for key, part in linear.items()
    ]
    first = network.rows(range(min(network.n_rows, network.batch_size)))
    try:
        logits = network.logits(first)
    finally:
        for handle in handles:
            handle.remove()
    for key in reversed(seen) if name is None else [name]:
        if key in seen and _same(seen[key], logits):
            return key, linear[key]
    what = "no linear layer makes" if name is None else f"layer {name!r} does not make"
    raise ValueError(
        f"{what} the module's output of shape {tuple(logits.shape)}. forcing needs logits: leave a "
        "softmax out of the module, or choose parameters= to explain another part of it."
    )


def _same(output: Any, logits: Any) -> bool:
    if tuple(output.shape) != tuple(logits.shape):
        return tuple(output.shape) == tuple(logits.shape[:1]) and _same(output[:, None], logits)
    apart = (output - logits).to(torch.float32)
    if apart.shape[1] > 1:
        apart = apart - apart.mean(dim=1, keepdim=True)
    return float(apart.abs().max()) <= SAME * max(1.0, float(output.abs().max()))


class _Reached(Exception):  # noqa: N818 - no error: how a forward pass ends early
    def __init__(self, features: Any) -> None:
        super().__init__()
        self.features = features


def _stop(layer: Any, inputs: tuple[Any, ...]) -> None:  # noqa: ARG001 - torch's signature
    raise _Reached(inputs[0])


def _refit(
    task: Task,
    features: NDArray[np.float64],
    weights: NDArray[np.float64],
    penalty: float,
    reach: Features,
) -> Refit:
    """By scikit-learn: the column of ones makes its intercept as penalised as torch's bias."""
    head = LogisticRegression(C=1.0 / penalty, fit_intercept=False)
    tight = tightly(head), tightly(head, solver="newton-cholesky")
    penalties = np.full(features.shape[1], penalty)

    def refit(
        kept: NDArray[np.bool_],
        near: Array | None,  # noqa: ARG001
        changed: NDArray[np.intp] | None = None,
    ) -> tuple[Scores, str]:
        own = task if changed is None else replace(task, codes=changed)
        labels = on_host(own.labels("cpu"))
        objective = LinearObjective(Dense(features), labels, weights, penalties, task.loss)

        def slope(fitted: Any) -> float:
            return steepest(objective, fitted.coef_[0] if task.binary else fitted.coef_.T, kept)

        part = features[kept], own.codes[kept], weights[kept]
        fitted, words = fitted_tightly(tight, part, slope)

        def scores(x: Any) -> NDArray[np.float64]:
            return task.scores(
                np.asarray(fitted.decision_function(on_host(reach.of(x)))).reshape(1, -1)
            )

        return scores, f"its last layer, by {words}"

    return refit


def _size_note(objective: LinearObjective, theta: Any, given: float) -> tuple[str, ...]:
    """A sentence where the layer is not as large as the weight decay makes it.

    At the optimum shrinking theta gains nothing: -sum s rho f = lambda |theta|^2.
    """
    predictor = objective.predictor(theta)
    pull = float(
        torch.sum(objective.each(objective.weights) * objective.residuals(predictor) * predictor)
    )
    asked = float(torch.sum(objective.penalty[0] * theta * theta))
    if asked == 0.0 or 0.1 < -pull / asked < 10.0:
        return ()
    implied = -pull / asked * given
    size = f"that of a weight decay of {implied:.2g}" if implied > 0 else "larger than any makes it"
    return (f"The layer's size is {size}, not of {given:.2g}: trained briefly, or otherwise.",)
