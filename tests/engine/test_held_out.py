"""Trials of judges that have not seen what they judge, and doubts from what they say."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from forcing.engine.held_out import FOLDS, REPEATS, Trial, held_out_doubts, judged, trials


def test_every_row_is_judged_once_a_cut_by_those_that_have_not_seen_it():
    codes = np.repeat([0, 1, 2], [40, 13, 7])
    found = trials(codes, np.ones(60, bool))
    assert len(found) == FOLDS * REPEATS
    for trial in found:
        assert sorted([*trial.trained, *trial.asked]) == list(range(60))
    for repeat in range(REPEATS):
        asked = np.concatenate([trial.asked for trial in found if trial.repeat == repeat])
        assert sorted(asked) == list(range(60))
    cuts = [{tuple(t.asked) for t in found if t.repeat == repeat} for repeat in range(REPEATS)]
    assert cuts[0] != cuts[1]


def test_each_part_has_its_share_of_each_class():
    codes = np.repeat([0, 1], [40, 10])
    for trial in trials(codes, np.ones(50, bool)):
        assert np.bincount(codes[trial.asked]).tolist() == [8, 2]


def test_no_training_is_without_a_class():
    codes = np.array([0] * 20 + [1, 1] + [2])
    asked = judged(codes, np.ones(23, bool))
    assert np.flatnonzero(~asked).tolist() == [22]  # the only row of its class
    for seed in range(20):
        for trial in trials(codes, asked, seed):
            assert set(codes[trial.trained]) == {0, 1, 2}


def test_rows_without_weight_are_not_asked_and_keep_no_class():
    codes = np.array([0, 0, 0, 1, 1])
    assert judged(codes, np.array([1, 1, 1, 1, 0], bool)).tolist() == [True] * 3 + [False] * 2


def test_the_same_seed_makes_the_same_cuts_and_another_others():
    codes = np.arange(50) % 3
    asked = np.ones(50, bool)
    one, same, other = (trials(codes, asked, seed) for seed in (0, 0, 1))
    assert all((a.asked == b.asked).all() for a, b in zip(one, same, strict=True))
    assert any((a.asked != b.asked).any() for a, b in zip(one, other, strict=True))


def noisy(n, K, share, seed):
    """Log-odds of K classes, and labels that follow them but for a share by chance."""
    rng = np.random.default_rng(seed)
    scores = 4.0 * rng.normal(size=(n, K))
    true = np.array([rng.choice(K, p=p) for p in softmax(scores, axis=1)])
    chance = rng.random(n) < share
    return scores, np.where(chance, rng.integers(0, K, n), true), true


def alone(answer):
    """One judge of everything."""
    rows = np.arange(len(answer))
    return [Trial(rows[:0], rows, 0)], [answer]


@pytest.mark.parametrize("sureness", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("K", [2, 4])
def test_the_number_to_expect_is_right_however_sure_the_judges_are(K, sureness):
    scores, codes, true = noisy(3_000, K, 0.15, 1)
    found = held_out_doubts(*alone(log_softmax(sureness * scores, axis=1)), codes,
                            probabilities=True)  # fmt: skip
    wrong = codes != true
    assert found.wrong.sum() == pytest.approx(wrong.sum(), rel=0.15)
    assert wrong[found.wrong > 0.9].mean() > 0.9


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_class_without_a_vote_may_be_the_right_one(seed):
    """Counted votes are 0 exactly where a class is unlikely, which would rule labels out."""
    votes, rng = 20, np.random.default_rng(seed)
    scores, codes, true = noisy(3_000, 3, 0.15, seed)
    counted = np.stack([rng.multinomial(votes, p) for p in softmax(scores / 2, axis=1)])
    with np.errstate(divide="ignore"):
        answer = np.log(counted / votes)
    found = held_out_doubts(*alone(answer), codes, probabilities=True)
    wrong = codes != true
    assert np.isfinite(found.surprise).all()
    assert found.wrong.sum() == pytest.approx(wrong.sum(), rel=0.15)
    first = np.argsort(-found.surprise)[: wrong.sum() // 2]
    assert wrong[first].mean() > 0.85


def test_scores_that_are_no_probabilities_may_have_any_scale_and_offset():
    scores, codes, _ = noisy(1_000, 3, 0.1, 2)
    plain, moved = (
        held_out_doubts(*alone(answer), codes, probabilities=False)
        for answer in (scores, 1e4 * scores + np.array([5e4, 0.0, -3e3]))
    )
    np.testing.assert_allclose(plain.wrong, moved.wrong, atol=0.02)


def test_of_several_judges_the_mean_probability_counts():
    scores, codes, _ = noisy(200, 2, 0.1, 3)
    rows = np.arange(200)
    p = softmax(scores, axis=1), softmax(scores[:, ::-1] * 0.2, axis=1)
    done = [Trial(rows[:0], rows, 0), Trial(rows[:0], rows, 1)]
    both = held_out_doubts(done, [np.log(p[0]), np.log(p[1])], codes, probabilities=True)
    mean = held_out_doubts(*alone(np.log((p[0] + p[1]) / 2)), codes, probabilities=True)
    np.testing.assert_allclose(both.surprise, mean.surprise, rtol=0.01)


def test_rows_that_no_judge_is_asked_about_are_not_doubted():
    scores, codes, _ = noisy(300, 2, 0.1, 4)
    rows = np.arange(20, 300)
    done = [Trial(np.arange(20), rows, 0)]
    found = held_out_doubts(done, [log_softmax(scores[20:], axis=1)], codes, probabilities=True)
    assert np.isneginf(found.surprise[:20]).all()
    assert (found.wrong[:20] == 0).all()
    assert np.isfinite(found.surprise[20:]).all()
