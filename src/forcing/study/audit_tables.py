"""Tables of a report: of the decisions on fewest rows, of those without a set, of suspects.

Cells are markup; every text from data has passed `html.escape`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from forcing.explanation.figures import count
from forcing.study.audit_findings import Findings
from forcing.study.audit_html import RETRAINED, checked, doubted, retrained

LINES = 200
"""Of each table;"""
CLOSE = 25
"""so many of them open, with rows that are shown and not only named."""
SHOWN = 3
"""Rows of a set that are shown,"""
NAMED = 12
"""and that are named."""


def fragile(told: Findings) -> str:
    """The decisions, those on fewest rows first."""
    if not len(told.found):
        return ""
    labels = ["True label"] if told.audit.y_test is not None else []
    head = ["Target", "Decided", *labels, "Rows", "At least", *RETRAINED, "Checked", "The rows"]
    rows = head.index("Rows")
    shown = told.found[:LINES].tolist()
    return (
        "<h2>The decisions on fewest rows</h2>\n<p>Of those on equally many rows the surest come "
        f"first.{_versus(told)}</p>\n"
        + folded("Decisions and the rows they stand on", head,
                 [_decision(told, t, close=place < CLOSE) for place, t in enumerate(shown)],
                 numbers=range(rows, rows + 5))
        + _more(len(told.found) - len(shown), "decisions", "audit.frame.to_csv")
    )  # fmt: skip


def _versus(told: Findings) -> str:
    if not told.looks.are_tables:
        return ""
    return " Each row is told by the values that lie furthest from the target's: row vs target."


def _decision(told: Findings, target: int, *, close: bool) -> list[str]:
    outcome = told.audit[target]
    look = told.looks.target(target) if close else ""
    cells = [f"{escape(told.name(target))}{look}", escape(told.decided(target))]
    label = told.true_label(target)
    if label is not None:
        mark = f'<span class="wrong-label">{escape(label)} ✕</span>'
        cells.append(mark if told.wrong[target] else escape(label))
    least = outcome.lower_bound
    cells += [count(int(told.sizes[target])), "" if least is None or least < 2 else count(least)]
    cells += map(escape, retrained(outcome))
    return [*cells, escape(checked(outcome)), _members(told, target, close=close)]


def _members(told: Findings, target: int, *, close: bool) -> str:
    """The rows of a set: the first of a small one as they look, others by name."""
    rows = list(told.audit[target].supports)
    shown = rows[:SHOWN] if close and len(rows) <= NAMED else []
    items = "".join(
        f"<li>{escape(told.row(row))}, {escape(told.label(row))}"
        f"{told.looks.beside(row, target)}</li>"
        for row in shown
    )
    return f'<ul class="rows">{items}</ul>' * bool(items) + _listed(
        [told.row(row) for row in rows[len(shown) :]], NAMED - len(shown)
    )


def without(told: Findings) -> str:
    """Targets without a set, by the reason."""
    reasons: dict[str, list[int]] = {}
    known = set(told.found.tolist())
    for t, outcome in enumerate(told.audit.outcomes):
        if t not in known:
            reasons.setdefault(outcome.reason or outcome.status, []).append(t)
    if not reasons:
        return ""
    lines = [
        [escape(reason), count(len(targets)), _listed([told.name(t) for t in targets], NAMED)]
        for reason, targets in list(reasons.items())[:LINES]
    ]
    return (
        "<h2>Decisions without a set</h2>\n"
        + table("By reason", ["Why", "Targets", "Which"], lines, numbers=(1,))
        + _more(len(reasons) - len(lines), "reasons", "audit.frame.to_csv")
    )


def suspects(told: Findings) -> str:
    """Training rows that wrong decisions stand on; that any do, where none is known as wrong."""
    heading = "<h2>Training rows to look through</h2>\n"
    by_wrong = bool(told.wrong.any())
    if told.audit.wrong is not None and not by_wrong:
        return f"{heading}<p>No decision is wrong: there is no row to suspect.</p>\n"
    every = told.standing()
    on = told.standing(told.wrong) if by_wrong else every
    rows = [row for row in told.audit.suspect_rows().tolist() if row in on]
    if not rows:
        return ""
    head = ["Row", "Label", "Label wrong?", "Content",
            "Wrong decisions" if by_wrong else "Decisions", "Which",
            *(["All decisions"] * by_wrong)]  # fmt: skip
    lines = []
    for place, row in enumerate(rows[:LINES]):
        targets = on[row]
        look = _suspect(told, row, targets[0]) if place < CLOSE else ""
        which = _listed([told.name(t) for t in targets], NAMED)
        cells = [escape(told.row(row)), escape(told.label(row)), doubted(told.audit, row), look]
        cells += [count(len(targets)), which]
        lines.append(cells + [count(len(every[row]))] * by_wrong)
    what = (
        "Training rows that wrong decisions stand on, the most suspect first"
        if by_wrong
        else "Training rows that decisions stand on; which are wrong is not known"
    )
    more = _more(len(rows) - len(lines), "rows", "audit.suspects().to_csv")
    return f"{heading}{folded(what, head, lines, numbers=(2, 4, 6))}{more}"


def _suspect(told: Findings, row: int, target: int) -> str:
    """A row beside the wrong decision that hangs most on it."""
    look, values = told.looks.beside(row, target), told.looks.values(row, target)
    said = f"<small>beside target {escape(told.name(target))}:</small>"
    return f"{said if values and look else ''}{look}{values}"


def _listed(names: Sequence[str], most: int) -> str:
    some = ", ".join(map(escape, names[:most]))
    return some + (f" and {count(len(names) - most)} more" if len(names) > most else "")


def _more(left: int, what: str, where: str) -> str:
    said = f"<p><small>and {count(left)} more {what}: <code>{where}</code> has all</small></p>\n"
    return said if left > 0 else ""


def folded(
    caption: str, head: Sequence[str], lines: Sequence[Sequence[str]], *, numbers: Iterable[int]
) -> str:
    """A table whose lines after the first are there to be opened."""
    right = list(numbers)
    first, rest = lines[:CLOSE], lines[CLOSE:]
    if not rest:
        return table(caption, head, first, numbers=right)
    return (
        f"{table(caption, head, first, numbers=right)}<details><summary>{count(len(rest))} more"
        f"</summary>\n{table(f'{caption}, continued', head, rest, numbers=right)}</details>\n"
    )


def scrolled(what: str) -> str:
    """Opens a part that may be wider than the page, and that the keyboard can reach."""
    return f'<div class="scroll" role="region" aria-label="{escape(what)}" tabindex="0">'


def table(
    caption: str,
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    *,
    numbers: Iterable[int] = (),
) -> str:
    """The first cell of each line is its heading; empty columns are left out."""
    right = set(numbers)
    told = [j for j in range(len(head)) if any(line[j] for line in lines)]

    def cell(tag: str, j: int, markup: str, scope: str = "") -> str:
        side = ' class="number"' if j in right else ""
        return f"<{tag}{scope}{side}>{markup}</{tag}>"

    heads = "".join(cell("th", j, escape(head[j]), ' scope="col"') for j in told)
    body = "".join(
        "<tr>"
        + "".join(
            cell("th", j, line[j], ' scope="row"') if j == 0 else cell("td", j, line[j])
            for j in told
        )
        + "</tr>\n"
        for line in lines
    )
    return (
        f"{scrolled(caption)}<table>\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )
