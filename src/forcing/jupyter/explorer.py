"""Many targets of one study, explained as they are chosen: a session for each, one stream."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from forcing.errors import TrainingMismatchError
from forcing.explanation import Explanation
from forcing.jupyter.answers import Answers
from forcing.jupyter.comms import remember
from forcing.jupyter.session import Listener, Session
from forcing.jupyter.targets import Targets, checked_names, of_length
from forcing.protocol import events_message, guards, images_message, messages, state_message
from forcing.protocol.context import Json
from forcing.protocol.state import StateBuilder, empty_state

if TYPE_CHECKING:
    from forcing.study.study import Study

STOPPED = ("cancelled", "failed")
"""How a run ends that asking again begins anew."""

_log = logging.getLogger(__name__)


class Explorer:
    """What the views of `explore` are joined to.

    Each target that is chosen gets a session; its messages go on to the views with numbers of
    this stream, as long as it is the one shown. What was explained is kept: chosen again it is
    there at once. Locks are taken in one order, that of a session before that of the explorer.
    """

    def __init__(self, targets: Targets, entries: Sequence[Json], options: Json) -> None:
        self.id = uuid.uuid4().hex
        self.targets = targets
        self.session: Session | None = None
        """Of the target that is shown."""
        self.position: int | None = None
        self.on_select: Callable[[list[int]], None] = lambda _: None
        """Called with the rows that a view selects."""
        self.on_choose: Callable[[int], None] = lambda _: None
        """Called with the position of the target that is shown from now on."""
        self.on_end: Callable[[Explorer], None] = lambda _: None
        """Called whenever the explanation that is shown is whole."""
        self._options = options
        self._sessions: dict[int, Session] = {}
        self._changing = threading.RLock()
        self._unhook: Callable[[], None] = lambda: None
        self._answers, self._choices = Answers(), Answers()
        # `_lock` guards what follows: messages leave in the order of their numbers.
        self._lock = threading.RLock()
        self._builder = StateBuilder()
        self._builder.apply(messages.targets(entries, len(targets), None))
        self._seq = 0
        self._listeners: list[Listener] = []
        self._selected: list[int] = []
        remember(self)

    # What an owner does

    def explain(self, position: int) -> None:
        """Show this target: as it was explained before, else by a new run.

        The run before it is cancelled. Asked again for the target that is shown, a run that was
        stopped begins anew. Raises what `Study.explain` raises, and nothing has changed then.
        """
        with self._changing:
            known = self._sessions.get(position)
            if position == self.position and (known is None or not _stopped(known)):
                return
            session = known
            if session is None or position == self.position:
                session = self._new(position)
            self._leave()
            with self._lock:
                self.position, self.session, self._selected = position, session, []
                self._tell_events([messages.chosen(position)])
            self._sessions[position] = session
            heard = partial(self._heard, session)
            if session is known:
                self._unhook = session.join(heard)
            else:
                self._unhook = session.listen(heard)
                session.start()
        self.on_choose(position)
        if session is known and session.done:
            self.on_end(self)

    @property
    def explanations(self) -> dict[int, Explanation]:
        """By position, of the runs that have ended."""
        return {
            position: session.explanation
            for position, session in list(self._sessions.items())
            if session.explanation is not None
        }

    def select(self, rows: Sequence[int]) -> None:
        """Tell every view that these training rows are picked."""
        with self._lock:
            self._selected = list(rows)
            self._tell_events([messages.selected(rows)])

    # What a view does

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear every message from now on; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def join(self, listener: Listener) -> Callable[[], None]:
        """Hear the whole state now, and every message after it."""
        with self._lock:
            self._tell_all(listener)
            return self.listen(listener)

    def state(self) -> Json:
        """The target that is shown, as far as it is explained, with the list."""
        with self._lock:
            return self._builder.snapshot()

    def image(self, name: str) -> bytes | None:
        """The picture that an item or an entry of the list calls `name`."""
        own = self.targets.image(name)
        session = self.session
        return session.image(name) if own is None and session is not None else own

    def obey(self, command: guards.Command, reply: Listener) -> None:
        """Do what a view asks; answers that concern it alone go to `reply`. Never blocks long."""
        match command:
            case guards.Sync():
                with self._lock:
                    self._tell_all(reply)
            case guards.Explain():
                # Who runs down the list wants the last one that she came to.
                self._choices.ask(lambda: self.explain_or_say(command.target), topic="explain")
            case guards.Select():
                self.on_select(list(command.rows))
            case guards.Images():
                self._answers.ask(lambda: self._images(command.ids, reply))
            case _:
                if self.session is not None:
                    self.session.obey(command, reply)

    def explain_or_say(self, position: int) -> None:
        """As `explain`, but what is wrong with the target is told to the views."""
        if position >= len(self.targets):
            return
        try:
            self.explain(position)
        except Exception as error:  # noqa: BLE001 - whatever a model raises at a row
            self._refused(position, error)

    def begin(self, position: int) -> None:
        """The first target: what is wrong with the options raises, with this row alone not."""
        try:
            self.explain(position)
        except TrainingMismatchError as error:
            self._refused(position, error)

    # The runs

    def _new(self, position: int) -> Session:
        session = Session(self.targets.context(position), self._options)
        session.on_end(partial(self._ended, position))
        session.on_added = self._added
        remember(self, session.id)
        return session

    def _leave(self) -> None:
        self._unhook()
        self._unhook = lambda: None
        if self.session is not None:
            self.session.cancel()

    def _ended(self, position: int, session: Session) -> None:
        state = session.state()
        status, size = state["end"]["status"], len(state["steps"])
        with self._lock:
            # A run that was begun anew has the word.
            if self._sessions.get(position) is session:
                self._tell_events([messages.explained(position, status, size)])
            shown = session is self.session
        if shown:
            self.on_end(self)

    def _added(self, session: Session) -> None:
        """Other sets came after the end."""
        if session is self.session:
            self.on_end(self)

    def _refused(self, position: int, error: Exception) -> None:
        """Show why this target cannot be explained."""
        _log.info("Target %s cannot be explained.", position, exc_info=error)
        with self._changing:
            self._leave()
            with self._lock:
                self.position, self.session, self._selected = position, None, []
                self._builder.apply(messages.chosen(position))
                self._builder.apply(messages.explained(position, "failed", 0))
                whole = empty_state() | {"targets": self._builder.state["targets"]}
                end = messages.end("failed", f"{type(error).__name__}: {error}", 0.0)
                self._replace(whole | {"end": end})
        self.on_choose(position)

    def _heard(self, session: Session, message: Json, buffers: list[bytes]) -> None:
        with self._lock:
            if session is not self.session:
                return
            if "events" in message:
                self._tell_events(message["events"])
            elif "state" in message:
                self._replace(message["state"] | {"targets": self._builder.state["targets"]})
            else:
                self._tell(message, buffers)

    # Answers and messages

    def _images(self, ids: Sequence[str], reply: Listener) -> None:
        found = {name: self.image(name) for name in ids}
        images = {name: image for name, image in found.items() if image is not None}
        reply(images_message(list(images)), list(images.values()))

    def _replace(self, state: Json) -> None:
        """Show this state from now on."""
        self._builder.state = state
        self._seq += 1
        self._tell(state_message(self._seq, self._builder.snapshot()), [])

    def _tell_all(self, listener: Listener) -> None:
        """The whole state, and what is picked, which is no part of it."""
        listener(state_message(self._seq, self._builder.snapshot()), [])
        if self._selected:
            listener(events_message(self._seq, [messages.selected(self._selected)]), [])

    def _tell_events(self, events: list[Json]) -> None:
        for event in events:
            self._builder.apply(event)
        self._seq += 1
        self._tell(events_message(self._seq, events), [])

    def _tell(self, message: Json, buffers: list[bytes]) -> None:
        for listener in list(self._listeners):
            try:
                listener(message, buffers)
            except Exception:  # noqa: BLE001 - a view that went away must not end the run
                _log.info("A view could not be told.", exc_info=True)


def _stopped(session: Session) -> bool:
    end = session.state()["end"]
    return end is not None and end["status"] in STOPPED


def explorer_of(
    study: Study,
    X_test: Any,
    y_test: Any,
    names: Sequence[str] | None,
    target_displays: Sequence[Any] | None,
    options: Json,
) -> Explorer:
    """The explorer of these rows, with the decision of each; see `widget.explore`."""
    # Imported late: a view of one row needs none of it.
    from forcing.study.audit_run import targets_of, true_labels
    from forcing.study.predictions import predictions

    threshold = options.get("threshold")
    rows = targets_of(X_test, study)
    classes = study.classes.tolist()
    cut = threshold if study.y.tolist()[0] not in classes else None
    labels = true_labels(y_test, len(rows), classes, cut)
    targets = Targets(
        study,
        rows,
        checked_names(names, len(rows)),
        None if labels is None else labels.tolist(),
        None
        if target_displays is None
        else of_length("target_displays", target_displays, len(rows)),
    )
    predicted = predictions(study, X_test, rows, threshold)
    return Explorer(targets, targets.entries(predicted), options)
