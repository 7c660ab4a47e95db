"""`%mfs` and `%%mfs`: explain a prediction from the cell that trains the model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand

from forcing.jupyter.fits import Fit, FitRecorder, held
from forcing.jupyter.line import Line, parse, target_name

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from forcing.jupyter.widget import ForcingWidget


@magics_class
class ForcingMagics(Magics):
    """%mfs and %%mfs."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._shell: Any = shell

    @no_var_expand
    @line_cell_magic("mfs")  # type: ignore[arg-type]
    def mfs(self, line: str, cell: str | None = None) -> ForcingWidget:
        """Which training rows does a prediction stand on? Watch the set appear, row by row.

            %%mfs --at X_test[17]
            model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)

        runs the cell, notices the model that it fits and the data it is fitted on, and explains
        what the model decides for that row: the smallest set of training rows without which it
        would have decided otherwise, checked by retraining. For a model that exists already:

            %mfs model X_train y_train --at X_test[17]

            --at EXPR               the row to explain; also X_test.iloc[17], or any expression
            --rival CLASS           the class it should have been instead (default: the runner-up)
            --threshold EXPR        of a regression: the prediction that parts its two decisions;
                                    of two classes: the second one's probability (default: 0.5)
            --name VAR              wait for the end, and put the Explanation into this variable
            --baselines A,B         rankings to compare with (default: those that suit the model)
            --method NAME           how rows are chosen: mfs (default), mfs-newton, mfs-retrain, ...
            --max-removals N        give up after so many rows
            --hold EXPR             rows that must stay: their positions, or a mask
            --max-seconds S         end after so many seconds with what was found
            --max-refits N          the same after so many refits, of a model without an objective
            --no-verify             do not retrain to check the set
            --label EXPR            the true label of the row, for the screen
            --display EXPR          how rows look: forcing.Images(...), Texts(...), Table(...)
            --target-display EXPR   the picture or text of the row that is explained

        The value is the widget: `w = _`, then `w.wait()` blocks until the end and returns the
        Explanation, `w.cancel()` stops and keeps what was found. Without --name the run goes on
        in the background, and the notebook is free meanwhile.
        """
        arguments = parse(line)
        if arguments.option("at") is None:
            raise UsageError("Which prediction? Add --at and the row, such as --at X_test[17].")
        fit = self._given(arguments) if cell is None else self._fitted_in(cell, arguments)
        return self._explain(fit, arguments)

    def _given(self, arguments: Line) -> Fit:
        if len(arguments.expressions) != 3:
            raise UsageError(
                "%mfs MODEL X y --at EXPR explains a model that exists already: give it, and the "
                "X and y it was fitted on (expressions with blanks in quotes). %mfs? tells more."
            )
        return Fit(*(self._value(expression) for expression in arguments.expressions))

    def _fitted_in(self, cell: str, arguments: Line) -> Fit:
        if arguments.expressions:
            raise UsageError(
                f"%%mfs does not know what {arguments.expressions[0]!r} is for: the model is the "
                "one that the cell fits. Use %mfs MODEL X y --at EXPR for one that exists."
            )
        recorder = FitRecorder()
        # The inner run would leave the outer one without a place for its value.
        hook = self._shell.displayhook
        outer = getattr(hook, "exec_result", None)
        with recorder.recording():
            result = self._shell.run_cell(cell, store_history=False)
        hook.exec_result = outer
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            _show_no_second_traceback(self._shell, error)
            raise error
        return _only(held(recorder.fits(), self._shell.user_ns, result.result))

    def _explain(self, fit: Fit, arguments: Line) -> ForcingWidget:
        from forcing.jupyter.widget import view
        from forcing.study import Study

        at, name = arguments.options["at"], arguments.option("name")
        if name is not None and not name.isidentifier():
            raise UsageError(f"--name {name}: give the name of a variable.")
        x = self._value(at)
        options: dict[str, Any] = {"verify": arguments.verify, "name": target_name(at)}
        for option in ("label", "target-display", "threshold", "hold"):
            if (expression := arguments.option(option)) is not None:
                options[option.replace("-", "_")] = self._value(expression)
        if (method := arguments.option("method")) is not None:
            options["method"] = method
        if (baselines := arguments.option("baselines")) is not None:
            names = [name.strip() for name in baselines.split(",")]
            options["baselines"] = [name for name in names if name and name != "none"]
        for option, read in (
            ("max-removals", _whole),
            ("max-refits", _whole),
            ("max-seconds", _seconds),
        ):
            if (most := arguments.option(option)) is not None:
                options[option.replace("-", "_")] = read(option, most)
        display = arguments.option("display")
        study = Study(
            fit.estimator,
            fit.X,
            fit.y,
            sample_weight=fit.sample_weight,
            display=None if display is None else self._value(display),
        )
        if (rival := arguments.option("rival")) is not None:
            options["rival"] = _class_label(study, rival)
        widget = view(study, x, **options)
        if name is not None:
            self._bind(name, widget)
        return widget

    def _bind(self, name: str, widget: ForcingWidget) -> None:
        """Show the run now, wait for its end, and bind the Explanation for the next cells."""
        namespace = self._shell.user_ns
        widget.show_once()
        try:
            namespace[name] = widget.wait()
        except BaseException:
            namespace[name] = widget.explanation  # what was found until the interrupt
            raise

    def _value(self, expression: str) -> Any:
        return self._shell.ev(expression)


def _only(found: dict[str, Fit]) -> Fit:
    """The one fit of the cell, or a `UsageError` that says what to do instead."""
    if len(found) == 1:
        return next(iter(found.values()))
    instead = "Name it: %mfs MODEL X y --at EXPR, in a cell of its own."
    if not found:
        raise UsageError(
            "The cell fitted no model that a variable holds, so there is nothing to explain. "
            f"Fit one in this cell, as in model = LogisticRegression().fit(X, y). {instead}"
        )
    models = ", ".join(f"{name} ({type(fit.estimator).__name__})" for name, fit in found.items())
    raise UsageError(f"The cell fitted {len(found)} models: {models}. Which one? {instead}")


def _class_label(study: Any, text: str) -> Any:
    """The class that a word of the line means: a label as it prints, or a class name."""
    labels = list(np.asarray(study.classes))
    for label, name in zip(labels, study.class_names, strict=True):
        if text in (str(label), str(name)):
            return label
    known = ", ".join(str(name) for name in study.class_names)
    raise UsageError(f"--rival {text}: there is no such class; the model knows {known}.")


def _whole(option: str, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"--{option} {text}: give a whole number.")
    return int(text)


def _seconds(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--{option} {text}: give a number of seconds.") from None


def _show_no_second_traceback(shell: Any, error: BaseException) -> None:
    """Let `error` stop the outer cell without being shown again: the inner run has shown it.

    The reply to the outer cell still says that it failed, so that "Run all" stops there.
    """
    show = shell.showtraceback

    def showtraceback(*args: Any, **kwargs: Any) -> None:
        del shell.showtraceback
        if sys.exc_info()[1] is not error:
            show(*args, **kwargs)

    shell.showtraceback = showtraceback
