"""Runs by id, and the comm on which a saved view asks the kernel that still knows it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Protocol

import comm

from forcing.protocol import SCHEMA
from forcing.protocol.guards import parse_command

if TYPE_CHECKING:
    from collections.abc import Callable

    from comm.base_comm import BaseComm

    from forcing.jupyter.session import Listener
    from forcing.protocol.context import Json
    from forcing.protocol.guards import Command

TARGET = "forcing.session"
MOST_SESSIONS = 50


class Source(Protocol):
    """What a view can be joined to: one run, or the runs of many targets."""

    @property
    def id(self) -> str: ...

    def join(self, listener: Listener) -> Callable[[], None]: ...

    def obey(self, command: Command, reply: Listener) -> None: ...


_sources: OrderedDict[str, Source] = OrderedDict()
_lock = threading.Lock()


def remember(source: Source, run: str | None = None) -> None:
    """Keep the last 50: a frozen view may ask for a what-if long after its run.

    `run` is the id of a run, where it is not that of the source: every run leads to it.
    """
    with _lock:
        _sources[source.id if run is None else run] = source
        for known in [key for key, other in _sources.items() if other is source]:
            _sources.move_to_end(known)
        while len({id(other) for other in _sources.values()}) > MOST_SESSIONS:
            _sources.popitem(last=False)


def find(run: str) -> Source | None:
    with _lock:
        return _sources.get(run)


def register_target() -> None:
    """Let frozen views open a comm to their session; harmless outside a kernel."""
    comm.get_comm_manager().register_target(TARGET, _opened)


def deliver_as_addressed(channel: BaseComm) -> None:
    """Handle the comm's messages on the shell that the sender asked for.

    JupyterLab sends them to a subshell, which answers while a cell runs. ipykernel 7.4 sends
    them to the shell that last published on the comm instead, and a widget is published by
    the cell that made it: by the very shell that is busy.
    """
    if hasattr(channel, "_reply_subshell_for"):
        channel._reply_subshell_for = _as_addressed  # noqa: SLF001


def _as_addressed(_data: Any, addressed: str | None) -> str | None:
    return addressed


def _opened(channel: BaseComm, message: Any) -> None:
    deliver_as_addressed(channel)
    data = _content(message)
    source = find(str(data.get("id"))) if data.get("schema") == SCHEMA else None
    if source is None:
        channel.close()
        return

    def reply(content: Json, buffers: list[bytes]) -> None:
        channel.send(data=content, buffers=buffers)

    def received(message: Any) -> None:
        command = parse_command(_content(message))
        if command is not None:
            source.obey(command, reply)

    channel.on_msg(received)
    stop = source.join(reply)
    channel.on_close(lambda _: stop())


def _content(message: Any) -> dict[str, Any]:
    data = message.get("content", {}).get("data", {})
    return data if isinstance(data, dict) else {}
