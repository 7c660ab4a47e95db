"""The places where a widget is displayed, and their freezing at the end of the run."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from IPython.core.getipython import get_ipython

from forcing.explanation.snapshot import bundle
from forcing.protocol.context import Json


class Shown(Protocol):
    """What a saved form is made of."""

    def state(self) -> Json: ...

    def image(self, name: str) -> bytes | None: ...


class Outputs:
    """Shows the live bundle under display ids of its own, and later replaces it everywhere.

    A saved notebook must not hold a widget view: JupyterLab prefers it over everything
    else, and without a kernel there is nothing behind it.
    """

    def __init__(self, live: Callable[[], Json], *, freeze: bool) -> None:
        self._live = live
        self._freeze = freeze
        self._ids: list[str] = []
        self._saved: Json | None = None
        self._live_too = False
        self._lock = threading.Lock()
        self._skipped_in: int | None = None

    @property
    def settled(self) -> bool:
        """Whether no live view is left: all have become the saved form, or there is no place."""
        return (self._saved is not None or not _in_kernel()) and not self._live_too

    @property
    def saved(self) -> Json | None:
        """The bundle that replaces the live one; None before the end, or where that stays."""
        with self._lock:
            return self._saved

    def skip_next(self) -> None:
        """Do nothing when asked to show the next time in this cell."""
        self._skipped_in = _cell()

    def keep_live(self) -> None:
        """From now on leave the live view in the saved form, and put it back where it is gone.

        For hosts that cannot draw the saved form: they go on with the view, and a file that they
        save has table and explanation beside it.
        """
        with self._lock:
            if self._live_too:
                return
            self._live_too = True
            if self._saved is not None:
                self._saved |= self._live()
                self._publish_saved()

    def show(self) -> None:
        skipped, self._skipped_in = self._skipped_in, None
        if skipped is not None and skipped == _cell():
            return
        with self._lock:
            data = self._live() if self._saved is None else self._saved
            display_id = uuid.uuid4().hex
            self._ids.append(display_id)
            _publish(data, display_id, update=False)

    def freeze(self, shown: Shown) -> None:
        """Replace every display by the saved form; called at the end of each run."""
        if not self._freeze or not _in_kernel():
            return
        with self._lock:  # the last of two at once shows the newest state
            self._saved = bundle(shown.state(), shown.image)
            if self._live_too:
                self._saved |= self._live()
            self._publish_saved()

    def _publish_saved(self) -> None:
        for display_id in self._ids:
            _publish(self._saved or {}, display_id, update=True)


def _cell() -> int | None:
    """The number of the cell that is running."""
    return getattr(get_ipython(), "execution_count", None)


def _in_kernel() -> bool:
    """Whether outputs can be replaced: not in a terminal, where an update prints once more."""
    return hasattr(get_ipython(), "kernel")


def _publish(data: Json, display_id: str, *, update: bool) -> None:
    shell: Any = get_ipython()
    if shell is not None:
        shell.display_pub.publish(data, transient={"display_id": display_id}, update=update)
