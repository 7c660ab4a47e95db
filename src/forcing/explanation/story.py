"""Where an `Explanation` gets its protocol state from: a run just made, or a file."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from forcing.protocol import Encoder, finite, retrainings
from forcing.protocol.context import Context, Json, scalar
from forcing.protocol.guards import check_saved
from forcing.protocol.state import StateBuilder, shown_rows
from forcing.records import (
    Bound,
    Claim,
    Decision,
    End,
    Event,
    Ranking,
    Refined,
    Start,
    Step,
    Verified,
)


class Story(Protocol):
    def state(self) -> Json:
        """The protocol's state, without pictures."""
        ...

    def image(self, name: str) -> bytes | None: ...

    def restore(self) -> Json:
        """What the state leaves out and a reader of the file needs: labels, whole rankings."""
        ...


class LiveStory:
    """Told from the records of a run and the study they came from."""

    def __init__(self, context: Context, records: Sequence[Event]) -> None:
        self._context = context
        self._records = records

    def state(self) -> Json:
        encoder, builder = Encoder(self._context), StateBuilder()
        for record in self._records:
            builder.apply(encoder.encode(record))
        state = builder.state
        return state | {"rows": {key: state["rows"][key] for key in shown_rows(state)}}

    def image(self, name: str) -> bytes | None:
        return self._context.presenter.image(name)

    def restore(self) -> Json:
        labels: list[Any] = []
        becomes: list[Any] = []
        restore: Json = {"decision": None, "rankings": {}}
        for record in self._records:
            match record:
                case Start(claim=claim):
                    restore["claim"] = [scalar(claim.favoured), scalar(claim.rival)]
                case Step():
                    labels.append(scalar(record.label))
                    becomes.append(scalar(record.becomes))
                case Refined(steps=steps):
                    labels = [scalar(step.label) for step in steps]
                    becomes = [scalar(step.becomes) for step in steps]
                case Verified(decision=decision):
                    restore["decision"] = [scalar(decision.label), finite(decision.margin)]
                case Ranking():
                    restore["rankings"][record.method] = {
                        "rows": np.asarray(record.rows).tolist(),
                        "scores": [finite(score) for score in record.scores],
                        "predicted": record.predicted,
                    }
        return restore | {"labels": labels, "becomes": becomes}


class SavedStory:
    """Told from a saved state."""

    def __init__(self, saved: Json) -> None:
        self._saved = saved

    @classmethod
    def read(cls, saved: Any, where: str) -> SavedStory:
        """Check what a file held; raises `ValueError` that names the file."""
        return cls(check_saved(saved, where))

    def state(self) -> Json:
        return {key: value for key, value in self._saved.items() if key != "restore"} | {
            "images": {}
        }

    def image(self, name: str) -> bytes | None:
        url = self._saved["images"].get(name)
        if not isinstance(url, str) or not url.startswith("data:image/"):
            return None
        try:
            return base64.b64decode(url.partition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            return None

    def restore(self) -> Json:
        restore: Json = self._saved["restore"]
        return restore

    def records(self) -> list[Event]:
        """The run as far as the file tells it: the refined set, not the search before it."""
        saved, restore = self._saved, self._saved["restore"]
        start = saved["start"]
        favoured, rival = restore["claim"]
        told = start["claim"]
        claim = Claim(
            favoured,
            rival,
            told["confidence"],
            told["margin"],
            told["threshold"],
            told.get("cut"),
            told.get("prediction"),
        )
        records: list[Event] = [
            Start(
                claim,
                start["method"],
                start["limit"],
                tuple(start["baselines"]),
                start.get("one_run", False),
            )
        ]
        if saved.get("stability") is not None:
            records.append(retrainings.read_stability(saved["stability"]))
        becomes = restore.get("becomes", [None] * len(restore["labels"]))
        steps = [
            _step(step, label, new)
            for step, label, new in zip(saved["steps"], restore["labels"], becomes, strict=True)
        ]
        if saved["refined"]:
            records.append(Refined(tuple(steps), saved["searched"], 0.0))
        else:
            records.extend(steps)
        if saved.get("band"):
            records.append(retrainings.read_band(saved["band"]))
        records.extend(
            _ranking(ranking, restore["rankings"][ranking["method"]])
            for ranking in saved["rankings"]
        )
        if saved["verified"] is not None:
            records.append(_verified(saved["verified"], *restore["decision"]))
        if saved["bound"] is not None:
            records.append(Bound(saved["bound"]["rows"], saved["bound"]["seconds"]))
        end = saved["end"]
        return [*records, End(end["status"], end["reason"], end["seconds"])]


def _step(step: Json, label: Any, becomes: Any) -> Step:
    return Step(
        number=step["n"],
        row=step["row"],
        label=label,
        positive=step["positive"],
        confidence=step["confidence"],
        margin=step["margin"],
        loss_gap=math.nan if step["gap"] is None else step["gap"],
        seconds=step["seconds"],
        becomes=becomes,
    )


def _ranking(ranking: Json, whole: Json) -> Ranking:
    return Ranking(
        method=ranking["method"],
        rows=np.array(whole["rows"], dtype=np.intp),
        scores=np.array(whole["scores"], dtype=np.float64),
        flips_at=ranking["flips_at"],
        tried=ranking["tried"],
        curve=tuple((k, confidence) for k, confidence in ranking["curve"]),
        seconds=ranking["seconds"],
        predicted=whole.get("predicted"),
    )


def _verified(verified: Json, label: Any, margin: float) -> Verified:
    return Verified(
        decision=Decision(label, verified["confidence"], margin),
        flipped=verified["flipped"],
        irreducible=verified["irreducible"],
        put_back=tuple(verified["put_back"]),
        by=verified["by"],
        seconds=verified["seconds"],
        **retrainings.read_verified(verified),
    )
