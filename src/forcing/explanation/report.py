"""A state as HTML that needs no script: the table of a saved notebook, and a file to hand on.

Every cell of a table passes `html.escape`, unless it was made here as `Html`. The fragment
has no script, no style and no id, which is what GitHub and nbviewer let through.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from html import escape
from typing import TypeAlias

from forcing.explanation import retrained
from forcing.explanation.figures import (
    capital,
    certainty,
    class_name,
    count,
    predicts,
    quantity,
)
from forcing.explanation.sentence import answer, checks, decision, noun, relabels
from forcing.protocol.context import Json

Pictures: TypeAlias = Callable[[str], str | None]
"""From the id of a picture to its data URL; None where there is none."""


class Html(str):
    """Markup that was made here, with all data in it escaped."""

    __slots__ = ()


FEATURES = 3
"""Differing features that a row of the table tells."""


def data_url(image: bytes) -> str:
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def table(state: Json, pictures: Pictures, rows: int) -> str:
    """Everything below the sentence: the first `rows` supports, the rankings, how it was made."""
    return f"{_body(state, pictures, rows)}{_galleries(state, pictures)}{_made(state)}"


def fragment(state: Json, pictures: Pictures, rows: int) -> str:
    """The first `rows` supports as a plain table, for a saved notebook.

    It also reads in order as bare text, with every tag taken out.
    """
    return f"<p><b>{escape(answer(state))}</b></p>\n{_body(state, pictures, rows)}"


def _body(state: Json, pictures: Pictures, rows: int) -> str:
    if state["start"] is None:
        return ""
    told = checks(state) if state["verified"] is not None or _is_flipped(state) else []
    parts = [f"<p>{escape(' '.join(f'{capital(phrase)}.' for phrase in told))}</p>\n" * bool(told)]
    parts.append(_supports(state, pictures, rows))
    left = len(state["steps"]) - rows
    if left > 0:
        parts.append(f"<p>and {count(left)} more {noun(state)}s</p>\n")
    parts.append(_rankings(state))
    parts.append(_others(state))
    parts.extend(f"<p><small>{escape(note)}</small></p>\n" for note in state["start"]["notes"])
    return "".join(parts)


def _is_flipped(state: Json) -> bool:
    return state["end"] is not None and state["end"]["status"] == "flipped"


def _supports(state: Json, pictures: Pictures, rows: int) -> str:
    verified, claim = state["verified"], state["start"]["claim"]
    put_back = verified["put_back"] if verified is not None else []
    shown = state["steps"][:rows]
    # Between lengths that were retrained no single row has a confidence of its own.
    measured = not retrained.is_noisy(state)
    deed = "changed" if relabels(state) else "removed"
    head = [
        "Step",
        "Label",
        "Row",
        "Content" if state["start"]["display"]["kind"] != "table" else "Differs from the target in",
        *(["Prediction after" if predicts(claim) else "Confidence after"] if measured else []),
        *([f"If {'changed' if relabels(state) else 'put'} back"] if put_back else []),
    ]
    lines = [_target_line(state, pictures, len(head), measured=measured)]
    for place, step in enumerate(shown):
        row = state["rows"].get(str(step["row"]))
        cells = [
            str(step["n"]),
            _label(_change(row["label"] if row else "", step), step["positive"]),
            _row_name(step["row"], row),
            _content(row, state, pictures),
            *([certainty(claim, step["confidence"])] if measured else []),
        ]
        if put_back:
            cells.append(certainty(claim, put_back[place]) if place < len(put_back) else "")
        lines.append(cells)
    what = "prediction" if predicts(claim) else f"confidence in {class_name(claim['favoured'])}"
    caption = f"The target, then the {noun(state)}s in the order in which they are {deed}"
    if not measured:
        return _table(f"{caption}, all together" if state["steps"] else "The target", head, lines)
    return _table(f"{caption}, with the {what}", head, lines)


def _target_line(state: Json, pictures: Pictures, columns: int, *, measured: bool) -> list[str]:
    target, claim = state["start"]["target"], state["start"]["claim"]
    cells = [
        "target",
        target["label"] or "",
        target["name"] or "",
        _content(target, state, pictures),
        *([certainty(claim, claim["confidence"])] if measured else []),
    ]
    return cells + [""] * (columns - len(cells))


def _rankings(state: Json) -> str:
    if not state["rankings"]:
        return ""
    lines = [[ranking["method"], _flips(ranking)] for ranking in state["rankings"]]
    doing = "Changing its first labels" if relabels(state) else "Removing its first rows"
    return _table("Other methods on the same decision", ["Ranking", doing], lines)


def _others(state: Json) -> str:
    """The other sets that were found, a line each."""
    told = state.get("alternatives") or {"sets": []}
    if not told["sets"]:
        return ""
    lines = [
        f"Set {number}: {count(len(other['rows']))} {noun(state)}s, {count(other['shared'])} of "
        f"them in the first set; {decision(state['start']['claim'], other)}"
        f"{', verified' if other['verified'] else ''}."
        for number, other in enumerate(told["sets"], 2)
    ]
    items = "".join(f"<li>{escape(line)}</li>\n" for line in lines)
    return f"<p>Other sets that flip the decision:</p>\n<ul>\n{items}</ul>\n"


def _flips(ranking: Json) -> str:
    if ranking["flips_at"] is not None:
        words = f"flips at {count(ranking['flips_at'])}"
    else:
        words = f"does not flip within {count(ranking['tried'])}"
    said = ranking.get("predicted")
    return words if said is None else f"{words}, itself says {count(said)}"


def _galleries(state: Json, pictures: Pictures) -> str:
    parts = []
    for ranking in state["rankings"]:
        lines = []
        for entry in ranking["positive"] + ranking["negative"]:
            row = state["rows"].get(str(entry["row"]))
            cells = [
                str(entry["place"]),
                _label(row["label"] if row else "", entry in ranking["positive"]),
                _row_name(entry["row"], row),
                _content(row, state, pictures),
            ]
            lines.append(cells)
        caption = "The rows that support the decision most"
        parts.append(
            f"<h2>{escape(ranking['method'])}: {escape(_flips(ranking))}</h2>\n"
            + _table(caption, ["Place", "Label", "Row", "Content"], lines)
        )
    return "".join(parts)


def _made(state: Json) -> str:
    if state["start"] is None:
        return ""
    start, made = state["start"], state["start"]["made"]
    packages = ", ".join(f"{name} {version}" for name, version in made["packages"].items())
    facts = [
        f"{start['model']}, {count(start['rows'])} rows, {count(start['features'])} features",
        f"method {start['method']}, seed {made['seed']}, data {made['data'][:12]}",
        f"forcing {made['version']}, {packages}, {made['created']}",
    ]
    return f"<footer>{''.join(f'<p>{escape(fact)}</p>' for fact in facts)}</footer>\n"


def _label(label: str, positive: bool) -> Html:
    mark, role = ("●", "favoured") if positive else ("◆", "rival")
    return Html(f'<span class="{role}">{mark}</span> {escape(label)}')


def _change(label: str, step: Json) -> str:
    """The label, with what it becomes where labels are changed."""
    new = step.get("becomes")
    return label if new is None else f"{label} → {new}"


def _row_name(position: int, row: Json | None) -> str:
    name = row["name"] if row else None
    return f"row {count(position)}" if name is None else f"{name} (row {count(position)})"


def _content(row: Json | None, state: Json, pictures: Pictures) -> Html:
    """What a row or the target looks like."""
    item = None if row is None else row["item"]
    if row is None or item is None:
        return Html()
    if item["kind"] == "image":
        url = pictures(item["image"])
        # Only what we encoded ourselves: a state from elsewhere cannot smuggle an address in.
        if url is None or not url.startswith("data:image/"):
            return Html()
        name = item["image"].replace(":", " ")  # "row 412"
        label = "" if row["label"] is None else f", labelled {class_name(row['label'])}"
        # By its id the script of a page finds the picture here.
        given = f'src="{escape(url)}" data-picture="{escape(item["image"])}"'
        return Html(f'<img {given} alt="{escape(name + label)}" height="64">')
    if item["kind"] == "text":
        return marked(item)
    return _differences(item, state["start"])


def marked(item: Json) -> Html:
    """The text with its marks in bold; their offsets count UTF-16 units, as on the screen."""
    units = item["text"].encode("utf-16-le")

    def part(start: int, end: int | None) -> str:
        stop = None if end is None else 2 * end
        return escape(units[2 * start : stop].decode("utf-16-le", "replace"))

    done, pieces = 0, []
    for start, end, _ in item["marks"]:
        pieces.append(f"{part(done, start)}<b>{part(start, end)}</b>")
        done = end
    return Html("".join(pieces) + part(done, None))


def _differences(item: Json, start: Json) -> Html:
    columns, target = start["display"].get("columns", []), start["target"]["item"]
    beside = target["values"] if target["kind"] == "table" else []
    known = min(len(columns), len(beside), len(item["values"]))
    phrases = [
        f"{escape(columns[j]['name'])}: {value(item['values'][j])} vs {value(beside[j])}"
        for j in item["differs"][:FEATURES]
        if j < known
    ]
    return Html("<br>\n".join(phrases))


def value(cell: float | str | None) -> str:
    if cell is None:
        return "missing"
    return escape(cell) if isinstance(cell, str) else quantity(cell)


def _table(caption: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """The first cell of each line is its heading. A line break between cells keeps them apart
    where tags are taken out.
    """
    heads = "\n".join(f'<th scope="col" align="left">{_safe(cell)}</th>' for cell in head)
    body = "".join(
        "<tr>"
        + "\n".join(
            f'<th scope="row">{_safe(cell)}</th>'
            if j == 0
            else f'<td align="left">{_safe(cell)}</td>'
            for j, cell in enumerate(line)
        )
        + "</tr>\n"
        for line in lines
    )
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead>\n<tr>{heads}</tr>\n</thead>\n"
        f"<tbody>\n{body}</tbody>\n</table>\n"
    )


def _safe(cell: str) -> str:
    return cell if isinstance(cell, Html) else escape(cell)
