"""Texts: mails, and the sentences of scikit-learn's documentation that stand in for them."""

from __future__ import annotations

import gzip
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from forcing.datasets.dataset import Dataset, check, counts, found, or_stand_in

_ENRON = (
    "It is the Enron1 spam corpus of Metsis, Androutsopoulos and Paliouras, 2006: the file "
    "enron1.tar.gz, as it is, from https://www2.aueb.gr/users/ion/data/enron-spam/."
)
_TRAIN, _VALID = 3_310, 827

_LEAST_WORDS = 8
_OF_LINEAR, _OF_TREES = "linear model", "tree"


def load_enron(*, stand_in: bool = True) -> Dataset:
    """5 172 mails of one account, 29 % of them spam: 3 310 to train on, 827 to look at, 1 035 more.

    The order is that of `numpy.random.default_rng(0).permutation(5172)`. The paper's parts add up
    to ten mails more than the corpus has.
    """
    return or_stand_in(_enron, load_docstrings, stand_in)


def load_docstrings() -> Dataset:
    """Paragraphs of scikit-learn's own documentation: do they tell of linear models or of trees?

    They are whatever the installed version says, some hundreds.
    """
    pairs = [
        (paragraph, label)
        for module, label in (
            ("sklearn.linear_model", _OF_LINEAR),
            ("sklearn.tree", _OF_TREES),
            ("sklearn.ensemble", _OF_TREES),
        )
        for paragraph in _paragraphs(module)
    ]
    # What both say says nothing; and a paragraph counts once.
    texts: dict[str, set[str]] = {}
    for text, label in pairs:
        texts.setdefault(text, set()).add(label)
    only = [(text, next(iter(labels))) for text, labels in texts.items() if len(labels) == 1]
    order = np.random.default_rng(0).permutation(len(only))
    train, valid = int(0.64 * len(only)), int(0.16 * len(only))
    return _split(
        "docstrings",
        "Paragraphs of scikit-learn's documentation: of linear models or of trees?",
        np.array([only[i][0] for i in order], dtype=object),
        np.array([only[i][1] for i in order], dtype=object),
        train,
        valid,
    )


def _paragraphs(module: str) -> Iterator[str]:
    import importlib
    import inspect

    home = importlib.import_module(module)
    for name in sorted(home.__all__):
        thing = getattr(home, name)
        methods = (
            [m for key, m in sorted(vars(thing).items()) if not key.startswith("_")]
            if (inspect.isclass(thing))
            else []
        )
        for documented in (thing, *methods):
            for paragraph in re.split(r"\n\s*\n", inspect.getdoc(documented) or ""):
                words = " ".join(paragraph.split())
                if ">>>" not in words and len(re.findall(r"[A-Za-z]{2,}", words)) >= _LEAST_WORDS:
                    yield words


def _enron() -> Dataset:
    file = found(["enron1.jsonl.gz", "enron1.tar.gz"], _ENRON)
    read = _tar if file.name.endswith(".tar.gz") else _lines
    mails = sorted(read(file))
    texts = np.array([text for _, text, _ in mails], dtype=object)
    labels = np.array([label for _, _, label in mails], dtype=object)
    check(file, "labels", counts(labels), {"ham": 3672, "spam": 1500})
    order = np.random.default_rng(0).permutation(len(mails))
    title = "Mails of one account at Enron: ham or spam?"
    return _split("enron", title, texts[order], labels[order], _TRAIN, _VALID)


def _lines(file: Path) -> Iterator[tuple[str, str, str]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            mail = json.loads(line)
            yield mail["name"], mail["text"], mail["label"]


def _tar(file: Path) -> Iterator[tuple[str, str, str]]:
    with tarfile.open(file) as tar:
        for member in tar:
            path = Path(member.name)
            if path.parent.name in {"ham", "spam"} and (content := tar.extractfile(member)):
                text = content.read().decode("latin-1").replace("\r\n", "\n")
                yield f"{path.parent.name}/{path.name}", text, path.parent.name


def _split(
    name: str,
    title: str,
    texts: NDArray[np.object_],
    y: NDArray[np.object_],
    train: int,
    valid: int,
) -> Dataset:
    ends = [train, train + valid]
    parts = np.split(texts, ends)
    labels = np.split(y.astype(str), ends)
    return Dataset(
        name=name,
        title=title,
        X=parts[0],
        y=labels[0],
        X_valid=parts[1],
        y_valid=labels[1],
        X_test=parts[2],
        y_test=labels[2],
    )
