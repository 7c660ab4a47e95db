from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression

from benchmarks.galleries import galleries, spread
from benchmarks.gallery_data import (
    BRIGHTNESS,
    COLOURS,
    COSINE,
    FEATURES,
    PIXELS,
    cat_dog,
    dog_fish,
    looks,
)
from benchmarks.gallery_measures import (
    AGAINST,
    INFLUENCE,
    NEAREST,
    NEGATIVE,
    POSITIVE,
    PRINTED,
    REPRESENTER,
    SET,
    Shown,
    distance,
    examples,
    explained,
    measured,
    nearer,
    repeated,
    several,
    shared,
)
from benchmarks.settings import Settings
from forcing.datasets import load_digits


@pytest.fixture(scope="module")
def album():
    return dog_fish(load_digits((3, 8)), most=60)


@pytest.fixture(scope="module")
def found(album):
    """Of a decision that stands on several rows, of both labels."""
    every = (explained(album, int(target)) for target in np.argsort(album.confidence)[4:])
    return next(e for e in every if e.size > 5 and not all(step.positive for step in e.steps))


@pytest.fixture(scope="module")
def target(found):
    return int(found.to_dict()["start"]["target"]["name"].split()[-1])


def test_looks_of_plain_pictures():
    white, black = (Image.new("L", (40, 40), shade) for shade in (255, 0))
    half = np.zeros((8, 8))
    half[:, 4:] = 1
    seen = looks([white, black, half, Image.new("RGB", (20, 20), (255, 0, 0))])
    assert seen[BRIGHTNESS].ravel()[:3] == pytest.approx([1, 0, 0.5])
    assert np.linalg.norm(seen[PIXELS][0] - seen[PIXELS][1]) == pytest.approx(np.sqrt(16 * 16 * 3))
    assert seen[PIXELS][2].mean() == pytest.approx(0.5)
    # Distributions of one shade each have nothing in common, half and half has half of each.
    roots = seen[COLOURS]
    assert (roots**2).sum(axis=1) == pytest.approx(1)
    assert np.linalg.norm(roots[0] - roots[3]) == pytest.approx(np.sqrt(2))
    assert roots[2] @ roots[0] == pytest.approx(np.sqrt(0.5))


def test_distances_are_those_of_scipy_in_units_of_chance(album):
    for space, metric in ((COSINE, "cosine"), (FEATURES, "euclidean")):
        expected = cdist(album.X_test[[3]], album.X, metric)[0]
        assert album.apart(space, 3) == pytest.approx(expected)
    grey = np.array([np.round(np.asarray(p) * 255).mean() / 255 for p in album.pictures[0]])
    own = np.round(np.asarray(album.pictures[1][3]) * 255).mean() / 255
    assert album.apart(BRIGHTNESS, 3) == pytest.approx(np.abs(grey - own), abs=1e-3)
    apart = np.array([1.0, 2.0, 3.0, 10.0])
    members = np.array([True, True, True, False])
    assert distance(apart, members, np.flatnonzero(members)) == 1
    assert distance(apart, members, np.array([0, 1])) == 0.75


def test_examples_are_of_their_sign_and_support_the_decision(album, found, target):
    claim, y = found.claim, album.data.y
    shown = examples(album, target, found)
    for sign, orders in shown.items():
        for rows in orders.values():
            assert ((y[rows] == claim.favoured) == (sign == POSITIVE)).all()
    supports = [*shown[POSITIVE][SET], *shown[NEGATIVE][SET]]
    assert set(supports) <= set(found.supports.tolist())
    assert shown[POSITIVE][SET].tolist() == [s.row for s in found.steps if s.positive][:10]
    # Left out alone, the first of influence takes from the decision.
    for sign in (POSITIVE, NEGATIVE):
        row = int(shown[sign][INFLUENCE][0])
        without = album.study.predict_without([row], album.X_test[target])
        assert without.margin < claim.margin
    near = cdist(album.X_test[[target]], album.X)[0]
    others = np.flatnonzero(y != claim.favoured)
    assert shown[NEGATIVE][NEAREST][0] == others[np.argmin(near[others])]


def test_representer_points_of_the_other_class_count_against(album, found, target):
    """Of features that are not negative, by the formula."""
    y, x = album.data.y, album.X_test[target]
    assert (album.X >= 0).all()
    shown = examples(album, target, found)
    assert len(shown[NEGATIVE][REPRESENTER]) == 0
    model = album.model
    towards = album.model.predict_proba(album.X)[:, 1] - (y == model.classes_[1])
    sign = 1 if found.claim.favoured == model.classes_[1] else -1
    contribution = -sign * model.C * towards * (album.X @ x)
    assert shown[NEGATIVE][AGAINST].tolist() == np.argsort(contribution)[:10].tolist()
    assert shown[POSITIVE][REPRESENTER].tolist() == np.argsort(-contribution)[:10].tolist()


def test_what_is_measured_of_a_set(album, found, target):
    one = measured(album, target, found)
    y = album.data.y
    assert (one.size, one.removed) == (found.size, found.size)
    assert one.negative == np.sum(y[found.supports] != one.predicted) > 0
    assert one.flipped
    kept = np.setdiff1d(np.arange(len(y)), found.supports)
    head = LogisticRegression(tol=1e-10, max_iter=10_000).fit(album.X[kept], y[kept])
    assert head.predict(album.X_test[[target]])[0] != one.predicted
    rows = one.rows[POSITIVE][SET][:3]
    apart = cdist(album.X_test[[target]], album.X)[0]
    expected = apart[rows].mean() / apart[y == one.predicted].mean()
    assert one.away[FEATURES][POSITIVE][SET][0] == pytest.approx(expected)
    # Fewer than three are not compared.
    few = len(one.rows[NEGATIVE][SET])
    assert np.isnan(one.away[FEATURES][NEGATIVE][SET]).tolist() == [few < 3, few < 10]
    assert one.away[FEATURES][POSITIVE][NEAREST][0] == min(
        away[0] for away in one.away[FEATURES][POSITIVE].values()
    )


def test_a_set_that_is_not_found_within_the_limit_is_none(album):
    short = dataclasses.replace(album, most=12)
    one = measured(short, int(np.argmax(album.confidence)))
    assert (one.size, one.flipped, one.removed) == (None, None, 12)
    assert one.flips_at == {"influence": None, "representer": None}
    assert len(one.rows[POSITIVE][SET] + one.rows[NEGATIVE][SET]) >= 10
    assert len(one.rows[POSITIVE][PRINTED] + one.rows[NEGATIVE][PRINTED]) >= 10


def decision(rows, away=None):
    return Shown(
        target=0, predicted="a", truth="a", confidence=0.9, size=3, flipped=True, removed=3,
        negative=0, flips_at={}, rows=rows, away=away or {},
    )  # fmt: skip


def test_overlaps_are_counted_where_both_show_enough():
    one = decision({POSITIVE: {SET: [1, 2, 3], INFLUENCE: [3, 2, 9], REPRESENTER: [7, 8, 6]}})
    two = decision({POSITIVE: {SET: [1, 2], INFLUENCE: [1, 2, 3], REPRESENTER: [1, 2, 3]}})
    three = decision({POSITIVE: {SET: [1, 2, 3], INFLUENCE: [4, 5, 6], REPRESENTER: [7, 8, 9]}})
    assert shared([one, two, three], POSITIVE, SET, INFLUENCE, 3) == [2, 0]
    assert several([one, two, three], POSITIVE) == [True, False]
    signs = {NEGATIVE: {SET: [1, 2, 3], INFLUENCE: [4, 5, 6], REPRESENTER: [], AGAINST: [3, 7, 8]}}
    assert several([decision(signs)], NEGATIVE) == [True]


def test_what_is_shown_again_for_another_decision():
    rows = ([1, 2, 3], [1, 2, 9], [7, 8, 9])
    every = [decision({POSITIVE: {SET: each}}) for each in rows]
    assert repeated(every, SET, 3) == pytest.approx((2 + 0 + 1) / 9)
    # Not those of another label, nor those that show fewer.
    other = dataclasses.replace(every[0], predicted="b")
    few = decision({POSITIVE: {SET: [1, 2]}})
    assert np.isnan(repeated([every[0], other, few], SET, 3))


def test_nearer_leaves_out_ties_and_what_is_missing():
    nan = float("nan")
    pairs = [(0.5, 0.6), (0.7, 0.6), (0.6, 0.6 + 1e-16), (nan, 0.5), (0.5, nan)]
    every = [
        decision({}, {PIXELS: {POSITIVE: {SET: [a, nan], INFLUENCE: [b, nan]}}}) for a, b in pairs
    ]
    assert nearer(every, PIXELS, POSITIVE, INFLUENCE) == (1, 2)
    assert nearer(every, PIXELS, POSITIVE, INFLUENCE, 10) == (0, 0)


def test_targets_are_spread_over_those_that_the_model_is_unsure_of(album):
    album = dataclasses.replace(album, share=0.5)
    targets = spread(album, 5)
    sure = album.confidence[targets]
    assert (np.diff(sure) > 0).all()
    assert sure[0] == album.confidence.min()
    assert sure[-1] <= np.median(album.confidence)
    assert len(spread(album, 10_000)) == len(album.unsure)


def test_without_the_data_the_section_says_so(monkeypatch):
    monkeypatch.delenv("FORCING_DATA", raising=False)
    assert "FORCING_DATA" in "".join(galleries(Settings()))


def test_the_section_tells_what_was_measured(monkeypatch, tmp_path, album):
    monkeypatch.setenv("FORCING_DATA", str(tmp_path))
    other = cat_dog(load_digits((4, 9)))
    monkeypatch.setattr("benchmarks.galleries.dog_fish", lambda: album)
    monkeypatch.setattr("benchmarks.galleries.cat_dog", lambda: other)
    kept = {}
    monkeypatch.setattr("benchmarks.record.keep", lambda name, values: kept.update({name: values}))
    few = {"dog-fish": 5, "cat-dog": 3}
    monkeypatch.setattr("benchmarks.galleries.DECISIONS", few)
    told = "\n".join(galleries(Settings()))
    every = {name: part["decisions"] for name, part in kept["galleries"].items()}
    assert {name: len(decisions) for name, decisions in every.items()} == few
    (row,) = (line for line in told.splitlines() if line.startswith("| dog-fish: 5 "))
    sets = [one for one in every["dog-fish"] if one["size"] is not None]
    assert f"| {sum(one['flipped'] for one in sets)}/{len(sets)} |" in row
    away = [one["away"]["pixels"][POSITIVE][INFLUENCE][0] for one in every["dog-fish"]]
    table = told.partition("**dog-fish, positive photographs**")[2]
    (row,) = (line for line in table.split("**")[0].splitlines() if line.startswith("| influence"))
    assert row.split("|")[5].split(",")[0].strip() == f"{np.median(away):.2f}"
