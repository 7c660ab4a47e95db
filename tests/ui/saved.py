"""Cells as a saved notebook holds them: explanations made here, with no kernel and no browser."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import nbformat
from sklearn.base import clone

import forcing
from forcing.explanation.snapshot import bundle
from ui import samples

MIME_TYPE = "application/vnd.forcing.v1+json"


def cell(bundle: dict[str, Any]) -> nbformat.NotebookNode:
    """A cell that shows a MIME bundle."""
    output = nbformat.v4.new_output("display_data", data=copy.deepcopy(bundle))
    return nbformat.v4.new_code_cell(samples.EXPLAIN, outputs=[output], execution_count=1)


@cache
def table_explanation() -> forcing.Explanation:
    """Cards that are table rows."""
    found = _run(samples.BREAST_CANCER, samples.FIT)
    study = forcing.Study(found["model"], found["X_train"], found["y_train"])
    return study.explain(found["X_test"].iloc[0], baselines=("influence", "representer"))


@cache
def image_explanation() -> forcing.Explanation:
    """Cards that are pictures."""
    found = _run(samples.DIGITS)
    X, y, pictures = found["X"][50:], found["y"][50:], found["pictures"][50:]
    study = forcing.Study(found["model"], X, y, display=forcing.Images(pictures))
    return study.explain(found["X"][7], baselines=("influence", "representer"))


@cache
def table_bundle() -> dict[str, Any]:
    return _bundle(table_explanation())


@cache
def image_bundle() -> dict[str, Any]:
    return _bundle(image_explanation())


@cache
def text_bundle() -> dict[str, Any]:
    """An explanation with cards that are texts."""
    found = _run(samples.MESSAGES)
    texts, y = found["texts"], found["y"]
    study = forcing.Study(found["model"], texts[:300], y[:300], display=forcing.Texts(texts[:300]))
    return _bundle(
        study.explain(
            texts[found["i"] : found["i"] + 1],
            baselines=("influence",),
            target_display=texts[found["i"]],
        )
    )


@cache
def robust_bundle() -> dict[str, Any]:
    """An explanation of a decision that takes more than a hundred rows to change."""
    found = _run(samples.CONFIDENT)
    study = forcing.Study(found["model"], found["X"], found["y"], class_names=["bad", "good"])
    return _bundle(study.explain(found["X"][found["i"]], baselines=("influence",), bound=False))


def _run(*sources: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    for source in sources:
        exec(source, namespace)  # noqa: S102 -- the same cells that the live tests run
    return namespace


def _bundle(explanation: forcing.Explanation) -> dict[str, Any]:
    shown: dict[str, Any] = explanation._repr_mimebundle_()
    return shown


@cache
def explored_bundle() -> dict[str, Any]:
    """The list of `explore`, with its first row explained."""
    found = _run(samples.BREAST_CANCER, samples.FIT)
    study = forcing.Study(found["model"], found["X_train"], found["y_train"])
    explorer = study.explore(found["X_test"], found["y_test"], baselines=()).explorer
    assert explorer.session is not None
    explorer.session.wait()
    return bundle(explorer.state(), explorer.image)


@cache
def compared_bundle() -> dict[str, Any]:
    """One row of two models."""
    found = _run(samples.BREAST_CANCER, samples.FIT)
    X, y, x = found["X_train"], found["y_train"], found["X_test"].iloc[0]
    strong = found["model"]
    weak = clone(strong).set_params(logisticregression__C=0.5).fit(X, y)
    sides = [forcing.Study(model, X, y).explain(x) for model in (weak, strong)]
    shown: dict[str, Any] = forcing.compare(*sides, names=("weak", "strong"))._repr_mimebundle_()
    return shown
