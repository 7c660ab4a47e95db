"""The live widget: traits and a bridge between a session and its views."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
from ipywidgets import widget_serialization
from traitlets import Instance, Int, List, Unicode

from forcing.display import StudyLike
from forcing.explanation.sentence import answer
from forcing.jupyter.comms import register_target, remember
from forcing.jupyter.control import Control
from forcing.jupyter.outputs import Outputs
from forcing.jupyter.session import Session
from forcing.protocol.context import Context, Json
from forcing.protocol.guards import Command

if TYPE_CHECKING:
    from forcing.explanation import Explanation

BUNDLE = Path(__file__).parent.parent / "static" / "widget.js"


class ForcingWidget(anywidget.AnyWidget):
    """A run as it happens; at its end the display becomes the saved form.

    Made by `Study.view` and by the `%%mfs` magic. Nothing that grows is a trait: views are
    told by custom messages and ask for the whole state when they join.
    """

    _esm = BUNDLE if BUNDLE.exists() else ""
    control = Instance(Control).tag(sync=True, **widget_serialization)
    selected = List(Int()).tag(sync=True)
    """Positions of the selected training rows, both ways."""
    session_id = Unicode().tag(sync=True)

    def __init__(self, session: Session, *, freeze: bool = True) -> None:
        if not BUNDLE.exists():
            raise FileNotFoundError(
                f"The view has not been built: {BUNDLE} is missing. In a checkout run `make`; "
                "an installed package should hold it, so install it again."
            )
        self.session = session
        super().__init__(control=Control(self._obey), session_id=session.id)
        session.listen(self._send_message)
        session.on_select = self._select
        self._outputs = Outputs(self._live_bundle, freeze=freeze)
        self.control.on_undrawn = self._outputs.keep_live
        # Hosts that know no other widget than this one send commands on its own comm.
        self.on_msg(lambda _, content, __: self.control.receive(content, self._reply))
        session.on_end(self._outputs.freeze)
        session.on_added = self._outputs.freeze

    @property
    def explanation(self) -> Explanation | None:
        """The result; None until the end."""
        return self.session.explanation

    @property
    def target(self) -> Any:
        """The row that is explained, as it was given."""
        return self.session.context.x

    def wait(self, timeout: float | None = None) -> Explanation:
        """Block until the end; an error of the run is raised here, an interrupt cancels it."""
        return self.session.wait(timeout)

    def cancel(self) -> None:
        """End the run now; its steps are kept in `explanation`."""
        self.session.cancel()

    def pause(self) -> None:
        self.session.pause()

    def resume(self) -> None:
        self.session.resume()

    def __repr__(self) -> str:
        return f"<ForcingWidget: {answer(self.session.state())}>"

    def show_once(self) -> None:
        """Display now; that the value of the cell would be displayed at its end is left out."""
        self._outputs.show()
        self._outputs.skip_next()

    def _ipython_display_(self) -> None:
        self._outputs.show()

    def _live_bundle(self) -> Json:
        represented = anywidget.AnyWidget._repr_mimebundle_(self)
        return {} if represented is None else dict(represented[0])

    def _obey(self, command: Command) -> None:
        self.session.obey(command, self._send_message)

    def _select(self, rows: list[int]) -> None:
        self.selected = rows

    def _reply(self, message: Json) -> None:
        self._send_message(message, [])

    def _send_message(self, message: Json, buffers: list[bytes]) -> None:
        # The comm itself: `Widget.send` would read traits that other threads may be setting.
        channel = self.comm
        if channel is not None:
            channel.send(data={"method": "custom", "content": message}, buffers=buffers)


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
    session.start()
    return widget
