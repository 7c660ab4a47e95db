"""The JSON form `forcing.v1` that a run streams to its views and that files keep.

`docs/protocol.md` is the contract; `js/src/protocol.ts` reads what is written here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from forcing.protocol import retrainings
from forcing.protocol.context import Context, Json
from forcing.protocol.numbers import finite
from forcing.protocol.text import clean
from forcing.records import (
    Band,
    Bound,
    Claim,
    Decision,
    End,
    Event,
    Label,
    Progress,
    Ranking,
    Refined,
    Stability,
    Start,
    Step,
    Verified,
)

SCHEMA: Final = "forcing.v1"
MIME: Final = "application/vnd.forcing.v1+json"
GALLERY: Final = 24
"""How many rows of each sign a ranking sends."""


class Encoder:
    """Turns the records of one run into events, sending what a row looks like only once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._sent: set[int] = set()
        self._favoured: Any = None
        self._cut: float | None = None

    def encode(self, record: Event) -> Json:
        """The event for one record; all numbers finite, all labels class names, texts clean."""
        event: Json = clean(self._event(record))
        return event

    def _event(self, record: Event) -> Json:
        match record:
            case Start():
                return self._start(record)
            case Stability():
                return retrainings.stability(record)
            case Band():
                return retrainings.band(record)
            case Step():
                return {
                    "type": "step",
                    "steps": [self._step(record)],
                    "rows": self._rows([record.row]),
                }
            case Refined():
                return {
                    "type": "refined",
                    "steps": [self._step(step) for step in record.steps],
                    "before": int(record.before),
                    "seconds": finite(record.seconds),
                    "rows": self._rows(step.row for step in record.steps),
                }
            case Verified():
                return {
                    "type": "verified",
                    "flipped": bool(record.flipped),
                    "label": self._name(record.decision.label),
                    "confidence": finite(record.decision.confidence),
                    "irreducible": _optional_bool(record.irreducible),
                    "put_back": [finite(confidence) for confidence in record.put_back],
                    "by": record.by,
                    "seconds": finite(record.seconds),
                    **retrainings.of_verified(record),
                }
            case Bound():
                return {
                    "type": "bound",
                    "rows": int(record.rows),
                    "seconds": finite(record.seconds),
                }
            case Ranking():
                return self._ranking(record)
            case Progress():
                return {
                    "type": "progress",
                    "phase": record.phase,
                    "done": int(record.done),
                    "total": None if record.total is None else int(record.total),
                    "note": record.note,
                }
            case End():
                return end(record.status, record.reason, record.seconds)

    def what_if(
        self, request: int, out: Sequence[int], decision: Decision, error: str | None = None
    ) -> Json:
        told = {
            "type": "what-if",
            "error": clean(error),
            "request": request,
            "out": [int(row) for row in out],
            "label": clean(self._name(decision.label)),
            "confidence": finite(decision.confidence),
            "flipped": bool(decision.flipped),
        }
        several = decision.tally
        return told if several is None else told | {"tally": retrainings.tally(several)}

    def _start(self, record: Start) -> Json:
        study = self._context.study
        self._favoured, self._cut = record.claim.favoured, record.claim.cut
        told = {
            "type": "start",
            "id": self._context.id,
            "claim": self._claim(record.claim),
            "method": record.method,
            "model": study.model_description,
            "rows": int(study.n_rows),
            "features": int(study.n_features),
            "classes": len(study.classes),
            "limit": int(record.limit),
            "baselines": list(record.baselines),
            "display": self._context.presenter.display,
            "target": self._target(),
            "notes": list(study.notes),
            "made": self._context.made(),
        }
        return told | {"one_run": True} if record.one_run else told

    def _claim(self, claim: Claim) -> Json:
        told = {
            "favoured": self._name(claim.favoured),
            "rival": self._name(claim.rival),
            "confidence": finite(claim.confidence),
            "margin": finite(claim.margin),
            "threshold": finite(claim.threshold),
        }
        regression = {"cut": claim.cut, "prediction": claim.prediction}
        return told | {key: finite(value) for key, value in regression.items() if value is not None}

    def _name(self, label: Label) -> str:
        """A class by its name; a side of a regression's threshold with the threshold."""
        name = self._context.class_name(label)
        return name if self._cut is None or name != str(label) else f"{name} {self._cut:.6g}"

    def _target(self) -> Json:
        target, label = self._context.target(), self._context.label
        if self._cut is not None and label is not None:
            target["label"] = self._name(self._context.study.classes[int(label >= self._cut)])
        return target

    def _row(self, position: int) -> Json:
        row = self._context.row(position)
        if self._cut is not None:
            row["label"] = f"value {self._context.labels[position]:.4g}"
        return row

    def _step(self, step: Step) -> Json:
        told = {
            "n": int(step.number),
            "row": int(step.row),
            "positive": bool(step.positive),
            "confidence": finite(step.confidence),
            "margin": finite(step.margin),
            "gap": None if math.isnan(step.loss_gap) else finite(step.loss_gap),
            "seconds": finite(step.seconds),
        }
        return told if step.becomes is None else told | {"becomes": self._name(step.becomes)}

    def _rows(self, positions: Iterable[int]) -> Json:
        """Rows that were not sent before, by position."""
        new = dict.fromkeys(int(row) for row in positions if int(row) not in self._sent)
        self._sent.update(new)
        return {str(row): self._row(row) for row in new}

    def _ranking(self, ranking: Ranking) -> Json:
        rows, scores = np.asarray(ranking.rows), np.asarray(ranking.scores, dtype=float)
        # Scores without a sign, such as distances, say nothing about which rows support.
        supports = scores > 0 if bool(np.any(scores > 0)) else np.ones(len(rows), dtype=bool)
        same = self._same(rows)
        confidence = dict(ranking.curve)

        def entries(chosen: Any) -> list[Json]:
            places = np.flatnonzero(supports & chosen)[:GALLERY] + 1
            return [self._entry(ranking, int(place), confidence) for place in places]

        positive, negative = entries(same), entries(~same)
        return {
            "type": "ranking",
            "ranking": {
                "method": ranking.method,
                "flips_at": None if ranking.flips_at is None else int(ranking.flips_at),
                "tried": int(ranking.tried),
                "predicted": None if ranking.predicted is None else int(ranking.predicted),
                "curve": [[int(k), finite(value)] for k, value in ranking.curve],
                "positive": positive,
                "negative": negative,
                "seconds": finite(ranking.seconds),
            },
            "rows": self._rows(entry["row"] for entry in positive + negative),
        }

    def _same(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of these training rows have the label of the favoured class."""
        labels = self._context.labels[rows]
        if self._cut is not None:
            above = self._favoured == self._context.study.classes[1]
            return np.asarray((labels >= self._cut) == above)
        return np.asarray(labels == self._favoured)

    @staticmethod
    def _entry(ranking: Ranking, place: int, confidence: dict[int, float]) -> Json:
        before, after = confidence.get(place - 1), confidence.get(place)
        return {
            "row": int(ranking.rows[place - 1]),
            "place": place,
            "score": finite(ranking.scores[place - 1]),
            "change": None if before is None or after is None else finite(after - before),
        }


def end(status: str, reason: str, seconds: float) -> Json:
    return {"type": "end", "status": status, "reason": clean(reason), "seconds": finite(seconds)}


def events_message(seq: int, events: Sequence[Json]) -> Json:
    return {"schema": SCHEMA, "seq": seq, "events": list(events)}


def state_message(seq: int, state: Json) -> Json:
    return {"schema": SCHEMA, "seq": seq, "state": state}


def images_message(ids: Sequence[str]) -> Json:
    """Goes with one buffer, the bytes of a PNG or JPEG, for each id."""
    return {"schema": SCHEMA, "images": list(ids)}


def page_message(page: str) -> Json:
    return {"schema": SCHEMA, "page": page}


def saved_message(bundle: Json | None) -> Json:
    """The MIME bundle that an output becomes at the end; None where it stays as it is."""
    return {"schema": SCHEMA, "saved": bundle}


def paused(*, held: bool) -> Json:
    return {"type": "paused", "paused": held}


def selected(rows: Iterable[int]) -> Json:
    return {"type": "selected", "rows": [int(row) for row in rows]}


def plane(found: Json | None, note: str, request: int | None = None) -> Json:
    """A plane as `Plane` of the protocol has it; None with a `note` that says why not."""
    return {"type": "plane", "request": request, "plane": clean(found), "note": clean(note)}


def alternatives(sets: Sequence[Json], rows: Json, *, searching: bool, note: str) -> Json:
    told = {"sets": list(sets), "searching": searching, "note": note, "rows": rows}
    whole: Json = clean({"type": "alternatives"} | told)
    return whole


def targets(entries: Sequence[Json], total: int, chosen: int | None) -> Json:
    told = {"entries": list(entries), "total": total, "chosen": chosen}
    whole: Json = clean({"type": "targets"} | told)
    return whole


def chosen(target: int) -> Json:
    return {"type": "chosen", "target": target}


def explained(target: int, status: str, size: int) -> Json:
    return {"type": "explained", "target": target, "status": status, "size": size}


def merge(events: Iterable[Json]) -> list[Json]:
    """The same events in fewer: neighbouring steps as one, of progress and of bands the last."""
    merged: list[Json] = []
    for event in events:
        last = merged[-1] if merged else None
        if last is None or last["type"] != event["type"]:
            merged.append(event)
        elif event["type"] == "step":
            steps, rows = last["steps"] + event["steps"], last["rows"] | event["rows"]
            merged[-1] = {"type": "step", "steps": steps, "rows": rows}
        elif event["type"] in ("progress", "band"):
            merged[-1] = event
        else:
            merged.append(event)
    return merged


def _optional_bool(value: bool | None) -> bool | None:
    return None if value is None else bool(value)
