"""The widget through which a view commands a run, even while a cell is running."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
from traitlets import Unicode

from forcing.jupyter.comms import deliver_as_addressed
from forcing.protocol import SCHEMA
from forcing.protocol.context import Json
from forcing.protocol.guards import Command, Hello, parse_command


class Control(ipywidgets.Widget):
    """A comm of its own, on which the kernel publishes nothing but the answer to `hello`.

    Kernels tie a comm to the shell that published on it; keeping this one silent keeps its
    messages on the subshell that the view sends them to.
    """

    _model_name = Unicode("WidgetModel").tag(sync=True)
    _model_module = Unicode("@jupyter-widgets/base").tag(sync=True)
    _model_module_version = Unicode("2.0.0").tag(sync=True)

    def __init__(self, obey: Callable[[Command], None]) -> None:
        super().__init__()
        self._obey = obey
        self.on_undrawn: Callable[[], None] = lambda: None
        """Called when a view says that its host cannot draw the saved form."""
        self.on_msg(self._received)
        if self.comm is not None:
            deliver_as_addressed(self.comm)

    def _received(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self.receive(content, self.send)

    def receive(self, content: Any, reply: Callable[[Json], None]) -> None:
        """Do what a view asks; hosts that know no other widget send it on the view's own comm."""
        command = parse_command(content)
        if isinstance(command, Hello):
            if not command.renderer:
                self.on_undrawn()
            subshell = threading.current_thread() is not threading.main_thread()
            reply({"type": "hello", "schema": SCHEMA, "subshell": subshell})
        elif command is not None:
            self._obey(command)
