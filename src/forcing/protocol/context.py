"""What the records of a run do not say: whose model it is, which target, how rows look."""

from __future__ import annotations

import platform
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from forcing._version import __version__
from forcing.display import Presenter, StudyLike, present
from forcing.records import Label

Json: TypeAlias = dict[str, Any]
Scalar: TypeAlias = str | int | float | bool | None

_REPORTED_PACKAGES = ("numpy", "scipy", "scikit-learn")


def scalar(label: Label) -> Scalar:
    """A class label as a JSON scalar: NumPy's become Python's, other objects their text."""
    # The number inside a date of NumPy's depends on its unit; its text is that of a date.
    if isinstance(label, np.generic) and not isinstance(label, np.datetime64 | np.timedelta64):
        label = label.item()
    if label is None or isinstance(label, str | bool | int | float):
        return label
    return str(label)


@dataclass(frozen=True)
class Context:
    """One target of one study, and how to show it.

    Made by `Context.of`; handed to `Explanation.gather` and to the jupyter `Session`.
    """

    study: StudyLike
    x: Any
    presenter: Presenter
    name: str | None = None
    """What the target is called, such as "X_test[17]"."""
    label: Label = None
    """The true label of the target, where it is known."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @classmethod
    def of(
        cls,
        study: StudyLike,
        x: Any,
        *,
        name: str | None = None,
        label: Label = None,
        target_display: Any = None,
    ) -> Context:
        """Choose how rows look (`study.display`, else by what X holds) and bind it to a target.

        `target_display` is the picture, text or table row that stands for the target.
        """
        return cls(study, x, present(study, x, target_display), name=name, label=label)

    @cached_property
    def classes(self) -> list[tuple[Scalar, str]]:
        """Each class label as a JSON scalar, with its name."""
        labels = (scalar(label) for label in np.asarray(self.study.classes))
        return list(zip(labels, map(str, self.study.class_names), strict=True))

    @cached_property
    def _names(self) -> dict[Scalar, str]:
        return dict(self.classes)

    @cached_property
    def labels(self) -> NDArray[Any]:
        """Labels of the training rows."""
        return np.asarray(self.study.y)

    def class_name(self, label: Label) -> str:
        key = scalar(label)
        return self._names.get(key, str(key))

    def label_of(self, position: int) -> Scalar:
        return scalar(self.labels[position])

    def row(self, position: int) -> Json:
        """A training row as the protocol's `Row`."""
        ids = self.study.row_ids
        return {
            "label": self.class_name(self.label_of(position)),
            "name": None if ids is None else str(scalar(ids[position])),
            "item": self.presenter.item(position),
        }

    def target(self) -> Json:
        """The target as the protocol's `Target`."""
        return {
            "name": self.name,
            "label": None if self.label is None else self.class_name(self.label),
            "item": self.presenter.target(),
        }

    def made(self) -> Json:
        """Versions, seed and data hash: what someone needs to make the run again."""
        return made(self.study, self.created)


def made(study: StudyLike, created: str) -> Json:
    """What someone needs to make a result again."""
    seed = study.random_state
    return {
        "version": __version__,
        "created": created,
        "seed": int(seed) if isinstance(seed, int | np.integer) else None,
        "data": study.data_hash,
        "packages": {
            "python": platform.python_version(),
            **{name: _version(name) for name in _REPORTED_PACKAGES},
        },
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # a checkout on PYTHONPATH
        return "unknown"
