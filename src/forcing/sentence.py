"""The answer of a run in one or two sentences, from its state; the screen has its own."""

from __future__ import annotations

import math
import re

from forcing.context import Json

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
    subject = f"{_name(claim['favoured'])} ({percent(claim['confidence'], claim['threshold'])})"
    rows = f"{count(len(steps))} of {count(start['rows'])} training rows"
    status = None if end is None else end["status"]
    if status == "unflippable":
        return f"{subject} cannot be flipped by removing training rows. {end['reason']}".strip()
    if status == "flipped" and steps:
        return f"{subject} stands on {rows}. {_without(state)}{_least(state)}"
    if not steps:
        return f"{subject}: no row was removed. {'' if end is None else end['reason']}".strip()
    now = percent(steps[-1]["confidence"], claim["threshold"])
    verb = "is down to" if end is None else "was down to"
    reason = "" if end is None else f" {end['reason']}"
    return f"{subject} {verb} {now} without {rows}.{reason}"


def checks(state: Json) -> list[str]:
    """What was checked, a phrase each."""
    verified, bound = state["verified"], state["bound"]
    phrases = []
    if verified is None:
        phrases.append("not checked by retraining")
    else:
        outcome = "flips" if verified["flipped"] else "does not flip"
        phrases.append(f"checked: {verified['by']} retrained without them {outcome}")
        if verified["irreducible"] is not None:
            phrases.append("irreducible" if verified["irreducible"] else "reducible")
    if bound is not None:
        phrases.append(_needed(bound["rows"]))
    return phrases


def _without(state: Json) -> str:
    verified, claim = state["verified"], state["start"]["claim"]
    if verified is None:
        after, rival = state["steps"][-1]["confidence"], claim["rival"]
        lead = "Without them (not checked by retraining)"
    else:
        after, rival, lead = verified["confidence"], verified["label"], "Retrained without them"
    keeps = percent(after, claim["threshold"])
    return f"{lead}: {_name(rival)} ({_name(claim['favoured'])} keeps {keeps})."


def _least(state: Json) -> str:
    bound = state["bound"]
    return "" if bound is None else f" {_needed(bound['rows']).capitalize()}."


def _needed(rows: int) -> str:
    return f"at least {count(rows)} {'is' if rows == 1 else 'are'} needed"
