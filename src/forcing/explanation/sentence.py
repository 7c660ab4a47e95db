"""The answer of a run in one or two sentences, from its state; the screen has its own."""

from __future__ import annotations

import math
import re

from forcing.protocol.context import Json

THIN = "\u202f"
"""A thin space without a line break, before % and in thousands."""


def percent(probability: float, threshold: float = 0.5) -> str:
    """Whole per cent, finer within two points of the decision and never rounded across it."""
    value, edge = 100 * probability, 100 * threshold
    away = abs(value - edge)
    digits = 2 if away < 0.05 else 1 if away < 2 else 0
    scale = 10**digits
    rounded = round(value * scale)
    if value > edge and rounded <= edge * scale:
        rounded = math.floor(edge * scale) + 1
    elif value < edge and rounded >= edge * scale:
        rounded = math.ceil(edge * scale) - 1
    if 0 < value < 0.5 or 99.5 < value < 100:
        return f"{'<' if value < 50 else '>'} {0.5 if value < 50 else 99.5}{THIN}%"
    return f"{rounded / scale:.{digits}f}{THIN}%"


def count(number: int) -> str:
    return f"{number:,}".replace(",", THIN)


def _name(label: str) -> str:
    """A class by its name; numbers and truth values say that they are classes."""
    return f"class {label}" if re.fullmatch(r"-?\d+(\.\d+)?|True|False", label) else label


def headline(state: Json) -> str:
    """What a state says, in plain words: the claim, the set, what the retrained model decides."""
    start, steps, end = state["start"], state["steps"], state["end"]
    if start is None:
        return "Waiting for the first numbers." if end is None else end["reason"]
    claim = start["claim"]
    name = _name(claim["favoured"])
    subject = f"{name[:1].upper()}{name[1:]} ({percent(claim['confidence'], claim['threshold'])})"
    rows = f"{count(len(steps))} of {count(start['rows'])} training rows"
    status = None if end is None else end["status"]
    if status == "unflippable":
        sentences = [f"{subject} cannot be flipped by removing training rows.", end["reason"]]
    elif status == "flipped" and steps:
        sentences = [f"{subject} stands on {rows}.", _without(state)]
    elif steps:
        now = percent(steps[-1]["confidence"], claim["threshold"])
        verb = "is down to" if end is None else "was down to"
        sentences = [f"{subject} {verb} {now} without {rows}.", end["reason"] if end else ""]
    else:
        sentences = [f"{subject}: no row was removed.", end["reason"] if end else ""]
    return " ".join(filter(None, [*sentences, _least(state)]))


def checks(state: Json) -> list[str]:
    """What was checked, a phrase each."""
    verified = state["verified"]
    if verified is None:
        return ["not checked by retraining"]
    outcome = "flips" if verified["flipped"] else "does not flip"
    phrases = [f"checked: {verified['by']}, retrained without {_them(state)}, {outcome}"]
    if verified["irreducible"] is not None:
        phrases.append("irreducible" if verified["irreducible"] else "reducible")
    return phrases


def _without(state: Json) -> str:
    verified, claim = state["verified"], state["start"]["claim"]
    if verified is None:
        after, rival = state["steps"][-1]["confidence"], claim["rival"]
        lead = f"Without {_them(state)} (not checked by retraining)"
    else:
        after, rival = verified["confidence"], verified["label"]
        lead = f"Retrained without {_them(state)}"
    keeps = percent(after, claim["threshold"])
    return f"{lead}: {_name(rival)} ({_name(claim['favoured'])} keeps {keeps})."


def _them(state: Json) -> str:
    return "it" if len(state["steps"]) == 1 else "them"


def _least(state: Json) -> str:
    bound = state["bound"]
    if bound is None:
        return ""
    return f"At least {count(bound['rows'])} {'is' if bound['rows'] == 1 else 'are'} needed."
