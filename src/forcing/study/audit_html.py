"""An audit as two tables: the decisions, wrong ones first, and the rows that wrong ones stand on.

Plain HTML without script or id, which every notebook viewer lets through; every text from data
passes `html.escape`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from forcing.explanation.figures import THIN, certainty, class_name, count, quantity
from forcing.records import Label

if TYPE_CHECKING:
    from forcing.study.audit import Audit
    from forcing.study.many import Outcome

TARGETS = 20
SUSPECTS = 10
"""Lines of each table; `frame` and `suspects()` have all."""
BAR = 12
"""Letters of the bar of the largest."""


def audit_html(audit: Audit) -> str:
    return _summary(audit) + _targets(audit) + _suspects(audit)


def _summary(audit: Audit) -> str:
    told = audit.summary()
    targets = told.pop("targets")
    told.pop("top suspects", None)  # a table of their own
    facts = "; ".join(f"{escape(name)}: <b>{escape(value)}</b>" for name, value in told.items())
    return f"<p>Audit of <b>{targets}</b> targets. {facts[:1].upper()}{facts[1:]}.</p>\n"


def _targets(audit: Audit) -> str:
    outcomes = audit.outcomes
    wrong = np.zeros(len(audit), bool) if audit.wrong is None else audit.wrong
    sizes = np.array([len(outcome.supports) for outcome in outcomes])
    # Wrong ones that stand on few rows are those to look at first; no set comes last.
    order = np.lexsort((np.where(sizes == 0, np.iinfo(np.intp).max, sizes), ~wrong))
    largest = max(1, int(sizes[order[:TARGETS]].max(initial=0)))
    labels = audit.y_test is not None
    head = ["Target", "Decided", *(["Label"] if labels else []), "Rows", "", "At least"]
    head += [*RETRAINED, "Checked"]
    lines = []
    for target in order[:TARGETS].tolist():
        outcome = outcomes[target]
        told = [f"{target}", decided(audit, outcome)]
        if audit.y_test is not None:
            told.append(told_label(audit, audit.y_test[target]) + (" ✗" if wrong[target] else ""))
        size = int(sizes[target])
        if size:
            least = outcome.lower_bound
            told += [count(size), _bar(size / largest)]
            told.append("" if least is None or least < 2 else count(least))
        else:
            told += ["", "", ""]
        told += retrained(outcome)
        told.append(checked(outcome) if size else outcome.reason or outcome.status)
        lines.append(told)
    first = ", wrong ones (✗) first" if wrong.any() else ""
    more = len(audit) - len(lines)
    return _table(
        f"Decisions and the rows they stand on{first}",
        head,
        lines,
        f"and {count(more)} more: <code>.frame</code> has all" if more > 0 else "",
    )


def decided(audit: Audit, outcome: Outcome) -> str:
    """The decision, and how sure it is."""
    claim = outcome.claim
    if claim is None:
        return ""
    name = audit.class_name(claim.favoured)
    name = class_name(name) if claim.cut is None else f"{name} {claim.cut:.6g}"
    return f"{name} ({certainty(asdict(claim), claim.confidence)})"


def told_label(audit: Audit, label: Label) -> str:
    """A class by its name; of a regression a value, or the side of its threshold."""
    if audit.regression and not isinstance(label, str):
        return quantity(float(label))
    name = audit.class_name(label)
    return name if audit.regression else class_name(name)


def doubted(audit: Audit, row: int) -> str:
    """How likely the row's label is wrong; nothing where that is not known."""
    doubts = audit.doubts_at_hand
    return "" if doubts is None else f"{100 * doubts.wrong[row]:.0f}{THIN}%"


RETRAINED = ("Stability", "Agreement", "Control")
"""Columns of what retrainings say; empty where training repeats itself."""


def retrained(outcome: Outcome) -> list[str]:
    shares = (outcome.stability, outcome.agreement, outcome.control)
    return ["" if share is None else f"{100 * share:.0f}{THIN}%" for share in shares]


def checked(outcome: Outcome) -> str:
    if outcome.verified is None:
        return "no"
    if not outcome.verified:
        return "refitted: stays"
    told = "flips" if outcome.agreement is None else "most retrainings flip"
    if outcome.alike:
        told += ", as without random rows"
    return f"{told}, irreducible" if outcome.irreducible else told


def _bar(part: float) -> str:
    """The part of the largest as a line of text, to half a letter, so that it shows anywhere."""
    halves = max(1, round(2 * BAR * part))
    return "━" * (halves // 2) + "╸" * (halves % 2)


def _suspects(audit: Audit) -> str:
    if audit.wrong is None or not audit.wrong.any():
        return ""
    sets = Counter(row for rows in audit.supports for row in rows)
    pairs = zip(audit.supports, audit.wrong, strict=True)
    wrong = Counter(row for rows, is_wrong in pairs if is_wrong for row in rows)
    rows = [row for row in audit.suspects_at_hand().tolist() if wrong[row]]
    if not rows:
        return ""
    named = audit.row_ids
    most = max(wrong[row] for row in rows)
    lines = [
        [
            f"{row}" if named is None else f"{row} {named[row]}",
            told_label(audit, audit.y[row]),
            doubted(audit, row),
            count(wrong[row]),
            _bar(wrong[row] / most),
            count(sets[row]),
        ]
        for row in rows[:SUSPECTS]
    ]
    more = len(rows) - len(lines)
    return _table(
        "Training rows that wrong decisions stand on",
        ["Row", "Label", "Label wrong?", "Wrong decisions", "", "All decisions"],
        lines,
        f"and {count(more)} more: <code>.suspects()</code> has all" if more > 0 else "",
    )


def _table(caption: str, head: Sequence[str], lines: Sequence[Sequence[str]], foot: str) -> str:
    """The first cell of each line is its heading; columns without a value are left out, and
    `foot` is markup that was made here.
    """
    told = [j for j in range(len(head)) if any(line[j] for line in lines)]
    # Notebooks align all cells to the right, which suits numbers.
    sides = ["right" if all(map(_is_number, (li[j] for li in lines))) else "left" for j in told]

    def cells(tag: str, texts: Sequence[str]) -> str:
        return "".join(
            f'<{tag} align="{side}" style="text-align:{side}">{escape(texts[j])}</{tag[:2]}>'
            for j, side in zip(told, sides, strict=True)
        )

    body = "".join(
        f"<tr>{cells('td', line).replace('<td', _ROW, 1).replace('</td>', '</th>', 1)}</tr>\n"
        for line in lines
    )
    end = f"<p><small>{foot}</small></p>\n" if foot else ""
    heads = cells('th scope="col"', head)
    return (
        f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{body}</tbody>\n</table>\n{end}"
    )


_ROW = '<th scope="row"'


def _is_number(text: str) -> bool:
    return text == "" or text.replace(THIN, "").isdigit()
