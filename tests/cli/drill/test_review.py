"""Answers at the review: what says nothing is reported at once."""

import io
import sys

from gameday.cli.drill import review
from gameday.testing.histories import DRILL


def test_an_answer_that_says_nothing_is_reported_as_it_is_given(root, capsys):
    answers = ["root-cause=x", "fix=an index was added", "went-well=n/a"]
    assert review.main(DRILL, answers=answers, by="ada") == 0
    shown = capsys.readouterr().err
    assert "warning: root-cause: “x” says nothing, and earns nothing" in shown
    assert "went-well: “n/a” says nothing" in shown
    assert "warning: fix" not in shown
    assert "answers recorded: 3" in shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_asks_once_more_and_takes_what_is_typed_then(root, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal("tbd\na missing index\nx\n\n\n\n\n\n"))
    assert review.main(DRILL, answers=[], by="ada") == 0
    shown = capsys.readouterr().err
    assert shown.count("What was the root cause") == 2
    assert "root-cause: “tbd” says nothing" in shown
    assert "fix: “x” says nothing" in shown
    assert "answers recorded: 2" in shown
