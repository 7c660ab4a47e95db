"""Other sets, as a view asks for them while the notebook goes on."""

from __future__ import annotations

import threading
import time

import pytest
from sklearn.naive_bayes import GaussianNB

from forcing.jupyter.session import Session
from forcing.protocol import guards
from forcing.protocol.context import Context
from support import blobs, moons, study_of


class Heard(list):
    """The events about other sets, in order."""

    def __call__(self, message, buffers):  # noqa: ARG002 - a listener's signature
        self.extend(e for e in message.get("events", []) if e["type"] == "alternatives")

    def wait(self, condition=lambda event: not event["searching"], seconds=30.0):
        deadline = time.monotonic() + seconds
        while not any(map(condition, self)):
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.005)
        return next(filter(condition, self))


def session_of(study, x, **options):
    session = Session(Context.of(study, x), {"bound": False} | options)
    heard = Heard()
    session.listen(heard)
    session.start().wait(30)
    return session, heard


@pytest.fixture
def ended():
    X, y, model = blobs(80, 4, 0)
    return session_of(study_of(X, y, model), X[26])


def test_sets_are_told_one_by_one_and_added_to_the_result(ended):
    session, heard = ended
    added = []
    session.on_added = added.append
    session.obey(guards.Alternatives(), heard)
    last = heard.wait()
    numbers = [len(event["sets"]) for event in heard]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1, 2, 3}
    assert all(event["searching"] for event in heard[:-1])
    assert heard[0]["note"] == "Searching"
    sizes = [len(other["rows"]) for other in last["sets"]]
    assert sizes == sorted(sizes)
    assert last["note"] == ""
    assert session.state()["alternatives"]["sets"] == last["sets"]
    assert {str(row) for other in last["sets"] for row in other["rows"]} <= set(
        session.state()["rows"]
    )
    # The same search as `alternatives()`: nothing is found twice.
    assert len(session.explanation.alternatives(3)) == 3
    assert session.explanation.to_dict()["alternatives"]["sets"] == last["sets"]
    assert all(other["verified"] for other in last["sets"])
    while not added:
        time.sleep(0.005)
    assert added == [session]


def test_a_cancel_after_the_end_stops_the_search_and_keeps_what_it_found(ended, monkeypatch):
    session, heard = ended
    others = session.explanation.others
    go_on, search = threading.Event(), others.next

    def held_up(watch):
        if others.found:
            go_on.wait(10)
        return search(watch)

    monkeypatch.setattr(others, "next", held_up)
    session.obey(guards.Alternatives(), heard)
    heard.wait(lambda event: len(event["sets"]) == 1)
    session.obey(guards.Cancel(), heard)
    go_on.set()
    last = heard.wait()
    assert (len(last["sets"]), last["note"]) == (1, "Stopped.")
    assert session.explanation.status == "flipped"


def test_asking_twice_searches_once(ended, monkeypatch):
    session, heard = ended
    begun, go_on = [], threading.Event()

    def held_up(watch):  # noqa: ARG001 - the signature of `next`
        begun.append(True)
        go_on.wait(10)

    monkeypatch.setattr(session.explanation.others, "next", held_up)
    session.obey(guards.Alternatives(), heard)
    session.obey(guards.Alternatives(), heard)
    go_on.set()
    heard.wait()
    assert len(begun) == 1


def test_a_model_known_by_its_refits_has_other_sets_too():
    X, y = moons()[:2]
    session, heard = session_of(study_of(X, y, GaussianNB().fit(X, y)), X[3], max_refits=60)
    session.obey(guards.Alternatives(), heard)
    last = heard.wait()
    own = set(session.explanation.supports.tolist())
    assert last["sets"]
    assert all(set(other["rows"]) != own for other in last["sets"])


def test_of_a_decision_that_stays_there_is_none():
    X, y, model = blobs(80, 4, 0)
    session, heard = session_of(study_of(X, y, model), X[26], max_removals=1)
    session.obey(guards.Alternatives(), heard)
    assert heard.wait()["sets"] == []


def test_before_the_end_there_is_nothing_to_search_with():
    X, y, model = blobs(80, 4, 0)
    session = Session(Context.of(study_of(X, y, model), X[26]), {"bound": False})
    heard = Heard()
    session.listen(heard)
    session.obey(guards.Alternatives(), heard)
    session.start().wait(30)
    assert heard == []
