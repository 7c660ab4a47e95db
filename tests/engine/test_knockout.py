"""Refit-only search on made-up oracles, whose smallest sets are known."""

import itertools

import numpy as np
import pytest

from forcing.engine.knockout import Trials, ddmin, knockout, shortest_prefix
from forcing.records import Progress


def finish(stage):
    """Run a stage to its end: what it returns."""
    while True:
        try:
            assert isinstance(next(stage), Progress)
        except StopIteration as end:
            return end.value


def oracle(flips):
    """Margins -1 and 1, and a list of the sets that were asked for."""
    asked = []

    def margins(sets):
        asked.extend(frozenset(rows) for rows in sets)
        return [-1.0 if flips(set(rows)) else 1.0 for rows in sets]

    return margins, asked


def voting(weights, needed):
    """Flips where the weights of the rows that are gone add up to enough."""
    return lambda rows: sum(weights[row] for row in rows) >= needed


def is_one_minimal(rows, flips):
    return flips(set(rows)) and not any(flips(set(rows) - {row}) for row in rows)


@pytest.mark.parametrize("seed", range(20))
def test_delta_debugging_ends_one_minimal(seed):
    random = np.random.default_rng(seed)
    weights = random.uniform(size=25)
    flips = voting(weights, random.uniform(1, 8))
    margins, asked = oracle(flips)
    trials = Trials(margins, most=10_000)
    rows = finish(ddmin(trials, tuple(range(25))))
    assert is_one_minimal(rows, flips)
    assert frozenset(rows) in trials.minimal
    assert len(asked) == len(set(asked)) == trials.used  # nothing is refitted twice


def test_delta_debugging_of_a_flip_that_comes_and_goes():
    """Not monotone: an odd number of the first ten rows, and row 3 among them."""

    def flips(rows):
        return 3 in rows and len(rows & set(range(10))) % 2 == 1

    margins, _ = oracle(flips)
    rows = finish(ddmin(Trials(margins, most=1000), tuple(range(9))))
    assert is_one_minimal(rows, flips)


def test_the_prefix_is_the_shortest_of_all_orders():
    flips = voting(np.ones(100), 37)
    margins, _ = oracle(lambda rows: flips(rows & set(range(50))))
    trials = Trials(margins, most=1000)
    good, bad = tuple(range(100)), tuple(range(99, -1, -1))
    assert finish(shortest_prefix(trials, [bad, good], 100)) == good[:37]
    assert trials.used < 40
    assert finish(shortest_prefix(Trials(margins, most=1000), [bad], 80)) is None


@pytest.mark.parametrize("seed", range(10))
def test_the_set_is_never_below_the_optimum_and_often_at_it(seed):
    random = np.random.default_rng(seed)
    weights, needed = random.uniform(size=12), 2.0
    flips = voting(weights, needed)
    smallest = next(
        size
        for size in range(1, 13)
        if any(flips(set(rows)) for rows in itertools.combinations(range(12), size))
    )
    margins, _ = oracle(flips)
    trials = Trials(margins, most=400)
    found = finish(knockout(trials, [random.permutation(12)], 12))
    assert is_one_minimal(found, flips)
    assert trials.irreducible
    # Here a row's single margin says nothing: the order decides, and it is random.
    assert smallest <= len(found) <= 2 * smallest


def test_single_effects_find_what_the_orders_miss():
    """The row that flips alone is the last of the only order."""
    margins, _ = oracle(lambda rows: 29 in rows or len(rows) >= 5)
    trials = Trials(margins, most=400)
    assert finish(knockout(trials, [range(30)], 30)) == (29,)
    assert trials.prefix == (0, 1, 2, 3, 4)


@pytest.mark.parametrize("most", [1, 5, 12, 20, 40])
def test_the_budget_is_kept_and_the_best_set_stays(most):
    flips = voting(np.ones(60), 23)
    margins, asked = oracle(flips)
    trials = Trials(margins, most=most)
    found = finish(knockout(trials, [range(60)], 60))
    assert len(asked) == trials.used <= most
    assert found is None or flips(set(found))
    assert (found is None) == (most <= 5)
    assert not trials.irreducible or is_one_minimal(found, flips)


@pytest.mark.parametrize("width", [2, 3, 8])
@pytest.mark.parametrize("most", [15, 30, 400])
def test_how_many_run_at_once_changes_nothing(width, most):
    weights = np.random.default_rng(1).uniform(size=40)
    orders = [np.random.default_rng(seed).permutation(40) for seed in (2, 3)]
    margins, _ = oracle(voting(weights, 6.0))
    one, several = Trials(margins, most=most), Trials(margins, most=most, width=width)
    assert finish(knockout(one, orders, 40)) == finish(knockout(several, orders, 40))
    assert one.used == several.used


def test_time_ends_the_search_too():
    margins, asked = oracle(lambda _: True)
    assert finish(knockout(Trials(margins, most=10, until=0.0), [range(5)], 5)) is None
    assert not asked


def test_a_flip_has_to_be_clearer_than_the_slack():
    trials = Trials(lambda sets: [3.0 - len(rows) for rows in sets], most=100, slack=2.0)
    assert len(finish(knockout(trials, [range(10)], 10))) == 6


def test_without_refinement_it_is_the_prefix():
    margins, _ = oracle(lambda rows: {4, 7} <= rows)
    trials = Trials(margins, most=100)
    assert finish(knockout(trials, [range(10)], 10, refine=False)) == tuple(range(8))
