"""Sessions by id, and the comm on which a saved view asks the kernel that still knows it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import comm

from forcing.jupyter.session import Session
from forcing.protocol import SCHEMA
from forcing.protocol.guards import parse_command

if TYPE_CHECKING:
    from comm.base_comm import BaseComm

    from forcing.protocol.context import Json

TARGET = "forcing.session"
MOST_SESSIONS = 50

_sessions: OrderedDict[str, Session] = OrderedDict()
_lock = threading.Lock()


def remember(session: Session) -> None:
    """Keep the last 50 sessions: a frozen view may ask for a what-if long after its run."""
    with _lock:
        _sessions[session.id] = session
        while len(_sessions) > MOST_SESSIONS:
            _sessions.popitem(last=False)


def find(session_id: str) -> Session | None:
    with _lock:
        return _sessions.get(session_id)


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
    session = find(str(data.get("id"))) if data.get("schema") == SCHEMA else None
    if session is None:
        channel.close()
        return

    def reply(content: Json, buffers: list[bytes]) -> None:
        channel.send(data=content, buffers=buffers)

    def received(message: Any) -> None:
        command = parse_command(_content(message))
        if command is not None:
            session.obey(command, reply)

    channel.on_msg(received)
    stop = session.join(reply)
    channel.on_close(lambda _: stop())


def _content(message: Any) -> dict[str, Any]:
    data = message.get("content", {}).get("data", {})
    return data if isinstance(data, dict) else {}
