"""The line of %mfs and %%mfs: its options, and how to read them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from IPython.core.error import UsageError

OPTIONS = {
    "at": "EXPR",
    "rival": "CLASS",
    "threshold": "EXPR",
    "method": "NAME",
    "baselines": "A,B",
    "no-verify": "",
    "name": "VAR",
    "label": "EXPR",
    "max-removals": "N",
    "hold": "EXPR",
    "max-seconds": "S",
    "max-refits": "N",
    "display": "EXPR",
    "target-display": "EXPR",
}
"""What stands for the value of each option; nothing for a switch. `%mfs?` explains them."""

_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


@dataclass(frozen=True)
class Line:
    """A line taken apart."""

    expressions: list[str] = field(default_factory=list)
    """What comes before the first option: MODEL, X and y of %mfs."""
    options: dict[str, str] = field(default_factory=dict)

    def option(self, name: str) -> str | None:
        return self.options.get(name)

    @property
    def verify(self) -> bool:
        return "no-verify" not in self.options


def parse(line: str) -> Line:
    """Read the line; `UsageError` names what is wrong with it.

    A value goes on until the next option, so that `--at X_test[wrong][0]` and
    `--at X_test[y_test != guess][0]` need no quotes.
    """
    expressions: list[str] = []
    options: dict[str, list[str]] = {}
    current: list[str] | None = None
    for word in split(line):
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            if name not in OPTIONS:
                raise UsageError(f"--{name} is no option; there are {_listed()}.")
            if name in options:
                raise UsageError(f"--{name} is given twice.")
            current = options.setdefault(name, [value] if value else [])
        elif current is None:
            expressions.append(unquoted(word))
        else:
            current.append(word)
    values = {name: unquoted(" ".join(words)) for name, words in options.items()}
    for name, value in values.items():
        if OPTIONS[name] and not value:
            raise UsageError(f"--{name} needs a value: --{name} {OPTIONS[name]}")
        if not OPTIONS[name] and value:
            raise UsageError(f"--{name} takes no value, got {value!r}.")
    return Line(expressions, values)


def split(line: str) -> list[str]:
    """Words of a line; blanks inside brackets and quotes do not separate."""
    words: list[str] = []
    word, depth, quote = "", 0, ""
    for character in line:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth = max(0, depth - 1)
        elif character.isspace() and depth == 0:
            words += [word] if word else []
            word = ""
            continue
        word += character
    return [*words, word] if word else words


def unquoted(value: str) -> str:
    """A value that is quoted as a whole, without its quotes."""
    whole = len(value) > 1 and value[0] in _QUOTES and value.find(value[0], 1) == len(value) - 1
    return value[1:-1] if whole else value


def target_name(expression: str) -> str:
    """What to call a target: "X_test[17]" for every way to write that row."""
    found = re.fullmatch(r"([\w.]+?)(?:\.i?loc)?\[\[?\s*([^\[\]:,]+?)\s*\]?\]", expression)
    if found is None:
        found_range = re.fullmatch(r"([\w.]+?)(?:\.iloc)?\[\s*(\d+)\s*:\s*\d+\s*\]", expression)
        found = found_range
    name = expression if found is None else f"{found[1]}[{found[2]}]"
    return name if len(name) <= 60 else f"{name[:59]}…"


def _listed() -> str:
    return ", ".join(f"--{name}" for name in OPTIONS)
