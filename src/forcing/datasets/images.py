"""Pictures, as a network's features of them and as they look: dogs and fish, CIFAR-10, digits."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import train_test_split

from forcing.datasets.dataset import Dataset, check, counts, found, or_stand_in

if TYPE_CHECKING:
    from PIL.Image import Image

_FEATURES = (
    "It holds 1 280 features of each picture, the averages of the last convolution of "
    "MobileNetV2 1.0 (ImageNet, 224 pixels),"
)
_DOGFISH = (
    f"{_FEATURES} of the English springers and tenches of Imagenette "
    "(https://github.com/fastai/imagenette; ImageNet's terms, for research): X_train, X_val, "
    "y_train, y_val, names_train, names_val and classes."
)
_DOGFISH_PICTURES = (
    "It holds the springers and tenches of Imagenette "
    "(https://github.com/fastai/imagenette) as files {train,val}/{dog,fish}/NAME.jpg."
)
_CIFAR = (
    f"{_FEATURES} of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html): X in steps of "
    "`scale`, y and classes."
)
_CIFAR_PICTURES = (
    "It holds CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html) as JPEG bytes, one picture "
    "after the other: train_jpg, train_offsets, train_labels, the same of test, and classes."
)
_EACH_TRAIN, _EACH_TEST = 900, 300
"""Of dogs and of fish, as in the paper."""
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class Pictures(Sequence[Any]):
    """Encoded pictures, each decoded when it is asked for: `pictures[17]` is a PIL image."""

    def __init__(self, encoded: Iterable[bytes]) -> None:
        self.encoded = list(encoded)

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, position: int) -> Image: ...
    @overload
    def __getitem__(self, position: slice) -> Pictures: ...
    def __getitem__(self, position: int | slice) -> Image | Pictures:
        if isinstance(position, slice):
            return Pictures(self.encoded[position])
        try:
            from PIL import Image
        except ImportError as error:
            raise ImportError("Pictures are decoded with Pillow: pip install pillow") from error
        return Image.open(io.BytesIO(self.encoded[int(position)]))

    def take(self, positions: Iterable[int]) -> Pictures:
        return Pictures(self.encoded[int(i)] for i in positions)


def load_dogfish(*, stand_in: bool = True) -> Dataset:
    """English springers against tenches of ImageNet, 900 each, and 300 each for tests.

    X are MobileNetV2 features (1 800, 1 280). The network was trained on both classes: nearly all
    decisions are right, and most stand on many rows. Threes and eights of `load_digits` stand in.
    """
    return or_stand_in(_dogfish, lambda: load_digits((3, 8)), stand_in)


def load_cifar10(
    classes: Sequence[str] | None = None,
    *,
    n_train: int | None = None,
    n_test: int | None = None,
    stand_in: bool = True,
) -> Dataset:
    """CIFAR-10, 50 000 small pictures of ten classes and 10 000 for tests, in the files' order.

    X are MobileNetV2 features (n, 1 280) in single precision.

    Parameters
    ----------
    classes
        Names of those to keep, such as ("cat", "dog"); all ten by default.
    n_train, n_test
        Only the first so many of these.
    stand_in
        Digits stand in where files are missing: as many classes of them.
    """
    few = None if classes is None else (4, 9, 7, 1, 3, 8, 5, 2, 6, 0)[: len(classes)]
    return or_stand_in(
        lambda: _cifar10(classes, n_train, n_test), lambda: load_digits(few), stand_in
    )


def load_digits(classes: Sequence[int] | None = None) -> Dataset:
    """Handwritten digits, 8 x 8 pixels, some 180 of each; scikit-learn ships them.

    Parameters
    ----------
    classes
        Digits to keep; all by default.
    """
    data = datasets.load_digits()
    kept = np.isin(data.target, range(10) if classes is None else classes)
    names = np.array(_DIGITS)
    X, X_test, y, y_test, pictures, pictures_test = train_test_split(
        data.data[kept] / 16,
        names[data.target[kept]],
        data.images[kept] / 16,
        test_size=0.3,
        random_state=0,
    )
    return Dataset(
        name="digits",
        title="Handwritten digits of 8 x 8 pixels.",
        X=X,
        y=y,
        X_test=X_test,
        y_test=y_test,
        pictures=pictures,
        pictures_test=pictures_test,
    )


def _dogfish() -> Dataset:
    file = found(["dogfish_mnv2_feats.npz"], _DOGFISH)
    images = found(["dogfish_160.tar"], _DOGFISH_PICTURES)
    with np.load(file) as arrays:
        parts = {}
        for part, each in (("train", _EACH_TRAIN), ("val", _EACH_TEST)):
            X, y = arrays[f"X_{part}"], arrays["classes"][arrays[f"y_{part}"]]
            check(file, "features a picture", X.shape[1], 1280)
            first = [np.flatnonzero(y == name)[:each] for name in ("dog", "fish")]
            check(
                file, f"first pictures of dogs and fish in {part}", [*map(len, first)], [each] * 2
            )
            rows = np.sort(np.concatenate(first))
            stems = [Path(name).stem for name in arrays[f"names_{part}"][rows].tolist()]
            paths = [f"{part}/{y[i]}/{stem}.jpg" for i, stem in zip(rows, stems, strict=True)]
            parts[part] = X[rows].astype(float), y[rows].astype(str), paths
    pictures = _from_tar(images, {path for *_, paths in parts.values() for path in paths})
    (X, y, train), (X_test, y_test, test) = parts["train"], parts["val"]
    return Dataset(
        name="dog-fish",
        title="Photographs of English springers and of tenches, by 1 280 features of MobileNetV2.",
        X=X,
        y=y,
        X_test=X_test,
        y_test=y_test,
        pictures=Pictures(pictures[path] for path in train),
        pictures_test=Pictures(pictures[path] for path in test),
    )


def _from_tar(file: Path, wanted: set[str]) -> dict[str, bytes]:
    pictures = {}
    with tarfile.open(file) as tar:
        for member in tar:
            if member.name in wanted and (content := tar.extractfile(member)):
                pictures[member.name] = content.read()
    check(file, "pictures that the features are of", len(pictures), len(wanted))
    return pictures


def _cifar10(classes: Sequence[str] | None, n_train: int | None, n_test: int | None) -> Dataset:
    train = _cifar_part("train", 50_000, classes, n_train)
    test = _cifar_part("test", 10_000, classes, n_test)
    return Dataset(
        name="CIFAR-10",
        title="Small photographs, by 1 280 features of MobileNetV2.",
        X=train[0],
        y=train[1],
        X_test=test[0],
        y_test=test[1],
        pictures=train[2],
        pictures_test=test[2],
    )


def _cifar_part(
    part: str, size: int, classes: Sequence[str] | None, most: int | None
) -> tuple[NDArray[np.float32], NDArray[np.str_], Pictures]:
    file = found([f"cifar10_{part}_mnv2_feats_u8.npz"], _CIFAR)
    images = found(["cifar10_jpg.npz"], _CIFAR_PICTURES)
    with np.load(file) as arrays:
        names = arrays["classes"][arrays["y"]].astype(str)
        check(file, "shape", arrays["X"].shape, (size, 1280))
        check(file, "pictures of a class", set(counts(names).values()), {size // 10})
        known = set(arrays["classes"].tolist())
        if unknown := set(classes or ()) - known:
            raise ValueError(
                f"classes has {sorted(unknown)}, which CIFAR-10 has not; its classes are "
                f"{', '.join(sorted(known))}."
            )
        chosen = np.flatnonzero(np.isin(names, sorted(known if classes is None else classes)))
        chosen = chosen[:most]
        X = arrays["X"][chosen] * np.float32(arrays["scale"])
    with np.load(images) as arrays:
        offsets, content = arrays[f"{part}_offsets"], arrays[f"{part}_jpg"].tobytes()
        same = np.array_equal(arrays["classes"][arrays[f"{part}_labels"]].astype(str), names)
        check(images, "the labels of the features", same, expected=True)
    pictures = Pictures(content[offsets[i] : offsets[i + 1]] for i in chosen)
    return X, names[chosen], pictures
