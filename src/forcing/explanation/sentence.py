"""The answer of a run in one or two sentences, from its state; the screen has its own."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from forcing.protocol.context import Json

THIN = "\u202f"
"""A thin space without a line break, before % and in thousands."""
RELABEL = "relabel"
"""The method that changes labels and removes no row."""
_TOLERANCE = 1e-9
"""Keeps 52 % and 50.05 % on the side where decimal reading puts them."""


def percent(probability: float, threshold: float = 0.5) -> str:
    """As the screen says it: whole per cent, finer the closer the decision is.

    Near 0 and 1 it has the digits that tell the probability from certainty, at most
    "> 99.999 %"; short of that it is never rounded to or across the threshold.
    """
    value, edge = 100 * probability, 100 * threshold
    rest = min(value, 100 - value)
    if 0 < rest < 0.001 - _TOLERANCE:
        return f"{'<' if value < 50 else '>'} {'0.001' if value < 50 else '99.999'}{THIN}%"
    away = abs(value - edge)
    digits = 2 if away < 0.05 - _TOLERANCE else 1 if away < 2 - _TOLERANCE else 0
    if 0 < rest < 1:
        digits = max(digits, math.ceil(-math.log10(rest) - _TOLERANCE))
    scale = 10**digits
    # Halves go up, near 1 those of the rest: "99.8 %" for 0.9985.
    rounded = (
        100 * scale - math.floor(rest * scale + 0.5)
        if 99 < value < 100
        else math.floor(value * scale + 0.5)
    )
    if value > edge and rounded <= edge * scale + _TOLERANCE:
        rounded = math.floor(edge * scale + _TOLERANCE) + 1
    elif value < edge and rounded >= edge * scale - _TOLERANCE:
        rounded = math.ceil(edge * scale - _TOLERANCE) - 1
    return f"{rounded / scale:.{digits}f}{THIN}%"


def count(number: int) -> str:
    return f"{number:,}".replace(",", THIN)


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _name(label: str) -> str:
    """A class by its name; numbers and truth values say that they are classes."""
    return f"class {label}" if re.fullmatch(r"-?\d+(\.\d+)?|True|False", label) else label


def relabels(state: Json) -> bool:
    """Whether labels are changed and no row is removed."""
    return bool(state["start"]["method"] == RELABEL)


class _Words(NamedTuple):
    """How a run speaks of what it does to rows."""

    doing: str
    found: str
    after: str
    none: str
    them: str


def _words(state: Json) -> _Words:
    one, start = len(state["steps"]) == 1, state["start"]
    number = f"{count(len(state['steps']))} of {count(start['rows'])} training"
    if not relabels(state):
        return _Words(
            doing="removing training rows",
            found=f"stands on {number} rows",
            after=f"without {number} rows",
            none="no row was removed",
            them="without it" if one else "without them",
        )
    changed = f"{number} labels {'was' if one else 'were'} changed"
    verified = state["verified"]
    decided = start["claim"]["rival"] if verified is None else verified["label"]
    return _Words(
        doing="changing training labels",
        found=f"would be {_name(decided)} if {changed}",
        after=f"with {number} labels changed",
        none="no label was changed",
        them="with it changed" if one else "with them changed",
    )


def headline(state: Json) -> str:
    """What a state says, in plain words: the claim, the set, what the retrained model decides."""
    start, steps, end = state["start"], state["steps"], state["end"]
    if start is None:
        return "Waiting for the first numbers." if end is None else end["reason"]
    claim = start["claim"]
    name = _name(claim["favoured"])
    subject = f"{capital(name)} ({percent(claim['confidence'], claim['threshold'])})"
    words = _words(state)
    status = None if end is None else end["status"]
    if status == "unflippable":
        sentences = [f"{subject} cannot be flipped by {words.doing}.", end["reason"]]
    elif status == "flipped" and steps:
        sentences = [f"{subject} {words.found}.", _without(state)]
    elif steps:
        now = percent(steps[-1]["confidence"], claim["threshold"])
        verb = "is down to" if end is None else "was down to"
        sentences = [f"{subject} {verb} {now} {words.after}.", end["reason"] if end else ""]
    else:
        sentences = [f"{subject}: {words.none}.", end["reason"] if end else ""]
    return " ".join(filter(None, [*sentences, _least(state)]))


def checks(state: Json) -> list[str]:
    """What was checked, a phrase each."""
    verified = state["verified"]
    if verified is None:
        return ["not checked by retraining"]
    outcome = "flips" if verified["flipped"] else "does not flip"
    phrases = [f"checked: {verified['by']}, retrained {_words(state).them}, {outcome}"]
    if verified["irreducible"] is not None:
        phrases.append("irreducible" if verified["irreducible"] else "reducible")
    return phrases


def _without(state: Json) -> str:
    verified, claim = state["verified"], state["start"]["claim"]
    if verified is None:
        after, rival = state["steps"][-1]["confidence"], claim["rival"]
        lead = f"{capital(_words(state).them)} (not checked by retraining)"
    else:
        after, rival = verified["confidence"], verified["label"]
        lead = f"Retrained {_words(state).them}"
    keeps = percent(after, claim["threshold"])
    return f"{lead}: {_name(rival)} ({_name(claim['favoured'])} keeps {keeps})."


def _least(state: Json) -> str:
    bound = state["bound"]
    if bound is None or bound["rows"] <= 1:  # that one is needed goes without saying
        return ""
    return f"At least {count(bound['rows'])} are needed."
