"""`Explanation`: the records of one run, gathered; saved to a file and read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forcing import records
from forcing.explanation.alternatives import Others, Question
from forcing.explanation.page import page
from forcing.explanation.report import data_url
from forcing.explanation.sentence import answer, checks
from forcing.explanation.slices import NONE, Slices
from forcing.explanation.snapshot import bundle
from forcing.explanation.story import LiveStory, SavedStory, Story
from forcing.protocol.context import Context, Json
from forcing.protocol.plane import FILE_ROWS, thinned
from forcing.protocol.state import StateBuilder

if TYPE_CHECKING:
    import pandas as pd


_COLUMNS = [
    "row",
    "name",
    "label",
    "positive",
    "confidence",
    "change",
    "margin",
    "loss_gap",
    "put_back",
    "becomes",
]
_STOPPED = ("cancelled", "failed", "unstable")
"""Runs that nobody waits for any longer, or that have no set: no plane is made of them."""


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Which training rows a prediction stands on, and how that was found.

    Made by `Study.explain`, by the live widget and by `forcing.load`.
    """

    claim: records.Claim
    status: str
    """"flipped", "unflippable", "unstable" where retrainings on all rows do not agree, "limit",
    "cancelled" or "exited"; "failed" where the run broke."""
    reason: str
    steps: tuple[records.Step, ...]
    """The removals, in order; after refinement those of the refined set."""
    rankings: dict[str, records.Ranking]
    """The baselines that were asked for, by name."""
    verification: records.Verified | None
    """What the user's own estimator decided without the set; None where it was not asked."""
    lower_bound: int | None
    """No set with fewer rows flips the decision; None where no bound was computed."""
    method: str
    searched: int
    """How many rows the search removed before the set was refined."""
    seconds: float
    _story: Story = field(repr=False)
    retrained: records.Stability | None = None
    """What retrainings on all rows decide; None of a model whose training repeats itself."""
    band: tuple[tuple[int, float, float, float], ...] = ()
    """(rows removed, mean, lowest, highest confidence) at the lengths that were retrained."""
    _question: Question | None = field(default=None, repr=False)
    """None where nobody can be asked again: the explanation was loaded."""
    _slices: Slices | None = field(default=None, repr=False)

    @classmethod
    def gather(
        cls,
        context: Context,
        events: Iterable[records.Event],
        options: Json | None = None,
        slices: Slices | None = None,
    ) -> Explanation:
        """Consume the events of a run. Errors of the run pass through.

        A run that was closed before its `End` counts as cancelled. `options` are those of
        `Study.events` that the run was made with; `alternatives` and planes need
        them; `slices` are those of the run, where it made some.
        """
        kept = [event for event in events if not isinstance(event, records.Progress)]
        if kept and not isinstance(kept[-1], records.End):
            steps = [event for event in kept if isinstance(event, records.Step)]
            seconds = steps[-1].seconds if steps else 0.0
            kept.append(records.End("cancelled", f"Stopped at step {len(steps)}.", seconds))
        question = None if options is None else Question(context, dict(options))
        if options is not None and slices is None:
            slices = Slices(context, options)
        return _assemble(kept, LiveStory(context, kept), question, slices)

    @property
    def supports(self) -> NDArray[np.intp]:
        """Positions of the training rows of the set, in order of removal."""
        return np.array([step.row for step in self.steps], dtype=np.intp)

    @property
    def size(self) -> int:
        return len(self.steps)

    @property
    def flipped(self) -> bool:
        """Whether the decision is the other one without the set.

        By the refit where there was one, else by the engine's, if the run came that far: the
        steps of one that broke before are no refits.
        """
        if self.verification is not None:
            return bool(self.verification.flipped)
        return self.status == "flipped"

    @property
    def verified(self) -> bool | None:
        """Whether the user's estimator, refitted without the set, decides otherwise."""
        return None if self.verification is None else bool(self.verification.flipped)

    @property
    def irreducible(self) -> bool | None:
        """Whether each single row put back brings the old decision back; None if not checked."""
        return None if self.verification is None else self.verification.irreducible

    @property
    def stability(self) -> float | None:
        """The share of retrainings on all rows that decide as the model does.

        None of a model whose training repeats itself, and where the user asked for a single
        training run.
        """
        return None if self.retrained is None else 1 - self.retrained.tally.share

    @property
    def agreement(self) -> float | None:
        """The share of fresh retrainings without the set that decide otherwise than the model.

        The search never saw them. None where there were none.
        """
        tally = None if self.verification is None else self.verification.agreement
        return None if tally is None else tally.share

    @property
    def control(self) -> float | None:
        """The same share without as many random rows of the same classes instead of the set.

        Where it is as high, the decision does not stand on these rows. None where no random rows
        were tried.
        """
        tally = None if self.verification is None else self.verification.control
        return None if tally is None else tally.share

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Probability of the favoured class, shape (size + 1,), before any removal first."""
        return np.array([self.claim.confidence, *(step.confidence for step in self.steps)])

    def alternatives(self, k: int = 3) -> list[Explanation]:
        """Up to `k` other sets that flip the decision, the smallest first.

        A smallest set is rarely the only one. Each alternative is searched with all rows of the
        sets before it held in place; where that makes it impossible or more than twice as large,
        with the strongest half of each, a quarter, one row (of this set, up to five in turn). Then
        it is refined and verified like this one, with the same options. Fewer than `k`, or none,
        come back where no further set is found; none where the decision was not flipped.
        `overlap` says how many rows two sets share. What was found is kept: it is not searched
        again, and it is saved and shown with this explanation.

        A model that is known by its refits is searched by refits again, within the budget of the
        first run for each search.

        Raises `RuntimeError` for an explanation that was loaded, which has no model to refit.
        """
        return self.others.take(k)

    @cached_property
    def others(self) -> Others:
        """The search behind `alternatives`, which keeps what it found: it is saved with this."""
        if self._question is None:
            raise RuntimeError(
                "alternatives() searches and refits again, which an explanation from a file "
                "cannot: make it anew with study.explain(x), then call alternatives()."
            )
        return Others(self, self._question)

    @cached_property
    def plane(self) -> Json | None:
        """The slice through the target that is saved and shown, as the protocol's `Plane`.

        Found when first asked for. None for pictures and texts, of which nobody asked for one, for
        rows with fewer than two columns of numbers, and where the run was stopped.
        """
        if self._slices is None:
            return self._state.get("plane")
        if self.status in _STOPPED:
            return None
        return self._slices.default(self.claim, self.steps, self.verification, self.seconds)

    def slice(self, x: int | None = None, y: int | None = None) -> Json:
        """Another slice: of two features, by their place in the `features` of the first one, or
        of principal components.

        Raises `ValueError` where there is no such slice, as for an explanation from a file.
        """
        if self._slices is None:
            raise ValueError(f"{NONE} An explanation from a file has the one it was saved with.")
        return self._slices.slice(x, y, self.claim, self.steps)

    def overlap(self, other: Explanation) -> int:
        """How many rows of the set are in the other explanation's set too."""
        return len(np.intersect1d(self.supports, other.supports))

    def to_frame(self) -> pd.DataFrame:
        """The set as a pandas frame, a line for each row in order of removal.

        The column `name` is there where rows have names, `becomes` (their new label) where
        labels are changed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError(
                "Explanation.to_frame needs pandas (pip install pandas); "
                "`.steps` and `.supports` do without."
            ) from error
        put_back = self.verification.put_back if self.verification is not None else ()
        rows = self._state["rows"]
        lines = [
            {
                "row": step.row,
                "name": rows.get(str(step.row), {}).get("name"),
                "label": step.label,
                "positive": step.positive,
                "confidence": step.confidence,
                "change": step.confidence - before,
                "margin": step.margin,
                "loss_gap": step.loss_gap,
                "put_back": put_back[place] if place < len(put_back) else None,
                "becomes": step.becomes,
            }
            for place, (step, before) in enumerate(zip(self.steps, self.confidence, strict=False))
        ]
        empty = {
            column for column in ("name", "becomes") if all(line[column] is None for line in lines)
        }
        columns = [column for column in _COLUMNS if column not in empty]
        return pd.DataFrame(lines, columns=columns)

    def to_dict(self) -> Json:
        """The protocol's state with its pictures, and what `load` needs besides; plain JSON."""
        state = self.protocol_state
        state = state | {"plane": thinned(state.get("plane"), self.supports.tolist(), FILE_ROWS)}
        pictures = {name: url for name in _image_ids(state) if (url := self._picture(name))}
        return state | {"images": pictures, "restore": self._story.restore()}

    def save(self, path: str | PathLike[str]) -> Path:
        """Write `path`, by custom `*.mfs.json`; `forcing.load` reads it back."""
        path = Path(path)
        path.write_text(json.dumps(self.to_dict(), allow_nan=False), encoding="utf-8")
        return path

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write one HTML file with the same interactive view; it needs no network.

        A reader without scripts, and a printer, get a plain table. It stays below 1 MB: the last
        rows of a large set lose their content first, and the page says so. Where the view was
        not built, as in a checkout without `make`, the table is all there is.
        """
        path = Path(path)
        path.write_text(page(self.protocol_state, self._picture), encoding="utf-8")
        return path

    def __repr__(self) -> str:
        done = "; ".join(checks(self._state)) if self.steps else ""
        return f"<Explanation: {answer(self._state)}{f' ({done})' if done else ''}>"

    def _repr_mimebundle_(self, **_: Any) -> Json:
        return bundle(self.protocol_state, self._story.image)

    @cached_property
    def _state(self) -> Json:
        """The protocol's state, without pictures."""
        return self._story.state()

    @property
    def run_state(self) -> Json:
        """What the run alone told of `protocol_state`: no plane has to be made for it."""
        return self._state

    @property
    def protocol_state(self) -> Json:
        """What `docs/protocol.md` calls the state, without pictures, with its plane and the other
        sets found.
        """
        state = self._state if self.plane is None else self._state | {"plane": self.plane}
        others = self.__dict__.get("others")
        if others is None or not others.found:
            return state
        builder = StateBuilder()
        builder.state = state | {"rows": dict(state["rows"])}
        builder.apply(others.event())
        return builder.state

    def _picture(self, name: str) -> str | None:
        image = self._story.image(name)
        return None if image is None else data_url(image)


def load(path: str | PathLike[str]) -> Explanation:
    """Read an explanation that `Explanation.save` wrote; it needs neither model nor data.

    JSON has no dates: class labels other than texts, numbers, booleans and None come back as
    their text, `str(label)`, in the claim, the steps and the decision alike.

    Raises `ValueError` where the file holds none, a damaged one or one of a newer version.
    """
    path = Path(path)
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # too long a number, too deep a list
        raise ValueError(f"{path} holds no explanation: it is not JSON.") from error
    story = SavedStory.read(state, str(path))
    return _assemble(story.records(), story)


def _assemble(
    kept: Sequence[records.Event],
    story: Story,
    question: Question | None = None,
    slices: Slices | None = None,
) -> Explanation:
    start: records.Start | None = None
    end: records.End | None = None
    steps: list[records.Step] = []
    searched = 0
    verification: records.Verified | None = None
    retrained: records.Stability | None = None
    band: tuple[tuple[int, float, float, float], ...] = ()
    bound: int | None = None
    rankings: dict[str, records.Ranking] = {}
    for event in kept:
        match event:
            case records.Start():
                start = event
            case records.Stability():
                retrained = event
            case records.Band():
                band = event.points
            case records.Step():
                steps.append(event)
                searched = len(steps)
            case records.Refined():
                steps, searched = list(event.steps), event.before
            case records.Verified():
                verification = event
            case records.Bound():
                bound = event.rows
            case records.Ranking():
                rankings[event.method] = event
            case records.End():
                end = event
    if start is None or end is None:
        raise ValueError("A run begins with a Start record; without one there is nothing to tell.")
    return Explanation(
        claim=start.claim,
        status=end.status,
        reason=end.reason,
        steps=tuple(steps),
        rankings=rankings,
        verification=verification,
        lower_bound=bound,
        method=start.method,
        searched=searched,
        seconds=end.seconds,
        _story=story,
        retrained=retrained,
        band=band,
        _question=question,
        _slices=slices,
    )


def _image_ids(state: Json) -> list[str]:
    items = [row["item"] for row in state["rows"].values()]
    if state["start"] is not None:
        items.insert(0, state["start"]["target"]["item"])
    return [item["image"] for item in items if item is not None and item["kind"] == "image"]
