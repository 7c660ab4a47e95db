"""Other sets that flip the same decision, and rows that must stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_wine, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

import forcing
from forcing.engine.refine import removal_effects
from forcing.explanation.alternatives import strongest
from support import blobs, moons, problem, refit_margin, study_of, unsure


@pytest.fixture(scope="module")
def found():
    X, y, model = blobs(80, 4, 0)
    study = study_of(X, y, model)
    return X, y, model, study, study.explain(X[26])


def test_each_flips_by_an_independent_refit_and_spares_no_row(found):
    X, y, model, _, first = found
    others = first.alternatives(3)
    assert len(others) == 3
    favoured = first.claim.favoured
    for other in others:
        rows = other.supports.tolist()
        assert other.verified
        assert other.irreducible
        assert refit_margin(model, X, y, X[26], rows, favoured) < 0
        for row in rows:
            rest = [r for r in rows if r != row]
            assert refit_margin(model, X, y, X[26], rest, favoured) >= 0


def test_no_two_are_the_same_and_the_smallest_comes_first(found):
    first = found[-1]
    others = first.alternatives(3)
    sets = {frozenset(e.supports.tolist()) for e in (first, *others)}
    assert len(sets) == 4
    assert [e.size for e in others] == sorted(e.size for e in others)


def test_the_overlap_is_the_number_of_shared_rows(found):
    first = found[-1]
    for other in first.alternatives(2):
        shared = set(first.supports.tolist()) & set(other.supports.tolist())
        assert first.overlap(other) == other.overlap(first) == len(shared)
        assert len(shared) < first.size
    assert first.overlap(first) == first.size


def test_an_alternative_of_one_row_shares_none():
    X, y, model = blobs(80, 4, 0)
    study = study_of(X, y, model)
    i = unsure(study, X)[0]
    first = study.explain(X[i])
    assert first.size == 1
    assert all(first.overlap(other) == 0 for other in first.alternatives(2))


def test_the_strongest_rows_are_those_whose_return_does_most(found):
    first = found[-1]
    half = strongest(first, 0.5)
    back = dict(zip(first.supports.tolist(), first.verification.put_back, strict=True))
    assert len(half) == -(-first.size // 2)
    rest = set(back) - set(half)
    assert min(back[row] for row in half) >= max(back[row] for row in rest)
    assert len(strongest(first, 0.0)) == 1


def test_another_row_is_held_where_no_set_does_without_the_strongest():
    X, y = load_wine(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    model = LogisticRegression().fit(X, y)
    first = study_of(X, y, model).explain(X[60])
    others = first.alternatives(3)
    assert others
    sets = {frozenset(e.supports.tolist()) for e in (first, *others)}
    assert len(sets) == 1 + len(others)
    for other in others:
        assert other.size <= 2 * first.size
        kept = np.setdiff1d(np.arange(len(y)), other.supports)
        refitted = LogisticRegression(tol=1e-10, max_iter=9999).fit(X[kept], y[kept])
        assert refitted.predict(X[[60]])[0] != first.claim.favoured


def test_labels_have_alternatives_too():
    X, y, model = blobs(80, 4, 0)
    first = study_of(X, y, model).explain(X[0], method="relabel")
    others = first.alternatives(2)
    assert others
    assert all(other.method == "relabel" and other.verified for other in others)


def test_options_of_the_first_run_hold_for_the_others(found):
    X, _, _, study, first = found
    trusted = first.supports[:1].tolist()
    asked = study.explain(X[26], hold=trusted, verify=False)
    for other in asked.alternatives(2):
        assert other.verified is None
        assert not set(trusted) & set(other.supports.tolist())


def test_of_a_decision_that_stays_there_is_none(found):
    X, _, _, study, _ = found
    stays = study.explain(X[26], max_removals=1)
    assert not stays.flipped
    assert stays.alternatives() == []


def test_a_loaded_explanation_says_how_to_get_them(found, tmp_path):
    loaded = forcing.load(found[-1].save(tmp_path / "one.mfs.json"))
    with pytest.raises(RuntimeError, match=r"study\.explain\(x\)"):
        loaded.alternatives()


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_k_is_a_count(found, k):
    with pytest.raises(ValueError, match="k must be"):
        found[-1].alternatives(k)


def test_the_widget_s_explanation_has_them_too(found):
    from forcing.jupyter.session import Session
    from forcing.protocol.context import Context

    X, _, _, study, first = found
    session = Session(Context.of(study, X[26]), {"bound": False}).start()
    told = session.wait(60)
    assert told.supports.tolist() == first.supports.tolist()
    assert told.alternatives(1)[0].verified


# Rows that must stay


@pytest.mark.parametrize("method", ["mfs", "mfs-retrain", "influence", "relabel"])
def test_held_rows_are_in_no_set(found, method):
    X, _, _, study, _ = found
    held = study.explain(X[26], method=method).supports.tolist()
    other = study.explain(X[26], method=method, hold=held, baselines=["influence"])
    assert not set(held) & set(other.supports.tolist())
    assert not set(held) & set(other.rankings["influence"].rows.tolist())


def test_a_mask_holds_the_same_rows_as_positions(found):
    X, y, _, study, first = found
    mask = np.isin(np.arange(len(y)), first.supports)
    by_mask, by_rows = (study.explain(X[26], hold=h) for h in (mask, first.supports))
    assert by_mask.supports.tolist() == by_rows.supports.tolist()
    assert by_mask.alternatives(1)[0].overlap(first) == 0


def test_holding_no_row_changes_nothing(found):
    X, _, _, study, first = found
    for nothing in ((), [], None):
        assert study.explain(X[26], hold=nothing).supports.tolist() == first.supports.tolist()


def test_where_every_row_is_held_nothing_flips(found):
    X, y, _, study, _ = found
    stays = study.explain(X[26], hold=range(len(y)))
    assert stays.status == "unflippable"
    assert stays.size == 0


def test_a_class_with_a_held_row_may_lose_all_others(found):
    X, y, _, study, _ = found
    asked = problem(study, X[26])
    held = np.arange(len(y)) == 5
    last = np.isinf(removal_effects(asked, asked.fit))
    assert last.sum() == 2  # of each class one row
    effects = removal_effects(replace(asked, held=held), asked.fit)
    others = y == y[5]
    assert np.isinf(effects[5])
    assert np.isfinite(effects[others & ~held]).all()
    assert np.isinf(effects[~others]).sum() == 1


@pytest.mark.parametrize("hold", [[-1], [80], ["a"], [0.5], 3])
def test_what_cannot_be_held_is_refused_by_name(found, hold):
    X, _, _, study, _ = found
    with pytest.raises(ValueError, match="hold must be positions"):
        study.explain(X[26], hold=hold)


def test_a_model_known_by_its_refits_has_them_too():
    X, y = moons()[:2]
    model = GaussianNB().fit(X, y)
    first = study_of(X, y, model).explain(X[3], max_refits=150)
    others = first.alternatives(2)
    assert len(others) == 2
    sets = {frozenset(e.supports.tolist()) for e in (first, *others)}
    assert len(sets) == 3
    for other in others:
        kept = np.setdiff1d(np.arange(len(y)), other.supports)
        assert GaussianNB().fit(X[kept], y[kept]).predict(X[[3]])[0] != first.claim.favoured


def test_alternatives_of_a_forest_turn_most_trainings_of_the_test_s_own():
    X, y = make_classification(300, 6, n_informative=3, flip_y=0.15, class_sep=0.7, random_state=0)
    X, y, targets = X[:250], y[:250], X[250:]
    model = RandomForestClassifier(8, min_samples_leaf=3, random_state=0).fit(X, y)
    study = study_of(X, y, model)
    confidence = [study.claim(x).confidence for x in targets]
    x = targets[int(np.argsort(confidence)[30])]
    first = study.explain(x)
    assert first.flipped
    (other,) = first.alternatives(1)
    assert frozenset(other.supports.tolist()) != frozenset(first.supports.tolist())
    assert first.overlap(other) < first.size
    assert other.agreement > 0.5
    kept, draw, flips = np.setdiff1d(np.arange(len(y)), other.supports), np.random.default_rng(7), 0
    for seed in range(21):
        rows = np.sort(draw.choice(kept, len(kept) - 2, replace=False))
        forest = RandomForestClassifier(8, min_samples_leaf=3, random_state=900 + seed)
        flips += forest.fit(X[rows], y[rows]).predict(x[None])[0] != first.claim.favoured
    assert flips > 21 / 2


# Kept, told and saved


@pytest.fixture
def fresh(found):
    X, _, _, study, _ = found
    return study.explain(X[26], verify=False)


def test_what_was_found_is_not_searched_again(fresh):
    one = fresh.alternatives(1)
    three = fresh.alternatives(3)
    assert len(three) == 3
    assert any(other is one[0] for other in three)
    assert fresh.alternatives(1) == one


def test_a_search_that_is_ended_keeps_what_it_found_and_can_go_on(fresh):
    others = fresh.others
    first = others.next()
    heard = []

    def third(event):
        heard.append(event)
        return len(heard) < 3

    assert others.next(third) is None
    assert len(heard) == 3
    assert others.found == (first,)
    assert others.next() is not None


def test_the_sets_are_saved_with_their_rows(fresh, tmp_path):
    plain = fresh.to_dict()
    assert plain["alternatives"] is None
    others = fresh.alternatives(2)
    saved = fresh.to_dict()
    told = saved["alternatives"]
    assert not told["searching"]
    assert sorted(len(other["rows"]) for other in told["sets"]) == [o.size for o in others]
    for other in told["sets"]:
        assert {str(row) for row in other["rows"]} <= set(saved["rows"])
        assert other["shared"] == len(set(other["rows"]) & set(fresh.supports.tolist()))
        assert other["label"] == str(fresh.claim.rival)
        assert other["verified"] is None
    again = forcing.load(fresh.save(tmp_path / "sets.mfs.json"))
    assert again.to_dict() == saved
    bundle = fresh._repr_mimebundle_()["application/vnd.forcing.v1+json"]
    assert bundle["alternatives"] == told
    assert set(saved["rows"]) == set(bundle["rows"])
    # What was told of the run itself stays.
    assert {key: saved[key] for key in saved if key not in ("alternatives", "rows")} == {
        key: plain[key] for key in plain if key not in ("alternatives", "rows")
    }


def test_what_is_saved_while_a_search_goes_on_does_not_spin_for_ever(fresh):
    from forcing.explanation.snapshot import bundle

    fresh.alternatives(1)
    state = fresh.protocol_state
    state["alternatives"] |= {"searching": True}
    saved = bundle(state, lambda _: None)["application/vnd.forcing.v1+json"]
    assert saved["alternatives"]["searching"] is False
