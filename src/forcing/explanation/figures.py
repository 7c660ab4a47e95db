"""Numbers and names as the reader sees them; `js/src/format.ts` has the same rules."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from itertools import takewhile

from forcing.protocol.context import Json

THIN = "\u202f"
"""A thin space without a line break, before % and in thousands."""
MINUS = "\u2212"
_TOLERANCE = 1e-9
"""Keeps 52 % and 50.05 % on the side where decimal reading puts them."""


def percent(probability: float, threshold: float = 0.5, digits: int = 0) -> str:
    """As the screen says it: at `digits` decimals, finer the closer the decision is.

    Near 0 and 1 it has the digits that tell the probability from certainty, at most
    "> 99.999 %"; short of that it is never rounded to or across the threshold.
    """
    value, edge = 100 * probability, 100 * threshold
    rest = min(value, 100 - value)
    if 0 < rest < 0.001 - _TOLERANCE:
        return f"{'<' if value < 50 else '>'} {'0.001' if value < 50 else '99.999'}{THIN}%"
    away = abs(value - edge)
    digits = max(digits, 2 if away < 0.05 - _TOLERANCE else 1 if away < 2 - _TOLERANCE else 0)
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


def predicts(claim: Json) -> bool:
    """Whether a reader is told predictions, and not how likely a class is."""
    cut, prediction = claim.get("cut"), claim.get("prediction")
    return cut is not None and prediction is not None and prediction != cut


def certainty(claim: Json, probability: float, digits: int = 0) -> str:
    """How sure the model is, at this confidence: in per cent; of a regression, its prediction."""
    if not predicts(claim):
        return percent(probability, claim["threshold"], digits)
    cut, prediction = claim["cut"], claim["prediction"]
    unit = (prediction - cut) / _log_odds(claim["confidence"])
    return quantity(cut + unit * _log_odds(probability), cut)


def quantity(value: float, edge: float | None = None) -> str:
    """A number at four digits, or as many as tell it from `edge`: "181", "169.97", "181 200"."""
    for digits in range(4, 9):
        short = _rounded(value, digits)
        if short != edge or value == edge:
            break
    size = abs(short)
    if short and (size >= 1e9 or size < 1e-4):
        sign, places, _ = (number := Decimal(repr(short)).normalize()).as_tuple()
        mantissa = "".join(map(str, places))
        mantissa = mantissa[0] + ("." + mantissa[1:] if mantissa[1:] else "")
        return f"{MINUS if sign else ''}{mantissa}e{number.adjusted():+d}"
    whole, _, part = repr(size).removesuffix(".0").partition(".")
    if size >= 1e4:
        whole = count(int(whole))
    return f"{MINUS if short < 0 else ''}{whole}{'.' if part else ''}{part}"


def _rounded(value: float, digits: int) -> float:
    """At so many significant digits, halves away from zero, as JavaScript's `toPrecision`."""
    exact = Decimal(float(value))
    if not exact:
        return 0.0
    last = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return float(exact.quantize(last, ROUND_HALF_UP))


def _log_odds(probability: float) -> float:
    inside = min(1 - 1e-15, max(1e-15, probability))
    return math.log(inside / (1 - inside))


def log_odds(margin: float) -> str:
    """A margin with two decimals: "−0.42"."""
    exact = Decimal(float(margin)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{MINUS if exact < 0 else ''}{abs(exact)}"


def count(number: int) -> str:
    return f"{number:,}".replace(",", THIN)


def capital(words: str) -> str:
    """At the head of a sentence; names that have their own capitals keep them."""
    small = "".join(takewhile(lambda letter: unicodedata.category(letter) == "Ll", words))
    following = unicodedata.category(words[len(small)])[0] if len(small) < len(words) else ""
    return words[:1].upper() + words[1:] if small and following not in ("L", "N") else words


def class_name(label: str) -> str:
    """A class by its name; numbers and truth values say that they are classes."""
    unnamed = re.fullmatch(r"(-?[0-9]+(\.[0-9]+)?|true|false|)", label, re.IGNORECASE)
    return f"class {label}".strip() if unnamed else label
