"""The last layer of torch modules."""

import copy

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import forcing

torch = pytest.importorskip("torch")

from networks import DECAY, conv_net, digits, trained, unsure  # noqa: E402 - needs torch

nn = torch.nn


@pytest.fixture(scope="module", params=[1, 2, 3], ids="{} outputs".format)
def case(request):
    """A module of so many outputs, its rows, labels, rows to ask about and its study."""
    X, y, more, _ = digits([3, 8, 9][: max(2, request.param)], 250, noise=0.2)
    module = trained(conv_net(request.param), X, y, epochs=8)
    study = forcing.Study(forcing.TorchModel(module, weight_decay=DECAY), X, y)
    return module, X, y, more, study


def features_of(module, X):
    """What the last layer sees, and its bias's column."""
    with torch.no_grad():
        seen = module[:-1](X).double().numpy()
    return np.hstack([seen, np.ones((len(seen), 1))])


def on_features(module, X, y):
    """The layer's optimum by scikit-learn: the penalty of two outputs is that of half their
    difference.
    """
    outputs = module[-1].out_features
    C = (2.0 if outputs == 2 else 1.0) / (len(X) * DECAY)
    head = LogisticRegression(C=C, fit_intercept=False, tol=1e-10, max_iter=10_000)
    return head.fit(features_of(module, X), np.asarray(y))


def test_margins_and_sets_are_those_of_scikit_learn_on_the_same_features(case):
    module, X, y, more, study = case
    head = on_features(module, X, y)
    F, targets = features_of(module, X), features_of(module, more)
    theirs = forcing.Study(head, F, np.asarray(y))
    for i in unsure(study, more)[:3]:
        ours, other = study.explain(more[i]), theirs.explain(targets[i])
        assert ours.claim.favoured == other.claim.favoured
        assert ours.claim.margin == pytest.approx(other.claim.margin, abs=1e-4)
        assert ours.size == other.size
        assert ours.flipped
        assert ours.irreducible
        assert ours.lower_bound <= ours.size


def test_audits_and_other_questions_are_answered_as_on_the_same_features(case):
    module, X, y, more, study = case
    theirs = forcing.Study(on_features(module, X, y), features_of(module, X), np.asarray(y))
    rows = unsure(study, more)[:6]
    targets = features_of(module, more)
    audits = study.audit(more[rows], progress=False), theirs.audit(targets[rows], progress=False)
    ours, others = ([(len(o.supports), o.verified) for o in a.outcomes] for a in audits)
    assert ours == others
    first = study.explain(more[rows[1]])
    for question in ({"method": "relabel"}, {"hold": first.supports[:1]}):
        asked = (study, more[rows[1]]), (theirs, targets[rows[1]])
        ours, other = (s.explain(x, **question) for s, x in asked)
        assert ours.status == "flipped"
        assert (ours.size, ours.status, ours.verified) == (other.size, other.status, other.verified)


def test_a_flip_is_one_of_an_optimiser_of_torch(case):
    module, X, y, more, study = case
    x = more[unsure(study, more)[1]]
    ex = study.explain(x)
    kept = np.setdiff1d(np.arange(len(X)), ex.supports)
    layer = copy.deepcopy(module[-1]).double()
    F, target = (torch.tensor(features_of(module, rows)[:, :-1]) for rows in (X[kept], x[None]))
    labels = y[kept]
    optimiser = torch.optim.LBFGS(
        layer.parameters(), max_iter=3000, line_search_fn="strong_wolfe", tolerance_grad=1e-10
    )

    def closure():
        optimiser.zero_grad()
        logits = layer(F)
        if logits.shape[1] == 1:
            logits = torch.cat([0 * logits, logits], dim=1)
        loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
        loss = loss + 0.5 * len(X) * DECAY * sum((p * p).sum() for p in layer.parameters())
        loss.backward()
        return loss

    optimiser.step(closure)
    answer = layer(target).detach().numpy()[0]
    decided = int(answer[0] > 0) if len(answer) == 1 else int(answer.argmax())
    assert decided != ex.claim.favoured
    assert "LogisticRegression" in repr(ex)


def test_rows_may_come_as_arrays_or_one_by_one(case):
    module, X, y, more, study = case
    model = forcing.TorchModel(module, weight_decay=DECAY, batch_size=7)
    pairs = [(row, int(label)) for row, label in zip(X, y, strict=True)]
    x = more[unsure(study, more)[0]]
    for rows, target in ((X.double().numpy(), x.numpy()), (pairs, x[None])):
        other = forcing.Study(model, rows, y.numpy())
        assert other.claim(target).margin == pytest.approx(study.claim(x).margin, abs=1e-4)


def test_the_module_is_left_alone(case):
    module, X, y, more, _ = case
    module.train()
    before = copy.deepcopy(module.state_dict())
    study = forcing.Study(forcing.TorchModel(module, weight_decay=DECAY), X, y)
    x = more[unsure(study, more)[0]]
    margin = study.claim(x).margin
    assert module.training
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert module(X[:4]).requires_grad
    with torch.no_grad():
        module[0].weight.zero_()
    assert study.claim(x).margin == margin
    module.load_state_dict(before)
    module.eval()


def test_a_saved_result_says_which_data_it_is_of(case):
    module, X, y, _, study = case
    again = forcing.Study(forcing.TorchModel(module, weight_decay=DECAY), X.clone(), y)
    assert again.data_hash == study.data_hash


def test_a_log_softmax_at_the_end_changes_nothing():
    X, y, more, _ = digits([0, 1, 2], 200, noise=0.3)
    module = trained(conv_net(3), X, y, epochs=4)
    plain, logged = (
        forcing.Study(forcing.TorchModel(m, weight_decay=DECAY), X, y)
        for m in (module, nn.Sequential(module, nn.LogSoftmax(dim=1)))
    )
    x = more[unsure(plain, more)[0]]
    assert logged.claim(x).margin == pytest.approx(plain.claim(x).margin, abs=1e-9)


def test_labels_may_have_names():
    X, y, more, _ = digits([3, 8], 150, noise=0.2)
    module = trained(conv_net(2), X, y, epochs=6)
    names = np.array(["three", "eight"])[y]
    model = forcing.TorchModel(module, weight_decay=DECAY, classes=["three", "eight"])
    study = forcing.Study(model, X, names)
    plain = forcing.Study(forcing.TorchModel(module, weight_decay=DECAY), X, y)
    x = more[unsure(study, more)[0]]
    assert study.claim(x).favoured == ["three", "eight"][plain.claim(x).favoured]
    with pytest.raises(forcing.TrainingMismatchError, match="classes="):  # sorted: the wrong order
        forcing.Study(forcing.TorchModel(module, weight_decay=DECAY), X, names)


def test_training_of_ones_own_has_the_last_word(case):
    module, X, y, more, plain = case
    asked = []

    def refit(rows, seed):
        asked.append(seed)
        return trained(module, X[rows], y[rows], epochs=3, seed=seed)

    model = forcing.TorchModel(module, weight_decay=DECAY)
    study = forcing.Study(model, X, y, refit=refit, random_state=5)
    found = ((x, study.explain(x)) for x in (more[place] for place in unsure(plain, more)[:16]))
    x, ex = next((x, ex) for x, ex in found if ex.verified)
    assert ex.agreement > 0.8
    kept = np.setdiff1d(np.arange(len(X)), ex.supports)
    flips = 0
    for seed in (905, 906, 907):
        logits = refit(kept, seed)(x[None])[0]
        decided = int(logits > 0) if len(logits) == 1 else int(logits.argmax())
        flips += decided != ex.claim.favoured
    assert flips >= 2
    assert "fresh retrainings" in repr(ex)


@pytest.mark.parametrize("returned", ["function", "classifier"])
def test_a_refit_may_return_a_function_or_a_classifier(case, returned):
    module, _, _, more, study = case

    class Classifier:
        def predict_proba(self, batch):
            logits = module(batch).detach()
            return logits.softmax(1) if logits.shape[1] > 1 else shares(logits[:, 0].sigmoid())

    def shares(p):
        return torch.stack([1 - p, p], dim=1)

    fitted = Classifier() if returned == "classifier" else module.forward
    x = more[unsure(study, more)[0]]
    scores = study._explainer.adapted.scores_of(fitted)(x)
    expected = study._explainer.adapted.scores(x)
    np.testing.assert_allclose(np.diff(scores), np.diff(expected), rtol=1e-4, atol=1e-5)


# At the door


def small(**settings):
    X, y, _, _ = digits([0, 1, 2], 60)
    settings = {"weight_decay": DECAY, **settings}
    module = settings.pop("module", None) or trained(conv_net(3), X, y, epochs=2)
    labels = settings.pop("y", y)
    return forcing.Study(forcing.TorchModel(module, **settings), X, labels)


def test_a_bare_module_is_told_what_is_missing():
    with pytest.raises(forcing.UnsupportedModelError, match=r"TorchModel.*weight_decay"):
        forcing.Study(conv_net(2), np.zeros((4, 1, 8, 8)), [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"layer": "nothing"}, "'5', '8'; got 'nothing'"),
        ({"layer": "5"}, "'5' does not make"),
        ({"module": nn.Sequential(conv_net(3), nn.Softmax(dim=1))}, "softmax"),
        ({"module": nn.Sequential(nn.Conv2d(1, 3, 8))}, r"logits.*\(60, 3, 1, 1\)"),
        ({"module": nn.Sequential(nn.Conv2d(1, 3, 8), nn.Flatten())}, "no linear layer"),
        ({"module": nn.Flatten()}, "no parameters"),
        ({"classes": [0, 1]}, "unknown|does not know"),
        ({"classes": [0, 1, 2, 3]}, "label 3"),
        ({"module": conv_net(4)}, "label 3"),
        ({"module": conv_net(2)}, "labels that are no classes|name the 2 classes"),
        ({"y": np.full(60, 7)}, "name the 3 classes"),
        ({"weight_decay": 0.0}, "weight_decay"),
        ({"weight_decay": float("nan")}, "weight_decay"),
        ({"damping": -1.0}, "damping"),
        ({"batch_size": 0}, "batch_size"),
        ({"layer": "8", "parameters": ["8"]}, "exclude"),
        ({"parameters": ["nothing"]}, "'8.bias'; got 'nothing'"),
        ({"parameters": []}, "empty"),
        ({"parameters": lambda name: name == "nothing"}, "chooses none"),
    ],
)
def test_what_is_wrong_is_named(settings, expected):
    with pytest.raises(ValueError, match=expected):
        small(**settings)


def test_what_is_no_module_is_refused():
    with pytest.raises(TypeError, match="module must be a torch"):
        forcing.TorchModel(np.zeros(3), weight_decay=DECAY)


def test_a_target_has_the_shape_of_a_row(case):
    _, _, _, more, study = case
    with pytest.raises(ValueError, match=r"\(1, 8, 8\).*\(2, 1, 8, 8\)"):
        study.claim(more[:2])


def test_other_labels_are_noticed(case):
    module, X, y, *_ = case
    model = forcing.TorchModel(module, weight_decay=DECAY)
    with pytest.raises(forcing.TrainingMismatchError, match="cross-entropy"):
        forcing.Study(model, X, np.roll(y, 1))


def test_another_weight_decay_is_said(case):
    module, X, y, *_ = case
    module = copy.deepcopy(module)
    best = torch.tensor(on_features(module, X, y).coef_, dtype=torch.float32)
    best = torch.cat([-best / 2, best / 2]) if module[-1].out_features == 2 else best
    module[-1].weight.data, module[-1].bias.data = best[:, :-1], best[:, -1]
    study = forcing.Study(forcing.TorchModel(module, weight_decay=DECAY), X, y)
    assert not any("size" in note for note in study.notes)
    assert study._explainer.polish.distance < 1e-4
    other = forcing.Study(forcing.TorchModel(module, weight_decay=100 * DECAY), X, y)
    assert any("that of a weight decay of 0.001, not of 0.1" in note for note in other.notes)


def test_nothing_is_made_on_another_device(case):
    """Whatever is made without saying where lands on the default device; here nothing can be."""
    module, X, y, more, plain = case
    x = more[unsure(plain, more)[0]]
    for parameters in (None, ["8"]):
        with torch.device("meta"):
            model = forcing.TorchModel(module, weight_decay=DECAY, parameters=parameters)
            study = forcing.Study(model, X, y)
            ex = study.explain(x, baselines=("influence", "representer", "random"))
        assert ex.flipped


@pytest.mark.parametrize("shown", [True, False])
def test_a_data_set_is_explained_and_shown(case, shown, tmp_path):
    module, X, y, more, plain = case
    pictures = forcing.Images(X[:, 0].numpy()) if shown else None
    model = forcing.TorchModel(module, weight_decay=DECAY)
    x = more[unsure(plain, more)[0]]
    for rows in (torch.utils.data.TensorDataset(X, y), list(zip(X, y, strict=True))):
        study = forcing.Study(model, rows, y, display=pictures)
        assert study.n_features == 64
        ex = study.explain(x)
        assert sorted(ex.supports) == sorted(plain.explain(x).supports)
        ex.to_html(tmp_path / "page.html")
        ex.save(tmp_path / "run.json")
