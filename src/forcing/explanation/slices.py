"""The planes of one target: made when they are asked for, and never why something fails."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from typing import Any

from forcing.protocol.context import Context, Json
from forcing.protocol.plane import encode
from forcing.records import Claim, Step, Verified

QUICK = 3.0
"""Seconds of a run without a verification, which alone times a refit, that promise a quick one."""
NONE = "There are no planes of this model."

_log = logging.getLogger(__name__)


class Slices:
    """What a run and its explanation share, so that a plane is made once and axes keep places."""

    def __init__(self, context: Context, options: Json) -> None:
        self._context = context
        self._claimed = {key: options.get(key) for key in ("rival", "threshold")}
        self._planes: Any = None
        self._default: Json | None = None
        self._tried = False
        self._lock = threading.Lock()

    def default(
        self, claim: Claim, steps: Sequence[Step], verified: Verified | None, seconds: float
    ) -> Json | None:
        """The plane that nobody asked for, as the protocol has it; `seconds` are the run's."""
        with self._lock:
            if not self._tried:
                self._tried = True
                try:
                    self._default = self._made(claim, steps, _refit_time(verified, seconds))
                except Exception:  # noqa: BLE001 - whatever a model raises at rows that it never saw
                    _log.info("There is no plane of this target.", exc_info=True)
            return self._default

    def slice(self, x: int | None, y: int | None, claim: Claim, steps: Sequence[Step]) -> Json:
        """Of two features, by their place in the plane's list, or of principal components.

        Raises `ValueError` with a sentence where there is none.
        """
        try:
            planes = self._opened()
            if planes is None:
                raise ValueError(NONE)  # noqa: TRY301 - told like what the planes refuse
            return encode(planes.slice(x, y, claim, steps))
        except ValueError:
            raise
        except Exception as error:
            _log.info("A plane could not be made.", exc_info=True)
            raise ValueError(f"This plane cannot be drawn: {str(error)[:200]}") from error

    def _made(self, claim: Claim, steps: Sequence[Step], seconds: float) -> Json | None:
        planes = self._opened()
        found = None if planes is None else planes.default(claim, steps, seconds)
        return None if found is None else encode(found)

    def _opened(self) -> Any:
        """The study's planes; None where it has none to show."""
        if self._planes is None:
            planes = getattr(self._context.study, "planes", None)
            self._planes = None if planes is None else planes(self._context.x, **self._claimed)
        return self._planes


def _refit_time(verified: Verified | None, seconds: float) -> float:
    if verified is not None:
        return verified.seconds
    return 0.0 if seconds <= QUICK else math.inf
