"""The test rows of `explore`: what each looks like, what is decided of it, which come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from forcing.display import Presenter, StudyLike, present
from forcing.explanation.sentence import count
from forcing.protocol.context import Context, Json, scalar
from forcing.records import Label

if TYPE_CHECKING:
    from forcing.study.predictions import Prediction

SNIPPET = 96
"""Characters of a text in the list."""
KEPT = 2048
"""Encoded pictures of the list, about 1 to 3 kB each."""


@dataclass(frozen=True, eq=False)
class Targets:
    """The rows to choose from."""

    study: StudyLike
    rows: Sequence[Any]
    """Each as `Study.explain` takes it."""
    names: Sequence[str]
    labels: Sequence[Label] | None = None
    """True labels, where they are known."""
    displays: Sequence[Any] | None = None
    """What stands for each row: its picture, text or table row."""
    _pictures: dict[int, bytes | None] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    def context(self, position: int) -> Context:
        """What a run for this row needs; its picture has an id of its own."""
        whole = Context.of(
            self.study,
            self.rows[position],
            name=self.names[position],
            label=None if self.labels is None else self.labels[position],
            target_display=self._display(position),
        )
        return replace(whole, presenter=_Named(whole.presenter, picture_id(position)))

    def image(self, name: str) -> bytes | None:
        """The picture of the row that `name` belongs to; None where it is no such id."""
        kind, _, position = name.partition(":")
        known = kind == "target" and position.isdecimal() and int(position) < len(self)
        if not known or self._kind != "image":
            return None
        place = int(position)
        if place not in self._pictures:  # every saved form asks for those at the head of the list
            if len(self._pictures) >= KEPT:
                self._pictures.clear()
            self._pictures[place] = self._presenter(place).image("target")
        return self._pictures[place]

    def entries(self, predicted: Sequence[Prediction]) -> list[Json]:
        """A line for each row, those to look at first first: what is wrong, the surest of it
        before the rest, then what is right or not known to be wrong, the least sure first.
        """
        lines = [self._entry(position, found) for position, found in enumerate(predicted)]
        return sorted(lines, key=_to_look_at)

    def _entry(self, position: int, predicted: Prediction) -> Json:
        names = self._class_names
        true = None if self.labels is None else scalar(self.labels[position])
        decided = None if predicted.label is None else scalar(predicted.label)
        known = true is not None and decided is not None
        return {
            "target": position,
            "name": self.names[position],
            "label": None if true is None else names.get(true, str(true)),
            "decision": "" if decided is None else names.get(decided, str(decided)),
            "confidence": float(predicted.confidence),
            "wrong": true != decided if known else None,
            "image": picture_id(position) if self._kind == "image" else None,
            "text": self._snippet(position) if self._kind == "text" else None,
            "status": None,
            "size": None,
        }

    def _snippet(self, position: int) -> str | None:
        shown = self.rows[position] if self.displays is None else self.displays[position]
        if not isinstance(shown, str):
            return None
        words = " ".join(shown[: 4 * SNIPPET].split())
        return words if len(words) <= SNIPPET else f"{words[: SNIPPET - 1]}…"

    @cached_property
    def _kind(self) -> str:
        return str(self._presenter(0).display["kind"])

    @cached_property
    def _class_names(self) -> dict[Any, str]:
        labels = (scalar(label) for label in self.study.classes)
        return dict(zip(labels, map(str, self.study.class_names), strict=True))

    def _display(self, position: int) -> Any:
        return None if self.displays is None else self.displays[position]

    def _presenter(self, position: int) -> Presenter:
        return present(self.study, self.rows[position], self._display(position))


def picture_id(position: int) -> str:
    return f"target:{position}"


def checked_names(names: Sequence[str] | None, total: int) -> list[str]:
    if names is None:
        return [f"test row {position}" for position in range(total)]
    return [str(name) for name in of_length("names", names, total)]


def of_length(what: str, given: Sequence[Any], total: int) -> Sequence[Any]:
    """`given`, with one for each row."""
    if len(given) != total:
        raise ValueError(
            f"{what} must have one entry for each of the {count(total)} rows of X_test; "
            f"got {count(len(given))}."
        )
    # A pandas series counts by its index.
    return list(given) if hasattr(given, "iloc") else given


def _to_look_at(entry: Json) -> tuple[int, float, int]:
    sure = entry["confidence"]
    if entry["wrong"]:
        return (0, -sure, entry["target"])
    return (2 if entry["decision"] == "" else 1, sure, entry["target"])


class _Named:
    """A presenter whose target's picture has another id: views keep pictures by it."""

    def __init__(self, presenter: Presenter, name: str) -> None:
        self._presenter, self._name = presenter, name
        self.display = presenter.display

    def target(self) -> Json:
        item = self._presenter.target()
        return item | {"image": self._name} if item["kind"] == "image" else item

    def item(self, position: int) -> Json:
        return self._presenter.item(position)

    def image(self, name: str) -> bytes | None:
        return self._presenter.image("target" if name == self._name else name)
