"""Notice which estimators are fitted while a cell runs, and on what."""

from __future__ import annotations

import functools
import re
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sklearn.base import BaseEstimator

_WEIGHT = "sample_weight"
_OUTPUTS = re.compile(r"_+|_\d+")
"""Variables in which IPython keeps the values of cells."""
_depth = threading.local()


@dataclass(frozen=True)
class Fit:
    """One call of `fit`, not made by another."""

    estimator: Any
    X: Any
    y: Any
    sample_weight: Any = None


class FitRecorder:
    """The last fit of each estimator with a `predict` and a y, as long as somebody holds it.

    What `cross_val_score` clones, fits and drops is forgotten together with its data.
    """

    def __init__(self) -> None:
        self._fits: dict[int, tuple[weakref.ref[Any], tuple[Any, Any, Any]]] = {}
        self._originals: list[tuple[type, Any]] = []
        self._lock = threading.Lock()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Wrap `fit` of every scikit-learn estimator class, also of those made meanwhile."""
        with _intercepted_subclassing(self._wrap):
            try:
                for cls in _subclasses(BaseEstimator):
                    self._wrap(cls)
                yield
            finally:
                self._unwrap()

    def fits(self) -> list[Fit]:
        """In order of their last fit."""
        with self._lock:
            found = [(ref(), data) for ref, data in self._fits.values()]
        return [Fit(estimator, *data) for estimator, data in found if estimator is not None]

    def _wrap(self, cls: type) -> None:
        original = vars(cls).get("fit")
        if not callable(original):  # inherited, a property, or none
            return
        recorder = self

        @functools.wraps(original)
        def fit(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            depth = getattr(_depth, "value", 0)
            _depth.value = depth + 1
            try:
                result = original(estimator, *args, **kwargs)
            finally:
                _depth.value = depth
            if depth == 0:
                recorder._record(estimator, args, kwargs)
            return result

        self._originals.append((cls, original))
        cls.fit = fit  # type: ignore[attr-defined]

    def _unwrap(self) -> None:
        while self._originals:
            cls, original = self._originals.pop()
            cls.fit = original  # type: ignore[attr-defined]

    def _record(self, estimator: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        X, y, weight = _training_data(args, kwargs)
        if X is None or y is None or not hasattr(estimator, "predict"):
            return  # a scaler, a clustering: nothing that decides
        key = id(estimator)

        def forget(_: Any) -> None:
            with self._lock:
                self._fits.pop(key, None)

        try:
            reference = weakref.ref(estimator, forget)
        except TypeError:  # a class with slots: only what is held can be explained anyway
            return
        with self._lock:
            self._fits.pop(key, None)  # the last fit counts, also in the order
            self._fits[key] = (reference, (X, y, weight))


def held(fits: list[Fit], namespace: Mapping[str, Any], result: Any) -> dict[str, Fit]:
    """The fits whose estimator a variable holds, or the value of the cell; by that name."""
    names: dict[str, Fit] = {}
    for fit in fits:
        name = next(
            (
                key
                for key, value in namespace.items()
                if value is fit.estimator and not _OUTPUTS.fullmatch(key)
            ),
            None,
        )
        attributes = getattr(result, "__dict__", {})
        if name is None and (
            result is fit.estimator or any(v is fit.estimator for v in attributes.values())
        ):
            name = type(fit.estimator).__name__
        if name is not None:
            names[name] = fit
    return names


def _training_data(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    X = args[0] if args else kwargs.get("X")
    y = args[1] if len(args) > 1 else kwargs.get("y")
    weight = args[2] if len(args) > 2 else kwargs.get(_WEIGHT)
    if weight is None:  # Pipeline.fit(X, y, logisticregression__sample_weight=...)
        steps = (value for key, value in kwargs.items() if key.endswith(f"__{_WEIGHT}"))
        weight = next(steps, None)
    return X, y, weight


def _subclasses(cls: Any) -> set[type]:
    children = set(type.__subclasses__(cls))
    return children.union(*(_subclasses(child) for child in children))


@contextmanager
def _intercepted_subclassing(made: Callable[[type], None]) -> Iterator[None]:
    """Call `made` for each class derived from `BaseEstimator`, as imports in the cell do."""
    own = vars(BaseEstimator).get("__init_subclass__")
    inherited = BaseEstimator.__init_subclass__.__func__

    def init_subclass(cls: type, /, **kwargs: Any) -> None:
        inherited(cls, **kwargs)
        made(cls)

    BaseEstimator.__init_subclass__ = classmethod(init_subclass)
    try:
        yield
    finally:
        if own is None:
            del BaseEstimator.__init_subclass__
        else:
            BaseEstimator.__init_subclass__ = own
