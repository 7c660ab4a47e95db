"""Tab completion on the line of %mfs and %%mfs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from forcing.jupyter.line import OPTIONS

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_IDENTIFIER = "forcing.mfs"
_NOTHING: SimpleMatcherResult = {"completions": []}


def install(shell: InteractiveShell) -> None:
    """Complete options, methods and baselines; once, also where the extension is reloaded."""
    matchers: list[Any] = shell.Completer.custom_matchers
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != _IDENTIFIER]
    matchers.append(_matcher)


@context_matcher(identifier=_IDENTIFIER)
def _matcher(context: CompletionContext) -> SimpleMatcherResult:
    line = context.text_until_cursor
    magic = line.lstrip().startswith(("%mfs ", "%%mfs "))
    if not magic or (line.lstrip().startswith("%%") and context.cursor_line > 0):
        return _NOTHING
    words = candidates(line)
    started = context.token.lower()
    return {
        "completions": [
            SimpleCompletion(text=word, type="magic")
            for word in words
            if word.lower().startswith(started)
        ],
        # Python's own names cannot follow where an option or its value is due.
        "suppress": bool(words),
        "ordered": True,
    }


def candidates(line: str) -> list[str]:
    """All words that may stand where the last, unfinished one of `line` stands."""
    words = line.split()
    unfinished = "" if line[-1:].isspace() else words.pop()
    if unfinished.startswith("-"):
        return [f"--{name}" for name in OPTIONS if f"--{name}" not in words]
    last = words[-1] if words else ""
    if last not in ("--method", "--baselines"):
        return []
    # Imported late: the engine is needed only once there is something to explain.
    from forcing.baselines import BASELINES
    from forcing.study.options import METHODS

    return list(METHODS if last == "--method" else BASELINES)
