"""A real kernel: what goes over the wire while cells run."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

import pytest

from forcing.protocol import MIME

manager = pytest.importorskip("jupyter_client.manager")
ipykernel = pytest.importorskip("ipykernel")

ROOT = Path(__file__).parent.parent.parent
SUBSHELLS = int(ipykernel.__version__.partition(".")[0]) >= 7

SETUP = """
import pathlib, threading, time
import numpy as np
import fake_study
from fake_study import FakeStudy, STEPS, whole_run
from forcing.jupyter import bundle, widget
if not bundle.BUNDLE.exists():
    bundle.BUNDLE = pathlib.Path(fake_study.__file__)
gate = threading.Event()
def stuck():
    yield whole_run()[0]
    yield from STEPS[:2]
    gate.wait(20)
"""


class Client:
    """A front end that keeps every message it hears."""

    def __init__(self, client):
        self.client = client
        self.heard = []

    def run(self, code):
        return self.client.execute(code)

    def until(self, condition, seconds=20):
        """The first message, heard or yet to come, that fits."""
        for message in self.heard:
            if condition(message):
                return message
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                message = self.client.get_iopub_msg(timeout=0.1)
            except Exception as error:
                if type(error).__name__ != "Empty":
                    raise
                continue
            self.heard.append(message)
            if condition(message):
                return message
        raise AssertionError(f"not heard; last: {[m['msg_type'] for m in self.heard[-10:]]}")

    def idle(self, request, seconds=20):
        return self.until(
            lambda m: (
                m["msg_type"] == "status"
                and m["content"]["execution_state"] == "idle"
                and m["parent_header"].get("msg_id") == request
            ),
            seconds,
        )

    def opened(self, model):
        """The comm of the widget of that model."""

        def fits(message):
            state = message["content"].get("data", {}).get("state", {})
            # The control has the same model as the bundle, which has a text.
            fitting = state.get("_model_name") == model and "text" not in state
            return message["msg_type"] == "comm_open" and fitting

        return self.until(fits)["content"]["comm_id"]

    def custom(self, comm_id, fits, seconds=5):
        """The first custom message on a comm whose content fits."""

        def own(message):
            content = message["content"]
            data = content.get("data", {})
            return (
                message["msg_type"] == "comm_msg"
                and content["comm_id"] == comm_id
                and data.get("method") == "custom"
                and fits(data["content"])
            )

        return self.until(own, seconds)["content"]["data"]["content"]

    def subshell(self):
        """A new subshell; asked for on the control channel, as front ends do."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=5)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]["subshell_id"]

    def send(self, kind, content):
        self.client.shell_channel.send(self.client.session.msg(kind, content))

    def told(self, comm_id, fits):
        """The first message on a comm that is no widget's whose data fit."""

        def own(message):
            content = message["content"]
            known = message["msg_type"] == "comm_msg" and content["comm_id"] == comm_id
            return known and fits(content["data"])

        return self.until(own)["content"]["data"]

    def command(self, comm_id, subshell, **content):
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)


def events(content):
    return [event["type"] for event in content.get("events", [])]


@pytest.fixture
def kernel():
    folders = [str(ROOT / "tests"), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))}
    kernel_manager, client = manager.start_new_kernel(kernel_name="python3", env=environment)
    heard = Client(client)
    heard.idle(heard.run(SETUP))
    yield heard
    client.stop_channels()
    kernel_manager.shutdown_kernel(now=True)


def test_a_run_streams_and_freezes_while_the_kernel_is_idle(kernel):
    kernel.idle(kernel.run("widget.view(FakeStudy(), np.zeros(3))"))
    channel = kernel.opened("AnyModel")
    kernel.custom(channel, lambda content: "start" in events(content))
    kernel.custom(channel, lambda content: "end" in events(content))
    live = kernel.until(lambda message: message["msg_type"] == "display_data")["content"]
    assert "application/vnd.jupyter.widget-view+json" in live["data"]
    frozen = kernel.until(lambda message: message["msg_type"] == "update_display_data")["content"]
    assert frozen["transient"] == live["transient"]
    assert set(frozen["data"]) == {MIME, "text/html", "text/plain"}
    assert not [message for message in kernel.heard if message["msg_type"] == "stream"]


@pytest.mark.parametrize("freeze", [True, False])
def test_who_asks_is_told_what_the_output_becomes(kernel, freeze):
    kernel.idle(kernel.run(f"w = widget.view(FakeStudy(), np.zeros(3), freeze={freeze})"))
    kernel.idle(kernel.run("_ = w.wait(5)"))
    control, channel = kernel.opened("WidgetModel"), kernel.opened("AnyModel")
    kernel.command(control, None, type="saved")
    saved = kernel.custom(channel, lambda content: "saved" in content)["saved"]
    assert (saved and set(saved)) == ({MIME, "text/html", "text/plain"} if freeze else None)


def test_the_value_of_the_cell_is_the_widget(kernel):
    kernel.idle(kernel.run("widget.view(FakeStudy(), np.zeros(3))"))
    kernel.idle(kernel.run("print(type(_).__name__, _.wait(5).size)"))
    written = kernel.until(lambda message: message["msg_type"] == "stream")["content"]["text"]
    assert written == "ForcingWidget 2\n"


@pytest.mark.skipif(not SUBSHELLS, reason="subshells came with ipykernel 7")
def test_cancel_is_answered_while_the_cell_that_made_the_widget_runs(kernel):
    busy = kernel.run("w = widget.view(FakeStudy(stuck), np.zeros(3)); display(w); time.sleep(8)")
    control, channel = kernel.opened("WidgetModel"), kernel.opened("AnyModel")
    kernel.custom(channel, lambda content: "step" in events(content))
    subshell = kernel.subshell()
    kernel.command(control, subshell, type="hello", schema="forcing.v1")
    hello = kernel.custom(control, lambda content: content.get("type") == "hello")
    assert hello == {"type": "hello", "schema": "forcing.v1", "subshell": True}
    # The answer has not moved the comm back to the shell that is busy.
    kernel.command(control, subshell, type="sync")
    state = kernel.custom(channel, lambda content: "state" in content)["state"]
    assert len(state["steps"]) == 2
    kernel.command(control, subshell, type="cancel")
    end = kernel.custom(channel, lambda content: "end" in events(content))
    assert end["events"][-1]["status"] == "cancelled"
    kernel.until(lambda message: message["msg_type"] == "update_display_data")
    idle = [m for m in kernel.heard if m["parent_header"].get("msg_id") == busy]
    assert not any(m["content"].get("execution_state") == "idle" for m in idle)


EXPLORE = """
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from forcing import Study
X, y = load_breast_cancer(return_X_y=True)
X = X[:, :6]
study = Study(LogisticRegression(C=0.01, max_iter=5000).fit(X[:300], y[:300]), X[:300], y[:300])
w = study.explore(X[300:340], y[300:340], start=0, baselines=())
w
"""


def test_targets_are_explained_on_request_in_live_and_in_saved_views(kernel):
    kernel.idle(kernel.run(EXPLORE))
    control, channel = kernel.opened("WidgetModel"), kernel.opened("AnyModel")
    first = kernel.custom(channel, lambda content: "end" in events(content))
    frozen = kernel.until(lambda message: message["msg_type"] == "update_display_data")["content"]
    run = frozen["data"][MIME]["start"]["id"]
    assert frozen["data"][MIME]["targets"]["chosen"] == 0
    # A command of the live view.
    kernel.heard.clear()
    kernel.command(control, None, type="explain", target=5)
    kernel.custom(channel, lambda content: "chosen" in events(content))
    later = kernel.custom(channel, lambda content: "end" in events(content))
    assert later["seq"] > first["seq"]
    again = kernel.until(lambda message: message["msg_type"] == "update_display_data")["content"]
    assert again["transient"] == frozen["transient"]
    assert again["data"][MIME]["targets"]["chosen"] == 5
    # The saved view of the first run finds the explorer, and is told what is shown now.
    kernel.heard.clear()
    line = uuid.uuid4().hex
    opening = {"comm_id": line, "target_name": "forcing.session"}
    kernel.send("comm_open", opening | {"data": {"schema": "forcing.v1", "id": run}})
    state = kernel.told(line, lambda content: "state" in content)["state"]
    assert state["targets"]["chosen"] == 5
    kernel.send("comm_msg", {"comm_id": line, "data": {"type": "explain", "target": 7}})
    kernel.told(line, lambda content: "end" in events(content))
    saved = kernel.until(lambda message: message["msg_type"] == "update_display_data")["content"]
    assert saved["data"][MIME]["targets"]["chosen"] == 7
    # Python follows, and leads.
    kernel.idle(kernel.run("print(w.target, sorted(w.explanations))"))
    written = kernel.until(lambda message: message["msg_type"] == "stream")["content"]["text"]
    assert written == "7 [0, 5, 7]\n"
    kernel.run("w.selected = [3, 4]; w.target = 2")
    picked = kernel.told(line, lambda content: "selected" in events(content))
    assert picked["events"] == [{"type": "selected", "rows": [3, 4]}]
    kernel.told(line, lambda content: {"type": "chosen", "target": 2} in content.get("events", []))


def test_an_interrupt_while_a_cell_waits_cancels(kernel):
    kernel.idle(kernel.run("w = widget.view(FakeStudy(stuck), np.zeros(3))"))
    waiting = kernel.run("w.wait()")
    time.sleep(0.5)
    message = kernel.client.session.msg("interrupt_request", {})
    kernel.client.control_channel.send(message)
    error = kernel.until(lambda message: message["msg_type"] == "error")["content"]
    assert error["ename"] == "KeyboardInterrupt"
    kernel.idle(waiting)
    kernel.idle(kernel.run("print(w.explanation.status, w.explanation.size)"))
    written = kernel.until(lambda message: message["msg_type"] == "stream")["content"]["text"]
    assert written == "cancelled 2\n"


def test_an_error_in_the_cell_of_the_magic_fails_the_cell_with_one_traceback(kernel):
    kernel.idle(kernel.run("%load_ext forcing"))
    request = kernel.run("%%mfs --at x\nprint('before')\n1 / 0")
    kernel.idle(request)
    errors = [message for message in kernel.heard if message["msg_type"] == "error"]
    assert [message["content"]["ename"] for message in errors] == ["ZeroDivisionError"]
    while True:
        reply = kernel.client.get_shell_msg(timeout=5)
        if reply["parent_header"].get("msg_id") == request:
            break
    assert reply["content"]["status"] == "error"
    assert reply["content"]["ename"] == "ZeroDivisionError"
