"""Small problems with known answers, and independent ways to get those answers."""

from __future__ import annotations

import itertools
import re

import numpy as np
from sklearn.datasets import load_digits, make_moons
from sklearn.linear_model import LogisticRegression

import forcing


def moons(C=1.0, seed=3, n=100):
    """X, y, and a model fitted at the default tolerance."""
    X, y = make_moons(n, noise=0.2, random_state=seed)
    return X, y, LogisticRegression(C=C).fit(X, y)


def digits(C=1.0):
    """3 against 8: X (357, 64) in 0..1, labels "three" and "eight"."""
    X, y = load_digits(return_X_y=True)
    chosen = (y == 3) | (y == 8)
    labels = np.where(y[chosen] == 8, "eight", "three")
    X = X[chosen] / 16
    return X, labels, LogisticRegression(C=C).fit(X, labels)


def blobs(n, p, seed, C=1.0, **settings):
    """Two overlapping clouds, n rows of p columns."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, p)) + 0.7 * (2 * y[:, None] - 1) / np.sqrt(p)
    return X, y, LogisticRegression(C=C, **settings).fit(X, y)


def unflippable(n=12):
    """One column, its sign the label, no intercept: whatever rows are left say the same."""
    X = np.concatenate([-1.0 - np.arange(n // 2), 1.0 + np.arange(n // 2)])[:, None]
    y = (X[:, 0] > 0).astype(int)
    return X, y, LogisticRegression(fit_intercept=False).fit(X, y)


def problem(study, x):
    """The engine's problem behind a study."""
    return study._explainer.problem(x)


def sign(problem):
    """1 where the second of two classes is favoured, else -1."""
    return 1.0 if problem.favoured == 1 else -1.0


def tight_fit(model, X, y, kept, weights=None):
    """scikit-learn's own fit on the kept rows, as exact as it goes."""
    from sklearn.base import clone

    head = clone(model).set_params(solver="newton-cholesky", tol=1e-10, max_iter=1000)
    return head.fit(X[kept], y[kept], None if weights is None else weights[kept])


def refit_margin(model, X, y, x, rows, favoured, weights=None):
    """Log-odds of `favoured` at x after scikit-learn refits without the rows."""
    kept = np.setdiff1d(np.arange(len(y)), rows)
    head = tight_fit(model, X, y, kept, weights)
    value = float(head.decision_function(x[None])[0])
    return value if favoured == head.classes_[1] else -value


def smallest_by_exhaustion(model, X, y, x, favoured, largest):
    """The size of the smallest forcing set, by refitting without every set of rows."""
    for size in range(1, largest + 1):
        for rows in itertools.combinations(range(len(y)), size):
            kept = np.setdiff1d(np.arange(len(y)), rows)
            if len(np.unique(y[kept])) < 2:
                continue
            if refit_margin(model, X, y, x, list(rows), favoured) < 0:
                return size
    return None


def unsure(study, X, most=0.75):
    """Positions of rows that the model decides with little confidence, nearest 50 % first."""
    confidence = np.array([study.claim(x).confidence for x in X])
    order = np.argsort(confidence)
    return [int(i) for i in order if confidence[i] < most]


def assert_by_refits(words, model, X, y):
    """It has no objective for the engine: it is refitted instead, and a note says why."""
    study = forcing.Study(model, X, y)
    why = [note for note in study.notes if note.startswith("Explained by refits alone: ")]
    assert len(why) == 1
    assert re.search(words, why[0])


def study_of(X, y, model, **options):
    return forcing.Study(model, X, y, **options)
