"""Where a run is: a line of the terminal, or an output of the cell."""

from __future__ import annotations

import pytest

from forcing.records import End, Progress
from forcing.study import progress
from forcing.study.progress import StatusLine, reported


class Shell:
    """The part of a kernel's shell that publishes."""

    def __init__(self):
        self.kernel = self
        self.display_pub = self
        self.published = []

    def publish(self, data, transient, update):
        self.published.append((data, transient["display_id"], update))


@pytest.fixture
def shell(monkeypatch):
    made = Shell()
    monkeypatch.setattr(progress, "_notebook", lambda: made)
    return made


def test_in_a_notebook_the_line_is_one_output_that_is_replaced(shell, capsys):
    line = StatusLine()
    line.write("one")
    line.write("two")
    line.close("done")
    assert [data for data, _, _ in shell.published] == [
        {"text/plain": text} for text in ("one", "two", "done")
    ]
    assert len({name for _, name, _ in shell.published}) == 1
    assert [update for _, _, update in shell.published] == [False, True, True]
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_nothing_is_shown_of_what_took_no_time(shell):
    StatusLine().close("done")
    assert shell.published == []


def test_in_a_terminal_the_line_is_wiped(capsys):
    line = StatusLine()
    line.write("one")
    line.close("done")
    assert capsys.readouterr().err == "\r\x1b[Kone\r\x1b[K"


@pytest.mark.parametrize("way", ["whole", "closed"])
def test_a_run_says_how_it_ended(shell, monkeypatch, way):
    monkeypatch.setattr(progress, "EVERY", 0.0)
    run = reported([Progress("search", 1, 4, "a note"), End("flipped", "", 1.25)])
    next(run)
    (run.close if way == "closed" else lambda: list(run))()
    said = [data["text/plain"] for data, _, _ in shell.published]
    assert said[0] == "search: 1 of 4 (a note)"
    assert said[-1] == ("flipped after 1.2 s" if way == "whole" else "stopped")


def test_a_shell_without_a_kernel_is_a_terminal():
    assert progress._notebook() is None
