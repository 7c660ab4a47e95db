"""`Asked`: what an audit was asked, which a report on it has to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np

from forcing.display import StudyLike
from forcing.protocol.context import Scalar, scalar
from forcing.records import Label


@dataclass(frozen=True, eq=False)
class Asked:
    """Of one audit: whose decisions, and which."""

    study: StudyLike
    targets: Sequence[Any]
    """(T,): each as `Study.explain` takes it; also those that an interrupt left undone."""
    options: Mapping[str, Any]
    """Of `Study.audit`, those that bear on the result."""
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @cached_property
    def _names(self) -> dict[Scalar, str]:
        labels = (scalar(label) for label in np.asarray(self.study.classes))
        return dict(zip(labels, map(str, self.study.class_names), strict=True))

    def class_name(self, label: Label) -> str:
        key = scalar(label)
        return self._names.get(key, str(key))
