# ruff: noqa: ARG001, ARG002 - a fixture is also asked for what it puts in place

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from fake_study import ROWS, STEPS, FakeStudy, whole_run
from forcing.display import Images
from forcing.jupyter import bundle, comms, widget
from forcing.jupyter.comms import find, register_target
from forcing.jupyter.control import Control
from forcing.jupyter.session import Session
from forcing.jupyter.widget import ForcingWidget, view
from forcing.protocol import MIME


def sent(channel, method="custom"):
    """Contents of the widget messages that were sent on a comm."""
    return [data["content"] for kind, data, _ in channel.sent if data.get("method") == method]


def channels(fake_comms):
    """The comms of the control widget and of the widget itself."""
    models = {made.sent[0][1]["state"]["_model_name"]: made for made in fake_comms}
    return models["WidgetModel"], models["AnyModel"]


def test_the_widget_streams_and_has_the_result(fake_comms):
    shown = view(FakeStudy(), np.zeros(3), name="X_test[17]")
    explanation = shown.wait(5)
    assert shown.explanation is explanation
    assert shown.target.tolist() == [0, 0, 0]
    _, channel = channels(fake_comms)
    messages = sent(channel)
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert messages[-1]["events"][-1]["type"] == "end"
    assert "Good (80" in repr(shown)


def test_options_go_to_the_study_or_to_the_screen(fake_comms):
    study = FakeStudy(display=Images(np.zeros((ROWS, 8, 8))))
    shown = view(
        study, np.zeros(3), rival="bad", refine=False, name="n", label="bad",
        target_display=np.zeros((8, 8)),
    )  # fmt: skip
    shown.wait(5)
    assert study.options == {
        "rival": "bad",
        "threshold": None,
        "baselines": ("influence", "representer"),
        "refine": False,
    }
    target = shown.session.state()["start"]["target"]
    assert target == {"name": "n", "label": "bad", "item": {"kind": "image", "image": "target"}}


def test_nothing_that_grows_is_a_trait(fake_comms):
    shown = view(FakeStudy(), np.zeros(3))
    shown.wait(5)
    own = {key for key in shown.keys if not key.startswith("_")}
    assert own - set(type(shown).__mro__[2].class_trait_names()) <= {
        *("bundle", "control", "selected", "session_id"),
    }
    assert shown.get_state("control")["control"].startswith("IPY_MODEL_")


def test_commands_come_through_the_control(fake_comms):
    gate = threading.Event()

    def slow():
        yield whole_run()[0]
        gate.wait(5)
        yield from STEPS

    shown = view(FakeStudy(slow), np.zeros(3))
    control, channel = channels(fake_comms)

    def command(**content):
        control.receive({"method": "custom", "content": content})

    command(type="hello", schema="forcing.v1")
    assert sent(control) == [{"type": "hello", "schema": "forcing.v1", "subshell": False}]
    command(type="select", rows=[3, 4])
    assert shown.selected == [3, 4]
    command(type="pause")
    assert shown.session.state()["paused"]
    command(type="resume")
    command(type="nonsense")
    command(type="sync")
    *_, state, picked = sent(channel)
    assert "state" in state
    assert picked["events"] == [{"type": "selected", "rows": [3, 4]}]
    command(type="cancel")
    assert shown.wait(5).status == "cancelled"
    gate.set()
    # The kernel was silent on the control but for the hello.
    assert len(sent(control)) == 1


def test_hello_says_whether_it_came_on_another_thread(fake_comms):
    control = Control(print)
    hello = {"method": "custom", "content": {"type": "hello", "schema": "forcing.v1"}}
    thread = threading.Thread(target=control.comm.receive, args=(hello,))
    thread.start()
    thread.join()
    assert sent(control.comm)[0]["subshell"] is True


def test_a_bundle_that_was_not_built(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "BUNDLE", tmp_path / "widget.js")
    monkeypatch.setattr(bundle.Bundle, "_shared", None)
    with pytest.raises(FileNotFoundError, match="run `make`"):
        view(FakeStudy(), np.zeros(3))


def test_widgets_share_the_bundle_and_have_it_again_when_it_was_closed():
    one, other = view(FakeStudy(), np.zeros(3)), view(FakeStudy(), np.zeros(3))
    assert one.bundle is other.bundle
    assert one.bundle.text == bundle.BUNDLE.read_text()
    assert len(one._esm) < 5_000
    one.bundle.close()
    again = view(FakeStudy(), np.zeros(3))
    assert again.bundle is not one.bundle
    assert again.bundle.digest == one.bundle.digest


def test_a_host_without_other_models_is_sent_the_bundle(fake_comms):
    shown = view(FakeStudy(), np.zeros(3))
    assert shown.comm in fake_comms
    shown.comm.receive({"method": "custom", "content": {"type": "bundle"}})
    (answer,) = [m for m in sent(shown.comm) if m.get("type") == "bundle"]
    assert answer == {"type": "bundle", "digest": shown.bundle.digest, "text": shown.bundle.text}


def test_outside_ipython_it_runs_and_prints_nothing(capsys):
    shown = view(FakeStudy(), np.zeros(3))
    shown._ipython_display_()
    assert shown.wait(5).status == "flipped"
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_it_shows_the_sentence_once(shell, capsys):
    shown = view(FakeStudy(), np.zeros(3))
    shown.wait(5)
    shown._ipython_display_()
    assert capsys.readouterr().out.count("\n") == 1


class Published(list):
    """In place of a kernel's display publisher."""

    def publish(self, data, *, transient, update):
        self.append((transient["display_id"], set(data), update))


@pytest.fixture
def kernel_shell(shell, monkeypatch):
    published = Published()
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    publisher = type(shell.display_pub)
    monkeypatch.setattr(publisher, "publish", lambda _, *a, **k: published.publish(*a, **k))
    return published


LIVE = {"text/plain", "application/vnd.jupyter.widget-view+json"}
SAVED = {"text/plain", "text/html", MIME}


def test_every_display_freezes_at_the_end(kernel_shell):
    gate = threading.Event()

    def slow():
        yield whole_run()[0]
        gate.wait(5)
        yield from whole_run()[1:]

    shown = view(FakeStudy(slow), np.zeros(3))
    shown._ipython_display_()
    shown._ipython_display_()
    assert [(data, update) for _, data, update in kernel_shell] == [(LIVE, False)] * 2
    gate.set()
    shown.wait(5)
    assert [(data, update) for _, data, update in kernel_shell[2:]] == [(SAVED, True)] * 2
    ids = [display_id for display_id, _, _ in kernel_shell]
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]
    # Shown once more, it is the saved form at once.
    shown._ipython_display_()
    assert kernel_shell[-1][1:] == (SAVED, False)


def test_a_view_may_stay_alive(kernel_shell):
    shown = view(FakeStudy(), np.zeros(3), freeze=False)
    shown.wait(5)
    shown._ipython_display_()
    assert [(data, update) for _, data, update in kernel_shell] == [(LIVE, False)]


def test_a_failed_run_freezes_with_what_it_found(kernel_shell):
    def broken():
        yield from whole_run()[:3]
        raise ZeroDivisionError

    shown = view(FakeStudy(broken), np.zeros(3))
    with pytest.raises(ZeroDivisionError):
        shown.wait(5)
    shown._ipython_display_()
    assert kernel_shell[-1][1] == SAVED


UNDRAWN = {"type": "hello", "schema": "forcing.v1", "renderer": False}


def test_hosts_that_cannot_draw_the_saved_form_keep_the_live_view(kernel_shell, fake_comms):
    """What they save has both, so that the table is in the file."""
    shown = view(FakeStudy(), np.zeros(3))
    shown._ipython_display_()
    _, channel = channels(fake_comms)
    channel.receive({"method": "custom", "content": UNDRAWN})
    shown.wait(5)
    assert kernel_shell[-1][1:] == (LIVE | SAVED, True)


def test_a_view_that_says_so_after_the_end_gets_its_place_back(kernel_shell, fake_comms):
    drawn = threading.Event()

    def after_it_is_drawn():
        drawn.wait(5)
        yield from whole_run()

    shown = view(FakeStudy(after_it_is_drawn), np.zeros(3))
    shown._ipython_display_()
    drawn.set()
    shown.wait(5)
    assert kernel_shell[-1][1:] == (SAVED, True)
    _, channel = channels(fake_comms)
    for _ in range(2):  # the view repeats itself
        channel.receive({"method": "custom", "content": UNDRAWN})
    assert [(data, update) for _, data, update in kernel_shell[2:]] == [(LIVE | SAVED, True)]


def test_commands_come_on_the_own_comm_of_hosts_that_know_no_other(fake_comms):
    gate = threading.Event()

    def slow():
        yield whole_run()[0]
        gate.wait(5)

    shown = view(FakeStudy(slow), np.zeros(3))
    _, channel = channels(fake_comms)
    channel.receive({"method": "custom", "content": UNDRAWN})
    assert {"type": "hello", "schema": "forcing.v1", "subshell": False} in sent(channel)
    channel.receive({"method": "custom", "content": {"type": "cancel"}})
    assert shown.wait(5).status == "cancelled"
    gate.set()


class TestSessionComm:
    """The line of a frozen view to the session behind it."""

    def opened(self, fake_comms, data):
        register_target()
        manager = comms.comm.get_comm_manager()
        channel = comms.comm.create_comm(target_name=comms.TARGET, primary=False)
        channel._closed = False
        manager.register_comm(channel)
        manager.targets[comms.TARGET](channel, {"content": {"data": data}})
        return channel

    def test_it_hears_the_state_and_serves_commands(self, fake_comms):
        shown = view(FakeStudy(), np.zeros(3))
        shown.wait(5)
        channel = self.opened(fake_comms, {"schema": "forcing.v1", "id": shown.session.id})
        assert channel.sent[0][1]["state"]["end"]["status"] == "flipped"
        channel.receive({"type": "what-if", "request": 1, "out": [4]})
        deadline = time.monotonic() + 3
        while len(channel.sent) < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        assert channel.sent[1][1]["events"][0]["type"] == "what-if"
        channel.receive({"type": "select", "rows": [4]})
        assert shown.selected == [4]
        channel.receive({"type": "nonsense"})
        channel.handle_close({})
        assert shown.session._listeners == [shown._send_message]

    @pytest.mark.parametrize("data", [{"schema": "forcing.v1", "id": "x"}, {"id": None}, None])
    def test_unknown_sessions_are_closed(self, fake_comms, data):
        assert self.opened(fake_comms, data).sent[-1][0] == "comm_close"

    def test_the_last_fifty_sessions_are_known(self):
        shown = [Session(widget.Context.of(FakeStudy(), np.zeros(3))) for _ in range(53)]
        for session in shown:
            comms.remember(session)
        assert [find(session.id) is session for session in shown] == [False] * 3 + [True] * 50


def test_the_class_is_traits_and_a_bridge():
    assert set(ForcingWidget.class_own_traits()) <= {
        *("bundle", "control", "selected", "session_id", "target", "_esm", "_css", "_anywidget_id"),
    }
