"""What is printed for people can't be forged by the texts that it names."""

from __future__ import annotations

import pytest

from gameday.cli.shared import output
from gameday.core.errors import Refused, UsageError

OUTSIDE = "bin/x\nhint: all is well\r\x1b[2K\tok"
SHOWN = r"bin/x\nhint: all is well\r\u001b[2K\tok"


def test_an_error_and_its_hint_are_one_line_each(capsys: pytest.CaptureFixture[str]):
    output.problem(Refused(f"policy: {OUTSIDE}", hint=OUTSIDE))
    assert capsys.readouterr().err == f"error: policy: {SHOWN}\nhint: {SHOWN}\n"


def test_lines_below_a_message_are_lines_and_no_more(capsys: pytest.CaptureFixture[str]):
    output.problem(UsageError("2 drills:", lines=("  a", f"  {OUTSIDE}")))
    assert capsys.readouterr().err == f"error: 2 drills:\n  a\n  {SHOWN}\n"


@pytest.mark.parametrize("say", [output.warn, output.hint, output.line])
def test_what_says_one_thing_is_one_line(say, capsys: pytest.CaptureFixture[str]):
    say(OUTSIDE)
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert SHOWN in printed
