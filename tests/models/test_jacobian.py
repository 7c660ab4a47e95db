"""Networks linearised in parameters of theirs."""

import copy

import numpy as np
import pytest

import forcing
from forcing.baselines import influence
from forcing.engine.arrays import on_host
from forcing.engine.search import SearchOptions, search
from support import problem

torch = pytest.importorskip("torch")

from forcing.models import jacobian  # noqa: E402 - needs torch
from networks import DECAY, digits, mlp, trained  # noqa: E402

N, DAMPING = 60, 0.02


@pytest.fixture(scope="module", params=[1, 2, 3], ids="{} outputs".format)
def case(request):
    X, y, more, _ = digits([3, 8, 9][: max(2, request.param)], N, noise=0.5)
    return trained(mlp(request.param, width=3), X, y, epochs=25), X, y, more


def study_of(module, X, y, **options):
    options = {"parameters": lambda name: True, "damping": DAMPING, "batch_size": 16, **options}  # noqa: ARG005
    own = {key: options.pop(key) for key in ("refit",) if key in options}
    return forcing.Study(forcing.TorchModel(module, weight_decay=DECAY, **options), X, y, **own)


def by_hand(module, X, names):
    """Logits (n, K) and their Jacobian (n, K, P), a row and an output at a time; of up to two
    outputs (n, 1), the second's over the first's.
    """
    module = copy.deepcopy(module).double().eval()
    chosen = [p for name, p in module.named_parameters() if name in names]
    values, rows = [], []
    for x in X.double():
        logits = module(x[None])[0]
        if len(logits) == 2:
            logits = logits[1:] - logits[:1]
        values.append(logits.detach().numpy())
        gradients = [torch.autograd.grad(f, chosen, retain_graph=True) for f in logits]
        rows.append([np.concatenate([g.numpy().ravel() for g in own]) for own in gradients])
    return np.array(values), np.array(rows)


def gauss_newton(logits, J, y):
    """Residuals (n, K), and J' B J + n (decay + damping) I with B the Hessian of each loss."""
    if logits.shape[1] == 1:
        p = 1 / (1 + np.exp(-logits))
        residuals, B = p - y[:, None], (p * (1 - p))[:, :, None]
    else:
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        residuals = p - np.eye(p.shape[1])[y]
        B = np.einsum("ik,kl->ikl", p, np.eye(p.shape[1])) - p[:, :, None] * p[:, None, :]
    H = np.einsum("ikp,ikl,ilq->pq", J, B, J)
    return residuals, H + len(y) * (DECAY + DAMPING) * np.eye(len(H))


@pytest.mark.parametrize("held", [True, False], ids=["held", "implicit"])
@pytest.mark.parametrize("chosen", [["3"], ["1.weight", "3.bias"]], ids=str)
def test_products_and_influence_are_those_of_the_explicit_jacobian(case, held, chosen, monkeypatch):
    module, X, y, more = case
    monkeypatch.setattr(jacobian, "HELD", 5e7 if held else 0)
    study = study_of(module, X, y, parameters=chosen)
    p = problem(study, more[0])
    names = [n for n, _ in module.named_parameters() if n in chosen or n.split(".")[0] in chosen]
    logits, J = by_hand(module, X, names)
    residuals, H = gauss_newton(logits, J, np.asarray(y))
    target, V = by_hand(module, more[:1], names)
    if logits.shape[1] == 1:
        margins, v = abs(target[0]), V[0, 0] * np.sign(target[0, 0])
    else:
        order = np.argsort(-target[0])
        margins, v = target[0, order[:1]] - target[0, order[1]], V[0, order[0]] - V[0, order[1]]
    assert p.claim.margin == pytest.approx(margins[0], rel=1e-5)
    np.testing.assert_allclose(on_host(p.fit.predictor).reshape(logits.shape), logits, rtol=1e-5)

    u = np.linalg.solve(H, v)
    lever = on_host(p.objective.design.times(p.fit.inverse.solve(p.direction(p.fit.theta))))
    np.testing.assert_allclose(lever.reshape(logits.shape), J @ u, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(
        on_host(influence(p)), -np.sum(residuals * (J @ u), axis=1), rtol=1e-4, atol=1e-7
    )
    assert study._explainer.polish.distance < 1e-6  # the root of a difference of rounding size


def test_a_jacobian_that_is_not_held_gives_the_same_sets(case, monkeypatch):
    module, X, y, more = case
    runs = []
    for held in (5e7, 0):
        monkeypatch.setattr(jacobian, "HELD", held)
        p = problem(study_of(module, X, y), more[1])
        runs.append(list(search(p, p.fit, 5, SearchOptions())))
        design = p.objective.design
        assert isinstance(design, jacobian.Implicit) == (held == 0)
        np.testing.assert_allclose(
            on_host(design.squared_norms[:4]),
            [np.sum(on_host(design.rows([i])) ** 2) for i in range(4)],
        )
    assert [s.row for s in runs[0]] == [s.row for s in runs[1]]
    # Steps by conjugate gradients are solved for roughly.
    np.testing.assert_allclose(*([s.margin for s in run] for run in runs), atol=0.05)


def test_without_a_refit_nothing_is_claimed_to_be_verified(case):
    module, X, y, more = case
    study = study_of(module, X, y)
    x = min(more[:40], key=lambda x: study.claim(x).margin)
    ex = study.explain(x)
    assert ex.status == "flipped"
    assert ex.flipped
    assert ex.verified is None
    assert ex.lower_bound is None
    assert any("refit=" in note for note in study.notes)
    assert "not checked" in repr(ex)


def test_an_implicit_jacobian_ends_with_a_set_too(case, monkeypatch):
    module, X, y, more = case
    study = study_of(module, X, y)
    x = min(more[:40], key=lambda x: study.claim(x).margin)
    monkeypatch.setattr(jacobian, "HELD", 0)
    assert study_of(module, X, y).explain(x).size == study.explain(x).size


def test_sets_flip_most_seeds_of_fine_tuning(case):
    module, X, y, more = case

    def refit(rows, seed):
        return trained(module, X[rows], y[rows], epochs=12, seed=seed)

    study = study_of(module, X, y, refit=refit, damping=None)
    margins = [study.claim(x).margin for x in more[:60]]
    found = ((x, study.explain(x)) for x in (more[int(i)] for i in np.argsort(margins)[3:12]))
    x, ex = next((x, ex) for x, ex in found if ex.verified)
    assert not any("refit=" in note for note in study.notes)
    kept = np.setdiff1d(np.arange(N), ex.supports)
    flips = 0
    for seed in range(900, 903):
        logits = refit(kept, seed)(x[None])[0]
        decided = int(logits > 0) if len(logits) == 1 else int(logits.argmax())
        flips += decided != ex.claim.favoured
    assert flips >= 2


def test_one_name_is_enough(case):
    module, X, y, _ = case
    one, several = (study_of(module, X, y, parameters=p) for p in ("3", ["3.weight", "3.bias"]))
    assert one.model_description == several.model_description


def test_damping_follows_the_curvature(case):
    module, X, y, _ = case
    names = [name for name, _ in module.named_parameters()]
    logits, J = by_hand(module, X, names)
    _, H = gauss_newton(logits, J, np.asarray(y))
    trace = np.trace(H) / N - (DECAY + DAMPING) * len(H)
    objective = study_of(module, X, y, damping=None)._explainer.adapted.objective
    expected = N * (DECAY + trace / 100)
    np.testing.assert_allclose(on_host(objective.penalty), expected, rtol=1e-6)


def test_a_shared_jacobian_too_wide_for_a_factor_is_solved_with_its_diagonal(case, monkeypatch):
    module, X, y, more = case
    factored = problem(study_of(module, X, y), more[0])
    monkeypatch.setattr("forcing.engine.factorise.SHARED", 0)
    monkeypatch.setattr("forcing.engine.factorise.LARGEST", 0)
    p = problem(study_of(module, X, y), more[0])
    assert factored.fit.curvature.exact
    assert not p.fit.curvature.exact
    v = p.direction(p.fit.theta)
    solved, expected = (on_host(q.fit.inverse.solve(v)) for q in (p, factored))
    np.testing.assert_allclose(solved, expected, rtol=1e-5, atol=1e-8)


def test_a_shared_jacobian_in_memory_is_that_of_its_products():
    array = torch.tensor(np.random.default_rng(0).normal(size=(5, 3, 4)))
    design, weights = jacobian.Shared(array), torch.arange(5, dtype=torch.float64)
    theta = torch.ones((4, 2), dtype=torch.float64)
    np.testing.assert_allclose(design.times(theta), np.einsum("ikp,pm->ikm", array, theta))
    np.testing.assert_allclose(
        design.gram(weights), np.einsum("i,ikp,ikq->pq", weights, array, array)
    )
    np.testing.assert_allclose(design.squared_norms, np.sum(array.numpy() ** 2, axis=(1, 2)))
    np.testing.assert_allclose(design.subset([3, 1]).times(theta), design.times(theta)[[3, 1]])
