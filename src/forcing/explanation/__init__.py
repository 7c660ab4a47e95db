"""The result of a run: `Explanation`, its file, its sentence and its page."""

from forcing.explanation.explanation import Explanation, load

__all__ = ["Explanation", "load"]
