"""`Audit`: which training rows the decisions on a whole test set stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
from numpy.typing import NDArray

from forcing.engine.doubts import Doubts
from forcing.records import Label
from forcing.study.asked import Asked
from forcing.study.audit_html import audit_html
from forcing.study.many import Outcome
from forcing.study.options import one_of
from forcing.study.suspects import BY_LABEL, Evidence, Score, by_label, debts, known

if TYPE_CHECKING:
    import bqplot
    import pandas as pd

FEW = 3
"""Rows up to which the summary calls a decision one of few rows."""


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """Made by `Study.audit`. Row positions are those of the training data."""

    outcomes: tuple[Outcome, ...]
    """One for each target, in their order."""
    y_test: NDArray[Any] | None
    """(T,): the true labels, where they were given."""
    y: NDArray[Any]
    """(n,): the training labels."""
    row_ids: Sequence[Any] | None = None
    """(n,): what the training rows are called."""
    seconds: float = 0.0
    asked: Asked | None = None
    """What it was asked, and of which study: for `to_html`."""
    evidence: Evidence | None = None
    """On the training labels."""

    def __len__(self) -> int:
        return len(self.outcomes)

    def __getitem__(self, target: int) -> Outcome:
        return self.outcomes[target]

    @property
    def supports(self) -> tuple[tuple[int, ...], ...]:
        """The set of each target; empty where none was found."""
        return tuple(outcome.supports for outcome in self.outcomes)

    @cached_property
    def wrong(self) -> NDArray[np.bool_] | None:
        """(T,): whether the model decides otherwise than the true label; None without labels."""
        if self.y_test is None:
            return None
        pairs = zip(self.outcomes, self.y_test.tolist(), strict=True)
        return np.array(
            [o.claim is not None and o.claim.favoured != true for o, true in pairs], bool
        )

    @cached_property
    def regression(self) -> bool:
        """Whether the decisions are on which side of a threshold a prediction lies."""
        return any(o.claim is not None and o.claim.cut is not None for o in self.outcomes)

    @cached_property
    def retrained(self) -> bool:
        """Whether training does not repeat itself, so that several retrainings were asked."""
        return any(o.stability is not None or o.agreement is not None for o in self.outcomes)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each target; sizes and bounds are missing where no set was found.

        `wrong` and `label` are there where the audit was given true labels; `stability`,
        `agreement` and `control` where training does not repeat itself: the shares that
        `Explanation` has by these names.
        """
        pandas = _pandas("Audit.frame", "`.outcomes`")
        claims = [outcome.claim for outcome in self.outcomes]
        columns: dict[str, Any] = {"target": range(len(self))}
        if self.y_test is not None:
            columns["label"] = self.y_test
        for name, field in (("predicted", "favoured"), ("rival", "rival")):
            labels = [None if c is None else getattr(c, field) for c in claims]
            # Whole numbers would become floats beside a missing one.
            columns[name] = pandas.array(labels, dtype=object) if None in claims else labels
        columns["confidence"] = [np.nan if c is None else c.confidence for c in claims]
        if self.wrong is not None:
            columns["wrong"] = self.wrong
        sizes = [len(o.supports) or None for o in self.outcomes]
        columns["size"] = pandas.array(sizes, dtype="Int64")
        columns["lower_bound"] = pandas.array([o.lower_bound for o in self.outcomes], dtype="Int64")
        columns["flipped"] = [o.flipped for o in self.outcomes]
        for name in ("verified", "irreducible"):
            values = [getattr(o, name) for o in self.outcomes]
            columns[name] = pandas.array(values, dtype="boolean")
        if self.retrained:
            for name in ("stability", "agreement", "control"):
                shares = [getattr(o, name) for o in self.outcomes]
                columns[name] = np.array(shares, dtype=float)
        columns["status"] = [o.status for o in self.outcomes]
        columns["supports"] = list(self.supports)
        columns["seconds"] = [o.seconds for o in self.outcomes]
        frame: pd.DataFrame = pandas.DataFrame(columns)
        return frame

    @cached_property
    def doubts(self) -> Doubts | None:
        """How likely each training label is wrong; None where the model cannot tell.

        Takes some tens of rough fits of the model, once; of a classifier that is known by its
        refits ten full ones. More at once: `with joblib.parallel_config(n_jobs=4):`.
        """
        return self._judged if isinstance(self._judged, Doubts) else None

    @cached_property
    def _judged(self) -> Doubts | str | None:
        """The doubts, or why there are none."""
        return None if self.evidence is None else self.evidence.doubts()

    @property
    def doubts_at_hand(self) -> Doubts | None:
        """`doubts` where they were asked for before or take rough fits only: what is shown
        unasked must not train the user's own estimator.
        """
        return None if self._slow and "_judged" not in vars(self) else self.doubts

    @property
    def _slow(self) -> bool:
        return self.evidence is not None and self.evidence.slow

    @cached_property
    def owed(self) -> NDArray[np.float64] | None:
        """(n,): what the wrong decisions owe to each training row: its influence on the sum of
        their losses. Of all decisions where true labels were not given; None where there is no
        telling, as without an objective, or nothing wrong.
        """
        return None if isinstance(self._owes, str) else self._owes

    @cached_property
    def _owes(self) -> NDArray[np.float64] | str | None:
        """What is owed, or why there is no telling."""
        return None if self.evidence is None else self.evidence.owed()

    def suspects(self, score: Score | None = None) -> pd.DataFrame:
        """Training rows, the most suspect first.

        A row for each training row that is ranked: its position, its name where rows have names,
        its label, on how many wrong decisions' sets it stands (`wrong`), on how many in all
        (`sets`), `share` = wrong / sets, and `score`. Without true labels `wrong` and `share` are
        missing.

        Parameters
        ----------
        score
            How rows are ranked.

            - "label": all rows, those first whose label fits worst. The score is the probability
              that it is wrong, for which the classes in which labels are wrong count too. Models
              of the same kind that were trained without the row say how it fits; the targets
              of the audit are added to their training where their true labels are known, rows
              that are doubted themselves count for less, and the penalty is the one with which
              labels are foretold best. The sum of the scores is the number of wrong labels to
              expect, which says how far to read the list; it is rough where classes overlap much.
              A classifier without an objective is refitted for it: ten times, at the first call,
              as it is but on four fifths of the rows, which are cut into fifths twice. All rows
              count alike then, and the only row of a class is not doubted. Models that are always
              sure, such as a single deep tree, tell mistakes from hard rows badly: of theirs the
              sum may be far off, also where the order is good.
            - "repair": the same scores in another order: of the rows whose label is rather wrong
              than right, those come first to which the wrong decisions owe most, by influence
              functions. Some more of the first are honest, and correcting down this list
              repairs the wrong decisions sooner. Needs an objective.
            - "weight": rows that stand in sets alone. Each wrong decision's set hands out 1, in
              equal parts to its rows: a wrong decision that stands on two rows says more of each
              than one that stands on fifty. Without true labels each decision's does. Ties by
              `wrong`, `sets`, then position.
            - "count": likewise, by the number of wrong decisions.

            By default "label"; "weight" for regressions, for networks of which more than the last
            layer is explained, and where the estimator cannot be fitted on a part of the rows.

        Raises
        ------
        ValueError
            "label" or "repair" is asked for where the model cannot tell; the message says why.
        """
        pandas = _pandas("Audit.suspects", "`.suspect_rows()`")
        score = self._or_default(score)
        rows = self.suspect_rows(score)
        sets, wrong, scores = self._tallies(score)
        columns: dict[str, Any] = {"row": rows}
        if self.row_ids is not None:
            columns["name"] = [self.row_ids[int(row)] for row in rows]
        columns["label"] = self.y[rows]
        if wrong is not None:
            with np.errstate(invalid="ignore"):  # of rows in no set there is none
                share = wrong[rows] / sets[rows]
            columns |= {"wrong": wrong[rows], "sets": sets[rows], "share": share}
        else:
            columns["sets"] = sets[rows]
        frame: pd.DataFrame = pandas.DataFrame(columns | {"score": scores[rows]})
        return frame

    def suspect_rows(self, score: Score | None = None) -> NDArray[np.intp]:
        """The positions in `suspects`, which needs pandas; this does not."""
        score = self._or_default(score)
        if score == "repair" and self._slow:
            debts(self._owes)  # before the doubts, so that there are no trainings in vain
        sets, wrong, scores = self._tallies(score)
        first = sets if wrong is None else wrong
        if score in BY_LABEL:
            owed = debts(self._owes) if score == "repair" else None
            rows, ranked = np.arange(len(self.y)), by_label(known(self._judged), owed)
        else:
            rows, ranked = np.flatnonzero(sets), np.round(scores, 12)
        order = np.lexsort((rows, -sets[rows], -first[rows], -ranked[rows]))
        return np.asarray(rows[order], dtype=np.intp)

    def suspects_at_hand(self) -> NDArray[np.intp]:
        """`suspect_rows` by the default score, or by "weight" where doubts are not at hand."""
        return self.suspect_rows("weight" if self.doubts_at_hand is None else "label")

    def _or_default(self, score: Score | None) -> Score:
        if score is None:
            return "weight" if self.doubts is None else "label"
        one_of("score", score, get_args(Score))
        return score

    def _tallies(
        self, score: Score
    ) -> tuple[NDArray[np.intp], NDArray[np.intp] | None, NDArray[np.float64]]:
        """(n,) each: sets, wrong decisions' sets and score of the training rows."""
        n = len(self.y)
        guilty = np.ones(len(self), bool) if self.wrong is None else self.wrong
        counts, weights = np.zeros((2, n), dtype=np.intp), np.zeros((2, n))
        for supports, is_guilty in zip(self.supports, guilty.tolist(), strict=True):
            members = list(supports)
            counts[int(is_guilty), members] += 1
            weights[int(is_guilty), members] += 1.0 / max(1, len(members))
        if score in BY_LABEL:
            scores = known(self._judged).wrong
        else:
            scores = weights[1] if score == "weight" else counts[1].astype(float)
        return counts.sum(axis=0), None if self.wrong is None else counts[1], scores

    def plot(self) -> bqplot.Figure:
        """Set size over confidence, a point for each target, wrong decisions marked.

        Needs bqplot (`pip install "forcing[plots]"`).
        """
        from forcing.jupyter.plots.scatter import size_over_confidence

        found = [t for t, o in enumerate(self.outcomes) if o.supports and o.claim is not None]
        claims = [self.outcomes[t].claim for t in found]
        confidence = np.array([c.confidence for c in claims if c is not None])
        size = np.array([len(self.outcomes[t].supports) for t in found])
        wrong = None if self.wrong is None else self.wrong[found]
        return size_over_confidence(confidence, size, wrong)

    def to_html(
        self,
        path: str | PathLike[str],
        *,
        names: Sequence[str] | None = None,
        target_displays: Sequence[Any] | None = None,
    ) -> Path:
        """Write a report to hand over: one HTML file that needs neither scripts nor a network.

        It has what was audited, how set sizes spread and how they lie beside confidence, the
        decisions on fewest rows, the training rows that wrong decisions stand on, and what the
        model keeps as fitted. Long tables are cut at 200 lines, and pictures where the file would
        grow beyond 1 MB; `frame.to_csv` has every decision. Rows come in the order of
        `suspects()`, whose fits are made if they were not yet.

        Parameters
        ----------
        path
            Of the file, which is overwritten.
        names
            What each row of X_test is called; by default its position.
        target_displays
            The picture, text or table row that stands for each row of X_test, where X_test cannot
            be shown itself.
        """
        from forcing.study.audit_report import audit_report

        path = Path(path)
        path.write_text(audit_report(self, names, target_displays), encoding="utf-8")
        return path

    def class_name(self, label: Label) -> str:
        """A label as it is told: by the name that the study has for it, else as a text."""
        return str(label) if self.asked is None else self.asked.class_name(label)

    def summary(self) -> dict[str, str]:
        """What the notebook shows: a name and a value each.

        The top suspects are those of `suspects()`; until it was asked for, of a model that must
        be refitted for it, those by "weight".
        """
        flipped = [o for o in self.outcomes if o.flipped and o.supports]
        sizes = [len(o.supports) for o in flipped]
        told = {"targets": f"{len(self)}"}
        if self.wrong is not None:
            told["wrong decisions"] = f"{int(self.wrong.sum())}"
        told["sets found"] = f"{len(flipped)}"
        other: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.status != "flipped":
                other[outcome.status] = other.get(outcome.status, 0) + 1
        told |= {name: f"{n}" for name, n in other.items()}
        if sizes:
            told["median size"] = f"{np.median(sizes):g} of {len(self.y)} rows"
            told[f"on {FEW} rows or fewer"] = f"{sum(size <= FEW for size in sizes)}"
            told["verified"] = f"{sum(bool(o.verified) for o in flipped)}"
        if (random := sum(o.alike for o in flipped)) > 0:
            told["no different from random rows"] = f"{random}"
        rows = self.suspects_at_hand()[:5].tolist()
        if rows and self.wrong is not None and self.wrong.any():
            told["top suspects"] = ", ".join(self._name(row) for row in rows)
        return told

    def _name(self, row: int) -> str:
        label: Label = self.y[row]
        named = "" if self.row_ids is None else f" {self.row_ids[row]}"
        return f"{row}{named} ({self.class_name(label)})"

    def __repr__(self) -> str:
        return f"<Audit: {'; '.join(f'{name}: {value}' for name, value in self.summary().items())}>"

    def _repr_html_(self) -> str:
        return audit_html(self)


def _pandas(what: str, instead: str) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError(
            f"{what} needs pandas (pip install pandas); {instead} does without."
        ) from error
    return pd
