"""The view that widgets draw with, sent to a page once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

import ipywidgets
from traitlets import Unicode

_STATIC = Path(__file__).parent.parent / "static"
BUNDLE = _STATIC / "widget.js"
_LOADER = _STATIC / "loader.js"

# The text, not the path: anywidget watches a file for the sake of every widget, for ever.
LOADER = _LOADER.read_text(encoding="utf-8") if _LOADER.exists() else ""
"""The module of every widget: it imports the bundle, once for a page."""


class Bundle(ipywidgets.Widget):
    """The text of the view, which all widgets of a kernel share."""

    _model_name = Unicode("WidgetModel").tag(sync=True)
    _model_module = Unicode("@jupyter-widgets/base").tag(sync=True)
    _model_module_version = Unicode("2.0.0").tag(sync=True)
    text = Unicode().tag(sync=True)
    digest = Unicode().tag(sync=True)
    """Of the text: two versions of the package may be on one page."""

    _shared: Self | None = None

    @classmethod
    def shared(cls) -> Self:
        """The one of this kernel, made anew where somebody has closed it.

        Raises
        ------
        FileNotFoundError
            The view was not built.
        """
        if cls._shared is None or cls._shared.comm is None:
            text, digest = _read()
            cls._shared = cls(text=text, digest=digest)
        return cls._shared


def _read() -> tuple[str, str]:
    if not BUNDLE.exists():
        raise FileNotFoundError(
            f"The view has not been built: {BUNDLE} is missing. In a checkout run `make`; "
            "an installed package should hold it, so install it again."
        )
    text = BUNDLE.read_text(encoding="utf-8")
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]
