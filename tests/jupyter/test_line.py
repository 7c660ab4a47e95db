from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from forcing.jupyter.completion import candidates
from forcing.jupyter.line import OPTIONS, parse, split, target_name


def test_options_and_values():
    line = parse("--at X_test[17] --rival=cat --baselines a,b --no-verify --name ex")
    assert line.expressions == []
    assert line.options == {
        "at": "X_test[17]",
        "rival": "cat",
        "baselines": "a,b",
        "no-verify": "",
        "name": "ex",
    }
    assert not line.verify
    assert parse("--at x").verify


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("X_test[y_test != guess][0]", "X_test[y_test != guess][0]"),
        ("X_test [17]", "X_test [17]"),
        ("'X_test [17]'", "X_test [17]"),
        ("\"frame.query('a > 3').iloc[0]\"", "frame.query('a > 3').iloc[0]"),
        ("frame[['a', 'b']].iloc[0]", "frame[['a', 'b']].iloc[0]"),
        ("x if True else '--at'", "x if True else '--at'"),
    ],
)
def test_a_value_may_have_blanks(text, value):
    assert parse(f"--at {text} --name ex").options["at"] == value


def test_expressions_before_the_options():
    assert parse("model X[a > 1] 'y [1]' --at x").expressions == ["model", "X[a > 1]", "y [1]"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--at", "--at needs a value: --at EXPR"),
        ("--fro x", "--fro is no option; there are --at,"),
        ("--at x --at y", "--at is given twice"),
        ("--no-verify really --at x", "--no-verify takes no value"),
    ],
)
def test_errors_name_what_is_wrong(line, message):
    with pytest.raises(UsageError, match=message):
        parse(line)


def test_split_survives_unbalanced_brackets():
    assert split("a)] b [c d") == ["a)]", "b", "[c d"]


@pytest.mark.parametrize(
    "expression",
    ["X_test[17]", "X_test.iloc[17]", "X_test.iloc[[17]]", "X_test.iloc[17:18]", "X_test.loc[17]"],
)
def test_a_target_has_one_name(expression):
    assert target_name(expression) == "X_test[17]"


def test_other_targets_are_called_as_they_are_written():
    assert target_name("row") == "row"
    assert target_name("data.test[3]") == "data.test[3]"
    assert target_name("texts['a b']") == "texts['a b']"
    assert target_name("X_test[y_test != guess][0]") == "X_test[y_test != guess][0]"
    assert len(target_name("x" * 100)) == 60


def test_candidates():
    assert candidates("%%mfs --at x --") == [f"--{name}" for name in OPTIONS if name != "at"]
    assert "mfs-retrain" in candidates("%mfs m X y --method ")
    assert "influence" in candidates("%mfs m X y --baselines rep")
    assert candidates("%mfs m X y --at X_te") == []
    assert candidates("%mfs ") == []
