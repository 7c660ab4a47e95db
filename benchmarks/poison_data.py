"""What is poisoned: photographs of dogs and fish, or the digits that stand in for them.

The 160-pixel photographs go through the network as they are. The features that come with them are
of larger originals: no resampling of these files gives the same (see `features_differ`), and a
poison must be seen by the same eyes as its target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

import forcing
from benchmarks import mobilenet
from benchmarks.measure import evenly
from benchmarks.poison_store import Store
from forcing.datasets import Dataset, DatasetMissingError, folder, load_cifar10, load_dogfish

EACH = 500
"""Training rows of each class, as in the paper; of digits all there are."""
BATCH = 16
"""Pictures that go through the network together."""


@dataclass(frozen=True, eq=False)
class Case:
    """Pictures, the features that they are decided by, and how they are attacked."""

    name: str
    X: NDArray[np.float64]
    """(n, p): features of the training pictures."""
    y: NDArray[Any]
    X_test: NDArray[np.float64]
    y_test: NDArray[Any]
    pixels: Sequence[NDArray[np.float32]]
    """n training pictures, values from 0 to 1: (3, height, width), of digits (height, width)."""
    pixels_test: Sequence[NDArray[np.float32]]
    features: Callable[[Tensor], Tensor]
    """From pictures (m, ...) to features (m, p), with gradients."""
    levels: int
    """Of a pixel: pictures are stored in whole steps, poisons too."""
    C: float
    step: float
    """The first step of `poison_craft.crafted`, """
    beta: float
    """and the weight of the distance to the base picture there."""
    note: str = ""

    def __repr__(self) -> str:
        said = f"{len(self.X)} training and {len(self.X_test)} test pictures, {self.X.shape[1]}"
        return f"<Case {self.name}: {said} features each.{' ' * bool(self.note)}{self.note}>"

    @cached_property
    def model(self) -> LogisticRegression:
        return head(self.C).fit(self.X, self.y)

    @cached_property
    def study(self) -> forcing.Study:
        return forcing.Study(self.model, self.X, self.y, display=self.display())

    def display(self, more: Sequence[NDArray[np.float32]] = ()) -> forcing.Images:
        """Of the training rows, and of pictures that are added after them."""
        return forcing.Images([as_picture(one) for one in (*self.pixels, *more)], size=60)

    def seen(self, pixels: NDArray[np.float32]) -> NDArray[np.float64]:
        """(m, p): features of pictures as they are stored, in whole steps of a pixel's value."""
        return network_features(self.features, list(self.stored(pixels)))

    def stored(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        return (np.round(pixels * self.levels) / self.levels).astype(np.float32)

    def other(self, label: Any) -> Any:
        """The other one of the two classes."""
        first, second = np.unique(self.y).tolist()
        return second if label == first else first


def head(C: float) -> LogisticRegression:
    return LogisticRegression(C=C, tol=1e-8, max_iter=10_000)


def poisonable(tests: int | None = None) -> Case:
    """Dogs and fish where the folder of FORCING_DATA has them and the network; else digits.

    `tests` pictures of the test set, evenly spread; all by default.
    """
    data = load_dogfish()
    place = folder()
    if not data.stand_in and place is not None:
        if (place / mobilenet.FILE).exists():
            return photographs(data, tests)
        raise DatasetMissingError(f"{mobilenet.FILE}, the network of the features, is not there.")
    return digits(data, tests)


def photographs(data: Dataset, tests: int | None = None, store: Store | None = None) -> Case:
    """A store keeps the features of the pictures, which take a minute or so."""
    place = folder()
    assert place is not None
    weights = mobilenet.load(place / mobilenet.FILE)
    features = partial(mobilenet.features, weights)
    train, test = first_rows(data.y), evenly(len(data.y_test), tests)
    assert data.pictures is not None
    assert data.pictures_test is not None
    pixels = [as_pixels(data.pictures[i]) for i in train]
    pixels_test = [as_pixels(data.pictures_test[i]) for i in test]

    def seen() -> dict[str, Any]:
        return {
            "X": network_features(features, pixels),
            "X_test": network_features(features, pixels_test),
        }

    seen_by_it = seen() if store is None else store.arrays(f"features-{tests}", seen)
    return Case(
        name="dog-fish",
        X=seen_by_it["X"],
        y=data.y[train],
        X_test=seen_by_it["X_test"],
        y_test=data.y_test[test],
        pixels=pixels,
        pixels_test=pixels_test,
        features=features,
        levels=255,
        C=1.0,
        step=5e-5,
        beta=1.0,
    )


def digits(data: Dataset, tests: int | None = None) -> Case:
    """The pixels themselves are the features: two pictures collide where they are the same."""
    test = evenly(len(data.y_test), tests)
    assert data.pictures is not None
    assert data.pictures_test is not None
    return Case(
        name=data.name,
        X=data.X,
        y=data.y,
        X_test=data.X_test[test],
        y_test=data.y_test[test],
        pixels=[np.asarray(one, dtype=np.float32) for one in data.pictures],
        pixels_test=[np.asarray(data.pictures_test[i], dtype=np.float32) for i in test],
        features=partial(torch.flatten, start_dim=1),
        levels=16,
        C=100.0,
        step=0.1,
        beta=0.05,
        note=data.note,
    )


def first_rows(y: NDArray[Any], each: int = EACH) -> NDArray[np.intp]:
    """The first of each class, in their order."""
    return np.sort(np.concatenate([np.flatnonzero(y == label)[:each] for label in np.unique(y)]))


def network_features(
    features: Callable[[Tensor], Tensor], pixels: Sequence[NDArray[np.float32]]
) -> NDArray[np.float64]:
    with torch.no_grad():
        parts = [
            features(torch.from_numpy(np.stack(pixels[i : i + BATCH]))).double().numpy()
            for i in range(0, len(pixels), BATCH)
        ]
    return np.concatenate(parts)


def as_pixels(picture: Any) -> NDArray[np.float32]:
    """(3, height, width) from 0 to 1, of a PIL image."""
    values = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def as_picture(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """For the screen: (height, width, 3), of digits (height, width)."""
    values = np.round(255 * pixels).astype(np.uint8)
    return np.ascontiguousarray(np.moveaxis(values, 0, -1) if values.ndim == 3 else values)


def features_differ(data: Dataset, rows: int = 32, size: int = 224) -> dict[str, float]:
    """How far features of resampled files are from those that came with them, over their norm."""
    from PIL import Image

    place = folder()
    assert place is not None
    assert data.pictures is not None
    weights = mobilenet.load(place / mobilenet.FILE)
    chosen = evenly(len(data.y), rows)
    ways: dict[str, int | None] = {
        "as they are": None,
        "bilinear": Image.Resampling.BILINEAR,
        "bicubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS,
    }
    found = {}
    for name, way in ways.items():
        pictures = [data.pictures[i] for i in chosen]
        if way is not None:
            pictures = [one.convert("RGB").resize((size, size), way) for one in pictures]
        ours = network_features(
            partial(mobilenet.features, weights), [as_pixels(one) for one in pictures]
        )
        apart = np.linalg.norm(ours - data.X[chosen], axis=1)
        found[name] = float(np.median(apart / np.linalg.norm(data.X[chosen], axis=1)))
    return found


def cats(C: float = 0.01, each: int = EACH, tests: int = 400) -> Case:
    """Cats and dogs of CIFAR-10, by features alone: a task with decisions on few rows."""
    data = load_cifar10(("cat", "dog"), n_train=2 * each, n_test=tests, stand_in=False)
    return Case(
        name="cat-dog",
        X=np.asarray(data.X, dtype=float),
        y=data.y,
        X_test=np.asarray(data.X_test, dtype=float),
        y_test=data.y_test,
        pixels=[],
        pixels_test=[],
        features=_no_network,
        levels=255,
        C=C,
        step=0.0,
        beta=0.0,
    )


def _no_network(_: Tensor) -> Tensor:
    raise NotImplementedError("Attacked by their features alone.")
