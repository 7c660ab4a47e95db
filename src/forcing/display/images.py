"""Rows as pictures: arrays, paths or PIL images, sent as thumbnails by id."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forcing.display.base import Item, check_length, empty_target, is_data_set
from forcing.display.frames import as_array

if TYPE_CHECKING:
    from PIL.Image import Image

    from forcing.display.study_like import StudyLike

_SCALE_SAMPLE = 64
"""How many pictures of a list are looked at to learn their range of values."""
_EXACT = 64
"""Pictures up to this side are encoded without loss: their pixels are seen one by one. Larger ones
as a JPEG where that is smaller, which it is by far for photographs."""
_KEPT = 1024
"""Encoded thumbnails kept for views that join; about 1 to 3 kB each."""


class Images:
    """Show each training row as a picture.

    Parameters
    ----------
    arrays_or_paths
        One for each training row: arrays of shape (height, width), (height, width, 1 | 3 | 4)
        or (1 | 3, height, width), uint8 or floats from 0 to 1 (other ranges are scaled by the
        largest value of the collection); or paths; or PIL images.
    size
        Longest side of the thumbnails, in pixels. What is smaller is enlarged pixel by pixel,
        but for JPEG files, which stay as they are.
    """

    def __init__(self, arrays_or_paths: Sequence[Any] | NDArray[Any], *, size: int = 96) -> None:
        if not 16 <= size <= 512:
            raise ValueError(f"Images(size={size}): give a longest side from 16 to 512 pixels.")
        self.images = arrays_or_paths
        self.size = size
        # Looked up once: a list of targets asks for as many presenters as it shows.
        self._white: tuple[Any, float] | None = None

    @cached_property
    def largest(self) -> float:
        """The value that is shown as white."""
        return _largest_value(self.images)

    def present(self, study: StudyLike, x: Any, target: Any = None) -> ImagePresenter:
        check_length("Images", len(self.images), study)
        if target is not None:
            return ImagePresenter(self, target)
        picture = self._as_picture(x)
        # What the model sees may be scaled otherwise than the pictures: 0 to 1, not 0 to 16.
        known = picture is not None and not is_data_set(study.X)
        return ImagePresenter(self, picture, self._white_of(study.X) if known else None)

    def _white_of(self, X: Any) -> float:
        if self._white is None or self._white[0] is not X:
            self._white = (X, _largest_value(_dense_values(X)))
        return self._white[1]

    def _as_picture(self, x: Any) -> Any:
        """x itself, where it is a picture that was flattened, as digits and faces often are."""
        first = self.images[0]
        if not hasattr(first, "shape"):
            return None
        values = as_array(x.toarray() if hasattr(x, "toarray") else x)
        fits = values.dtype.kind in "biuf" and values.size == np.prod(first.shape)
        return values.reshape(tuple(first.shape)) if fits else None


class ImagePresenter:
    """Thumbnails of training rows (ids "row:412") and of the target (id "target")."""

    def __init__(self, images: Images, target: Any, white: float | None = None) -> None:
        self.display: dict[str, Any] = {"kind": "image"}
        self._images = images.images
        self._size = images.size
        self._target = target
        self._largest = images.largest
        self._white = self._largest if white is None else white
        self._encoded = lru_cache(maxsize=_KEPT)(self._encode)

    def target(self) -> Item:
        return empty_target() if self._target is None else {"kind": "image", "image": "target"}

    def item(self, position: int) -> Item:
        return {"kind": "image", "image": f"row:{position}"}

    def image(self, name: str) -> bytes | None:
        if name == "target":
            return None if self._target is None else self._encoded(-1)
        kind, _, position = name.partition(":")
        if kind != "row" or not position.isdecimal() or int(position) >= len(self._images):
            return None
        return self._encoded(int(position))

    def _encode(self, position: int) -> bytes:
        if position < 0:
            return thumbnail(self._target, self._size, self._white)
        return thumbnail(self._images[position], self._size, self._largest)


def thumbnail(source: Any, size: int, largest: float = 1.0) -> bytes:
    """PNG or JPEG bytes of a picture whose longest side is about `size` pixels.

    `largest` is the value shown as white where the array is neither uint8 nor boolean.
    """
    image = _open(source, largest)
    longest = max(image.size)
    pillow = _pillow()
    if longest <= size and "JPEG" in (getattr(it, "format", None) for it in (source, image)):
        # A small photograph stays one: pixel by pixel it would be three times as large.
        return _save(image, "JPEG", quality=90)
    if longest < size:
        # A whole factor and no smoothing: the pixels of an 8 x 8 digit stay square and crisp.
        factor = max(1, size // longest)
        shape = (image.width * factor, image.height * factor)
        image = image.resize(shape, pillow.Resampling.NEAREST)
    elif longest > size:
        image.thumbnail((size, size), pillow.Resampling.LANCZOS)
    lossless = _save(image, "PNG", optimize=True)
    if longest <= _EXACT or image.mode in ("RGBA", "LA"):
        return lossless
    return min(lossless, _save(image.convert("RGB"), "JPEG", quality=85), key=len)


def _save(image: Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _open(source: Any, largest: float) -> Image:
    pillow = _pillow()
    image: Image
    if isinstance(source, str | os.PathLike):
        image = pillow.open(source)
    elif hasattr(source, "convert") and hasattr(source, "thumbnail"):  # a PIL image
        image = source.copy()
    else:
        image = pillow.fromarray(_as_bytes(as_array(source), largest))
    return image if image.mode in ("L", "LA", "RGB", "RGBA") else image.convert("RGB")


def _as_bytes(values: NDArray[Any], largest: float) -> NDArray[np.uint8]:
    """An array as uint8 of shape (height, width) or (height, width, 3 | 4)."""
    if values.ndim == 3 and values.shape[0] in (1, 3) and values.shape[-1] not in (1, 3, 4):
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[-1] not in (3, 4)):
        raise ValueError(
            f"Images got an array of shape {values.shape}: expected (height, width) or "
            "(height, width, channels) with 1, 3 or 4 channels."
        )
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    scaled = np.nan_to_num(values.astype(np.float64)) * (255.0 / largest)
    return np.ascontiguousarray(np.clip(np.rint(scaled), 0, 255).astype(np.uint8))


def _dense_values(table: Any) -> NDArray[Any]:
    """What a table holds; of a sparse matrix, what is not zero."""
    return as_array(table.tocsr().data if hasattr(table, "tocsr") else table)


def _largest_value(images: Sequence[Any] | NDArray[Any]) -> float:
    """1 for floats within 0..1, else the largest value: one scale for all pictures."""
    if isinstance(images, np.ndarray) and images.dtype != object:
        sample: list[Any] = [images]
    else:
        sample = [image for image in images[:_SCALE_SAMPLE] if hasattr(image, "shape")]
    peaks = [float(np.nanmax(as_array(array))) for array in sample if np.size(array)]
    return max(1.0, *peaks) if peaks else 1.0


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "forcing.Images needs Pillow to draw thumbnails: pip install pillow"
        ) from error
    return Image
