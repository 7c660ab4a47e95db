from __future__ import annotations

import importlib.util
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

from benchmarks import mobilenet
from benchmarks.measure import evenly
from benchmarks.poison_attacks import HALVINGS, craft, crafted_all, moved, plans, weakest
from benchmarks.poison_craft import crafted
from benchmarks.poison_data import as_picture, as_pixels, digits
from benchmarks.poison_detector import detectors
from benchmarks.poison_measures import (
    ORDERS,
    Signs,
    area,
    foretold,
    found,
    margin_without,
    ordered,
    poisoned,
    roc,
    signs,
    succeeds,
    suspicion,
    unnoticed,
)
from benchmarks.poison_runs import CAP, Amounts, clean_signs, one_poison, suspected
from benchmarks.poison_store import Store
from benchmarks.poisoned import poisoned as section
from benchmarks.settings import Settings
from forcing.datasets import load_digits


@pytest.fixture(scope="module")
def case():
    return digits(load_digits((3, 8)))


@pytest.fixture(scope="module")
def attack(case):
    """One that succeeds, and its explanation."""
    for plan in plans(case, 10, bases=3):
        data = poisoned(case, moved(case, plan, 1, 0.95), plan.label)
        x = case.X_test[plan.target]
        if succeeds(data, x, plan.label):
            return plan, data, data.study.explain(x, bound=False, baselines=(*ORDERS, "prefix"))
    raise AssertionError("no attack succeeds")


# Crafting


def test_pictures_that_are_their_own_features_meet_between_base_and_target(case):
    plan = plans(case, 1)[0]
    *_, last = craft(case, [(plan.target, plan.bases[0])], iterations=200)
    base, goal = case.pixels[plan.bases[0]], case.pixels_test[plan.target]
    middle = (goal + case.beta * base) / (1 + case.beta)
    assert last.pictures[0] == pytest.approx(middle, abs=1e-3)
    assert last.apart[0] == pytest.approx(np.linalg.norm(middle - goal), abs=1e-2)
    assert last.moved[0] == pytest.approx(np.sqrt(np.mean((middle - base) ** 2)), abs=1e-3)


def test_what_is_minimised_never_rises_and_pixels_stay_pixels():
    generator = torch.Generator().manual_seed(0)
    kernel = torch.randn(8, 3, 3, 3, generator=generator)

    def features(x):
        return torch.relu(torch.nn.functional.conv2d(x, kernel)).mean((2, 3))

    bases = torch.rand(2, 3, 9, 9, generator=generator).numpy()
    goals = features(torch.rand(2, 3, 9, 9, generator=generator)).numpy()
    states = list(crafted(features, bases, goals, iterations=60, step=0.1, beta=0.01))
    values = np.array([s.apart**2 + 0.01 * s.moved**2 * 3 * 9 * 9 for s in states])
    assert (np.diff(values, axis=0) <= 1e-6).all()
    assert (values[-1] < 0.3 * values[0]).all()
    last = states[-1]
    assert last.pictures.min() >= 0
    assert last.pictures.max() <= 1
    reached = features(torch.from_numpy(last.pictures)).numpy()
    assert last.apart == pytest.approx(np.linalg.norm(reached - goals, axis=1), rel=1e-4)


def test_poisons_of_batches_are_those_of_one(case, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pairs = [(plan.target, plan.bases[0]) for plan in plans(case, 5)]
    pixels, moved_by = crafted_all(case, pairs, Store("test", 0), "ten", iterations=5)
    *_, last = craft(case, pairs, iterations=5)
    assert pixels == pytest.approx(case.stored(last.pictures), abs=1e-6)
    assert moved_by == pytest.approx(last.moved, abs=1e-6)
    steps = pixels * case.levels
    assert steps == pytest.approx(np.round(steps), abs=1e-5)


def test_the_network_is_that_of_its_own_file(data_folder):
    spec = importlib.util.spec_from_file_location("given", data_folder / "mobilenet_v2.py")
    given = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(given)
    network = given.load(data_folder / mobilenet.FILE)
    weights = mobilenet.load(data_folder / mobilenet.FILE)
    for size in (64, 75):
        x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(size))
        with torch.no_grad():
            expected = network.features((255 * x - 128) / 128)
            assert mobilenet.features(weights, x).numpy() == pytest.approx(
                expected.numpy(), abs=1e-4
            )


def test_pixels_and_pictures_are_the_same():
    from PIL import Image

    values = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    assert (as_picture(as_pixels(Image.fromarray(values))) == values).all()


# Attacks


def test_targets_are_right_and_bases_of_the_other_class(case):
    few, more = plans(case, 2, bases=3), plans(case, 4, bases=3)
    assert len(more) == 8
    assert set(few) <= set(more)
    for plan in more:
        assert case.model.predict(case.X_test[[plan.target]])[0] == case.y_test[plan.target]
        assert set(case.y[list(plan.bases)]) == {plan.label}
        assert plan.label != case.y_test[plan.target]
        assert len(set(plan.bases)) == 3


def test_the_weakest_attack_succeeds_and_a_weaker_one_does_not(case, attack):
    plan, _, _ = attack
    share = weakest(case, plan, 1, case.C)
    x = case.X_test[plan.target]

    def wins(far):
        X = np.vstack([case.X, moved(case, plan, 1, far)])
        y = np.append(case.y, plan.label)
        model = LogisticRegression(C=case.C, tol=1e-8, max_iter=10_000).fit(X, y)
        return model.predict(x[None])[0] == plan.label

    assert wins(share)
    assert not wins(share - 0.5**HALVINGS)
    assert weakest(case, plan, 1, 1e-3) is None


# What is measured


def test_the_poison_is_found_and_scikit_learn_agrees(case, attack):
    plan, data, explanation = attack
    one = found(data, case.X_test[plan.target], explanation)
    assert (one.size, one.poisons, one.first, one.flipped) == (1, 1, True, True)
    assert explanation.supports.tolist() == [len(case.X)]
    # Without the poison the head is the clean one.
    x = case.X_test[plan.target]
    clean = LogisticRegression(C=case.C, tol=1e-10, max_iter=10_000).fit(case.X, case.y)
    value = clean.decision_function(x[None])[0]
    sign = 1 if plan.label == clean.classes_[1] else -1
    assert margin_without(data, x, [len(case.X)]) == pytest.approx(sign * value, rel=1e-3)


def test_a_set_without_the_poison_is_not_counted(case, attack):
    plan, data, explanation = attack
    elsewhere = poisoned(case, data.X[-1:], plan.label)
    elsewhere.poisons[:] = 0  # as if the first row were the poison
    one = found(elsewhere, case.X_test[plan.target], explanation)
    assert (one.first, one.poisons) == (False, 0)


def test_other_orders_have_places_and_what_influence_says_itself(case, attack):
    plan, data, explanation = attack
    told = ordered(data, explanation)
    nearest = np.argsort(np.linalg.norm(data.X - case.X_test[plan.target], axis=1))
    assert nearest[0] == len(case.X)
    assert told.place["nearest"] == 1
    for name in ORDERS:
        rows = explanation.rankings[name].rows.tolist()
        assert rows[told.place[name] - 1] == len(case.X)
        if told.place[name] == 1:
            assert told.flips_at[name] == 1
    assert foretold(explanation) == explanation.rankings["prefix"].predicted


def test_what_changes_elsewhere(case, attack):
    plan, data, _ = attack
    gain, changed = unnoticed(case, data, plan.target)
    others = np.delete(np.arange(len(case.X_test)), plan.target)
    both = [m.predict(case.X_test[others]) for m in (case.model, data.model)]
    assert changed == np.sum(both[0] != both[1])
    right = [np.mean(b == case.y_test[others]) for b in both]
    assert gain == pytest.approx(right[1] - right[0])


def test_signs_of_an_attack(case, attack):
    plan, data, explanation = attack
    x = case.X_test[plan.target]
    one = signs(data.study, x, 1)
    apart = np.sort(np.linalg.norm(data.X - x, axis=1))
    assert one.gap == pytest.approx(apart[1] / apart[0])
    order = np.argsort(np.linalg.norm(data.X - x, axis=1))[:11]
    assert one.strangers == np.mean(data.y[order[1:]] != data.y[order[0]])
    influence = explanation.rankings["influence"].scores[0]
    assert one.strongest == pytest.approx(influence / explanation.claim.margin)
    clean = signs(case.study, x, 30)
    assert clean.strongest < one.strongest
    assert clean.confidence > one.confidence


def test_curves_and_areas_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    bad, good = rng.integers(2, 9, 40).astype(float), rng.integers(0, 6, 300).astype(float)
    truth, scores = np.repeat([1, 0], [40, 300]), np.concatenate([bad, good])
    assert area(bad, good) == pytest.approx(roc_auc_score(truth, scores))
    alarms, caught, _ = roc_curve(truth, scores, drop_intermediate=False)
    assert np.column_stack(roc(bad, good)) == pytest.approx(np.column_stack([alarms, caught]))


def made(size, confidence):
    return Signs(confidence, size, 0.1, 0.1, 0.0, 1.1)


def test_small_sets_and_unsure_decisions_are_suspicious_and_infinite_ones_least():
    ones = [made(1, 0.9), made(np.inf, 0.6), made(30, 0.99)]
    assert np.argsort(-suspicion(ones, "set size")).tolist() == [0, 2, 1]
    assert np.argsort(-suspicion(ones, "confidence")).tolist() == [1, 0, 2]
    assert np.isfinite(suspicion(ones, "set size")).all()


def test_detectors_tell_attacked_from_clean():
    attacked = [vars(made(1, 0.7)), vars(made(2, 0.99))]
    clean = [vars(made(k, c)) for k, c in ((2, 0.9), (40, 0.95), (np.inf, 0.98))]
    one = [{"after": {}, "signs": signs_of} for signs_of in attacked]
    curves = detectors({"one": one, "several": [], "near": [], "clean": clean, "near clean": clean})
    (signs_of,) = curves.values()
    assert signs_of["set size"]["area"] == pytest.approx((3 + 2.5) / 6)
    assert signs_of["set size"]["caught"] == 0.5
    assert signs_of["confidence"]["area"] == pytest.approx(3 / 6)
    assert signs_of["set size"]["alarms"][0] == 0
    assert signs_of["set size"]["caught at"][-1] == 1


def test_an_audit_without_labels_suspects_the_poison_first(case, attack):
    plan, data, _ = attack
    told = suspected(case, data, plan.target, rows=20)
    assert told["place"] == 1
    assert told["on_three"] >= 1
    assert told["targets"] in {20, 21}


def test_runs_are_taken_up_where_they_ended(case, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    amounts = Amounts(each=2, audited=5)
    store = Store("test", amounts)
    first = one_poison(case, amounts, store)
    assert len(first) == 4
    assert all(one["before"]["flipped"] for one in first)
    monkeypatch.setattr("benchmarks.poison_runs._attacked", pytest.fail)
    assert one_poison(case, amounts, Store("test", amounts)) == first
    assert Store("test", Amounts()).folder != store.folder
    store.clear()
    assert not store.folder.exists()


def test_clean_decisions_have_their_sets(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    few = digits(load_digits((3, 8)), tests=24)
    ones = clean_signs(few, Store("test", 1), part=10)
    assert [one["target"] for one in ones] == list(range(24))
    assert not any(one["wrong"] for one in ones)
    assert {np.isinf(one["size"]) for one in ones} == {True, False}
    for x, one in zip(few.X_test, ones, strict=True):
        size = few.study.explain(x, bound=False).size
        # Sets found side by side are now and then some larger, or smaller.
        assert size / 1.34 <= one["size"]
        assert one["size"] <= 1.34 * size or size > CAP / 1.34


def test_evenly_spread_positions():
    assert evenly(10, None).tolist() == list(range(10))
    assert evenly(10, 3).tolist() == [0, 4, 9]
    assert evenly(2, 5).tolist() == [0, 1]


def test_without_the_data_the_section_says_so(monkeypatch):
    monkeypatch.delenv("FORCING_DATA", raising=False)
    assert "FORCING_DATA" in "".join(section(Settings()))


def test_features_of_digits_have_gradients(case):
    x = torch.ones(2, 8, 8, requires_grad=True)
    partial(case.features)(x).sum().backward()
    assert (x.grad == 1).all()
