"""The worst of several exit codes, and errors that can be explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import errors
from gameday.core.errors import WORST_FIRST as ORDER
from gameday.core.errors import ExitCode, InvalidFiles, Mistake, UsageError, worst

CODES = st.sampled_from(ORDER)


@given(st.lists(CODES, min_size=1), CODES)
def test_one_more_code_never_makes_it_better(codes, more):
    assert ORDER.index(worst([*codes, more])) <= ORDER.index(worst(codes))


@given(st.lists(CODES, min_size=1))
def test_the_worst_is_a_pass_only_when_all_passed(codes):
    assert (worst(codes) == 0) == (set(codes) == {0})


@pytest.mark.parametrize(
    ("codes", "code"),
    [([5, 1], 1), ([3, 1], 3), ([0, 5], 5), ([70, 3], 70), ([4, 70], 4), ([], 70), ([0, 99], 70), ([-9], 70)],
)
def test_what_failed_is_not_hidden_by_what_is_inconclusive(codes, code):
    assert worst(codes) == code


@given(st.lists(CODES, min_size=1))
def test_the_worst_does_not_depend_on_the_order(codes):
    assert worst(codes) == worst(reversed(codes))
    assert worst([worst(codes), *codes]) == worst(codes)


def test_every_code_has_its_place_in_the_order_and_its_words():
    assert sorted(ORDER) == sorted(ExitCode)
    assert all(code.word and code.meaning for code in ExitCode)


KINDS = [
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.GamedayError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_no_error_exits_as_if_the_drill_had_passed_or_failed(kind):
    assert kind.code
    assert kind.exit_code not in {ExitCode.PASSED, ExitCode.FAILED}


def test_mistakes_are_listed_by_place_each_with_its_hint():
    later = Mistake(file="a.yaml", line=9, message="unknown key", hint="write slos")
    earlier = Mistake(file="a.yaml", line=2, column=3, message="odd", warning=True)
    assert str(InvalidFiles((later, earlier))).splitlines() == [
        "a.yaml:2:3: warning: odd",
        "a.yaml:9:1: unknown key",
        "  hint: write slos",
    ]


def test_a_mistake_is_one_line_with_its_hint_below_it_whatever_its_texts_hold():
    forged = Mistake(
        file="a\nb.yaml", message="no 'x\nother.yaml:1:1: forged\r\tok'", hint="did you mean 'y\n  hint: z'?"
    )
    assert str(forged).splitlines() == [
        r"a\nb.yaml:1:1: no 'x\nother.yaml:1:1: forged\r\tok'",
        r"  hint: did you mean 'y\n  hint: z'?",
    ]


def test_an_error_may_have_lines_below_its_message():
    error = UsageError("two are open:", lines=("  a", "  b"))
    assert error.message == str(error) == "two are open:\n  a\n  b"
