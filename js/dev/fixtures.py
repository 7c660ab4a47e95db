"""States for the dev page, from real runs: `python js/dev/fixtures.py js/lib/dev`.

Only data that scikit-learn ships or that is made up here, so that the pages can be shown.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forcing.display import Images, Texts
from forcing.explanation.comparison import compare
from forcing.explanation.snapshot import bundle
from forcing.protocol import MIME
from forcing.protocol.plane import SAVED_ROWS, encode, thinned
from forcing.study import Study

if TYPE_CHECKING:
    from forcing.explanation import Explanation

BASELINES = ("influence", "representer")


def unsure(model: Any, X: Any, y: Any) -> int:
    """The wrong prediction that is nearest to 0.62: neither trivial nor robust."""
    p = model.predict_proba(X).max(axis=1)
    wrong = model.predict(X) != y
    return int(np.argmin(np.abs(p - 0.62) + 10 * ~wrong))


def table() -> Explanation:
    return planed()[0]


def planed() -> tuple[Explanation, dict[str, Any]]:
    """A run, and its saved form with the plane that a view opens with."""
    data = load_breast_cancer(as_frame=True)
    y = data.target_names[data.target]
    X, X_test, y, y_test = train_test_split(data.data, y, test_size=0.5, random_state=3)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X, y)
    i = unsure(model, X_test, y_test)
    study = Study(model, X, y)
    x = X_test.iloc[[i]]
    found = study.explain(x, baselines=BASELINES, name=f"test row {i}", label=y_test[i])
    state = found.to_dict()
    drawn = study.planes(x).default(found.claim, found.steps)
    if drawn is not None:
        state["plane"] = thinned(encode(drawn), found.supports.tolist(), SAVED_ROWS)
    return found, state


def alternatives() -> Explanation:
    found = table()
    found.alternatives()
    return found


def regression() -> Explanation:
    data = load_diabetes(as_frame=True, scaled=False)
    X, X_test, y, y_test = train_test_split(data.data, data.target, test_size=0.5, random_state=3)
    model = make_pipeline(StandardScaler(), Ridge()).fit(X, y)
    i = int(np.argmin(np.abs(model.predict(X_test) - 181)))
    study = Study(model, X, y)
    found = study.explain(
        X_test.iloc[[i]],
        threshold=170.0,
        baselines=("influence",),
        name=f"patient {i}",
        label=y_test.iloc[i],
    )
    found.alternatives(2)
    return found


def image() -> Explanation:
    digits = load_digits()
    keep = np.isin(digits.target, [3, 8])
    X, y = digits.data[keep] / 16, digits.target[keep]
    rng = np.random.default_rng(0)
    X = np.clip(X + rng.normal(0, 0.15, X.shape), 0, 1)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, random_state=1)
    model = LogisticRegression(C=0.02).fit(X, y)
    i = unsure(model, X_test, y_test)
    study = Study(model, X, y, display=Images(X.reshape(-1, 8, 8), size=96), class_names=["3", "8"])
    found = study.explain(
        X_test[[i]],
        baselines=BASELINES,
        name=f"test row {i}",
        label=y_test[i],
        target_display=X_test[i].reshape(8, 8),
    )
    found.alternatives(2)
    return found


def messages() -> tuple[list[str], Any]:
    """Texts that look like short messages, and what they are."""
    rng = np.random.default_rng(4)
    common = [
        "the",
        "a",
        "to",
        "for",
        "you",
        "me",
        "we",
        "have",
        "on",
        "at",
        "back",
        "call",
        "now",
        "please",
        "today",
        "send",
        "home",
        "text",
    ]
    spam = [
        "free",
        "win",
        "prize",
        "claim",
        "0800",
        "cash",
        "urgent",
        "award",
        "offer",
        "welcome",
        "loan",
        "tenants",
        "help",
    ]
    ham = [
        "dinner",
        "love",
        "mum",
        "later",
        "sorry",
        "meeting",
        "train",
        "lunch",
        "tonight",
        "ok",
        "sleep",
        "class",
        "bus",
    ]

    def message(words: list[str]) -> str:
        n = rng.integers(6, 22)
        return " ".join(rng.choice(common if rng.random() < 0.7 else words) for _ in range(n)) + "."

    texts = [message(spam if k % 2 else ham) for k in range(600)]
    y = np.array(["spam" if k % 2 else "ham" for k in range(600)])
    return texts, y


def text() -> Explanation:
    texts, y = messages()
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=0.5)).fit(texts[:400], y[:400])
    p = model.predict_proba(texts[400:]).max(axis=1)
    wrong = model.predict(texts[400:]) != y[400:]
    i = 400 + int(np.argmin(np.abs(p - 0.6) + 10 * ~wrong))
    study = Study(model, texts[:400], y[:400], display=Texts(texts[:400]))
    return study.explain(
        [texts[i]], baselines=BASELINES, name=f"message {i}", label=y[i], target_display=texts[i]
    )


def robust() -> Explanation:
    X, y = make_classification(4000, 12, n_informative=6, class_sep=0.8, random_state=0)
    names = [f"measurement_{k}" for k in range(12)]
    model = LogisticRegression().fit(X, y)
    i = int(np.argmin(np.abs(model.predict_proba(X).max(axis=1) - 0.85)))
    model = LogisticRegression().fit(np.delete(X, i, 0), np.delete(y, i))
    study = Study(
        model,
        np.delete(X, i, 0),
        np.delete(y, i),
        feature_names=names,
        class_names=["bad credit", "good credit"],
    )
    return study.explain(X[[i]], baselines=BASELINES, name=f"row {i}", label=y[i])


def explored(kind: str) -> dict[str, Any]:
    """A list of targets, with a few of them explained."""
    if kind == "table":
        data = load_breast_cancer(as_frame=True)
        names = data.target_names[data.target]
        X, X_test, y, y_test = train_test_split(data.data, names, random_state=3)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(X, y)
        study, shown = Study(model, X, y), None
    elif kind == "image":
        digits = load_digits()
        X, X_test, y, y_test = train_test_split(digits.data, digits.target, random_state=0)
        model = LogisticRegression(max_iter=3000, C=0.001).fit(X, y)
        study, shown = Study(model, X, y, display=Images(X.reshape(-1, 8, 8))), None
    else:
        texts, y = messages()
        X, X_test, y, y_test = texts[:400], texts[400:], y[:400], y[400:]
        model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=0.5)).fit(X, y)
        study, shown = Study(model, X, y, display=Texts(X)), X_test
    widget = study.explore(X_test, y_test, target_displays=shown, baselines=BASELINES)
    entries = widget.explorer.state()["targets"]["entries"]
    for place in (0, 3, 4, 1):
        widget.target = entries[place]["target"]
        widget.wait()
    saved = bundle(widget.explorer.state(), widget.explorer.image)
    return saved[MIME]


def comparison() -> dict[str, Any]:
    """One target of two models."""
    data = load_breast_cancer(as_frame=True)
    y = data.target_names[data.target]
    X, X_test, y, y_test = train_test_split(data.data, y, test_size=0.5, random_state=3)
    i = -1
    found = []
    for C in (0.01, 1.0):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=C)).fit(X, y)
        i = unsure(model, X_test, y_test) if i < 0 else i
        found.append(Study(model, X, y).explain(X_test.iloc[[i]], name=f"test row {i}"))
    return compare(*found, names=("C = 0.01", "C = 1"))._repr_mimebundle_()[MIME]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in (table, image, text, robust, alternatives, regression):
        explanation = make()
        state = explanation.to_dict()
        (folder / f"{make.__name__}.json").write_text(json.dumps(state))
    for kind in ("table", "image", "text"):
        (folder / f"explore-{kind}.json").write_text(json.dumps(explored(kind)))
    (folder / "planed.json").write_text(json.dumps(planed()[1]))
    (folder / "compare.json").write_text(json.dumps(comparison()))
