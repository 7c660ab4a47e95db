"""Errors that say what to do next; each is also the built-in that a caller would expect."""

from __future__ import annotations


class ForcingError(Exception):
    """Base of the errors that only this package raises."""


class UnsupportedModelError(ForcingError, TypeError):
    """The model, or a setting of it, has no objective that `forcing` knows how to refit."""


class ConvergenceError(ForcingError, ArithmeticError):
    """An optimum was not reached: the numbers of the problem are too far apart for float64."""


class TrainingMismatchError(ForcingError, ValueError):
    """The data given is not what the model was fitted on."""
