"""Two explanations side by side: two targets of one model, or two models at one target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from forcing.explanation.page import write
from forcing.explanation.report import Pictures, fragment
from forcing.explanation.sentence import capital, count, relabels
from forcing.explanation.snapshot import BUDGET, HTML_ROWS, bundle
from forcing.protocol import MIME, SCHEMA
from forcing.protocol.context import Json

if TYPE_CHECKING:
    from forcing.explanation.explanation import Explanation

OTHER_DATA = "They were made with different training data: row numbers do not mean the same rows."


class Explained(Protocol):
    """What has an explanation, as a widget has."""

    @property
    def explanation(self) -> Explanation | None: ...


class Comparison:
    """Two explanations, drawn beside each other in a notebook; made by `forcing.compare`."""

    def __init__(self, first: Explanation, second: Explanation, names: tuple[str, str]) -> None:
        self.first = first
        self.second = second
        self.names = names

    @property
    def same_data(self) -> bool:
        """Whether both were made with the same training data, so that positions agree."""
        return _data(self.first) == _data(self.second)

    @property
    def overlap(self) -> NDArray[np.intp]:
        """Positions of the rows in both sets, in the order of the first; none of different data."""
        if not self.same_data:
            return np.array([], dtype=np.intp)
        rows = self.first.supports
        return rows[np.isin(rows, self.second.supports)]

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write one HTML file with the same interactive view; it needs no network.

        Its plain table, for readers without scripts, has no pictures: the view has them.
        """
        path = Path(path)
        sentence = self._sentence()
        body = f"<h1>{escape(sentence)}</h1>\n{self._fragments(None, lambda _: None)}"
        path.write_text(write(sentence, body, self._payload()), encoding="utf-8")
        return path

    def __repr__(self) -> str:
        return f"<Comparison: {self._sentence()}>"

    def _repr_mimebundle_(self, **_: Any) -> Json:
        return {
            MIME: self._payload(),
            "text/html": f"<p><b>{escape(self._sentence())}</b></p>\n{self._fragments(HTML_ROWS)}",
            "text/plain": self._sentence(),
        }

    def _payload(self) -> Json:
        sides = [bundle(_state(side), _image(side), BUDGET // 2)[MIME] for side in self._sides()]
        return {"schema": SCHEMA, "compare": sides, "names": list(self.names)}

    def _sides(self) -> tuple[Explanation, Explanation]:
        return (self.first, self.second)

    def _sentence(self) -> str:
        told = ", ".join(
            f"{name} {_finding(side)}" for name, side in zip(self.names, self._sides(), strict=True)
        )
        if not self.same_data:
            return capital(f"{told}. {OTHER_DATA}")
        both = len(self.overlap)
        common = "no row is" if not both else "1 row is" if both == 1 else f"{count(both)} rows are"
        return capital(f"{told}; {common} in both.")

    def _fragments(self, rows: int | None, pictures: Pictures | None = None) -> str:
        """A table for each, the rows that are in both named between them."""
        parts = [
            f"<h2>{escape(name)}</h2>\n"
            + fragment(_state(side), pictures or _url(side), side.size if rows is None else rows)
            for name, side in zip(self.names, self._sides(), strict=True)
        ]
        shared = ", ".join(str(row) for row in self.overlap)
        return f"<p>In both: {shared}</p>\n{''.join(parts)}" if shared else "".join(parts)


def compare(
    first: Explanation | Explained,
    second: Explanation | Explained,
    *,
    names: Sequence[str] | None = None,
) -> Comparison:
    """Two explanations side by side, with the rows that stand in both sets marked.

    Parameters
    ----------
    first, second
        Explanations, or widgets whose run has ended: of two targets, of two models, by two
        methods.
    names
        What to call the two; by default what their targets are called.

    Returns
    -------
    Comparison
        Drawn by the notebook it is shown in. `overlap` has the rows that they share. Where they
        were made with different training data, it says so and calls no row shared.
    """
    sides = (_finished(first, "first"), _finished(second, "second"))
    if names is None:
        called = [_state(side)["start"]["target"]["name"] for side in sides]
        names = called if all(called) and called[0] != called[1] else ("A", "B")
    if isinstance(names, str) or len(names) != 2:
        raise ValueError(f"names must be two texts, one for each explanation; got {names!r}.")
    return Comparison(*sides, (str(names[0]), str(names[1])))


def _finished(given: Any, which: str) -> Explanation:
    from forcing.explanation.explanation import Explanation

    found = given if isinstance(given, Explanation) else getattr(given, "explanation", given)
    if isinstance(found, Explanation):
        return found
    if found is None:
        raise ValueError(f"The {which} run has not ended: call widget.wait() before comparing.")
    raise TypeError(
        f"compare takes explanations, or widgets whose run has ended; the {which} is a "
        f"{type(given).__name__}."
    )


def _state(side: Explanation) -> Json:
    return side._state | {"targets": None}  # noqa: SLF001 - of one package


def _image(side: Explanation) -> Callable[[str], bytes | None]:
    return side._story.image  # noqa: SLF001


def _url(side: Explanation) -> Pictures:
    return side._picture  # noqa: SLF001


def _data(side: Explanation) -> str:
    return str(_state(side)["start"]["made"]["data"])


def _finding(side: Explanation) -> str:
    """That it "stands on 5 training rows", or how else it ended."""
    labels = relabels(_state(side))
    noun = f"training {'label' if labels else 'row'}{'' if side.size == 1 else 's'}"
    size = f"{count(side.size)} {noun}"
    if side.status == "flipped":
        return f"changes with {size}" if labels else f"stands on {size}"
    if side.status == "unflippable":
        return "cannot be flipped"
    if side.status == "unstable":
        return "is unstable"
    return f"was stopped with {size} {'changed' if labels else 'removed'}"
