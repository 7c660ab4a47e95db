"""A run in the background: a worker that computes, a publisher that tells the views."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from forcing.explanation import Explanation
from forcing.explanation.page import page
from forcing.explanation.report import data_url
from forcing.explanation.sentence import RELABEL
from forcing.explanation.slices import Slices
from forcing.jupyter.answers import Answers
from forcing.jupyter.others import OtherSets
from forcing.protocol import (
    Encoder,
    events_message,
    guards,
    images_message,
    merge,
    messages,
    state_message,
)
from forcing.protocol.context import Context, Json
from forcing.protocol.state import StateBuilder
from forcing.records import End, Event, Progress, Start, Step

Listener: TypeAlias = Callable[[Json, list[bytes]], None]
"""Receives a message of the protocol and its buffers; must not block."""

INTERVAL = 0.1
"""Seconds between two messages of a run: at most ten a second."""
SLICE = 0.05
"""Seconds that `wait` sleeps at a time, so that an interrupt gets through."""

_log = logging.getLogger(__name__)


class Session:
    """One run of `study.events` and everything that views may ask about it.

    The worker thread pulls records; the publisher thread, the only one that encodes and
    adds them up, sends them in batches. Because the publisher ends a cancelled run on its
    own, `cancel` answers at once even while the worker is inside a long fit; the worker
    stops at its next record.
    """

    def __init__(self, context: Context, options: Json | None = None) -> None:
        self.context = context
        self.id = context.id
        self.explanation: Explanation | None = None
        self.error: Exception | None = None
        self._options = options or {}
        # Called here, not in the worker: an unknown option is an error of the caller's line.
        self._run = context.study.events(context.x, **self._options)
        self._answers = Answers()
        self._slices = Slices(context, self._options)
        self._found: Explanation | None = None
        self._end: End | None = None
        """These two of a run that came to its own end, also while its plane is being made."""
        self._plane: Json | None = None
        self._waiting: deque[Event] = deque()
        self._news = threading.Condition()
        self._running = threading.Event()
        self._running.set()
        self._cancelled = threading.Event()
        self._exhausted = False
        self._kept: list[Event] = []
        self._began = time.monotonic()
        # `_telling` guards what follows: messages leave in the order of their numbers.
        self._telling = threading.RLock()
        self._encoder = Encoder(context)
        self._builder = StateBuilder()
        self._seq = 0
        self._listeners: list[Listener] = []
        self.on_select: Callable[[list[int]], None] = lambda _: None
        """Called with the rows that a view selects."""
        self._at_end: list[Callable[[Session], None]] = []
        self._selected: list[int] = []
        self._ended = False
        self._done = threading.Event()
        self._others = OtherSets(
            lambda event: self._tell_events([event]), lambda: self.on_added(self)
        )
        self.on_added: Callable[[Session], None] = lambda _: None
        """Called when something was added to the result after the end: other sets."""

    # What an owner does

    def start(self) -> Session:
        for target in (self._work, self._publish):
            name = f"forcing{target.__name__.replace('_', '-')}-{self.id[:8]}"
            try:
                threading.Thread(target=target, name=name, daemon=True).start()
            except RuntimeError:  # Pyodide has no threads: the run is done before this returns
                target()
        return self

    def pause(self) -> None:
        """Hold the run after the record that is being computed."""
        self._set_paused(paused=True)

    def resume(self) -> None:
        self._set_paused(paused=False)

    def cancel(self) -> None:
        """End the run now with what it found so far; after its end, a search for other sets."""
        self._others.stop()
        self._cancelled.set()
        self._running.set()
        with self._news:
            self._news.notify_all()

    def wait(self, timeout: float | None = None) -> Explanation:
        """Block until the end. An error of the run is raised here; an interrupt cancels it.

        Raises `TimeoutError` after `timeout` seconds; the run goes on.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while not self._done.wait(SLICE):
                if deadline is not None and time.monotonic() > deadline:
                    raise TimeoutError(f"The run is not done after {timeout} s; it goes on.")
        except KeyboardInterrupt:
            self.cancel()
            self._done.wait(1.0)
            raise
        if self.error is not None:
            raise self.error
        if self.explanation is None:
            raise RuntimeError("The run was cancelled before it began; there is no explanation.")
        return self.explanation

    @property
    def done(self) -> bool:
        """Whether the run has ended and everyone who asked for it was told."""
        return self._done.is_set()

    def on_end(self, callback: Callable[[Session], None]) -> None:
        """Call back from the publisher's thread once the run has ended; at once if it has."""
        with self._telling:
            if not self._ended:
                self._at_end.append(callback)
                return
        callback(self)

    def select(self, rows: Sequence[int]) -> None:
        """Tell every view that these training rows are picked."""
        with self._telling:
            self._selected = list(rows)
            self._tell_events([messages.selected(rows)])

    # What a view does

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear every message from now on; returns what ends that."""
        with self._telling:
            self._listeners.append(listener)

        def stop() -> None:
            with self._telling:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def join(self, listener: Listener) -> Callable[[], None]:
        """Hear the whole state now, and every message after it."""
        with self._telling:
            self._tell_all(listener)
            return self.listen(listener)

    def image(self, name: str) -> bytes | None:
        """The picture that an item calls `name`; None where there is none."""
        return self.context.presenter.image(name)

    def state(self) -> Json:
        """The whole state so far, as the protocol's; safe to keep."""
        with self._telling:
            return self._builder.snapshot()

    def obey(self, command: guards.Command, reply: Listener) -> None:
        """Do what a view asks; answers that concern it alone go to `reply`. Never blocks long."""
        match command:
            case guards.Sync():
                with self._telling:
                    self._tell_all(reply)
            case guards.Pause():
                self.pause()
            case guards.Resume():
                self.resume()
            case guards.Cancel():
                self.cancel()
            case guards.Alternatives():
                self._others.look(self.explanation)
            case guards.Select():
                self.on_select(list(command.rows))
            case guards.WhatIf():
                self._answers.ask(lambda: self._what_if(command), topic="what-if")
            case guards.Plane():
                self._answers.ask(lambda: self._slice(command), topic="plane")
            case guards.Images():
                self._answers.ask(lambda: self._images(command.ids, reply))
            case guards.Page():
                self._answers.ask(lambda: reply(messages.page_message(self._page()), []), "page")

    # The worker

    def _work(self) -> None:
        run = self._run
        kept: list[Event] = []
        try:
            for record in run:
                if self._cancelled.is_set():
                    break
                if not isinstance(record, Progress):
                    kept.append(record)
                if isinstance(record, End) and isinstance(kept[0], Start):
                    self._found, self._end = self._gathered(kept), record
                    self._plane = self._found.plane  # told before the end, so that it is saved
                with self._news:
                    self._append(record)
                    self._news.notify_all()
                self._running.wait()
            run.close()
        except Exception as error:  # noqa: BLE001 - `wait` raises it
            if not self._cancelled.is_set():
                self.error = error
        finally:
            with self._news:
                self._exhausted = True
                self._news.notify_all()

    def _append(self, record: Event) -> None:
        waiting = self._waiting
        # Progress comes every few milliseconds; only the newest says where the run is.
        if isinstance(record, Progress) and waiting and isinstance(waiting[-1], Progress):
            waiting.pop()
        waiting.append(record)

    # The publisher

    def _publish(self) -> None:
        due = 0.0
        try:
            while not self._ended:
                with self._news:
                    self._news.wait_for(lambda: self._waiting or self._over())
                    self._news.wait_for(self._over, timeout=max(0.0, due - time.monotonic()))
                    over = self._over()
                    batch = list(self._waiting)
                    self._waiting.clear()
                self._tell_records(batch, over)
                due = time.monotonic() + INTERVAL
        except Exception as error:  # noqa: BLE001 - a row that cannot be shown, a lost picture
            self.error = error
            self.cancel()
            self._finish([self._encoder.encode(self._own_end())])

    def _over(self) -> bool:
        return self._exhausted or self._cancelled.is_set()

    def _tell_records(self, batch: Sequence[Event], over: bool) -> None:
        self._kept.extend(record for record in batch if not isinstance(record, Progress))
        ends = bool(self._kept) and isinstance(self._kept[-1], End)
        if over and not ends:
            ends = True
            own = self._own_end()
            self._kept.append(own)
            batch = [*batch, own]
        events = merge(self._encoder.encode(record) for record in batch)
        if not ends:
            self._tell_events(events)
            return
        if isinstance(self._kept[0], Start):
            self.explanation = self._found or self._gathered(self._kept)
        if self._plane is not None:
            events.insert(-1, messages.plane(self._plane, ""))
        self._finish(events)

    def _gathered(self, records: Sequence[Event]) -> Explanation:
        return Explanation.gather(self.context, records, self._options, self._slices)

    def _finish(self, events: list[Json]) -> None:
        with self._telling:
            self._tell_events(events)
            self._ended = True
            callbacks = list(self._at_end)
        for callback in callbacks:
            try:
                callback(self)
            except Exception:  # noqa: BLE001 - the others must still be called
                _log.info("A callback at the end of a run failed.", exc_info=True)
        self._done.set()

    def _own_end(self) -> End:
        """The end of a run that did not come to its own."""
        steps = sum(isinstance(record, Step) for record in self._kept)
        seconds = time.monotonic() - self._began
        if self.error is not None:
            reason = f"{type(self.error).__name__}: {self.error}"
            return End("failed", reason, seconds)
        if self._end is not None:  # only its plane was not waited for
            return self._end
        return End("cancelled", f"Stopped at step {steps}.", seconds)

    def _set_paused(self, *, paused: bool) -> None:
        with self._telling:
            if self._ended or self._over() or self._builder.state["paused"] == paused:
                return
            (self._running.clear if paused else self._running.set)()
            self._tell_events([messages.paused(held=paused)])

    # Answers and messages

    def _what_if(self, question: guards.WhatIf) -> None:
        same_claim = {key: self._options.get(key) for key in ("rival", "threshold")}
        study, x, error = self.context.study, self.context.x, None
        try:
            self._refuse_of_labels()
            decision = study.predict_without(list(question.out), x, **same_claim)
        except (ValueError, ArithmeticError) as refused:  # a whole class left out, say
            decision, error = study.predict_without([], x, **same_claim), str(refused)
        answer = self._encoder.what_if(question.request, question.out, decision, error)
        self._tell_events([answer])

    def _slice(self, asked: guards.Plane) -> None:
        plane, note = None, ""
        try:
            records = list(self._kept)
            if not records:
                raise ValueError("The run has not begun.")  # noqa: TRY301 - told like the rest
            found = self.explanation or self._gathered(records)
            plane = found.slice(asked.x, asked.y)
        except ValueError as refused:
            note = str(refused)
        self._tell_events([messages.plane(plane, note, asked.request)])

    def _refuse_of_labels(self) -> None:
        if self._options.get("method") == RELABEL:
            raise ValueError("The run changes labels; which rows are out is no part of it.")

    def _page(self) -> str:
        state, image = self.state(), self.context.presenter.image
        if state["end"] is None:  # a page has nobody to send it the rest
            reason = f"Saved at step {len(state['steps'])}."
            state["end"] = messages.end("cancelled", reason, time.monotonic() - self._began)

        def picture(name: str) -> str | None:
            data = image(name)
            return None if data is None else data_url(data)

        return page(state, picture)

    def _images(self, ids: Sequence[str], reply: Listener) -> None:
        found = {name: self.image(name) for name in ids}
        images = {name: image for name, image in found.items() if image is not None}
        reply(images_message(list(images)), list(images.values()))

    def _tell_all(self, listener: Listener) -> None:
        """The whole state, and what is picked, which is no part of it."""
        listener(state_message(self._seq, self._builder.snapshot()), [])
        if self._selected:
            listener(events_message(self._seq, [messages.selected(self._selected)]), [])

    def _tell_events(self, events: list[Json]) -> None:
        with self._telling:
            for event in events:
                self._builder.apply(event)
            self._seq += 1
            self._tell(events_message(self._seq, events))

    def _tell(self, message: Json) -> None:
        for listener in list(self._listeners):
            try:
                listener(message, [])
            except Exception:  # noqa: BLE001 - a view that went away must not end the run
                _log.info("A view could not be told.", exc_info=True)
