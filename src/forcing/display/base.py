"""What every display offers, and the choice of one where the user made none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from forcing.display.study_like import StudyLike

Item: TypeAlias = dict[str, Any]
"""An `Item` of the protocol."""


class Presenter(Protocol):
    """Training rows and one target, as items of the protocol."""

    @property
    def display(self) -> dict[str, Any]:
        """The `Display` of the protocol."""
        ...

    def target(self) -> Item: ...

    def item(self, position: int) -> Item: ...

    def image(self, name: str) -> bytes | None:
        """The PNG or JPEG that an item calls `name`; None where there is none."""
        ...


class Display(Protocol):
    """How training rows look, whatever the target."""

    def present(self, study: StudyLike, x: Any, target: Any = None) -> Presenter:
        """Bind to a target; `target` is what stands for x where x itself cannot be shown."""
        ...


def present(study: StudyLike, x: Any, target: Any = None) -> Presenter:
    """`study.display` bound to a target; without one, texts where X holds texts, a table where it
    is one, and positions where X is a torch data set, of whose items nothing is known.
    """
    from forcing.display.table import Table
    from forcing.display.texts import Texts, holds_texts

    display = study.display
    if display is None and holds_texts(study.X):
        display = Texts(study.X)
    elif display is None and is_data_set(study.X):
        display = Texts([f"row {row}" for row in range(study.n_rows)])
        target = "the target" if target is None else target
    elif display is None:
        display = Table()
    return display.present(study, x, target)


def is_data_set(X: Any) -> bool:
    """Whether X is no container that can be seen as a table, or one of (row, label)."""
    if hasattr(X, "shape"):
        return False
    first = X[0] if isinstance(X, list | tuple) else None
    pairs = isinstance(first, list | tuple) and len(first) > 0 and hasattr(first[0], "shape")
    return pairs or not isinstance(X, list | tuple)


def check_length(what: str, given: int, study: StudyLike) -> None:
    """Refuse a display that does not show one thing for each training row."""
    if given != study.n_rows:
        raise ValueError(
            f"{what} shows {given} rows, but the model was trained on {study.n_rows}: "
            "give one entry for each training row, in their order."
        )


def empty_target() -> Item:
    """A target that has nothing to show."""
    return {"kind": "table", "values": [], "differs": []}
