"""What several retrainings tell, against counts made by hand and scipy's own tests."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import fisher_exact

from forcing.engine.chance import (
    LEVEL,
    Chance,
    are_alike,
    can_pass,
    differ,
    is_most,
    level_of,
    varies,
)


def tail(count, of):
    return sum(math.comb(of, k) for k in range(count, of + 1)) / 2**of


@pytest.mark.parametrize("of", [5, 9, 11, 25])
def test_most_is_known_where_an_even_chance_would_hardly_give_as_many(of):
    for count in range(of + 1):
        assert is_most(count, of) == (tail(count, of) <= LEVEL)
    assert is_most(9, 11)
    assert not is_most(8, 11)


def test_the_levels_of_all_candidates_add_up_to_the_level():
    levels = [level_of(candidate) for candidate in range(1, 40)]
    assert sum(levels) == pytest.approx(LEVEL)
    assert all(later < earlier for earlier, later in pairwise(levels))


def test_so_many_candidates_can_pass():
    assert [can_pass(candidate, 11) for candidate in range(1, 6)] == [True] * 4 + [False]
    assert [can_pass(candidate, 5) for candidate in (1, 2)] == [True, False]


@pytest.mark.parametrize("flips", [9, 10, 11])
def test_a_control_is_alike_by_fishers_test(flips):
    for control in range(12):
        table = [[flips, 11 - flips], [control, 11 - control]]
        assert are_alike(flips, control, 11) == (fisher_exact(table, "greater")[1] > LEVEL)


def test_the_same_number_is_the_same_chance():
    chance = Chance(1000, 0.01, first=3)
    assert np.array_equal(chance.left_out(7), chance.left_out(7))
    assert not np.array_equal(chance.left_out(7), chance.left_out(8))
    assert len(set(chance.left_out(7).tolist())) == 10
    assert chance.seed(7) != chance.seed(8)


def test_what_differs_is_the_users_choice():
    assert len(Chance(1000, 0.0).left_out(1)) == 0
    assert len(Chance(30, 0.01).left_out(1)) == 1  # at least one
    assert Chance(30, seeds=1).seed(5) is None
    assert len({Chance(30, seeds=4).seed(number) for number in range(20)}) == 4


def test_effects_that_add_up_are_no_noise():
    random = np.random.default_rng(0)
    whole, a, b = random.uniform(0.2, 0.8, size=(3, 200, 1))
    one, other = whole + 0.1 * a, whole + 0.1 * b
    both = one + other - whole + 1e-4 * random.normal(size=whole.shape)
    assert not varies(whole, one, other, both)
    noisy = [part + 0.05 * random.normal(size=part.shape) for part in (whole, one, other, both)]
    # Of these effects, 0.06 each, the noise of four answers is as much again.
    assert varies(*noisy)
    tiny = [whole + 1e-4 * random.normal(size=whole.shape) for _ in range(4)]
    assert not varies(*tiny)
    assert differ(whole, one)
    assert not differ(*tiny[:2])
