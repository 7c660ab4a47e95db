"""Fits without warnings."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.Lock()


@contextmanager
def quietly(*categories: type[Warning]) -> Iterator[None]:
    """Without warnings of these categories.

    `catch_warnings` changes the whole process, hence one thread at a time.
    """
    with _one_at_a_time, warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield
