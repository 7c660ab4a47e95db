"""Planes of a session: the one of the run, and those that views ask for."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from forcing import Study
from forcing.jupyter.session import Session
from forcing.jupyter.widget import explore
from forcing.protocol import guards
from forcing.protocol.context import Context
from forcing.study.plane import Planes

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
y = np.where(X @ [1.0, -0.5, 0.1] + rng.normal(size=80) / 2 > 0, "yes", "no")


@pytest.fixture
def study():
    return Study(LogisticRegression().fit(X, y), X, y)


class Heard(list):
    def __call__(self, message, _buffers):
        self.extend(message.get("events", []))

    def planes(self, request=None):
        return [e for e in self if e["type"] == "plane" and e["request"] == request]

    def answer(self, request):
        deadline = time.monotonic() + 20
        while not self.planes(request):
            assert time.monotonic() < deadline, "nobody answered"
            time.sleep(0.005)
        return self.planes(request)[0]


def session_of(study):
    session, heard = Session(Context.of(study, X[5])), Heard()
    session.listen(heard)
    return session, heard


def test_the_plane_of_the_run_comes_right_before_its_end(study):
    session, heard = session_of(study)
    found = session.start().wait(20)
    assert [event["type"] for event in heard[-2:]] == ["plane", "end"]
    (event,) = heard.planes()
    assert event["plane"]["kind"] == "features"
    assert session.state()["plane"] == event["plane"]
    assert found.plane == event["plane"]


def test_axes_that_a_view_asks_for(study):
    session, heard = session_of(study)
    session.start().wait(20)
    names = session.state()["plane"]["features"]
    session.obey(guards.Plane(1, 2, 0), heard)
    answer = heard.answer(1)
    assert [answer["plane"][axis]["name"] for axis in "xy"] == [names[2], names[0]]
    assert answer["plane"]["features"] == names
    session.obey(guards.Plane(2, None, None), heard)
    assert heard.answer(2)["plane"]["kind"] == "components"
    # What one view asks for is no part of the state.
    assert session.state()["plane"] == heard.planes()[0]["plane"]
    session.obey(guards.Plane(3, 7, 0), heard)
    refused = heard.answer(3)
    assert refused["plane"] is None
    assert "two different features" in refused["note"]


def test_a_plane_that_fails_is_no_event_and_fails_no_run(study, monkeypatch):
    monkeypatch.setattr(Planes, "default", lambda *_: 1 / 0)
    session, heard = session_of(study)
    assert session.start().wait(20).status == "flipped"
    assert not heard.planes()
    assert session.state()["plane"] is None
    monkeypatch.setattr(Planes, "slice", lambda *_: 1 / 0)
    session.obey(guards.Plane(1, 0, 1), heard)
    assert "cannot be drawn" in heard.answer(1)["note"]


def test_before_the_first_record_there_is_nothing_to_slice(study):
    session, heard = session_of(study)
    session.obey(guards.Plane(1, 0, 1), heard)
    assert "not begun" in heard.answer(1)["note"]


def test_stopped_while_the_plane_is_made_a_run_keeps_its_own_end(study, monkeypatch):
    inside, release = threading.Event(), threading.Event()

    def slow(*_):
        inside.set()
        release.wait(10)

    monkeypatch.setattr(Planes, "default", slow)
    session, heard = session_of(study)
    session.start()
    assert inside.wait(20)
    session.cancel()
    found = session.wait(5)
    release.set()
    assert found.status == heard[-1]["status"] == "flipped"
    assert found.verified
    assert not heard.planes()


def test_the_plane_goes_on_to_the_views_of_many_targets(study):
    shown = explore(study, X[:4], start=1, baselines=(), freeze=False)
    shown.wait(20)
    heard = Heard()
    shown.explorer.listen(heard)
    assert shown.explorer.state()["plane"] == shown.session.state()["plane"] is not None
    shown.explorer.obey(guards.Plane(1, 0, 1), heard)
    assert heard.answer(1)["plane"]["kind"] == "features"
