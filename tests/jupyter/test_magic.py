from __future__ import annotations

import re
import types

import numpy as np
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.utils.capture import capture_output
from sklearn.linear_model import LogisticRegression

import forcing
from forcing.explanation import Explanation
from forcing.jupyter.widget import ForcingWidget

SETUP = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = np.where(X[:, 0] + rng.normal(size=60) > 0, "yes", "no")
X_test = rng.normal(size=(20, 3)) * 0.2
"""


@pytest.fixture
def run(shell):
    """Run a cell; returns its result and what it wrote."""
    shell.run_cell(SETUP)

    def run(cell):
        with capture_output(display=False) as written:
            result = shell.run_cell(cell, store_history=True)
        return types.SimpleNamespace(
            value=result.result,
            error=result.error_in_exec or result.error_before_exec,
            out=written.stdout,
            err=written.stderr,
        )

    return run


def test_the_model_of_the_cell_is_explained(run, shell):
    done = run(
        "%%mfs --at X_test[17]\n"
        "model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)\n"
        "print('as usual')"
    )
    assert "as usual" in done.out
    widget = done.value
    assert isinstance(widget, ForcingWidget)
    explanation = widget.wait(30)
    assert widget.explanation is explanation
    names = shell.user_ns
    again = forcing.explain(names["model"], names["X"], names["y"], names["X_test"][17])
    assert explanation.supports.tolist() == again.supports.tolist()
    assert set(explanation.rankings) == {"influence", "representer"}
    assert widget.session.state()["start"]["target"]["name"] == "X_test[17]"
    assert shell.user_ns["_"] is widget


def test_options_reach_the_run(run):
    done = run(
        "%%mfs --at X_test[y[:20] == 'no'][0] --baselines random --no-verify --method mfs-retrain "
        "--max-removals 2 --label y[0] --rival yes\n"
        "model = LogisticRegression().fit(X, y)"
    )
    explanation = done.value.wait(30)
    assert explanation.method == "mfs-retrain"
    assert explanation.verified is None
    assert list(explanation.rankings) == ["random"]
    start = done.value.session.state()["start"]
    assert start["limit"] == 2
    assert start["target"]["label"] in ("yes", "no")


def test_a_regression_is_explained_from_its_cell(run):
    done = run(
        "from sklearn.linear_model import Ridge\n"
        "%mfs Ridge().fit(X, X[:,0]+X[:,1]) X X[:,0]+X[:,1] --at X_test[3] --baselines none "
        "--threshold X[:,0].mean() - 0.01 --hold [0, 1]"
    )
    explanation = done.value.wait(30)
    assert explanation.claim.favoured in {"below", "above"}
    assert not {0, 1} & set(explanation.supports.tolist())


def test_a_threshold_and_held_rows_reach_the_run(run, shell):
    cell = "%%mfs --at X_test[3] --baselines none --name {} {}\nm = LogisticRegression().fit(X, y)"
    run(cell.format("plain", ""))
    run(cell.format("held", "--hold plain.supports --threshold 0.4"))
    plain, held = shell.user_ns["plain"], shell.user_ns["held"]
    assert plain.size
    assert not set(plain.supports) & set(held.supports)
    m, x = shell.user_ns["m"], shell.user_ns["X_test"][[3]]
    assert held.claim.favoured == m.classes_[int(m.predict_proba(x)[0, 1] >= 0.4)]


def test_budgets_reach_the_run(run):
    done = run(
        "%%mfs --at X_test[3] --baselines none --max-refits 2 --max-seconds 9.5\n"
        "from sklearn.naive_bayes import GaussianNB\nm = GaussianNB().fit(X, y)"
    )
    assert "after 2 refits" in done.value.wait(30).reason


def test_no_baselines(run):
    done = run("%%mfs --at X_test[1] --baselines none\nm = LogisticRegression().fit(X, y)")
    assert done.value.wait(30).rankings == {}


def test_name_waits_for_the_explanation(run, shell):
    """So that "Run all" finds it in the next cell."""
    cell = "%%mfs --at X_test[3] --name ex\nmodel = LogisticRegression().fit(X, y)"
    widget = run(cell).value
    assert isinstance(shell.user_ns["ex"], Explanation)
    assert shell.user_ns["ex"] is widget.explanation


def test_an_interrupt_while_waiting_keeps_what_was_found(run, shell, monkeypatch):
    def interrupted(self):
        type(self).wait = wait
        self.cancel()
        self.wait(30)
        raise KeyboardInterrupt

    wait = ForcingWidget.wait
    monkeypatch.setattr(ForcingWidget, "wait", interrupted)
    cell = "%%mfs --at X_test[3] --name ex\nmodel = LogisticRegression().fit(X, y)"
    assert isinstance(run(cell).error, KeyboardInterrupt)
    assert isinstance(shell.user_ns["ex"], Explanation)


def test_a_model_that_exists(run):
    run("model = LogisticRegression().fit(X, y)")
    done = run("widget = %mfs model X y --at X_test[2] --baselines none\nwidget.wait(30).status")
    assert done.value == "flipped"


def test_weights_of_the_fit_are_used(run):
    done = run(
        "%%mfs --at X_test[2] --baselines none\n"
        "w = np.ones(60); w[:30] = 3\n"
        "model = make_pipeline(StandardScaler(), LogisticRegression()).fit("
        "X, y, logisticregression__sample_weight=w)"
    )
    # Without the weights the model would not be the optimum: a TrainingMismatchError.
    assert done.error is None
    assert done.value.session.context.study.sample_weight.tolist() == [3] * 30 + [1] * 30


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("a = 1", "fitted no model that a variable holds"),
        ("cross_val_score(LogisticRegression(), X, y);", "fitted no model that a variable holds"),
        ("StandardScaler().fit(X, y);", "fitted no model"),
        (
            "a = LogisticRegression().fit(X, y)\nb = make_pipeline(LogisticRegression()).fit(X, y)",
            r"fitted 2 models: a \(LogisticRegression\), b \(Pipeline\).*%mfs MODEL X y --at EXPR",
        ),
    ],
)
def test_none_or_several_models(run, cell, message):
    done = run(f"%%mfs --at X_test[0]\n{cell}")
    assert done.value is None
    assert done.error is not None
    with pytest.raises(type(done.error), match=message):
        raise done.error


def test_a_model_that_is_the_value_of_the_cell(run):
    done = run("%%mfs --at X_test[0] --baselines none\nLogisticRegression().fit(X, y)")
    assert done.value.wait(30).status == "flipped"


def test_models_beside_a_cross_validation(run):
    done = run(
        "%%mfs --at X_test[0] --baselines none\n"
        "print(cross_val_score(LogisticRegression(), X, y).mean())\n"
        "model = LogisticRegression().fit(X[:50], y[:50]).fit(X, y)"
    )
    assert done.value.session.context.study.n_rows == 60


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("model = LogisticRegression().fit(X, y)\n1 / 0", ZeroDivisionError),
        ("def f(:", SyntaxError),
        ("raise KeyboardInterrupt", KeyboardInterrupt),
    ],
)
def test_errors_of_the_cell_are_shown_once_and_stop_it(run, cell, error):
    fit = LogisticRegression.fit
    done = run(f"%%mfs --at X_test[0]\n{cell}")
    assert isinstance(done.error, error)
    assert done.value is None
    lines = re.sub(r"\x1b\[[\d;]*m", "", done.out + done.err).splitlines()
    assert sum(line.startswith(f"{error.__name__}:") for line in lines) == 1
    assert LogisticRegression.fit is fit
    # The next error is shown as ever.
    after = run("{}['missing']")
    assert "KeyError" in after.out + after.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%mfs model X --at X_test[0]", "%mfs MODEL X y --at EXPR explains a model"),
        ("%%mfs\npass", "Which prediction"),
        ("%%mfs model --at x\npass", "'model' is for"),
        ("%%mfs --at X_test[0] --rival maybe\nm = LogisticRegression().fit(X, y)", "no, yes"),
        ("%%mfs --at X_test[0] --name 1x\nm = LogisticRegression().fit(X, y)", "variable"),
        ("%%mfs --at X_test[0] --max-removals few\nm = LogisticRegression().fit(X, y)", "whole"),
        ("%%mfs --at X_test[0] --max-refits 1.5\nm = LogisticRegression().fit(X, y)", "whole"),
        ("%%mfs --at X_test[0] --max-seconds few\nm = LogisticRegression().fit(X, y)", "number"),
    ],
)
def test_usage(run, line, message):
    error = run(line).error
    assert type(error).__name__ == "UsageError"
    assert message in str(error)


def test_errors_of_the_explanation_are_those_of_the_study(run):
    done = run("%%mfs --at X_test[0][:2]\nmodel = LogisticRegression().fit(X, y)")
    assert isinstance(done.error, ValueError)
    done = run("%%mfs --at nowhere\nmodel = LogisticRegression().fit(X, y)")
    assert isinstance(done.error, NameError)
    done = run("%%mfs --at X_test[0] --baselines influenza\nm = LogisticRegression().fit(X, y)")
    assert isinstance(done.error, ValueError)


def test_the_help_teaches(shell):
    text = shell.magics_manager.magics["cell"]["mfs"].__doc__
    for word in ("--at", "--name", "%mfs model X_train y_train", "w.wait()"):
        assert word in text


def completed(shell, text):
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(text, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%mfs --at X_test[17] --ba", ["--baselines"]),
        ("%%mfs --at x --max-", ["--max-refits", "--max-removals", "--max-seconds"]),
        ("%%mfs --at x --", None),
        ("%mfs model X y --method mfs-", ["mfs-newton", "mfs-retrain"]),
        ("%mfs model X y --baselines influence,re", ["representer"]),
    ],
)
def test_tab_completes_options_and_names(shell, text, expected):
    found = completed(shell, text)
    if expected is None:
        assert {"--rival", "--name"} <= set(found)
        assert "--at" not in found
    else:
        assert sorted(found) == expected


def test_tab_inside_the_cell_is_pythons(shell):
    shell.user_ns["something_else"] = np.zeros(3)
    text = "%%mfs --at x\nsomething_el"
    assert "something_else" in completed(shell, text)


def test_reloading_does_not_complete_twice(shell):
    shell.run_line_magic("reload_ext", "forcing")
    assert completed(shell, "%mfs m X y --met") == ["--method"]
    assert len(shell.Completer.custom_matchers) == 1
