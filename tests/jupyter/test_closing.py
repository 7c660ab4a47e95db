# ruff: noqa: ARG001 - a fixture is also asked for what it puts in place
"""What explanations leave behind in a kernel: no threads, no listeners, no widgets for ever."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from fake_study import FakeStudy
from forcing.jupyter import closing, comms
from forcing.jupyter.widget import view


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """Widgets and runs of other tests do not count."""
    monkeypatch.setattr(closing, "_open", [])
    monkeypatch.setattr(comms, "_sources", comms.OrderedDict())


def explained(**options):
    shown = view(FakeStudy(), np.zeros(3), **options)
    shown.wait(5)
    return shown


def ours():
    return [t for t in threading.enumerate() if t.name.startswith("forcing")]


def test_only_the_last_widgets_stay_open(fake_comms):
    shown = [explained() for _ in range(closing.MOST_WIDGETS + 3)]
    assert [one.comm is None for one in shown] == [True] * 3 + [False] * closing.MOST_WIDGETS
    first, last = shown[0], shown[-1]
    assert first.control.comm is None
    assert first.layout.comm is None
    assert first.explanation is not None
    assert "Good (80" in repr(first)
    # What a view asks of the run is still answered: the saved form has a line of its own.
    assert comms.find(first.session_id) is first.session
    assert (len(first.session._listeners), len(last.session._listeners)) == (0, 1)


def test_a_widget_that_may_be_seen_stays_open(fake_comms):
    shown = explained()
    shown._outputs.keep_live()
    for _ in range(closing.MOST_WIDGETS + 1):
        explained()
    assert shown.comm is not None


def test_runs_leave_no_threads(fake_comms):
    for _ in range(5):
        explained()
    for thread in ours():
        thread.join(5)
    assert ours() == []


def test_data_of_forgotten_runs_is_let_go(monkeypatch):
    monkeypatch.setattr(comms, "MOST_SESSIONS", 2)
    monkeypatch.setattr(closing, "MOST_WIDGETS", 2)
    studies = []
    for _ in range(6):
        shown = explained()
        studies.append(weakref.ref(shown.session.context.study))
    del shown
    for thread in ours():
        thread.join(5)
    gc.collect()
    assert sum(study() is not None for study in studies) <= 2


def test_views_that_close_leave_no_listener(fake_comms):
    session = explained().session
    before = len(session._listeners)
    ends = [session.join(lambda *_: None) for _ in range(3)]
    assert len(session._listeners) == before + 3
    for end in ends:
        end()
    assert len(session._listeners) == before
