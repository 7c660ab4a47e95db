from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC
from traitlets import TraitError

from fake_study import FEATURES, ROWS, STEPS, FakeStudy, whole_run
from forcing import Images, Study
from forcing.explanation.snapshot import LISTED, bundle
from forcing.jupyter import comms, widget
from forcing.jupyter.explorer import Explorer
from forcing.jupyter.targets import Targets
from forcing.protocol import MIME, guards
from forcing.protocol.state import StateBuilder
from forcing.study.predictions import Prediction, predictions

LABELS = ["good", "bad", "good", "bad"]
PREDICTED = [
    Prediction("good", 0.9),
    Prediction("good", 0.6),
    Prediction("good", 0.7),
    Prediction("good", 0.95),
]


class Runs:
    """A script for each run: it tells the start and two steps, then waits for its gate."""

    def __init__(self):
        self.gates = []

    def __call__(self):
        gate = threading.Event()
        self.gates.append(gate)
        return self._run(gate)

    def _run(self, gate):
        start, *_ = whole_run()
        yield start
        yield from STEPS[:2]
        gate.wait(5)
        yield from whole_run()[2:]


def explorer(script=whole_run, predicted=PREDICTED, labels=LABELS):
    study = FakeStudy(script)
    rows = [np.full((1, FEATURES), float(place)) for place in range(len(predicted))]
    targets = Targets(study, rows, [f"client {place}" for place in range(len(rows))], labels)
    return Explorer(targets, targets.entries(predicted), {})


class View:
    """What a view makes of the messages, which must come without a gap."""

    def __init__(self, source):
        self.builder, self.seq, self.runs, self.events = StateBuilder(), None, [], []
        self.stop = source.join(self)

    def __call__(self, message, _buffers):
        if "images" in message:
            self.events.append(message["images"])
            return
        if "state" in message:
            self.builder.state = message["state"]
            self.seq = message["seq"]
            return
        if message["seq"] == self.seq:
            return
        assert message["seq"] == self.seq + 1
        self.seq = message["seq"]
        for event in message["events"]:
            self.events.append(event["type"])
            self.builder.apply(event)
            if event["type"] == "start":
                self.runs.append(event["target"]["name"])

    @property
    def state(self):
        return self.builder.state

    def until(self, condition, seconds=5):
        deadline = time.monotonic() + seconds
        while not condition(self.state):
            assert time.monotonic() < deadline, "the view never came there"
            time.sleep(0.005)

    def entry(self, target):
        return next(e for e in self.state["targets"]["entries"] if e["target"] == target)


def steps(number):
    return lambda state: len(state["steps"]) == number


def ended(state):
    return state["end"] is not None


def test_wrong_and_confident_first_then_the_least_sure():
    entries = explorer().state()["targets"]["entries"]
    assert [entry["target"] for entry in entries] == [3, 1, 2, 0]
    assert [entry["wrong"] for entry in entries] == [True, True, False, False]
    assert entries[0]["name"] == "client 3"
    assert (entries[0]["label"], entries[0]["decision"]) == ("bad", "good")


def test_without_labels_nothing_is_wrong_and_the_least_sure_come_first():
    entries = explorer(labels=None).state()["targets"]["entries"]
    assert [entry["target"] for entry in entries] == [1, 2, 0, 3]
    assert {entry["wrong"] for entry in entries} == {None}


def test_a_target_that_is_chosen_streams_and_is_kept():
    explored = explorer()
    view = View(explored)
    explored.explain(3)
    view.until(ended)
    view.until(lambda _: view.entry(3)["status"] == "flipped")
    assert view.state["targets"]["chosen"] == 3
    assert view.entry(3)["size"] == 2
    assert view.runs == ["client 3"]
    explored.explain(1)
    view.until(lambda state: ended(state) and state["start"]["target"]["name"] == "client 1")
    # Seen before, it is there at once, and nothing runs again.
    explored.explain(3)
    assert view.state["start"]["target"]["name"] == "client 3"
    assert ended(view.state)
    assert view.state["targets"]["chosen"] == 3
    assert view.runs == ["client 3", "client 1"]
    assert set(explored.explanations) == {1, 3}
    assert explored.explanations[3] is explored.session.explanation


def test_another_target_cancels_the_run_before_it_and_silences_it():
    runs = Runs()
    explored = explorer(runs)
    view = View(explored)
    explored.explain(0)
    view.until(steps(2))
    first = explored.session
    explored.explain(1)
    view.until(lambda _: view.runs == ["client 0", "client 1"])
    view.until(steps(2))
    view.until(lambda _: view.entry(0)["status"] == "cancelled")
    # Let go, the old worker goes on to its next record; no view hears of it.
    runs.gates[0].set()
    first.wait(5)
    assert view.state["start"]["target"]["name"] == "client 1"
    assert view.state["end"] is None
    # Its steps are kept for who comes back.
    explored.explain(0)
    assert len(view.state["steps"]) == 2
    assert view.state["end"]["status"] == "cancelled"
    assert view.entry(0)["size"] == 2
    # Asked again for what is shown, it begins anew.
    explored.explain(0)
    view.until(lambda _: len(view.runs) == 3)
    runs.gates[2].set()
    view.until(lambda _: view.entry(0)["status"] == "flipped")


def test_a_view_chooses_and_its_other_commands_go_to_the_run_that_is_shown():
    runs = Runs()
    explored = explorer(runs)
    view = View(explored)
    explored.obey(guards.Cancel(), view)  # nothing runs: nothing happens
    explored.obey(guards.Explain(2), view)
    view.until(steps(2))
    explored.obey(guards.Pause(), view)
    view.until(lambda state: state["paused"])
    explored.obey(guards.Resume(), view)
    explored.obey(guards.Cancel(), view)
    view.until(ended)
    assert view.state["end"]["status"] == "cancelled"
    explored.obey(guards.WhatIf(1, (4,)), view)
    view.until(lambda _: "what-if" in view.events)
    explored.obey(guards.Explain(99), view)
    assert explored.position == 2


def test_a_view_that_joins_late_has_the_list_the_run_and_what_is_picked():
    explored = explorer()
    explored.explain(3)
    explored.session.wait(5)
    explored.select([5])
    heard = []
    explored.join(lambda message, _: heard.append(message))
    whole, picked = heard
    assert whole["state"]["end"]["status"] == "flipped"
    assert len(whole["state"]["targets"]["entries"]) == 4
    assert picked["events"] == [{"type": "selected", "rows": [5]}]


def test_a_target_that_cannot_be_explained_says_why_and_leaves_the_list():
    study_of_ill = explorer()
    study = study_of_ill.targets.study
    working = study.events

    def events(x, **options):
        if x[0, 0] == 1:
            raise ValueError("this row is not like the others")
        return working(x, **options)

    study.events = events
    view = View(study_of_ill)
    study_of_ill.obey(guards.Explain(1), view)
    view.until(ended)
    assert view.state["end"]["status"] == "failed"
    assert "not like the others" in view.state["end"]["reason"]
    assert view.entry(1)["status"] == "failed"
    assert len(view.state["targets"]["entries"]) == 4
    study_of_ill.obey(guards.Explain(2), view)
    view.until(lambda state: state["end"] and state["end"]["status"] == "flipped")
    with pytest.raises(ValueError, match="not like the others"):
        study_of_ill.explain(1)
    assert study_of_ill.position == 2


def test_every_run_leads_to_the_explorer():
    explored = explorer()
    ids = []
    for position in range(4):
        explored.explain(position)
        explored.session.wait(5)
        ids.append(explored.session.id)
    assert [comms.find(run) is explored for run in [explored.id, *ids]] == [True] * 5
    others = [explorer() for _ in range(comms.MOST_SESSIONS)]
    assert [comms.find(run) for run in ids] == [None] * 4
    assert all(comms.find(other.id) is other for other in others)


def test_the_saved_form_has_the_head_of_the_list_and_what_was_explained():
    many = [Prediction("good", 0.5 + 0.4 * place / 1000) for place in range(1000)]
    explored = explorer(predicted=many, labels=None)
    explored.explain(999)
    explored.session.wait(5)
    view = View(explored)
    view.until(lambda _: view.entry(999)["size"] is not None)
    saved = bundle(explored.state(), explored.image)[MIME]["targets"]
    assert saved["total"] == 1000
    assert [entry["target"] for entry in saved["entries"]] == [*range(LISTED - 1), 999]


@pytest.fixture(scope="module")
def study():
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegression(C=0.01, max_iter=5000).fit(X[:300, :6], y[:300])
    return Study(model, X[:300, :6], y[:300], class_names=["malignant", "benign"])


@pytest.fixture(scope="module")
def rows():
    X, y = load_breast_cancer(return_X_y=True)
    labels = y[300:340].copy()
    labels[4] = 1 - labels[4]  # the one that the model gets wrong
    return X[300:340, :6], labels


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:400], y[:400], X[400:430]


class TestWidget:
    """The widget, of real data."""

    def test_the_first_of_the_list_is_explained_at_once(self, study, rows):
        shown = study.explore(*rows)
        first = shown.explorer.state()["targets"]["entries"][0]
        assert first["wrong"]
        assert shown.target == first["target"] == 4
        found = shown.wait(20)
        assert shown.explanation is found
        assert shown.explanations == {shown.target: found}
        alone = study.explain(rows[0][[shown.target]], baselines=study.default_baselines)
        assert found.supports.tolist() == alone.supports.tolist()
        assert repr(shown).startswith("<ForcingWidget: 40 rows; ")

    def test_start_may_be_another_or_none(self, study, rows):
        assert study.explore(*rows, start=7).target == 7
        shown = study.explore(*rows, start=False)
        assert (shown.target, shown.explanation, shown.explanations) == (None, None, {})
        with pytest.raises(RuntimeError, match="choose one"):
            shown.wait()
        assert "40 rows to choose from" in repr(shown)
        with pytest.raises(ValueError, match="start must be"):
            study.explore(*rows, start=40)

    def test_setting_target_explains_and_can_be_observed(self, study, rows):
        shown = study.explore(*rows, start=False, baselines=())
        seen = []
        shown.observe(lambda change: seen.append(change.new), "target")
        shown.target = np.int64(5)
        assert shown.wait(20).claim == shown.explanations[5].claim
        shown.explorer.obey(guards.Explain(9), lambda *_: None)
        deadline = time.monotonic() + 5
        while shown.target != 9 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert shown.target == 9
        assert seen == [5, 9]
        shown.wait(20)
        assert sorted(shown.explanations) == [5, 9]

    @pytest.mark.parametrize("wrong", [-1, 40, 1.5, "3", True, None])
    def test_a_target_that_is_none_is_refused_in_words(self, study, rows, wrong):
        shown = study.explore(*rows, start=3, baselines=())
        with pytest.raises(TraitError, match="position of a row of X_test, from 0 to 39"):
            shown.target = wrong
        assert shown.target == 3

    def test_the_target_of_a_view_is_the_row_and_stays(self, study, rows):
        shown = study.view(rows[0][0], baselines=())
        assert shown.target is not None
        with pytest.raises(TraitError, match="read-only"):
            shown.target = 3

    def test_selected_reaches_every_view_and_a_new_target_clears_it(self, study, rows):
        shown = study.explore(*rows, start=0, baselines=())
        shown.wait(20)
        view = View(shown.explorer)
        shown.selected = shown.explanation.supports[:2]
        assert "selected" in view.events
        assert shown.selected == shown.explanation.supports[:2].tolist()
        shown.target = 1
        assert shown.selected == []

    @pytest.mark.parametrize("wrong", [[300], [-1], [0.5], ["3"], [True], "3", 3])
    def test_rows_that_are_none_are_refused_in_words(self, study, rows, wrong):
        shown = study.view(rows[0][0], baselines=())
        with pytest.raises(TraitError, match="selected takes"):
            shown.selected = wrong
        shown.session.obey(guards.Select((300,)), lambda *_: None)  # of a view of other data
        assert shown.selected == []

    @pytest.mark.parametrize("given", [{"names": ["a"]}, {"target_displays": [1, 2]}])
    def test_one_for_each_row(self, study, rows, given):
        with pytest.raises(ValueError, match="one entry for each of the 40 rows"):
            study.explore(*rows, **given)

    def test_a_wrong_option_raises_at_the_door(self, study, rows):
        with pytest.raises(ValueError, match="method"):
            study.explore(*rows, method="guess")


def test_pictures_of_the_list_come_when_they_are_asked_for():
    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=0.01, max_iter=5000).fit(X[:500], y[:500])
    study = Study(model, X[:500], y[:500], display=Images(X[:500].reshape(-1, 8, 8)))
    shown = study.explore(X[500:520], y[500:520], start=2, baselines=())
    shown.wait(20)
    view = View(shown.explorer)
    assert view.entry(7)["image"] == "target:7"
    # The same picture stands beside the curve, under the same id.
    assert view.state["start"]["target"]["item"]["image"] == "target:2"
    sent = []
    ids = ("target:7", "target:99", "row:3", "target")
    shown.explorer.obey(
        guards.Images(ids), lambda message, buffers: sent.append((message, buffers))
    )
    view.until(lambda _: bool(sent))
    ((message, buffers),) = sent
    assert message["images"] == ["target:7", "row:3", "target"]
    assert all(image.startswith(b"\x89PNG") for image in buffers)
    saved = bundle(shown.explorer.state(), shown.explorer.image)[MIME]
    assert set(saved["images"]) >= {f"target:{place}" for place in range(20)}


def test_texts_have_a_snippet():
    texts = ["a good thing " * 20, "bad"]
    study = FakeStudy(X=["good words"] * ROWS)
    entries = Targets(study, texts, ["a", "b"]).entries([Prediction("good", 0.9)] * 2)
    assert [len(entry["text"]) for entry in entries] == [96, 3]


class TestPredictions:
    """In one batch, and the same as one by one."""

    def agree(self, study, X_test, threshold=None, tolerance=1e-3):
        rows = [X_test[[place]] for place in range(len(X_test))]
        together = predictions(study, X_test, rows, threshold)
        alone = [study._explainer.claim(x, None, threshold) for x in rows]
        assert [one.label for one in together] == [claim.favoured for claim in alone]
        if tolerance is not None:
            sure = [one.confidence for one in together]
            assert np.allclose(sure, [claim.confidence for claim in alone], atol=tolerance)
        return together

    def test_of_two_classes_with_probabilities(self, digits):
        X, y, X_test = digits
        model = LogisticRegression(C=0.01, max_iter=5000).fit(X, y > 4)
        self.agree(Study(model, X, y > 4), X_test)
        self.agree(Study(model, X, y > 4), X_test, threshold=0.8, tolerance=None)

    def test_of_scores(self, digits):
        X, y, X_test = digits
        study = Study(LinearSVC(C=0.01).fit(X, y), X, y)
        self.agree(study, X_test, tolerance=0.02)

    def test_of_a_regression(self, digits):
        X, y, X_test = digits
        X = X + np.random.default_rng(0).normal(0, 0.1, X.shape)
        study = Study(LinearRegression().fit(X, y), X, y)
        found = self.agree(study, X_test, threshold=4.5)
        assert {one.label for one in found} == {"above", "below"}

    def test_a_model_that_answers_row_by_row_only(self, digits, monkeypatch):
        X, y, X_test = digits
        model = LogisticRegression(C=0.01, max_iter=5000).fit(X, y > 4)
        study, ask = Study(model, X, y > 4), model.predict_proba

        def one(rows):
            if len(rows) > 1:
                raise MemoryError
            return ask(rows)

        monkeypatch.setattr(model, "predict_proba", one)
        self.agree(study, X_test)


def test_the_outputs_become_the_saved_form_at_the_end_of_each_run(monkeypatch):
    frozen = []
    explored = explorer()
    shown = widget.ExplorerWidget(explored)
    monkeypatch.setattr(shown._outputs, "freeze", frozen.append)
    explored.on_end = lambda source: frozen.append(source.state()["start"]["target"]["name"])
    for position in (3, 1, 3):
        shown.target = position
        shown.wait(5)
        deadline = time.monotonic() + 5
        while not frozen or not frozen[-1].endswith(str(position)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    assert frozen == ["client 3", "client 1", "client 3"]
