"""Which training rows does a prediction stand on? The smallest set, checked by refitting."""

from __future__ import annotations

from ._version import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "forcing-lab"}]
