"""scikit-learn's LinearSVC with its squared hinge loss."""

from __future__ import annotations

import numpy as np
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from forcing.engine.losses import SquaredHinge
from forcing.errors import UnsupportedModelError
from forcing.models.classes import class_notes, codes_of, one_hot, row_weights
from forcing.models.linear import Head, drawn, linear_model, tightly
from forcing.models.registry import AdaptedModel, TrainingData, by_type
from forcing.models.ridge import HALF


@by_type.register
def adapt_linear_svc(model: LinearSVC, data: TrainingData) -> AdaptedModel:
    """The objective C sum_i s_i max(0, 1 - y_i f_i)^2 + 1/2 (|w|^2 + b^2 / scaling^2), over C.

    liblinear's intercept is the weight of a column of `intercept_scaling`, penalised like any
    other; several classes are as many models of two.
    """
    check_is_fitted(model)
    _check_settings(model)
    classes = tuple(model.classes_.tolist())
    codes = codes_of(model.classes_, data.y)
    several = len(classes) > 2
    head = Head(
        loss=SquaredHinge(),
        labels=one_hot(codes, len(classes)) if several else codes.astype(np.float64),
        weights=row_weights(model, data, balanced_by_weight=True),
        penalty=1.0 / float(model.C),
        constant=float(model.intercept_scaling) if model.fit_intercept else 0.0,
        constant_penalty=1.0,
    )
    return linear_model(
        model,
        data,
        head,
        # The primal form ends at its optimum; the dual one, which draws at random, seldom does.
        (tightly(model, dual=False),),
        classes=classes,
        codes=codes,
        as_given=drawn(model),
        notes=class_notes(model, len(classes)),
        probabilities=False,
        # Of the squared hinge, too, the optimal score is 2 p - 1.
        scale=HALF,
    )


def _check_settings(model: LinearSVC) -> None:
    wanted = {"loss": "squared_hinge", "penalty": "l2", "multi_class": "ovr"}
    for name, value in wanted.items():
        if (given := getattr(model, name)) != value:
            raise UnsupportedModelError(
                f"model has {name}={given!r}, whose optimum jumps or is not unique as rows "
                f"leave. Use LinearSVC({name}={value!r})."
            )
