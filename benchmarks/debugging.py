"""Figure 4 of the paper: wrong training labels, found by what confident mistakes stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks import record
from benchmarks.debugging_data import C, mails, spoilt
from benchmarks.debugging_elsewhere import ELSEWHERE, Setting, compared
from benchmarks.debugging_measures import (
    EVERY,
    MISTAKES,
    QUARTER,
    RETRAINED,
    SINGLE,
    Inspected,
    Measured,
    measured,
)
from benchmarks.debugging_numbers import Found, kept, lead
from benchmarks.debugging_orders import CLEANLAB, FOLDS, REPAIR, SETS, SUSPECTS
from benchmarks.measure import row, table, told
from benchmarks.problems import folder
from benchmarks.settings import Settings

SHARES = (0.05, 0.1, 0.2, 0.3)
"""Of the training labels, that are turned."""
SEEDS = 5

EXPLAINED = f"""\
Enron1, 3 310 mails to train on, 827 to look at, 1 035 to test on; words by tf-idf (`min_df=3`,
sublinear), logistic regression, C = {C:g}. A share of the training labels is turned, drawn at
random; the {MISTAKES} wrong decisions on the validation part in which the model is most confident
(or all, where there are fewer) are audited. Then training rows are inspected in the order of each
method, and labels that turn out to be wrong are corrected. Means over {SEEDS} seeds.

*{SUSPECTS}*: `audit.suspects()`, by how likely the label is wrong. *{REPAIR}*:
`audit.suspects("repair")`, of the labels rather wrong than right those first to which the mistakes
owe most. *{SETS}*: `audit.suspects("weight")`, rows by how much of the mistakes stands on them;
rows in no set follow at random. *Training loss* and *self-influence*: of each row under the model
that learned it. *{CLEANLAB[0]}*, *{CLEANLAB[1]}*: confident learning, from {FOLDS}-fold
cross-validated probabilities of the same model: by label quality, and with `find_label_issues`
before all others. *Influence*, *representer*, *KNN-Shapley*: summed over the same mistakes.

The ranking of suspects was designed with seeds 0 to 2 of these mails in view, and with the first
two of the other data below; nothing was tried out on seeds 3 and 4.
"""

PAPER = """\
The paper says of this experiment that "there is a high probability that the bugs lie within MFS",
that MFS "tends to provide the most correct suggestions", precision and recall above those of
influence functions, representer points and chance, "and consequently the highest test accuracy
after fixing these bugs". It measures the top |S| rows of each method. It does not compare with
methods that look at the labels themselves.
"""

REPAIRED = """\
What sets are for: audited mistakes that are right after the wrong labels among the first rows are
corrected, for each 100 rows inspected; below, by how many wrong decisions there are fewer on the
test part.
"""

ONE_BY_ONE = f"""\
One decision at a time, the paper's protocol: as many rows as the decision's forcing set S has, from
the top of each method's order for this decision. *Precision*: share of them with a wrong label,
mean over the decisions. *Repaired*: share of the decisions (one in {EVERY} is tried) that are
right when those labels are corrected. *{SUSPECTS}*: the |S| first of the whole list, which is not
about this decision; *{QUARTER}*: of the rows of S only the quarter whose labels are most likely
wrong.
"""


def debugging(settings: Settings) -> Iterator[str]:
    yield "## Wrong labels (Figure 4 of the paper)\n"
    if folder("FORCING_DATA") is None:
        yield "Not measured: set FORCING_DATA to the folder of the data sets.\n"
        return
    case = mails()
    found: Found = {}
    for share in SHARES[1:2] if settings.short else SHARES:
        found[share] = []
        for seed in range(1 if settings.short else SEEDS):
            most = settings.targets if settings.short else MISTAKES
            found[share].append(measured(spoilt(case, share, seed), seed, most))
            told(f"{100 * share:.0f} % wrong labels, seed {seed}")
    settled = {}
    for setting in [] if settings.short else ELSEWHERE:
        settled[setting] = compared(setting, SEEDS)
        told(f"{setting.title}")
    yield EXPLAINED
    yield from _overview(found)
    yield from _precision(found)
    yield from _any_budget(found)
    yield from _accuracy(found)
    yield REPAIRED
    yield from _repaired(found)
    yield ONE_BY_ONE
    yield from _single(found)
    yield PAPER
    yield from _said(found)
    yield from _elsewhere(settled)
    if not settings.short:
        record.keep("debugging", kept(found))


def _mean(ones: Sequence[Measured], of: Callable[[Measured], float]) -> float:
    return float(np.mean([of(one) for one in ones]))


def _methods(found: Found) -> list[str]:
    return list(next(iter(found.values()))[0].inspected)


def _heads(found: Found) -> list[str]:
    return [f"{100 * share:.0f} %" for share in found]


def _overview(found: Found) -> Iterator[str]:
    yield from table(
        ["wrong labels", "expected by the audit", "mistakes", "audited", "set: median", "largest",
         "union", "flipped", "accuracy", "without bugs", "audit, s", "doubts, s"]
    )  # fmt: skip
    for ones in found.values():
        sizes = np.concatenate([one.sizes for one in ones])
        yield row([
            f"{ones[0].bugs}",
            f"{_mean(ones, lambda o: o.expected):.0f}",
            f"{_mean(ones, lambda o: o.mistakes):.0f}",
            f"{_mean(ones, lambda o: o.audited):.0f}",
            f"{np.median(sizes):.0f}",
            f"{sizes.max()}",
            f"{_mean(ones, lambda o: o.union):.0f}",
            f"{sum(o.verified for o in ones)}/{sum(o.audited for o in ones)}",
            f"{100 * _mean(ones, lambda o: o.before):.2f} %",
            f"{100 * _mean(ones, lambda o: o.clean):.2f} %",
            f"{_mean(ones, lambda o: o.seconds):.0f}",
            f"{_mean(ones, lambda o: o.judged):.0f}",
        ])  # fmt: skip
    yield ""


def _precision(found: Found) -> Iterator[str]:
    yield (
        "Precision, in per cent: as many rows as the sets have in all (the union), as half of the "
        "wrong labels, as all of them (there it is the recall too), and as twice as many.\n"
    )
    places: tuple[tuple[str, Callable[[Measured], int]], ...] = (
        ("union", lambda one: one.union),
        ("half", lambda one: one.bugs // 2),
        ("all", lambda one: one.bugs),
        ("twice", lambda one: 2 * one.bugs),
    )
    heads = [f"{head}, {what}" for head in _heads(found) for what, _ in places]
    yield from table(["order", *heads])
    for name in _methods(found):
        cells = [
            f"{100 * np.mean([o.inspected[name].precision(at(o)) for o in ones]):.1f}"
            for ones in found.values()
            for _, at in places
        ]
        yield row([name, *cells])
    yield ""


def _any_budget(found: Found) -> Iterator[str]:
    yield (
        "At every budget from 1 row to twice as many as there are wrong labels, the precision of "
        f"*{SUSPECTS}* beside the best of the orders that are not ours, whichever it is there:\n"
    )
    yield from table(
        ["wrong labels", "ahead or equal", "ahead at most", "behind at most", "in rows",
         "at budget", "of", "standard error there"]
    )  # fmt: skip
    for share, ones in found.items():
        ahead, best = lead(ones, 2 * ones[0].bugs)
        at = int(ahead.argmin())
        gaps = [o.inspected[SUSPECTS].hits[at] - o.inspected[best[at]].hits[at] for o in ones]
        error = np.std(gaps, ddof=1) / np.sqrt(len(ones)) / (at + 1) if len(ones) > 1 else 0.0
        behind = max(0.0, -float(ahead[at]))
        yield row([
            f"{100 * share:.0f} %", f"{100 * (ahead > -1e-9).mean():.0f} % of budgets",
            f"{100 * ahead.max():.1f} points", f"{100 * behind:.1f} points",
            f"{behind * (at + 1):.1f}", f"{at + 1}", best[at], f"{100 * error:.1f} points",
        ])  # fmt: skip
    yield ""


def _accuracy(found: Found) -> Iterator[str]:
    yield "Test accuracy, in per cent, after so many rows were inspected and corrected:\n"
    yield from _budgets(found, lambda one, at, _: 100 * one.accuracy[at], ".1f")


def _repaired(found: Found) -> Iterator[str]:
    first = RETRAINED[:4]
    yield from _budgets(found, lambda o, at, rows: 100 * o.repaired[at] / rows, ".1f", first)
    yield from _budgets(found, lambda o, at, rows: 100 * o.repaired_test[at] / rows, "+.1f", first)


def _budgets(
    found: Found,
    value: Callable[[Inspected, int, int], float],
    form: str,
    shares: Sequence[float] = RETRAINED,
) -> Iterator[str]:
    """A line for each order, a column for each share of wrong labels and budget."""
    rows = [round(share * next(iter(found.values()))[0].rows) for share in shares]
    yield from table(["order", *(f"{head}, {k}" for head in _heads(found) for k in rows)])
    for name in _methods(found):
        cells = [
            format(float(np.mean([value(o.inspected[name], at, k) for o in ones])), form)
            for ones in found.values()
            for at, k in enumerate(rows)
        ]
        yield row([name, *cells])
    yield ""


def _single(found: Found) -> Iterator[str]:
    heads = [f"{head}, {what}" for head in _heads(found) for what in ("precision", "repaired")]
    yield from table(["rows", *heads])
    for name in next(iter(found.values()))[0].single:
        ones = [[one.single[name] for one in each] for each in found.values()]
        values = [np.mean([[o.precision, o.repaired] for o in each], axis=0) for each in ones]
        yield row([name, *(f"{100 * value:.0f} %" for pair in values for value in pair)])
    yield ""


def _said(found: Found) -> Iterator[str]:
    """The paper's sentences, on the means over the seeds."""
    for share, ones in found.items():
        one = {
            name: float(np.mean([o.single[name].precision for o in ones]))
            for name in (SINGLE, "influence", "representer")
        }
        union = {
            name: float(np.mean([o.inspected[name].precision(o.union) for o in ones]))
            for name in (SUSPECTS, SETS, "influence", "representer", "random", "training loss")
        }
        yield (
            f"- {100 * share:.0f} % wrong labels. One decision: "
            + ", ".join(f"{name} {100 * p:.0f} %" for name, p in one.items())
            + ". All sets together, and as many rows of each order: "
            + ", ".join(f"{name} {100 * p:.0f} %" for name, p in union.items())
            + "."
        )
    yield ""


def _elsewhere(settled: dict[Setting, list[Measured]]) -> Iterator[str]:
    if not settled:
        return
    names = [name for name in next(iter(settled.values()))[0].inspected if name != SETS]
    yield (
        "Other models and data, as many rows as there are wrong labels: precision in per cent. "
        f"Then the share of the budgets up to twice as many at which *{SUSPECTS}* is ahead of the "
        "best of the orders that are not ours, or equal; the most that it is behind, and at how "
        "many rows. *Expected*: wrong labels, by the audit, mean over the seeds.\n"
    )
    yield from table(
        ["data", "wrong labels", "expected", *names, "ahead or equal", "behind at most"]
    )
    for setting, ones in settled.items():
        ahead, _ = lead(ones, 2 * ones[0].bugs)
        behind = max(0.0, -float(ahead.min()))
        most = f"{100 * behind:.1f} points, at {ahead.argmin() + 1}" if behind > 1e-9 else "nowhere"
        values = [np.mean([o.inspected[name].precision(o.bugs) for o in ones]) for name in names]
        yield row([
            setting.title, f"{ones[0].bugs}", f"{_mean(ones, lambda o: o.expected):.0f}",
            *(f"{100 * value:.1f}" for value in values),
            f"{100 * (ahead > -1e-9).mean():.0f} %", most,
        ])  # fmt: skip
    yield ""
