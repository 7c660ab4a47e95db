"""What targets and training rows look like in a report: pictures, words, values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from forcing.display import Presenter, present
from forcing.display.base import Item
from forcing.explanation.report import FEATURES, data_url, marked, value

if TYPE_CHECKING:
    from forcing.study.asked import Asked

PICTURES = 650_000
"""Bytes of all pictures of a report."""
FORMS = 64
"""Presenters that are kept: each looks at the training data once."""


class Looks:
    """Markup for the content of rows; empty where an audit does not know its study."""

    def __init__(self, asked: Asked | None, displays: Sequence[Any] | None) -> None:
        self._asked = asked
        self._displays = displays
        self._left = PICTURES
        self.left_out = 0
        """Pictures for which there was no room."""
        # Of rows that follow each other in a table the targets are often the same.
        self._presenter = lru_cache(maxsize=FORMS)(self._present)

    @property
    def are_tables(self) -> bool:
        presenter = self._presenter(0)
        return presenter is not None and presenter.display["kind"] == "table"

    def target(self, target: int) -> str:
        """What a row of the test set looks like; a table's are told beside other rows."""
        if (presenter := self._presenter(target)) is None:
            return ""
        item = presenter.target()
        return "" if item["kind"] == "table" else self._content(presenter, item, f"target {target}")

    def beside(self, row: int, target: int) -> str:
        """A training row; of a table, how it differs most from the target."""
        if (presenter := self._presenter(target)) is None:
            return ""
        item = presenter.item(row)
        if item["kind"] != "table":
            return self._content(presenter, item, f"row {row}")
        return "".join(f"<div>{words}</div>" for words in _differences(presenter, item))

    def values(self, row: int, target: int) -> str:
        """All values of a row of a table, to be opened; empty for others."""
        if (presenter := self._presenter(target)) is None:
            return ""
        item = presenter.item(row)
        if item["kind"] != "table":
            return ""
        pairs = zip(presenter.display["columns"], item["values"], strict=True)
        lines = "".join(
            f"<div><dt>{escape(column['name'])}</dt><dd>{value(cell)}</dd></div>"
            for column, cell in pairs
        )
        left = presenter.display["omitted"]
        more = f"<p><small>and {left} more columns</small></p>" if left else ""
        return (
            f'<details><summary>all values</summary><dl class="values">{lines}</dl>{more}</details>'
        )

    def _present(self, target: int) -> Presenter | None:
        if self._asked is None:
            return None
        display = None if self._displays is None else self._displays[target]
        return present(self._asked.study, self._asked.targets[target], display)

    def _content(self, presenter: Presenter, item: Item, name: str) -> str:
        if item["kind"] == "text":
            return str(marked(item))
        image = presenter.image(item["image"])
        if image is None:
            return ""
        url = data_url(image)
        if len(url) > self._left:
            self.left_out += 1
            return ""
        self._left -= len(url)
        return f'<img src="{url}" alt="{escape(name)}">'


def _differences(presenter: Presenter, item: Item) -> list[str]:
    """Values of a row with those of the target, where they lie furthest apart."""
    columns, beside = presenter.display["columns"], presenter.target()["values"]
    return [
        f"{escape(columns[j]['name'])}: {value(item['values'][j])} vs {value(beside[j])}"
        for j in item["differs"][:FEATURES]
        if j < len(beside)
    ]
