"""Many load lines read at once come to the same as each read by itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.merging import merge
from gameday.formats.stored import load as stored_load
from gameday.formats.stored import load_lines
from gameday.formats.stored.load_lines import decode_all
from tests.formats.stored.test_load import GOOD, chunks


@given(st.lists(chunks()))
def test_many_lines_read_at_once_come_to_the_same_one_for_each_name_and_time(some) -> None:
    assert decode_all(map(stored_load.encode, some)) == merge(some)


@given(st.lists(chunks(), min_size=1), st.integers(1, 5))
def test_lines_may_be_cut_into_any_parts(some, size) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load_lines, "LINES", size)
        assert decode_all(map(stored_load.encode, some)) == merge(some)


def test_lines_of_any_shape_add_up() -> None:
    failed = {"type": "GET", "name": "/", "start": 1_764_583_200, "bad_at": [1], "bad_count": [2]}
    [found] = decode_all(map(json.dumps, [GOOD, failed, {**GOOD, "first": [4], "last": [6]}]))
    assert (list(found.at), list(found.count), list(found.bad_count)) == ([1], [6], [2])
    assert list(found.first) == []  # what a part does not know is not known of the whole


def test_counts_that_no_column_holds_are_refused():
    with pytest.raises(ValueError, match="count"):
        decode_all([json.dumps({**GOOD, "count": [2**32 - 1]})] * 2)
