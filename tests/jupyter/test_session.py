# ruff: noqa: ARG001, ARG002 - what stands in for something has its signature

from __future__ import annotations

import _thread
import threading
import time

import numpy as np
import pytest

from fake_study import ROWS, STEPS, FakeStudy, step, whole_run
from forcing.display import Images
from forcing.jupyter.session import Session
from forcing.protocol import guards
from forcing.protocol.context import Context
from forcing.records import Decision, Progress, Tally


class Heard:
    """A view that writes down what it is told, and when."""

    def __init__(self):
        self.messages = []
        self.times = []
        self.buffers = []

    def __call__(self, message, buffers):
        self.times.append(time.monotonic())
        self.messages.append(message)
        self.buffers.append(buffers)

    def events(self, *kinds):
        found = [event for message in self.messages for event in message.get("events", [])]
        return [event for event in found if not kinds or event["type"] in kinds]


def session_of(script=whole_run, **study):
    session = Session(Context.of(FakeStudy(script, **study), np.zeros(3)))
    heard = Heard()
    session.listen(heard)
    return session, heard


def until(condition, seconds=3.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.002)


class Stuck:
    """A run that yields a few steps and then computes until it is released."""

    def __init__(self):
        self.release = threading.Event()
        self.inside = threading.Event()
        self.went_on = False

    def __call__(self):
        yield whole_run()[0]
        yield from STEPS[:2]
        self.inside.set()
        self.release.wait(10)
        yield STEPS[2]
        self.went_on = True


@pytest.fixture
def stuck():
    run = Stuck()
    yield run
    run.release.set()


def test_a_run_is_told_whole_and_in_order():
    session, heard = session_of()
    explanation = session.start().wait(5)
    assert explanation.supports.tolist() == [4, 6]
    assert [message["seq"] for message in heard.messages] == list(range(1, len(heard.messages) + 1))
    kinds = [event["type"] for event in heard.events()]
    assert (kinds[0], kinds[-1]) == ("start", "end")
    assert [part["n"] for event in heard.events("step") for part in event["steps"]] == [1, 2, 3, 4]
    assert session.state()["end"] == heard.events("end")[0]


def test_at_most_ten_messages_a_second_and_the_first_at_once():
    def fast():
        yield whole_run()[0]
        for number in range(1, 400):
            time.sleep(0.001)
            yield Progress("search", number)
            yield step(number, number % ROWS, 0.7)
        yield whole_run()[-1]

    session, heard = session_of(fast)
    began = time.monotonic()
    session.start().wait(10)
    seconds = heard.times[-1] - began
    assert 4 <= len(heard.messages) <= 10 * seconds + 2
    gaps = np.diff(heard.times)
    assert gaps[:-1].min() > 0.09  # the end does not wait for its turn
    assert sum(len(event["steps"]) for event in heard.events("step")) == 399
    assert len(heard.events("progress")) < 400


def test_cancel_answers_at_once_while_the_worker_is_stuck(stuck):
    session, heard = session_of(stuck)
    session.start()
    stuck.inside.wait(3)
    session.cancel()
    explanation = session.wait(5)
    assert not stuck.went_on
    assert heard.events("end")[0]["status"] == "cancelled"
    assert explanation.status == "cancelled"
    assert explanation.reason == "Stopped at step 2."
    assert explanation.supports.tolist() == [2, 4]


def test_a_cancelled_worker_stops_at_its_next_record(stuck):
    session, heard = session_of(stuck)
    session.start()
    stuck.inside.wait(3)
    session.cancel()
    session.wait(5)
    told = len(heard.messages)
    stuck.release.set()
    until(lambda: session.context.study.closed)
    time.sleep(0.15)
    assert not stuck.went_on
    assert len(heard.messages) == told


def test_cancel_after_the_end_does_nothing():
    session, heard = session_of()
    session.start().wait(5)
    told = len(heard.messages)
    session.cancel()
    session.pause()
    time.sleep(0.05)
    assert session.explanation.status == "flipped"
    assert len(heard.messages) == told


def test_cancel_before_the_first_record(stuck):
    def late():
        stuck.release.wait(10)
        yield from whole_run()

    session, heard = session_of(late)
    session.start()
    session.cancel()
    with pytest.raises(RuntimeError, match="cancelled before it began"):
        session.wait(5)
    assert heard.events("end")[0]["status"] == "cancelled"


def test_pause_holds_the_run_and_resume_goes_on():
    seen = []

    def counted():
        yield whole_run()[0]
        for number in range(1, 200):
            seen.append(number)
            time.sleep(0.005)
            yield step(number, number % ROWS, 0.7)
        yield whole_run()[-1]

    session, heard = session_of(counted)
    session.start()
    until(lambda: len(seen) > 5)
    session.pause()
    time.sleep(0.05)
    held = len(seen)
    time.sleep(0.2)
    assert len(seen) == held
    assert session.state()["paused"]
    told = [event for message in heard.messages for event in message["events"]]
    assert {"type": "paused", "paused": True} in told  # so that another view learns it
    session.resume()
    assert session.wait(5).size == 199
    assert not session.state()["paused"]


def test_cancel_ends_a_paused_run():
    session, _ = session_of(
        lambda: (record for record in [*whole_run()[:2], *STEPS * 50, whole_run()[-1]])
    )
    session.pause()
    session.start()
    session.cancel()
    assert session.wait(5).status == "cancelled"


def test_a_failing_run_keeps_its_steps_and_wait_raises():
    def broken():
        yield from whole_run()[:4]
        raise ZeroDivisionError("no such number")

    session, heard = session_of(broken)
    session.start()
    with pytest.raises(ZeroDivisionError, match="no such number"):
        session.wait(3)
    end = heard.events("end")[0]
    assert (end["status"], end["reason"]) == ("failed", "ZeroDivisionError: no such number")
    assert session.explanation.status == "failed"
    assert session.explanation.supports.tolist() == [2, 4]
    assert len(session.state()["steps"]) == 2


def test_a_row_that_cannot_be_shown_fails_the_run_instead_of_hanging_it():
    session, heard = session_of()

    def item(position):
        raise OSError("the picture is gone")

    session.context.presenter.item = item
    session.start()
    with pytest.raises(OSError, match="gone"):
        session.wait(3)
    assert heard.events("end")[0]["status"] == "failed"


def test_errors_of_the_call_are_raised_by_the_call():
    class Picky(FakeStudy):
        def events(self, x, **options):
            raise ValueError("threshold must be a probability")

    with pytest.raises(ValueError, match="threshold"):
        Session(Context.of(Picky(), np.zeros(3)))


def test_wait_times_out_and_the_run_goes_on(stuck):
    session, _ = session_of(stuck)
    session.start()
    with pytest.raises(TimeoutError, match="goes on"):
        session.wait(0.1)
    stuck.release.set()
    until(lambda: session.done)
    assert session.explanation.size == 3


def test_an_interrupt_while_waiting_cancels_and_keeps_the_steps(stuck):
    session, _ = session_of(stuck)
    session.start()
    stuck.inside.wait(3)
    waiting, inside = session._done.wait, threading.Event()

    def wait(seconds):
        inside.set()
        return waiting(seconds)

    def interrupt():
        inside.wait(5)
        _thread.interrupt_main()

    session._done.wait = wait
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        session.wait(5)
    assert session.explanation.status == "cancelled"
    assert session.explanation.size == 2


def test_a_listener_that_fails_does_not_end_the_run():
    session, heard = session_of()

    def gone(message, buffers):
        raise ConnectionError

    session.listen(gone)
    assert session.start().wait(3).status == "flipped"
    assert heard.events("end")


def test_end_is_told_before_wait_returns():
    session, _ = session_of()
    order = []
    session.on_end(lambda _: (time.sleep(0.1), order.append("callback")))
    session.on_end(lambda _: 1 / 0)
    session.start().wait(3)
    order.append("wait")
    assert order == ["callback", "wait"]
    session.on_end(order.append)
    assert order[-1] is session


def test_a_view_that_joins_hears_the_state_then_the_rest(stuck):
    session, _ = session_of(stuck)
    session.start()
    stuck.inside.wait(3)
    until(lambda: len(session.state()["steps"]) == 2)
    late = Heard()
    session.join(late)
    stuck.release.set()
    until(lambda: session.done)
    assert len(late.messages[0]["state"]["steps"]) == 2
    assert late.messages[1]["seq"] == late.messages[0]["seq"] + 1


def test_sync_answers_only_who_asked():
    session, heard = session_of()
    session.start().wait(3)
    told, asker = len(heard.messages), Heard()
    session.obey(guards.Sync(), asker)
    assert asker.messages[0]["seq"] == heard.messages[-1]["seq"]
    assert asker.messages[0]["state"]["end"]["status"] == "flipped"
    assert len(heard.messages) == told


def test_what_if_is_answered_also_after_the_end():
    session, heard = session_of()
    session.start().wait(3)
    session.obey(guards.WhatIf(7, (4,)), heard)
    until(lambda: heard.events("what-if"))
    answer = heard.events("what-if")[0]
    assert (answer["request"], answer["out"], answer["label"]) == (7, [4], "bad")
    assert answer["flipped"] is True
    assert "tally" not in answer
    assert heard.messages[-1]["seq"] == heard.messages[-2]["seq"] + 1


def test_a_what_if_says_what_several_retrainings_decide():
    session, heard = session_of()
    session.start().wait(3)
    several = Decision("bad", 0.48, -0.1, Tally(2, (0.48, 0.3, 0.7)))
    session.context.study.predict_without = lambda *_, **__: several
    session.obey(guards.WhatIf(7, (4,)), heard)
    until(lambda: heard.events("what-if"))
    assert heard.events("what-if")[0]["tally"] == {"flips": 2, "confidences": [0.48, 0.3, 0.7]}


def test_only_the_newest_unanswered_what_if_is_computed():
    session, heard = session_of()
    session.start().wait(3)
    study, gate, inside = session.context.study, threading.Event(), threading.Event()

    def slow(rows, x, **_):
        study.asked.append(rows)
        inside.set()
        gate.wait(3)
        return Decision("bad", 0.4, -0.3)

    study.predict_without = slow
    session.obey(guards.WhatIf(1, (1,)), heard)
    inside.wait(3)
    for request in range(2, 8):
        session.obey(guards.WhatIf(request, tuple(range(request))), heard)
    gate.set()
    until(lambda: len(heard.events("what-if")) == 2)
    time.sleep(0.05)
    assert study.asked == [[1], [0, 1, 2, 3, 4, 5, 6]]
    assert [event["request"] for event in heard.events("what-if")] == [1, 7]


def test_a_what_if_that_fails_does_not_stop_the_next():
    session, heard = session_of()
    session.start().wait(3)
    whole = session.context.study.predict_without

    def picky(rows, x, **claim):
        if len(rows) == 1:
            raise ValueError("one class would remain")
        return whole(rows, x, **claim)

    session.context.study.predict_without = picky
    session.obey(guards.WhatIf(1, (1,)), heard)
    time.sleep(0.05)
    session.obey(guards.WhatIf(2, (1, 2)), heard)
    until(lambda: len(heard.events("what-if")) == 2)
    refused, answered = heard.events("what-if")
    assert (refused["request"], refused["error"]) == (1, "one class would remain")
    assert (answered["request"], answered["error"]) == (2, None)


def test_pictures_go_to_who_asked_with_a_buffer_each():
    session, heard = session_of(display=Images(np.zeros((ROWS, 8, 8))))
    session.start().wait(3)
    told, asker = len(heard.messages), Heard()
    session.obey(guards.Images(("row:1", "row:99", "row:2")), asker)
    until(lambda: asker.messages)
    assert asker.messages[0] == {"schema": "forcing.v1", "images": ["row:1", "row:2"]}
    assert [buffer[:4] for buffer in asker.buffers[0]] == [b"\x89PNG"] * 2
    assert len(heard.messages) == told


def test_without_threads_the_run_is_done_when_start_returns(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    session, heard = session_of()
    session.start()
    assert session.explanation.status == "flipped"
    assert heard.events("end")
