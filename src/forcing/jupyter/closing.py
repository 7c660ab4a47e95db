"""Widgets of runs that ended long ago are closed.

ipywidgets, the kernel's comms and the page keep every open widget for good, and with it the run,
the study and the data. After the end its displays are the saved form, which needs no widget.
"""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forcing.jupyter.widget import ForcingWidget

MOST_WIDGETS = 20

_open: list[ForcingWidget] = []
_lock = threading.Lock()


def keep_open(widget: ForcingWidget) -> None:
    """Keep this one and the last 20; of those before, the ones that somebody may look at live."""
    with _lock:
        _open.append(widget)
        old = [one for one in islice(_open, max(0, len(_open) - MOST_WIDGETS)) if one.settled]
        _open[:] = [one for one in _open if one not in old]
    for one in old:
        one.close()
