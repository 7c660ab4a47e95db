"""The result of a run: `Explanation`, its file, sentence and page; two of them compared."""

from forcing.explanation.comparison import Comparison, compare
from forcing.explanation.explanation import Explanation, load

__all__ = ["Comparison", "Explanation", "compare", "load"]
