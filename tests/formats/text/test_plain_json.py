"""Whatever other people's code hands over becomes a JSON value that UTF-8 can hold."""

import json
from collections import OrderedDict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import Stopped
from gameday.formats.text.plain_json import DEEPEST, LONGEST_TEXT, mapping, plain, plain_text


class Hostile(dict):
    def items(self):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


class Text(str):
    __slots__ = ()

    def __str__(self):
        raise ValueError

    encode = __str__


hostile = (
    st.sampled_from([float("nan"), float("-inf"), "\ud800", 1 << 2000, b"\xff"])
    | st.builds(Hostile)
    | st.builds(Text)
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | hostile,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers() | st.builds(Text), inner),
    max_leaves=20,
)


@given(anything)
def test_anything_becomes_strict_json(value):
    assert json.loads(json.dumps(plain(value), allow_nan=False, ensure_ascii=False).encode()) == plain(value)
    assert isinstance(plain_text(value).encode(), bytes)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(codec="utf-8")),
        st.lists,
    )
)
def test_what_is_json_already_is_left_as_it_is(value):
    assert plain(value) == value


def test_what_would_end_the_process_is_held_back():
    class Ends:
        def __str__(self):
            raise SystemExit(1)

    assert plain([Ends(), 1]) == ["(a Ends that can't be shown)", 1]


def test_a_signal_that_comes_between_ends_the_process_all_the_same():
    class Interrupted:
        def __str__(self):
            raise Stopped(20)

    with pytest.raises(Stopped):
        plain({"outputs": [Interrupted(), 1]})


def test_a_value_that_holds_itself_ends():
    loop = []
    loop.append(loop)
    text = json.dumps(plain(loop))
    assert text.count("[") == DEEPEST + 1


def test_a_text_that_is_too_long_is_replaced_by_its_length():
    assert plain("x" * (LONGEST_TEXT + 1)) == f"(a text of {LONGEST_TEXT + 1} characters)"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (OrderedDict(a=1), {"a": 1}),
        ((1, 2), [1, 2]),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01 00:00:00+00:00"),
        (Hostile({1: 2}), "(a Hostile that can't be shown)"),
        (1 << 2000, "(a whole number of 2001 bits)"),
    ],
)
def test_what_json_has_no_form_for_is_said_in_words(value, kept):
    assert plain(value) == kept


@pytest.mark.parametrize("value", [None, "noted", 7, ["activity"]])
def test_what_is_no_mapping_is_an_empty_one(value):
    assert mapping(value) == {}
