"""Table I on digits: what is timed, and the head as a layer of torch, as a GPU gets it."""

from dataclasses import asdict

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import forcing
from benchmarks import table_one
from benchmarks.problems import Data, digits
from benchmarks.table_one import Measured, Times


@pytest.fixture(scope="module")
def pair():
    data = digits()
    return data, LogisticRegression(tol=1e-8, max_iter=10_000).fit(data.X, data.y)


def test_measures_every_target(pair):
    data, model = pair
    found = table_one.measured(data, model, targets=3, most=30, refined=1)
    (cpu, *_) = found.devices
    assert {name: len(s) for name, s in cpu.seconds.items()} == {
        "first": 3, "search": 3, "influence": 3, "representer": 3, "whole": 1,
    }  # fmt: skip
    assert all(1 <= size <= 30 for size in cpu.sizes)


def test_a_layer_of_torch_stands_on_the_rows_of_its_own_optimum(pair):
    data, model = pair
    study = table_one.as_layer(model, data, "cpu")
    X, X_test = (np.column_stack([part, np.ones(len(part))]) for part in (data.X, data.X_test))
    penalised = LogisticRegression(fit_intercept=False, tol=1e-10, max_iter=10_000)
    reference = forcing.Study(penalised.fit(X, data.y), X, data.y)
    for target in (3, 12):
        found = study.explain(data.X_test[target], bound=False)
        expected = reference.explain(X_test[target], bound=False)
        assert found.flipped
        assert set(found.supports) == set(expected.supports)


def test_ten_classes_as_a_layer():
    X, y = load_digits(return_X_y=True)
    data = Data(X[:300] / 16, y[:300], X[300:310] / 16)
    model = LogisticRegression(C=0.1, max_iter=1_000).fit(data.X, data.y)
    found = table_one.on_a_device(model, data, list(data.X_test[:2]), 20, "cpu", "a device")
    assert set(found.seconds) == {"first", "unverified", "influence", "representer"}
    assert len(found.seconds["first"]) == 2


def test_cells_have_a_row_for_what_was_measured():
    seconds = {"first": [1.0, 3.0], "search": [2.0], "influence": [5.0], "representer": [0.5]}
    times = [Times("CPU", 1.0, seconds, [3]), Times("G", 1.0, {"unverified": [0.25]}, [])]
    made = table_one.cells(asdict(Measured("", 1.0, 9, 2, times)), ("a", "b", "c"))
    assert list(made) == [
        "paper, GPU", "first 40 rows", "until it flips, verified", "until it flips, G",
    ]  # fmt: skip
    assert made["first 40 rows"] == ["2 ± 1", "5 ± 0", "0.5 ± 0"]
    assert made["until it flips, G"] == ["0.25 ± 0", "", ""]
