"""The live widget: traits and a bridge between its runs and their views."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import anywidget
import numpy as np
from ipywidgets import widget_serialization
from traitlets import Any as AnyTrait
from traitlets import Instance, TraitError, Unicode

from forcing.display import StudyLike
from forcing.explanation.sentence import answer, count
from forcing.jupyter.bundle import LOADER, Bundle
from forcing.jupyter.closing import keep_open
from forcing.jupyter.comms import register_target, remember
from forcing.jupyter.control import Control
from forcing.jupyter.explorer import Explorer, explorer_of
from forcing.jupyter.outputs import Outputs
from forcing.jupyter.session import Listener, Session
from forcing.jupyter.traits import Position, Rows
from forcing.protocol.context import Context, Json
from forcing.protocol.guards import Command, Saved
from forcing.protocol.messages import saved_message

if TYPE_CHECKING:
    from forcing.explanation import Explanation
    from forcing.study.study import Study


class Source(Protocol):
    """What the views are joined to: one run, or those of many targets."""

    id: str
    on_select: Callable[[list[int]], None]

    def listen(self, listener: Listener) -> Callable[[], None]: ...

    def select(self, rows: Sequence[int]) -> None: ...

    def obey(self, command: Command, reply: Listener) -> None: ...


class ForcingWidget(anywidget.AnyWidget):
    """A run as it happens; at its end the display becomes the saved form.

    Made by `Study.view`, `Study.explore` and the `%%mfs` magic. Nothing that grows is a trait:
    views are told by custom messages and ask for the whole state when they join.
    """

    _esm = LOADER
    bundle = Instance(Bundle).tag(sync=True, **widget_serialization)
    control = Instance(Control).tag(sync=True, **widget_serialization)
    selected = Rows().tag(sync=True)
    """Positions of the selected training rows, both ways."""
    session_id = Unicode().tag(sync=True)
    target = AnyTrait(read_only=True)
    """The row that is explained, as it was given."""

    def __init__(self, session: Session, *, freeze: bool = True) -> None:
        self._open(session, session.context.study.n_rows, freeze=freeze)
        self._session = session
        self.set_trait("target", session.context.x)
        session.on_end(self._outputs.freeze)
        session.on_added = self._outputs.freeze

    def _open(self, source: Source, n_rows: int, *, freeze: bool) -> None:
        bundle = Bundle.shared()
        self.n_rows = n_rows
        self._source = source
        super().__init__(bundle=bundle, control=Control(self._obey), session_id=source.id)
        self._outputs = Outputs(self._live_bundle, freeze=freeze)
        self.control.on_undrawn = self._outputs.keep_live
        # Hosts that know no other widget than this one send commands on its own comm.
        self.on_msg(self._received)
        self._stop_listening = source.listen(self._send_message)
        source.on_select = self._select_in_view
        self.observe(self._tell_selected, "selected")

    @property
    def session(self) -> Session | None:
        """The run that is shown."""
        return self._session

    @property
    def explanation(self) -> Explanation | None:
        """The result; None until the end."""
        return None if self.session is None else self.session.explanation

    def wait(self, timeout: float | None = None) -> Explanation:
        """Block until the end; an error of the run is raised here, an interrupt cancels it."""
        return self._run().wait(timeout)

    def cancel(self) -> None:
        """End the run now; its steps are kept in `explanation`."""
        self._run().cancel()

    def pause(self) -> None:
        self._run().pause()

    def resume(self) -> None:
        self._run().resume()

    @property
    def settled(self) -> bool:
        """Whether the run has ended and no live view of it is left."""
        run = self.session
        return run is not None and run.done and self._outputs.settled

    def close(self) -> None:
        """End the live views and the line to them; the result stays."""
        if self.comm is not None:
            self._stop_listening()
            self.control.close()
            self.layout.close()
        super().close()

    def __repr__(self) -> str:
        return f"<ForcingWidget: {self._words()}>"

    def show_once(self) -> None:
        """Display now; that the value of the cell would be displayed at its end is left out."""
        self._outputs.show()
        self._outputs.skip_next()

    def _ipython_display_(self) -> None:
        self._outputs.show()

    def _live_bundle(self) -> Json:
        represented = anywidget.AnyWidget._repr_mimebundle_(self)
        return {} if represented is None else dict(represented[0])

    def _run(self) -> Session:
        if self.session is None:
            raise RuntimeError("No row is explained yet: choose one, as in `widget.target = 0`.")
        return self.session

    def _words(self) -> str:
        return answer(self._run().state())

    def _obey(self, command: Command) -> None:
        if isinstance(command, Saved):
            self._reply(saved_message(self._outputs.saved))
            return
        self._source.obey(command, self._send_message)

    def _received(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("type") == "bundle":
            self._reply({"type": "bundle", "digest": self.bundle.digest, "text": self.bundle.text})
        else:
            self.control.receive(content, self._reply)

    def _select_in_view(self, rows: list[int]) -> None:
        try:
            # The view that picked them has the value; from here it would come late, and back.
            with self._lock_property(selected=rows):
                self.selected = rows
        except TraitError:  # of a view that shows other data
            pass

    def _tell_selected(self, change: Any) -> None:
        self._source.select(change.new)

    def _reply(self, message: Json) -> None:
        self._send_message(message, [])

    def _send_message(self, message: Json, buffers: list[bytes]) -> None:
        # The comm itself: `Widget.send` would read traits that other threads may be setting.
        channel = self.comm
        if channel is not None:
            channel.send(data={"method": "custom", "content": message}, buffers=buffers)


class ExplorerWidget(ForcingWidget):
    """A list of rows to choose from, and the explanation of the one that was chosen."""

    target = Position().tag(sync=True)
    """Position in X_test of the row that is explained, both ways; setting it explains."""

    def __init__(self, explorer: Explorer, *, freeze: bool = True) -> None:
        self.explorer = explorer
        self.n_targets = len(explorer.targets)
        self._open(explorer, explorer.targets.study.n_rows, freeze=freeze)
        explorer.on_choose = self._chosen
        explorer.on_end = self._outputs.freeze
        self.observe(self._explain, "target")

    @property
    def session(self) -> Session | None:
        return self.explorer.session

    @property
    def explanations(self) -> dict[int, Explanation]:
        """What was explained so far, by position in X_test."""
        return self.explorer.explanations

    def wait(self, timeout: float | None = None) -> Explanation:
        """Block until the target that is shown is explained, also when it changes meanwhile."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            run = self._run()
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            found = run.wait(left)
            if run is self.session:
                return found

    def _words(self) -> str:
        if self.session is None:
            return f"{count(self.n_targets)} rows to choose from"
        return f"{count(self.n_targets)} rows; {super()._words()}"

    def _explain(self, change: Any) -> None:
        if change.new is not None:
            self.explorer.explain(change.new)

    def _chosen(self, position: int) -> None:
        self.target = position
        # What was picked for one row says nothing about another.
        self.selected = []


def view(
    study: StudyLike,
    x: Any,
    *,
    rival: Any = None,
    threshold: float | None = None,
    baselines: Iterable[str] | None = None,
    name: str | None = None,
    label: Any = None,
    target_display: Any = None,
    freeze: bool = True,
    **options: Any,
) -> ForcingWidget:
    """Start a run for the target x and return the widget that shows it.

    Parameters
    ----------
    rival, threshold, **options
        As for `Study.explain`.
    baselines
        Likewise; by default those that suit the model.
    name, label
        What the target is called, and its true label, for the screen.
    target_display
        The picture, text or table row that stands for the target.
    freeze
        Whether the output becomes the saved form at the end, so that the notebook shows it
        without a kernel.

    Raises what `Study.explain` raises where nothing can be explained; an error that comes
    later, while the run goes on, ends it with the status "failed" and is raised by `wait`.
    """
    baselines = study.default_baselines if baselines is None else baselines
    context = Context.of(study, x, name=name, label=label, target_display=target_display)
    options.update(rival=rival, threshold=threshold, baselines=tuple(baselines))
    session = Session(context, options)
    widget = ForcingWidget(session, freeze=freeze)
    register_target()
    remember(session)
    keep_open(widget)
    session.start()
    return widget


def explore(
    study: Study,
    X_test: Any,
    y_test: Any = None,
    *,
    rival: Any = None,
    threshold: float | None = None,
    baselines: Iterable[str] | None = None,
    names: Sequence[str] | None = None,
    target_displays: Sequence[Any] | None = None,
    start: int | bool | None = None,
    freeze: bool = True,
    **options: Any,
) -> ExplorerWidget:
    """The widget with a list of targets; `Study.explore` explains the parameters."""
    baselines = study.default_baselines if baselines is None else baselines
    options.update(rival=rival, threshold=threshold, baselines=tuple(baselines))
    explorer = explorer_of(study, X_test, y_test, names, target_displays, options)
    first = _first(start, explorer)
    widget = ExplorerWidget(explorer, freeze=freeze)
    register_target()
    if first is not None:
        explorer.begin(first)
    return widget


def _first(start: Any, explorer: Explorer) -> int | None:
    """The target to begin with; None for none."""
    if start is False:
        return None
    if start is None:
        chosen: int = explorer.state()["targets"]["entries"][0]["target"]
        return chosen
    total = len(explorer.targets)
    if isinstance(start, bool) or not isinstance(start, int | np.integer) or not 0 <= start < total:
        raise ValueError(
            "start must be a position in X_test, None for the first of the list, or False for "
            f"none; got {start!r}."
        )
    return int(start)
