"""Doubts about the training labels of a classifier that is known by its refits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts
from forcing.engine.held_out import Trial, held_out_doubts, judged, trials
from forcing.errors import TrainingMismatchError
from forcing.models.black_box import AdaptedBlackBox, Recipe, take_rows
from forcing.models.quiet import quietly
from forcing.models.rows import with_rows
from forcing.models.verdict import class_scores


def refit_doubts(
    model: AdaptedBlackBox,
    targets: Sequence[Any],
    labels: NDArray[Any] | None,
    seed: int | None,
    n_jobs: int | None = None,
) -> Doubts | str:
    """Of the training labels, by refits of the user's own estimator on parts of the rows: ten of
    them. Targets with `labels` count as rows whose labels are right, and are in each training.

    The only row of a class is in each training too, and is not doubted.

    A text says why where that cannot be told: of a regressor, and where the estimator cannot be
    refitted on a part of the rows or gives no answer.
    """
    if model.regressor:
        return f"{model.description} is a regressor, whose labels are no classes"
    by_pairs = getattr(model.recipe.estimator, "decision_function_shape", None) == "ovo"
    if model.recipe.scale == "decision" and by_pairs and len(model.classes) > 2:
        # Of three classes there are three pairs, so that the answers would look right.
        return f"{model.description} scores pairs of classes; use decision_function_shape='ovr'"
    n, position = len(model.recipe.y), {label: k for k, label in enumerate(model.classes)}
    recipe = model.recipe if labels is None else _with(model, targets, labels)
    codes = np.array([position[label] for label in recipe.y.tolist()], dtype=np.intp)
    counted = np.ones(len(codes), bool)
    if recipe.sample_weight is not None:
        counted = recipe.sample_weight > 0
    asked = judged(codes, counted) & (np.arange(len(codes)) < n)
    if not asked.any():
        return "no class has two rows, so that no model has seen a row's class but not the row"
    done = trials(codes, asked, seed)
    with quietly(Warning):
        answers = joblib.Parallel(n_jobs=n_jobs)(joblib.delayed(_answer)(recipe, t) for t in done)
    for trial, answer in zip(done, answers, strict=True):
        if isinstance(answer, str):
            return (
                f"{model.description}, refitted on {len(trial.trained)} of its rows to be asked "
                f"about the others, fails: {answer}"
            )
    probabilities = recipe.scale == "probability"
    found = held_out_doubts(done, answers, codes, probabilities=probabilities)
    return replace(
        found, surprise=found.surprise[:n], wrong=found.wrong[:n], believed=found.believed[:n]
    )


def _answer(recipe: Recipe, trial: Trial) -> NDArray[np.float64] | str:
    """What the judge says of its rows, (m, K); a text where it fails. The repeats differ in what
    the estimator draws, too.
    """
    rows = take_rows(recipe.X, trial.asked)
    try:
        fitted = recipe.fit(trial.trained, trial.repeat or None)
        scores = class_scores(fitted, rows, len(trial.asked), recipe.scale, recipe.classes)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        return f"{type(error).__name__}: {error}"
    return scores if np.isfinite(scores).all() else "its answers are not finite"


def _with(model: AdaptedBlackBox, targets: Sequence[Any], labels: NDArray[Any]) -> Recipe:
    """The recipe with these targets as rows; each weighs as much as a training row of its class.

    Without those that cannot stand beside the rows.
    """
    recipe = model.recipe
    rows, known = [], []
    for x, label in zip(targets, labels.tolist(), strict=True):
        try:
            rows.append(model.row(x))
        except (TrainingMismatchError, ValueError):
            continue  # its outcome says what is wrong with it
        known.append(label)
    X, added = with_rows(recipe.X, rows)
    if not added:
        return recipe
    # A row of the same class has the label as the estimator knows it, of the type of y.
    of_class = {label: recipe.y == label for label in set(known)}
    alike = [int(np.argmax(of_class[known[place]])) for place in added]
    weights = recipe.sample_weight
    if weights is not None:
        mean = {label: weights[those].mean() for label, those in of_class.items()}
        weights = np.append(weights, [mean[known[place]] for place in added])
    return replace(recipe, X=X, y=np.append(recipe.y, recipe.y[alike]), sample_weight=weights)
