"""Any estimator that can be cloned and refitted, known by nothing but its answers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.svm import SVC, NuSVC
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from forcing.engine.losses import sigmoid
from forcing.errors import TrainingMismatchError, UnsupportedModelError
from forcing.models.registry import TrainingData
from forcing.models.rows import as_single
from forcing.models.user_refit import UserRefit
from forcing.models.verdict import Says, Scale, ask
from forcing.records import Label

REFUSED = (ValueError, ArithmeticError, np.linalg.LinAlgError)
"""What an estimator raises that cannot be fitted on some rows."""

SEEDS = ("random_state", "random_seed", "seed")
"""What libraries call the parameter that seeds what is random."""

SIDES = ("below", "above")
"""The two decisions of a regressor: its prediction is below the threshold, or not."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that a worker process needs to refit the user's estimator on some of the rows."""

    estimator: Any
    """Unfitted; its random_state is fixed."""
    X: Any
    """The rows as `fit` of this estimator takes them."""
    y: NDArray[Any]
    sample_weight: NDArray[np.float64] | None
    scale: Scale
    classes: tuple[Label, ...]
    training: UserRefit | None = None
    """The user's own training, where that is to be done again instead of the estimator's fit."""

    @property
    def n_rows(self) -> int:
        return len(self.y)

    @property
    def draws(self) -> bool:
        """Whether there is a seed to be set."""
        if self.training is not None:
            return self.training.takes_seed
        return bool(random_states(self.estimator))

    def fit(
        self, kept: NDArray[np.intp], seed: int | None = None, y: NDArray[Any] | None = None
    ) -> Any:
        """A clone, fitted on these rows; `seed` replaces every random_state, `y` all labels."""
        if self.training is not None:
            return self.training(kept, seed)
        fresh = _unfitted(self.estimator)
        if seed is not None and (names := random_states(fresh)):
            fresh.set_params(**dict.fromkeys(names, seed))
        more = {} if self.sample_weight is None else {"sample_weight": self.sample_weight[kept]}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # hundreds of refits would say the same again
            return fresh.fit(take_rows(self.X, kept), (self.y if y is None else y)[kept], **more)

    def says(
        self,
        kept: NDArray[np.intp],
        row: Any,
        seed: int | None = None,
        y: NDArray[Any] | None = None,
    ) -> Says | str:
        """What a refit on these rows says; a text where it cannot be fitted on them."""
        try:
            return ask(self.fit(kept, seed, y), row, self.scale, self.classes)
        except REFUSED as error:
            return f"{type(error).__name__}: {error}"

    def answers(self, fitted: Any, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """What a model says at some training rows, as shares of 1, one row of numbers each."""
        X = take_rows(self.X, rows)
        if self.scale == "prediction":
            spread = float(np.std(self.y.astype(np.float64))) or 1.0
            values = np.asarray(fitted.predict(X), dtype=np.float64) / spread
        elif self.scale == "probability":
            return np.asarray(fitted.predict_proba(X), dtype=np.float64).reshape(len(rows), -1)
        else:
            values = np.asarray(fitted.decision_function(X), dtype=np.float64)
        return np.asarray(sigmoid(values), dtype=np.float64).reshape(len(rows), -1)

    def decides(self, fitted: Any, rows: NDArray[np.intp]) -> NDArray[Any]:
        """(k,): a model's class at some training rows; of a regressor on which side of the median
        label its prediction lies.
        """
        found = np.ravel(np.asarray(fitted.predict(take_rows(self.X, rows))))
        return found > np.median(self.y) if self.scale == "prediction" else found

    def empties_a_class(self, kept: NDArray[np.intp], y: NDArray[Any] | None = None) -> bool:
        """Such a model has never seen a class: it does not decide against it."""
        known = 0 if self.scale == "prediction" else len(self.classes)
        return lacks_a_class(self.y if y is None else y, self.sample_weight, known, kept)


@dataclass(frozen=True, eq=False)
class AdaptedBlackBox:
    """A fitted model and how to refit it."""

    fitted: Any
    """The user's own model, or the last step of it."""
    recipe: Recipe
    row: Callable[[Any], Any]
    """A target, as the user gives it, as a one-row container for `fitted`."""
    description: str
    """Such as "RandomForestClassifier in a Pipeline"."""
    notes: tuple[str, ...] = ()
    feature_weights: NDArray[np.float64] | None = None
    """Nothing is known of the weight of a column."""

    @property
    def classes(self) -> tuple[Label, ...]:
        return self.recipe.classes

    @property
    def regressor(self) -> bool:
        return self.recipe.scale == "prediction"

    def behind(self, through: Callable[[Any], Any], description: str, note: str) -> AdaptedBlackBox:
        """The same model after preprocessing that stays as fitted."""
        inner = self.row
        return replace(
            self,
            row=lambda x: inner(through(x)),
            description=description,
            notes=(note, *self.notes),
        )


def adapt_black_box(
    model: Any,
    data: TrainingData,
    reason: str | None = None,
    training: UserRefit | None = None,
) -> AdaptedBlackBox:
    """Any fitted classifier or regressor with `fit`, by cloning and refitting it, or by the user's
    own `training`; `reason` says in a note why, where the type of model is better served
    otherwise.

    Raises `UnsupportedModelError` for what cannot be asked or refitted.
    """
    scale = _scale(model)
    if isinstance(model, BaseEstimator):
        check_is_fitted(model)
    if "precomputed" in (getattr(model, "kernel", None), getattr(model, "metric", None)):
        raise UnsupportedModelError(
            f"{type(model).__name__} takes precomputed distances or kernels, of which a row is a "
            "column as well. Fit it on the rows themselves, with the metric or kernel by name."
        )
    known = getattr(model, "n_features_in_", None)
    columns = data.X.shape[1] if len(getattr(data.X, "shape", ())) == 2 else known
    if known is not None and columns != known:
        raise TrainingMismatchError(
            f"X has {columns} columns, the model was fitted on {known}: pass the X that fit "
            "received."
        )
    name = type(model).__name__
    if data.sample_weight is not None and not has_fit_parameter(model, "sample_weight"):
        raise ValueError(f"sample_weight was given, but {name}.fit takes none: leave it out.")
    estimator, fixed = _seeded(_unfitted(model))
    notes = [f"Explained by refitting {name}; a smaller set may exist."]
    if training is not None:
        notes = ["Explained by your own training, done again; a smaller set may exist."]
    if reason is not None:
        notes.append(reason)
    if fixed and training is None:
        notes.append("random_state was None; single refits have random_state=0.")
    if scale == "decision":
        notes.append(f"{name} gives no probabilities here: confidence is the logistic function "
                     "of its decision function.")  # fmt: skip
    if scale == "prediction":
        notes.append("Confidence is the logistic function of the distance to the threshold, in "
                     "standard deviations of y.")  # fmt: skip
    classes: tuple[Label, ...] = SIDES
    if scale != "prediction":
        classes = tuple(np.asarray(getattr(model, "classes_", np.unique(data.y))).tolist())
    return AdaptedBlackBox(
        fitted=model,
        recipe=Recipe(
            estimator, _indexable(data.X), data.y, data.sample_weight, scale, classes, training
        ),
        row=partial(as_single, X=data.X),
        description=name,
        notes=tuple(notes),
    )


def _scale(model: Any) -> Scale:
    name = type(model).__name__
    if not hasattr(model, "fit"):
        raise UnsupportedModelError(
            f"model is a {name} without fit, so it cannot be refitted. Pass a fitted scikit-learn "
            "estimator, or teach forcing this kind with forcing.register(type, adapter)."
        )
    if _is_regressor(model):
        return "prediction"
    classes = getattr(model, "classes_", None)
    asked = hasattr(model, "predict_proba") or hasattr(model, "decision_function")
    if not asked or (isinstance(model, BaseEstimator) and not is_classifier(model)):
        raise UnsupportedModelError(
            f"model is a {name}; forcing explains fitted classifiers with predict_proba or "
            "decision_function, and regressors with threshold=. Teach it another kind with "
            "forcing.register(type, adapter)."
        )
    if isinstance(classes, list):
        raise UnsupportedModelError(
            f"{name} has several outputs; forcing explains one: fit a model for each column of y."
        )
    # libsvm's probabilities come from another fit, and may contradict its `predict`.
    if hasattr(model, "predict_proba") and not isinstance(model, SVC | NuSVC):
        return "probability"
    return "decision"


def _is_regressor(model: Any) -> bool:
    """Also of a plain class, at which scikit-learn's own function raises."""
    if hasattr(model, "__sklearn_tags__"):
        return bool(is_regressor(model))
    return getattr(model, "_estimator_type", None) == "regressor"


def _unfitted(model: Any) -> Any:
    return clone(model, safe=False)  # a stranger without get_params is copied as it is


def random_states(estimator: Any) -> list[str]:
    """Names of the parameters, also nested ones, that seed what is random."""
    if not hasattr(estimator, "get_params"):
        return []
    known = [name for name in estimator.get_params() if name.split("__")[-1] in SEEDS]
    if not known and hasattr(estimator, "calc_leaf_indexes"):  # CatBoost names what was set only
        return ["random_seed"]
    return known


def _seeded(estimator: Any) -> tuple[Any, bool]:
    """With 0 for each random_state that is None, and whether anything may be drawn by one."""
    values = estimator.get_params() if hasattr(estimator, "get_params") else {}
    unset = [name for name in random_states(estimator) if values.get(name, 0) is None]
    owners = [values.get(name.rpartition("__")[0], estimator) for name in unset]
    if unset:
        estimator = estimator.set_params(**dict.fromkeys(unset, 0))
    return estimator, any(map(_may_draw, owners))


def _may_draw(estimator: Any) -> bool:
    """Not of a support vector machine without probabilities, nor of cyclic coordinate descent."""
    if isinstance(estimator, SVC | NuSVC):
        return estimator.probability is True
    return getattr(estimator, "selection", "random") != "cyclic"


def _indexable(X: Any) -> Any:
    return X.tocsr() if hasattr(X, "tocsr") else X


def lacks_a_class(
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    n_classes: int,
    kept: NDArray[np.intp],
) -> bool:
    """Whether some class has no row of weight among these; of a regression, which has 0 classes,
    whether fewer than two rows are left.
    """
    if not n_classes:
        return len(kept) < 2
    if sample_weight is not None:
        kept = kept[sample_weight[kept] > 0]
    return len(set(y[kept].tolist())) < n_classes


def take_rows(X: Any, rows: NDArray[np.intp]) -> Any:
    """These rows, in the kind of container that X is."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if isinstance(X, list | tuple):
        return [X[i] for i in rows]
    return X[rows]
