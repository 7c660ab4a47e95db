"""The front door: `Study`, what it checks, and the run that it starts."""

from forcing.study.study import Study, explain

__all__ = ["Study", "explain"]
