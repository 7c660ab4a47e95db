"""Rows as texts, clipped to where the words are that they share with the target."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from forcing.display.base import Item, check_length, empty_target
from forcing.display.frames import even_sample

if TYPE_CHECKING:
    from forcing.display.study_like import StudyLike

WINDOW = 240
"""Characters of a text that are shown."""
MOST_MARKS = 20
LEAST_WEIGHT = 0.15
_WORD = re.compile(r"\w{2,}")
_SAMPLE_TEXTS = 1_000
_SAMPLE_CHARACTERS = 5_000


class Texts:
    """Show each training row as a text; `strings` has one for each row."""

    def __init__(self, strings: Sequence[str]) -> None:
        self.strings = [str(string) for string in strings]

    def present(self, study: StudyLike, x: Any, target: Any = None) -> TextPresenter:
        check_length("Texts", len(self.strings), study)
        text = _single_text(x if target is None else target)
        return TextPresenter(self.strings, text, _model_weights(study))


def holds_texts(values: Any) -> bool:
    """Whether `values` is one string a row, as a text pipeline is trained on."""
    if getattr(values, "ndim", 1) != 1 or isinstance(values, Mapping):
        return False
    try:
        first = next(iter(values), None)
    except TypeError:
        return False
    return isinstance(first, str)


class TextPresenter:
    """Texts beside one target, with marks on the words they share with it.

    A word weighs as much as the model gives it, where the model tells; else the more the
    fewer training texts have it.
    """

    def __init__(
        self, texts: Sequence[str], target: str | None, weights: Mapping[str, float] | None
    ) -> None:
        self.display: dict[str, Any] = {"kind": "text"}
        self._texts = texts
        self._target = target
        words = set(_words(target or ""))
        raw = _rarity(words, texts) if weights is None else {w: weights.get(w, 0) for w in words}
        largest = max(raw.values(), default=0.0)
        self._weights = {word: value / largest for word, value in raw.items()} if largest else {}

    def target(self) -> Item:
        return empty_target() if self._target is None else self._clip(self._target)

    def item(self, position: int) -> Item:
        return self._clip(self._texts[position])

    def image(self, name: str) -> bytes | None:  # noqa: ARG002 - texts have none
        return None

    def _clip(self, text: str) -> Item:
        marks = [
            (match.start(), match.end(), weight)
            for match in _WORD.finditer(text)
            if (weight := self._weights.get(match.group().lower(), 0.0)) >= LEAST_WEIGHT
        ]
        start, end = _best_window(text, marks)
        before, after = "… " if start else "", " …" if end < len(text) else ""
        shift = len(before) - start
        inside = [mark for mark in marks if start <= mark[0] and mark[1] <= end]
        heaviest = sorted(inside, key=lambda mark: -mark[2])[:MOST_MARKS]
        shown = before + text[start:end] + after
        return {
            "kind": "text",
            "text": shown,
            "marks": [
                [_utf16(shown, s + shift), _utf16(shown, e + shift), round(weight, 3)]
                for s, e, weight in sorted(heaviest)
            ],
        }


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _rarity(words: set[str], texts: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency, from an even sample of the training texts."""
    positions = even_sample(texts, _SAMPLE_TEXTS)
    counts = dict.fromkeys(words, 0)
    for position in positions:
        for word in words.intersection(_words(texts[position][:_SAMPLE_CHARACTERS])):
            counts[word] += 1
    return {word: math.log((1 + len(positions)) / (1 + n)) for word, n in counts.items()}


def _best_window(text: str, marks: Sequence[tuple[int, int, float]]) -> tuple[int, int]:
    """The stretch of `WINDOW` characters with the heaviest marks, not cutting through words."""
    if len(text) <= WINDOW:
        return 0, len(text)
    best, start, heaviest, first = 0.0, 0, 0.0, 0
    for last, (_, end, weight) in enumerate(marks):
        heaviest += weight
        while end - marks[first][0] > WINDOW:
            heaviest -= marks[first][2]
            first += 1
        if heaviest > best + 1e-12:
            best, start = heaviest, (marks[first][0] + marks[last][1] - WINDOW) // 2
    start = max(0, min(start, len(text) - WINDOW))
    if start and not text[start - 1].isspace():
        space = text.find(" ", start, start + 20)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + WINDOW)
    if end < len(text):
        space = text.rfind(" ", end - 20, end)
        end = space if space > start else end
    return start, end


def _utf16(text: str, position: int) -> int:
    """A position as JavaScript counts it: characters beyond the basic plane count twice."""
    return position + sum(ord(character) > 0xFFFF for character in text[:position])


def _model_weights(study: StudyLike) -> dict[str, float] | None:
    """Weight of each word, where the model's features are words."""
    weights, names = study.weights_for_display(), study.feature_names
    if weights is None or names is None:
        weights, names = _of_pipeline(getattr(study, "model", None))
    if weights is None or names is None or len(weights) != len(names):
        return None
    pairs = zip(names, np.abs(np.asarray(weights, dtype=float)), strict=True)
    return {name.lower(): float(weight) for name, weight in pairs}


def _of_pipeline(model: Any) -> tuple[Any, Any]:
    """Coefficients and words of a pipeline in which words are counted and then weighed."""
    steps: list[Any] = [step for _, step in getattr(model, "steps", [])]
    if len(steps) < 2 or not hasattr(steps[-2], "vocabulary_") or not hasattr(steps[-1], "coef_"):
        return None, None
    coef = np.asarray(steps[-1].coef_, dtype=float)
    if coef.ndim != 2 or len(coef) != 1:  # of several classes each word has several weights
        return None, None
    once = getattr(steps[-2], "idf_", 1.0)  # what tf-idf makes of a word that is there once
    return coef[0] * once, steps[-2].get_feature_names_out().tolist()


def _single_text(x: Any) -> str | None:
    """A string, or the only one in an array, a list or a series; None for anything else."""
    if isinstance(x, str):
        return x
    if holds_texts(x) and len(x) == 1:
        return str(next(iter(x)))
    return None
