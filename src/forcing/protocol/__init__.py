"""The JSON form `forcing.v1` of a run, on Python's side; `docs/protocol.md` is the contract."""

from forcing.protocol.messages import (
    MIME,
    SCHEMA,
    Encoder,
    events_message,
    images_message,
    merge,
    state_message,
)
from forcing.protocol.numbers import finite

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
