"""What the growth of time is measured on."""

import numpy as np
import pytest

from benchmarks import growth
from benchmarks.growth import Cost


def test_the_target_stands_on_about_as_many_rows_as_asked_for():
    for size in (5, 30):
        found = growth.cost(600, columns=5, size=size)
        assert 0.6 * size <= found.rows <= 1.4 * size
        parts = found.search + found.refinement + found.verification + found.bound
        assert parts == pytest.approx(found.explain, rel=0.01)


def test_slopes_are_those_of_power_laws():
    values = [10, 100, 1_000, 10_000]
    costs = [Cost(*(float(v) ** k for k in range(9)), rows=1, peak=1.0) for v in values]
    assert growth.slopes(values, costs) == pytest.approx(range(9))


def test_lists_for_the_record():
    costs = [Cost(*np.arange(9.0) + i, rows=i, peak=0.5) for i in range(3)]
    kept = growth.gathered([7, 8, 9], costs)
    assert kept["value"] == [7, 8, 9]
    assert kept["study"] == [1.0, 2.0, 3.0]
    assert kept["rows"] == [0, 1, 2]
