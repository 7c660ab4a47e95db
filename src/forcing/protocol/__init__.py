"""The JSON form `forcing.v1` of a run, on Python's side; `docs/protocol.md` is the contract."""

from forcing.protocol.messages import (
    MIME,
    SCHEMA,
    Encoder,
    events_message,
    finite,
    images_message,
    merge,
    state_message,
)

__all__ = [
    "MIME",
    "SCHEMA",
    "Encoder",
    "events_message",
    "finite",
    "images_message",
    "merge",
    "state_message",
]
