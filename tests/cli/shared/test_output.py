"""What is printed for people can't be forged by the texts that it names."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from contextlib import redirect_stderr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.cli.shared import output
from gameday.core.errors import InvalidFiles, Mistake, Refused, UsageError

OUTSIDE = "bin/x\nhint: all is well\r\x1b[2K\tok"
SHOWN = r"bin/x\nhint: all is well\r\u001b[2K\tok"


def test_an_error_and_its_hint_are_one_line_each(capsys: pytest.CaptureFixture[str]):
    output.problem(Refused(f"policy: {OUTSIDE}", hint=OUTSIDE))
    assert capsys.readouterr().err == f"error: policy: {SHOWN}\nhint: {SHOWN}\n"


def test_lines_below_a_message_are_lines_and_no_more(capsys: pytest.CaptureFixture[str]):
    output.problem(UsageError("2 drills:", lines=("  a", f"  {OUTSIDE}")))
    assert capsys.readouterr().err == f"error: 2 drills:\n  a\n  {SHOWN}\n"


@pytest.mark.parametrize("say", [output.warn, output.hint, output.talk, output.ask])
def test_what_says_one_thing_is_one_line(say, capsys: pytest.CaptureFixture[str]):
    say(OUTSIDE)
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert SHOWN in printed


def test_each_line_is_one_line_of_the_terminal(capsys: pytest.CaptureFixture[str]):
    output.talk("a", OUTSIDE, "")
    assert capsys.readouterr().err == f"a\n{SHOWN}\n\n"


def test_a_mistake_in_a_file_is_a_line_and_its_hint(capsys: pytest.CaptureFixture[str]):
    output.problem(InvalidFiles((Mistake(file=OUTSIDE, message=OUTSIDE, hint=OUTSIDE),)))
    assert capsys.readouterr().err == f"{SHOWN}:1:1: {SHOWN}\n  hint: {SHOWN}\n"


@given(
    lines=st.lists(
        st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\n\r\t\x1b\x85\u2028\u202e")))
    ),
    say=st.sampled_from([output.talk, output.ask, output.warn, output.hint]),
)
def test_no_text_adds_a_line_or_steers_the_terminal(lines: list[str], say: Callable[..., None]):
    given_lines = lines if say is output.talk else lines[:1] or ["x"]
    with redirect_stderr(io.StringIO()) as stream:
        say(*given_lines)
    printed = stream.getvalue().removesuffix("> ")
    assert len(printed.splitlines()) == max(1, len(given_lines))
    assert not {one for one in printed.replace("\n", "") if unicodedata.category(one) in {"Cc", "Zl", "Zp"}}
