"""An audit as one HTML file to hand over; every text from data passes `html.escape`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forcing._version import __version__
from forcing.explanation.figures import capital, count, quantity
from forcing.protocol.context import made
from forcing.protocol.text import clean
from forcing.study import audit_charts, audit_tables
from forcing.study.audit_findings import Findings
from forcing.study.audit_html import told_label
from forcing.study.audit_looks import Looks
from forcing.study.audit_scales import confidence_ticks, log_odds

if TYPE_CHECKING:
    from forcing.study.audit import Audit

DEFAULTS = {"refine": True, "verify": True, "bound": True}
"""Options of `Study.audit` that a report need not tell."""
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.99, 1.0)
"""Of confidence, in the table of sizes."""
CORRELATED = 10
"""Decisions from which on a rank correlation is told."""

CLASSES = 10
"""Classes whose rows are counted."""

_SHELL = Path(__file__).parent / "audit_report.html"

READING = """\
<p>Each decision was asked one question: <b>which training rows, had they been missing, would have
made the model decide otherwise?</b> A smallest such set that was found is the set of the decision,
and its size says how much the decision hangs on single rows. A decision on one or two rows is only
as good as those rows are. One on hundreds does not depend on any of them: that is robust, and it
can still be wrong.</p>
<ul>
<li><b>Checked</b> says what was really done: “flips” is the model, refitted without the set,
deciding otherwise; “irreducible” that any single row, put back, brings the old decision back.</li>
<li><b>At least</b> is a proof: no set with fewer rows changes the decision. Where it is missing,
there is none beyond one row.</li>
</ul>
"""

RETRAINED = """\
<p>The training of this model does not repeat itself: with another seed, or without a few rows left
out at random, it comes out a little different. Every decision was therefore asked of several
retrainings, and what is said of it is said of most of them.</p>
<ul>
<li><b>Stability</b> is the share of the retrainings on all rows that decide as the model does.
Where it is too low to tell that most do, the decision is called unstable: chance carries it, and no
set of rows does.</li>
<li><b>Agreement</b> is the share of fresh retrainings, which the search for the set never saw, that
decide otherwise without the set. A set is checked only where these are known to be most.</li>
<li><b>Control</b> is the same share without as many random rows of the same classes. Where it is
nearly as high, the decision does not stand on these rows in particular.</li>
</ul>
"""

LIMITS = """\
<ul>
<li>These are lists to look through, not verdicts. A row comes up because decisions hang on it:
rows with a wrong label do, and so do honest rows in a difficult place.</li>
<li>A set is a smallest one that was found; other sets of the same size may do the same. It says
what the decision hangs on, not what is true of the world.</li>
<li>The report is about this model, on these training rows, for these test rows. Other test rows
lean on other training rows.</li>
<li>A wrong decision on many rows does not come from a few bad ones: leaving out a few leaves it as
it is.</li>
</ul>
"""


def audit_report(
    audit: Audit, names: Sequence[str] | None = None, displays: Sequence[Any] | None = None
) -> str:
    """The whole file; `Audit.to_html` explains the parameters."""
    asked = len(audit) if audit.asked is None else len(audit.asked.targets)
    names = None if names is None else _of_length("names", names, asked)
    displays = None if displays is None else _of_length("target_displays", displays, asked)
    told = Findings(audit, names, Looks(audit.asked, displays))
    title = f"Audit of {count(len(audit))} decision{'' if len(audit) == 1 else 's'}"
    body = [
        f"<h1>{escape(title)}</h1>\n",
        f'<p class="lead">{escape(_lead(told, asked))}</p>\n',
        _audited(told, asked),
        f"<h2>How to read it</h2>\n{READING}{RETRAINED * audit.retrained}",
        _sizes(told),
        audit_tables.fragile(told),
        audit_tables.without(told),
        audit_tables.suspects(told),
        _notes(told),
        f"<h2>What it does not say</h2>\n{LIMITS}",
        _made(audit),
    ]
    parts = {"title": escape(title), "body": "".join(body)}
    # In one pass, so that nothing in the data is taken for a place to fill.
    shell = _SHELL.read_text(encoding="utf-8")
    return str(clean(re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], shell)))


def _of_length(what: str, given: Sequence[Any], total: int) -> list[Any]:
    if isinstance(given, str) or len(given) != total:
        raise ValueError(
            f"{what} must have one entry for each of the {total} rows of X_test, got {len(given)}."
        )
    return list(given)


def _lead(told: Findings, asked: int) -> str:
    from forcing.study.audit import FEW

    audit, words = told.audit, []
    if audit.wrong is not None:
        n = int(told.wrong.sum())
        words.append(f"{count(n)} of them wrong" if n else "none of them is wrong")
    if len(told.found):
        size, rows = told.sizes[told.found], count(len(audit.y))
        half, few = count(int(np.median(size))), count(int((size <= FEW).sum()))
        words += [
            f"half stand on {half} of {rows} training rows or fewer",
            f"{few} on {FEW} or fewer",
        ]
    else:
        words.append("no set was found for any of them")
    if (unstable := sum(o.status == "unstable" for o in audit.outcomes)) > 0:
        words.append(f"{count(unstable)} unstable, carried by chance and by no set of rows")
    if asked > len(audit):
        words.append(f"{count(asked - len(audit))} more were not done: the audit was interrupted")
    return f"{capital('; '.join(words))}."


def _audited(told: Findings, asked: int) -> str:
    audit = told.audit
    facts: dict[str, str] = {}
    if audit.asked is not None:
        facts["model"] = audit.asked.study.model_description
        facts["features"] = count(audit.asked.study.n_features)
    facts["training rows"] = _training(audit)
    facts["test rows"] = count(asked) + ", without true labels" * (audit.y_test is None)
    facts |= audit.summary()
    for elsewhere in ("targets", "top suspects"):
        facts.pop(elsewhere, None)
    if audit.asked is not None:
        given = {k: v for k, v in audit.asked.options.items() if v != DEFAULTS.get(k)}
        facts["options"] = ", ".join(f"{name}={option!r}" for name, option in given.items())
        facts["made"] = audit.asked.created
    facts["took"] = f"{audit.seconds:.0f} s" if audit.seconds >= 1 else "less than 1 s"
    lines = "".join(
        f"<dt>{escape(capital(name))}</dt><dd>{escape(text)}</dd>\n"
        for name, text in facts.items()
        if text
    )
    return f'<h2>What was audited</h2>\n<dl class="facts">\n{lines}</dl>\n'


def _training(audit: Audit) -> str:
    total = count(len(audit.y))
    if audit.regression:
        return total
    counts = Counter(told_label(audit, label) for label in audit.y.tolist())
    largest = sorted(counts, key=lambda name: (-counts[name], name))
    parts = [f"{count(counts[name])} {name}" for name in largest[:CLASSES]]
    rest = f" and {len(counts) - CLASSES} more classes" if len(counts) > CLASSES else ""
    return f"{total}: {', '.join(parts)}{rest}"


def _sizes(told: Findings) -> str:
    if not len(told.found):
        return ""
    size = told.sizes[told.found]
    wrong = None if told.audit.wrong is None else told.wrong[told.found]
    said = [f"{told.name(t)}: {told.decided(t)}, {count(int(told.sizes[t]))} rows"
            f"{', wrong' if told.wrong[t] else ''}" for t in told.found.tolist()]  # fmt: skip
    if told.audit.regression:
        across = np.array([told.margin(t) for t in told.found.tolist()])
        what, scales = "distance of the prediction from the threshold", "a logarithmic scale"
        ticks = {float(v): quantity(float(v)) for v in np.quantile(across, [0, 0.5, 1])}
    else:
        across, what, scales = log_odds(told.confidence), "confidence", "logarithmic scales"
        ticks = confidence_ticks(min(0.0, float(across.min())), max(0.5, float(across.max())))
    points = audit_charts.scatter(across, size, wrong, ticks=ticks, label=what, said=said)
    return (
        "<h2>How many rows the decisions stand on</h2>\n"
        + _figure("Decisions by the number of rows in their set.", _key(wrong, "■", "▨"),
                  audit_charts.histogram(size, wrong))
        + _figure(f"Each decision: the rows in its set over its {what}, on {scales}.",
                  _key(wrong, "●", "✕"), points)
        + _correlation(across, size, what)
        + _bands(told)
    )  # fmt: skip


def _key(wrong: NDArray[np.bool_] | None, right_mark: str, wrong_mark: str) -> str:
    if wrong is None:
        return ""
    return (
        f' <span class="key-right">{right_mark} right</span> '
        f'<span class="key-wrong">{wrong_mark} wrong</span>'
    )


def _figure(caption: str, key: str, drawing: str) -> str:
    return (
        f"<figure><figcaption>{escape(caption)}{key}</figcaption>\n"
        f"{audit_tables.scrolled(caption)}{drawing}</div></figure>\n"
    )


def _correlation(across: NDArray[np.float64], size: NDArray[np.intp], what: str) -> str:
    if len(size) < CORRELATED or np.ptp(size) == 0 or np.ptp(across) == 0:
        return ""
    from scipy.stats import spearmanr

    found = float(spearmanr(across, size).statistic)
    return (
        f"<p>The rank correlation of size and {escape(what)} is {found:.2f}. At 1 both would put "
        "the decisions into the same order, and sizes would say nothing new.</p>\n"
    )


def _bands(told: Findings) -> str:
    """Sizes by confidence, in numbers: the scatter for those who cannot see it."""
    if told.audit.regression:
        return ""
    size, wrong, lines = told.sizes[told.found], told.wrong[told.found], []
    for low, high in pairwise(BANDS):
        inside = (told.confidence >= low) & ((told.confidence < high) | (high == BANDS[-1]))
        if not inside.any():
            continue
        some = size[inside]
        lines.append(
            [
                f"{100 * low:.3g} to {100 * high:.3g} %" if low else "below 50 %",
                count(len(some)),
                *([] if told.audit.wrong is None else [count(int(wrong[inside].sum()))]),
                count(int(some.min())),
                quantity(float(np.median(some))),
                count(int(some.max())),
            ]
        )
    labels = [] if told.audit.wrong is None else ["Wrong"]
    head = ["Confidence", "Decisions", *labels, "Fewest rows", "Median", "Most rows"]
    return audit_tables.table("The same in numbers", head, lines, numbers=range(1, len(head)))


def _notes(told: Findings) -> str:
    asked, left_out = told.audit.asked, told.looks.left_out
    notes = [] if asked is None else list(asked.study.notes)
    if left_out:
        notes.append(f"{count(left_out)} pictures are left out, to keep the file small.")
    items = "".join(f"<li>{escape(note)}</li>\n" for note in notes)
    return f"<h2>What else to know</h2>\n<ul>\n{items}</ul>\n" if items else ""


def _made(audit: Audit) -> str:
    if audit.asked is None:
        return f"<footer><p>forcing {escape(__version__)}</p></footer>\n"
    told = made(audit.asked.study, audit.asked.created)
    packages = ", ".join(f"{name} {version}" for name, version in told["packages"].items())
    facts = [
        f"forcing {told['version']}, {packages}; seed {told['seed']}",
        f"SHA-1 of the training data {told['data']}",
    ]
    return f"<footer>{''.join(f'<p>{escape(fact)}</p>' for fact in facts)}</footer>\n"
