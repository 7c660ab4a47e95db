"""Questions of the views, answered one after the other beside the run."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from itertools import count

_log = logging.getLogger(__name__)


class Answers:
    """A thread that lives as long as there are jobs.

    Of waiting jobs with the same topic only the newest is done: who clicks three rows
    quickly wants the decision without all three.
    """

    def __init__(self) -> None:
        self._waiting: dict[Hashable, Callable[[], None]] = {}
        self._number = count()
        self._lock = threading.Lock()
        self._busy = False

    def ask(self, job: Callable[[], None], topic: Hashable = None) -> None:
        with self._lock:
            key = ("job", next(self._number)) if topic is None else ("topic", topic)
            self._waiting.pop(key, None)
            self._waiting[key] = job
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._work, name="forcing-answers", daemon=True).start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._busy = False
                    return
                job = self._waiting.pop(next(iter(self._waiting)))
            try:
                job()
            except Exception:  # noqa: BLE001 - whatever a study or a picture raises
                # One bad question must not end the thread that answers the next. Not a
                # warning: what a thread prints lands below whichever cell runs just then.
                _log.info("A question of a view could not be answered.", exc_info=True)
