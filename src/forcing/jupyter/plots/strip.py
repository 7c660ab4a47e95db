"""Pictures in a row, each with a caption."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Any

from forcing.display.images import Images, thumbnail

LEAST, MOST = 16, 512


class Strip:
    """What `pictures` returns; a notebook shows it as HTML."""

    def __init__(self, encoded: Mapping[str, bytes], size: int) -> None:
        self.encoded = dict(encoded)
        self.size = size

    def _repr_html_(self) -> str:
        cells = "".join(self._cell(*pair) for pair in self.encoded.items())
        return f"<table><tr>{cells}</tr></table>"

    def _cell(self, caption: str, content: bytes) -> str:
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        said = escape(caption)
        return (
            # The style, because Jupyter's own puts the text of tables to the right.
            f'<td align="center" valign="top" style="text-align: center"><img src="{source}" '
            f'width="{self.size}" alt="{said}"><br>{said}</td>'
        )

    def __repr__(self) -> str:
        return f"<pictures: {', '.join(self.encoded)}>"


def pictures(captioned: Mapping[str, Any], *, size: int = 140) -> Strip:
    """A row of pictures.

    Parameters
    ----------
    captioned
        For each caption a picture: a PIL image, a path, or an array as `forcing.Images` takes it.
    size
        Width on the screen, in pixels.
    """
    if not captioned:
        raise ValueError("pictures needs at least one picture: {caption: picture, ...}.")
    if not LEAST <= size <= MOST:
        raise ValueError(f"size must be from {LEAST} to {MOST} pixels, got {size}.")
    shown = Images(list(captioned.values()), size=min(MOST, 2 * size))
    encoded = [thumbnail(image, shown.size, shown.largest) for image in captioned.values()]
    return Strip(dict(zip(map(str, captioned), encoded, strict=True)), size)
