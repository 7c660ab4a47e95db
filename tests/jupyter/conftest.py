# ruff: noqa: ARG002 - what stands in for something has its signature

from __future__ import annotations

import comm
import pytest
from IPython.core.interactiveshell import InteractiveShell

from forcing.jupyter import bundle


@pytest.fixture(autouse=True)
def built_bundle(monkeypatch, tmp_path):
    """The kernel's side is tested also where the view was not built."""
    if not bundle.BUNDLE.exists():
        text = tmp_path / "widget.js"
        text.write_text("export default {}")
        monkeypatch.setattr(bundle, "BUNDLE", text)


@pytest.fixture
def shell():
    """An IPython without a kernel, with the extension loaded."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "forcing")
    yield shell
    shell.restore_sys_module_state()
    InteractiveShell.clear_instance()


class FakeComm(comm.base_comm.BaseComm):
    """A comm that keeps what is sent on it."""

    def __init__(self, *args, **kwargs):
        self.sent = []
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.sent.append((msg_type, data, buffers))

    def receive(self, data):
        self.handle_msg({"content": {"data": data}, "buffers": []})


@pytest.fixture
def fake_comms(monkeypatch):
    """Every comm that is created, in order."""
    made = []

    def create(*args, **kwargs):
        made.append(FakeComm(*args, **kwargs))
        return made[-1]

    monkeypatch.setattr(comm, "create_comm", create)
    return made
