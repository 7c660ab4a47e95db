"""The photographs of Figure 5: dogs and fish, cats and dogs, models of them, and their looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks.measure import tight
from forcing.datasets import Dataset, load_cifar10, load_dogfish
from forcing.explanation import Explanation

Rows: TypeAlias = NDArray[np.intp]
Floats: TypeAlias = NDArray[np.float64]

COSINE, FEATURES, PIXELS, COLOURS, BRIGHTNESS = SPACES = (
    "features, cosine",
    "features, Euclidean",
    "pixels",
    "colours",
    "brightness",
)
"""In which photographs can be alike: the first two are what the model sees, the others are not."""
SIDE = 16
"""To so many pixels a side a photograph is reduced before its pixels are compared."""
SHADES = 4
"""Of each of red, green and blue that are told apart in `COLOURS`."""


@dataclass(frozen=True, eq=False)
class Album:
    """Photographs, a model of them, and how far to look for sets."""

    data: Dataset
    X: Floats
    X_test: Floats
    model: LogisticRegression
    most: int
    """Rows that a search removes before it ends without a flip."""
    share: float
    """Of the test rows, that are unsure."""

    @cached_property
    def study(self) -> forcing.Study:
        display = forcing.Images(self.pictures[0])
        return forcing.Study(self.model, self.X, self.data.y, display=display)

    @property
    def pictures(self) -> tuple[Sequence[Any], Sequence[Any]]:
        """Of the training and of the test rows."""
        assert self.data.pictures is not None
        assert self.data.pictures_test is not None
        return self.data.pictures, self.data.pictures_test

    @cached_property
    def predicted(self) -> NDArray[Any]:
        """(T,): what the model decides on the test rows."""
        return np.asarray(self.model.predict(self.X_test))

    @cached_property
    def confidence(self) -> Floats:
        return np.asarray(self.model.predict_proba(self.X_test).max(axis=1))

    @cached_property
    def unsure(self) -> Rows:
        """The least confident of the test rows, the least confident first."""
        order = np.argsort(self.confidence, kind="stable")
        return np.asarray(order[: max(1, round(self.share * len(order)))])

    @cached_property
    def looks(self) -> dict[str, tuple[Floats, Floats]]:
        """Training and test photographs in the `SPACES` that the model does not see."""
        train, test = map(looks, self.pictures)
        return {space: (train[space], test[space]) for space in (PIXELS, COLOURS, BRIGHTNESS)}

    def apart(self, space: str, target: int) -> Floats:
        """(n,): how far each training photograph is from a test photograph."""
        if space == COSINE:
            x = self.X_test[target]
            lengths = np.linalg.norm(self.X, axis=1) * np.linalg.norm(x)
            return np.asarray(1 - self.X @ x / lengths)
        known = self.looks | {FEATURES: (self.X, self.X_test)}
        train, test = known[space]
        return np.asarray(np.linalg.norm(train - test[target], axis=1))

    def explain(self, target: int, **options: Any) -> Explanation:
        """A test photograph explained, as `shown` tells it."""
        return self.study.explain(self.X_test[target], **self.shown(target), **options)

    def shown(self, target: int) -> dict[str, Any]:
        """How a test photograph is told: what `explain` and `view` take for the screen."""
        return {
            "name": f"test picture {target}",
            "label": self.data.y_test[target],
            "target_display": self.pictures[1][target],
        }


def dog_fish(data: Dataset | None = None, most: int = 60) -> Album:
    """The paper's data: 900 dogs, 900 fish, or what stands in for them.

    Nearly all decisions are so sure that they stand on hundreds of rows.
    """
    return _album(load_dogfish() if data is None else data, 1.0, most, 0.1)


def cat_dog(data: Dataset | None = None, most: int = 200) -> Album:
    """The harder pair: 1 000 small pictures of CIFAR-10, or what stands in for them."""
    if data is None:
        data = load_cifar10(("cat", "dog"), n_train=1_000, n_test=400)
    return _album(data, 0.01, most, 0.5)


def _album(data: Dataset, C: float, most: int, share: float) -> Album:
    X, X_test = (np.asarray(rows, dtype=float) for rows in (data.X, data.X_test))
    return Album(data, X, X_test, tight(C, X, data.y), most, share)


def looks(pictures: Sequence[Any]) -> dict[str, Floats]:
    """Photographs in the spaces that need no model: (n, 768), (n, 64), (n, 1), all from 0 to 1."""
    small, shares, light = [], [], []
    for picture in pictures:
        image = _image(picture)
        reduced = image.resize((SIDE, SIDE), Image.Resampling.BOX)
        small.append(np.asarray(reduced, dtype=float).ravel() / 255)
        shade = np.asarray(image, dtype=int).reshape(-1, 3) * SHADES // 256
        cells = shade @ np.array([SHADES**2, SHADES, 1])
        share = np.bincount(cells, minlength=SHADES**3) / len(cells)
        # Hellinger's distance of two distributions is, but for a factor, that of their roots.
        shares.append(np.sqrt(share))
        light.append([np.asarray(image.convert("L"), dtype=float).mean() / 255])
    return {PIXELS: np.array(small), COLOURS: np.array(shares), BRIGHTNESS: np.array(light)}


def _image(picture: Any) -> Image.Image:
    """In colour; of an array of values from 0 to 1, such as a digit, too."""
    if isinstance(picture, Image.Image):
        return picture.convert("RGB")
    return Image.fromarray((np.asarray(picture) * 255).round().astype(np.uint8)).convert("RGB")
