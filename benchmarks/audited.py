"""Audits of whole test sets: sizes against confidence, and what sizes say beyond it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2, spearmanr
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import forcing
from benchmarks import record
from benchmarks.measure import flips, row, table, told
from benchmarks.settings import Settings
from forcing import datasets
from forcing.datasets import Dataset

FEW = 3
REFITS = 20
"""Models trained on other draws of the training rows."""
FOLDS = 5
KINDS = ("wrong", "unsteady")
STRATA = 10
"""Groups of like confidence."""
SHARES = (0.0, 0.005, 0.01, 0.02, 0.05)
"""Of the training rows, that are left out as the first suspects,"""
DRAWS = 5
"""and as often at random."""
SURE = 0.01
"""Chance of a difference that is none, below which it is told."""
ENOUGH = 50
"""Decisions with a set below which there is nothing to correlate."""

PAPER = """\
The paper looks at set sizes of single targets (five of them, figure 2b) and has no audit of a test
set. Its claim is that the size of the set is the threshold at which a decision flips, which other
methods cannot tell. Here: what that threshold adds to the confidence that a model gives anyway.
"""

EXPLAINED = f"""\
`study.audit` without bounds; all shares are of the decisions that have a set. *On {FEW} or fewer*:
those whose set has so few rows.
*Correlation*: Spearman's, of set size and confidence. *Spread*: among decisions of like confidence
(tenths of the targets, by confidence), the size that nine of ten stay below over the size that one
of ten stays below; median over the tenths. *Checked*: scikit-learn at tol 1e-10, from a cold start
without the set, decides otherwise, on a sample. Dog-fish: sets of at most 60 rows are looked for;
nearly all decisions stand on hundreds, which take minutes each to refine.
"""

BEYOND = f"""\
Does size say something that confidence does not? Of two things: that a decision is *wrong*, and
that it is *unsteady*, another one in at least one of {REFITS} models trained on bootstrap samples
of the training rows. *AUC*: how well the order by one of them tells such decisions apart, the least
sure, or those on fewest rows, first. *Out of fold*: logistic regression on log-odds of confidence,
and on these and log size (*both*), in {FOLDS} folds, each decision told by the folds that it is not
in. *Weight*: of log size in the latter, in standard deviations; below 0 where decisions on fewer
rows are such more often. *p*: likelihood-ratio test that it is 0. *Of the fewer, of the more rows*:
the share among the half of each tenth of like confidence that stands on fewer rows, and among the
other half.
"""


WITHOUT = f"""\
What becomes of the wrong decisions if the first suspects are left out and the model is trained
again? Suspects are those of `suspects("weight")`, the rows that carry most wrong decisions.
*Audited*: among the targets of the audit, whose labels made the list; *fresh*: among the test rows
that the audit did not see. *At random*: as many rows, mean of {DRAWS} draws.
"""


@dataclass(frozen=True)
class Audited:
    """An audit in numbers, of the targets that have a set."""

    shape: str
    confidence: NDArray[np.float64]
    size: NDArray[np.intp]
    wrong: NDArray[np.bool_]
    unsteady: NDArray[np.float64]
    """(T,): the share of the models on other draws of the rows that decide otherwise."""
    verified: int
    targets: int
    checked: tuple[int, int] = (0, 0)
    """Sets that an independent refit confirms, of how many."""
    left_out: LeftOut | None = None

    @property
    def log_odds(self) -> NDArray[np.float64]:
        inside = np.clip(self.confidence, 1e-12, 1 - 1e-12)
        return np.asarray(np.log(inside / (1 - inside)))


@dataclass(frozen=True)
class LeftOut:
    """Shares of wrong decisions after training without rows: one for each of `rows`."""

    rows: list[int]
    audited: list[float]
    """Among the targets of the audit, without the first suspects;"""
    fresh: list[float]
    """among other test rows."""
    audited_chance: list[float]
    """The same without rows drawn at random, means over draws."""
    fresh_chance: list[float]


@dataclass(frozen=True)
class Beyond:
    """What size says about a property of decisions, beside confidence."""

    share: float
    """Of decisions that have the property."""
    by_confidence: float
    """Area under the curve of the order by confidence, the least sure first,"""
    by_size: float
    """by size, the smallest first,"""
    told_confidence: float
    """by a regression on log-odds, out of fold,"""
    told_both: float
    """and by one on log-odds and log size."""
    p: float
    coefficient: float
    """Of log size, in standard deviations, beside log-odds: below 0 where decisions on fewer rows
    have the property more often."""
    fewer: float
    more: float
    """Shares among the halves on fewer and on more rows, of decisions of like confidence."""


@dataclass(frozen=True)
class Problem:
    load: Callable[[], Dataset]
    model: Callable[[], Any]
    targets: int
    """Evenly spread over the test set."""
    checks: int = 10
    most: int | None = None
    """Rows of the largest sets that are looked for; 60 % of them all where None."""
    large: bool = True
    """Not for trying the benchmarks out."""


def audited(settings: Settings) -> Iterator[str]:
    yield "## Audits, sizes against confidence\n"
    yield PAPER
    yield EXPLAINED
    found = {}
    for name, problem in PROBLEMS.items():
        if settings.short and problem.large:
            continue
        told(f"audited {name}")
        try:
            found[name] = measured(problem, 30 if settings.short else problem.targets)
        except datasets.DatasetMissingError as missing:
            yield f"{name}: not measured. {missing}\n"
    yield from _sizes(found)
    yield BEYOND
    enough = {name: one for name, one in found.items() if len(one.size) >= ENOUGH}
    results = {name: (wrongness(one), unsteadiness(one)) for name, one in enough.items()}
    yield from _beyond(results)
    yield _statement(results)
    yield from _left_out(found)
    if not settings.short:
        record.keep(
            "audited",
            {
                name: {
                    "confidence": one.confidence,
                    "size": one.size,
                    "wrong": one.wrong,
                    "unsteady": one.unsteady,
                    "rows": int(one.shape.split()[0]),
                    "correlation": correlation(one),
                    "spread": spread(one),
                    "left_out": None if one.left_out is None else vars(one.left_out),
                    "beyond": {
                        what: _without_nan(vars(found))
                        for what, found in zip(KINDS, results[name], strict=True)
                    },
                }
                for name, one in enough.items()
            },
        )


def measured(problem: Problem, targets: int) -> Audited:
    """Fit, audit, refit on other draws and without suspects, and check."""
    data, model = problem.load(), problem.model()
    X = floats(data.X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, data.y)
    most = min(targets, len(data.y_test))
    chosen = np.linspace(0, len(data.y_test) - 1, most).round().astype(int)
    X_test, y_test = _taken(floats(data.X_test), chosen), data.y_test[chosen]
    study = forcing.Study(model, X, data.y)
    audit = study.audit(X_test, y_test, bound=False, max_removals=problem.most, progress=False)
    told(f"{len(audit)} targets in {audit.seconds:.0f} s")
    head, rows, tests = seen(model, X, X_test)
    one = numbers(audit, rows.shape, unsteady_shares(head, rows, data.y, tests))
    others = np.setdiff1d(np.arange(len(data.y_test)), chosen)
    if len(others) >= ENOUGH:
        fresh = seen(model, X, _taken(floats(data.X_test), others))[2], data.y_test[others]
        without = left_out(head, rows, data.y, audit.suspect_rows("weight"), (tests, y_test), fresh)
        one = replace(one, left_out=without)
    return replace(one, checked=_checked(problem.checks, audit, head, rows, data.y, tests))


def numbers(audit: forcing.Audit, shape: tuple[int, ...], unsteady: NDArray[np.float64]) -> Audited:
    """An audit with true labels, in numbers."""
    outcomes = [audit[t] for t in _with_set(audit)]
    assert audit.wrong is not None
    return Audited(
        shape=" x ".join(map(str, shape)),
        confidence=np.array([o.claim.confidence for o in outcomes if o.claim is not None]),
        size=np.array([len(o.supports) for o in outcomes], dtype=np.intp),
        wrong=audit.wrong[_with_set(audit)],
        unsteady=unsteady[_with_set(audit)],
        verified=sum(bool(o.verified) for o in outcomes),
        targets=len(audit),
    )


def _with_set(audit: forcing.Audit) -> list[int]:
    return [t for t, o in enumerate(audit.outcomes) if o.flipped and o.supports]


def _checked(
    most: int, audit: forcing.Audit, head: LogisticRegression, X: Any, y: NDArray[Any], X_test: Any
) -> tuple[int, int]:
    """Sets after which scikit-learn itself decides otherwise, of how many that were tried."""
    found = _with_set(audit)
    sample = [found[i] for i in np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)]
    confirmed = 0
    for t in sample:
        claim = audit[t].claim
        assert claim is not None
        confirmed += flips(head.C, X, y, X_test[t], list(audit.supports[t]), claim.favoured)
    return confirmed, len(sample)


def left_out(
    head: LogisticRegression,
    X: Any,
    y: NDArray[Any],
    suspects: NDArray[np.intp],
    audited_rows: tuple[Any, NDArray[Any]],
    fresh_rows: tuple[Any, NDArray[Any]],
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
) -> LeftOut:
    """Wrong decisions after training without so many of the first suspects, and without chance."""
    most = [min(round(share * len(y)), len(suspects)) for share in shares]
    rng = np.random.default_rng(0)

    def wrong(gone: NDArray[np.intp]) -> NDArray[np.float64]:
        kept = np.setdiff1d(np.arange(len(y)), gone)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = clone(head).set_params(tol=1e-4).fit(X[kept], y[kept])
        return np.array([1 - model.score(*part) for part in (audited_rows, fresh_rows)])

    by_suspicion = np.array([wrong(suspects[:k]) for k in most])
    by_chance = np.array(
        [np.mean([wrong(rng.permutation(len(y))[:k]) for _ in range(draws)], axis=0) for k in most]
    )
    columns = [*by_suspicion.T.tolist(), *by_chance.T.tolist()]
    return LeftOut(most, *columns)


def unsteady_shares(
    head: LogisticRegression, X: Any, y: NDArray[Any], X_test: Any, refits: int = REFITS
) -> NDArray[np.float64]:
    """(T,): the share of models on bootstrap samples that decide otherwise than `head`."""
    rng, said = np.random.default_rng(0), head.predict(X_test)
    others = np.zeros(len(said))
    for _ in range(refits):
        drawn = rng.integers(0, len(y), len(y))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            others += (
                clone(head).set_params(tol=1e-4).fit(X[drawn], y[drawn]).predict(X_test) != said
            )
    return others / refits


def correlation(one: Audited) -> float:
    return float(spearmanr(one.confidence, one.size).statistic)


def strata(one: Audited) -> list[NDArray[np.intp]]:
    """Targets in groups of like confidence, equally many in each."""
    order = np.argsort(one.confidence, kind="stable")
    return [group for group in np.array_split(order, STRATA) if len(group)]


def spread(one: Audited) -> float:
    """How far sizes lie apart at like confidence: ninth tenth over first, the median group's."""
    ratios = [np.divide(*np.quantile(one.size[group], [0.9, 0.1])) for group in strata(one)]
    return float(np.median(ratios))


def wrongness(one: Audited) -> Beyond:
    return beyond(one, one.wrong)


def unsteadiness(one: Audited) -> Beyond:
    return beyond(one, one.unsteady > 0)


def beyond(one: Audited, has: NDArray[np.bool_]) -> Beyond:
    """What size says about a property (T,) of decisions, beside confidence."""
    none = float("nan")
    if min(has.sum(), (~has).sum()) < FOLDS:
        fewer, more = _halves(one, has)
        return Beyond(float(has.mean()), none, none, none, none, none, none, fewer, more)
    sure, rows = one.log_odds, np.log(one.size)
    both = StandardScaler().fit_transform(np.column_stack([sure, rows]))
    alone = both[:, :1]
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    fits = [clone(free).fit(columns, has) for columns in (alone, both)]
    losses = [
        log_loss(has, fit.predict_proba(columns), normalize=False)
        for fit, columns in zip(fits, (alone, both), strict=True)
    ]
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    foretold = [
        cross_val_predict(free, columns, has, cv=folds, method="predict_proba")[:, 1]
        for columns in (alone, both)
    ]
    fewer, more = _halves(one, has)
    return Beyond(
        share=float(has.mean()),
        by_confidence=float(roc_auc_score(has, -sure)),
        by_size=float(roc_auc_score(has, -rows)),
        told_confidence=float(roc_auc_score(has, foretold[0])),
        told_both=float(roc_auc_score(has, foretold[1])),
        p=float(chi2.sf(2 * (losses[0] - losses[1]), 1)),
        coefficient=float(fits[1].coef_[0, 1]),
        fewer=fewer,
        more=more,
    )


def _halves(one: Audited, has: NDArray[np.bool_]) -> tuple[float, float]:
    """Shares among the halves on fewer and on more rows, of decisions of like confidence."""
    fewer, more = [], []
    for group in strata(one):
        order = group[np.argsort(one.size[group], kind="stable")]
        half = len(order) // 2
        fewer += has[order[:half]].tolist()
        more += has[order[len(order) - half :]].tolist()
    return float(np.mean(fewer)), float(np.mean(more))


def _sizes(found: dict[str, Audited]) -> Iterator[str]:
    yield from table(
        ["data", "training", "targets", "with a set", "verified", "checked", "size: 10 %", "50 %",
         "90 %", f"on {FEW} or fewer", "wrong", "wrong of those on few", "correlation", "spread"]
    )  # fmt: skip
    for name, one in found.items():
        if not len(one.size):
            continue
        few = one.size <= FEW
        quantiles = [f"{q:.0f}" for q in np.quantile(one.size, [0.1, 0.5, 0.9])]
        yield row(
            [name, one.shape, f"{one.targets}", f"{len(one.size)}", f"{one.verified}",
             "{}/{}".format(*one.checked), *quantiles, f"{100 * few.mean():.1f} %",
             f"{100 * one.wrong.mean():.1f} %", f"{one.wrong[few].sum()}/{few.sum()}",
             _or_none(one, f"{correlation(one):.2f}"), _or_none(one, f"{spread(one):.1f}")]
        )  # fmt: skip
    yield ""


def _left_out(found: dict[str, Audited]) -> Iterator[str]:
    """Wrong decisions after training without suspects."""
    yield WITHOUT
    yield from table(
        ["data", "rows left out", "wrong, audited", "at random", "wrong, fresh", "at random"]
    )
    for name, one in found.items():
        told_of = one.left_out
        if told_of is None:
            continue
        columns = (told_of.audited, told_of.audited_chance, told_of.fresh, told_of.fresh_chance)
        for k, *shares in zip(told_of.rows, *columns, strict=True):
            yield row([name, f"{k}", *(f"{100 * share:.1f} %" for share in shares)])
    yield ""


def _without_nan(values: dict[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else value for name, value in values.items()}


def _or_none(one: Audited, words: str) -> str:
    return words if len(one.size) >= ENOUGH else "–"


def _beyond(results: dict[str, tuple[Beyond, Beyond]]) -> Iterator[str]:
    yield from table(
        ["data", "decisions that are", "share", "AUC of confidence", "AUC of size",
         "confidence, out of fold", "both, out of fold", "weight", "p", "of the fewer rows",
         "of the more rows"]
    )  # fmt: skip
    for name, pair in results.items():
        for what, one in zip(KINDS, pair, strict=True):
            yield row(
                [name, what, f"{100 * one.share:.1f} %", _area(one.by_confidence),
                 _area(one.by_size), _area(one.told_confidence), _area(one.told_both),
                 "–" if np.isnan(one.p) else f"{one.coefficient:+.1f}", _p(one.p),
                 f"{100 * one.fewer:.1f} %", f"{100 * one.more:.1f} %"]
            )  # fmt: skip
    yield ""


def _area(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _p(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2g}" if value >= 1e-4 else "< 0.0001"


def _statement(results: dict[str, tuple[Beyond, Beyond]]) -> str:
    """The tables in words, from the numbers in them."""
    parts = []
    for place, what in enumerate(KINDS):
        known = {n: pair[place] for n, pair in results.items() if not np.isnan(pair[place].p)}
        if not known:
            continue
        says = {n: b for n, b in known.items() if b.p < SURE and b.told_both > b.told_confidence}
        where = [
            f"{name} ({'fewer' if b.coefficient < 0 else 'more'} rows, {what} more often)"
            for name, b in says.items()
        ]
        gains = [b.told_both - b.told_confidence for b in known.values()]
        parts.append(
            f"That a decision is {what}: size adds to confidence (p < {SURE}, and better out of "
            f"fold) on {', '.join(where) or 'none'}, of {len(known)} that could be tested; the "
            f"area under the curve changes by {min(gains):+.3f} to {max(gains):+.3f}."
        )
    return " ".join(parts) + "\n"


def _blank(frame: Any) -> Any:
    """Codes below 0, which say why a value is missing, as missing."""
    return frame.where(frame >= 0)


def loans() -> Pipeline:
    """Of `datasets.load_heloc`: missing values as the median, and standardised columns."""
    return make_pipeline(
        FunctionTransformer(_blank), SimpleImputer(strategy="median"), StandardScaler(),
        LogisticRegression(tol=1e-8, max_iter=10_000),
    )  # fmt: skip


def tumours() -> Pipeline:
    """Of `datasets.load_breast_cancer`: standardised columns."""
    return make_pipeline(StandardScaler(), LogisticRegression(tol=1e-8, max_iter=10_000))


def linear(C: float) -> LogisticRegression:
    return LogisticRegression(C=C, tol=1e-6, max_iter=10_000)


def seen(model: Any, X: Any, X_test: Any) -> tuple[LogisticRegression, Any, Any]:
    """The classifier, and the rows as it sees them."""
    if not isinstance(model, Pipeline):
        return model, X, X_test
    return model[-1], model[:-1].transform(X), model[:-1].transform(X_test)


def floats(X: Any) -> Any:
    """In double precision where it is an array: solvers then end where they should."""
    return X.astype(float) if isinstance(X, np.ndarray) else X


def _taken(X: Any, rows: NDArray[np.intp]) -> Any:
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


PROBLEMS = {
    "dog-fish": Problem(
        partial(datasets.load_dogfish, stand_in=False), partial(linear, 1.0), targets=600, most=60
    ),
    "cat-dog": Problem(
        partial(datasets.load_cifar10, ("cat", "dog"), n_train=4_000, n_test=2_000, stand_in=False),
        partial(linear, 0.01),
        targets=200,
    ),
    "heloc": Problem(partial(datasets.load_heloc, stand_in=False), loans, targets=800, checks=40),
    "tumours": Problem(datasets.load_breast_cancer, tumours, targets=200, checks=20, large=False),
    "digits": Problem(
        datasets.load_digits, partial(linear, 1.0), targets=1_000, checks=20, large=False
    ),
}
