"""Latency bins, and columns that take no more room than they need."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import BINS, COLUMNS, LONGEST, Chunk, LoadHistory, bin_of, lower_edge


@given(st.floats(1.0, LONGEST, exclude_max=True))
def test_a_response_time_lies_within_its_bin(milliseconds) -> None:
    number = bin_of(milliseconds)
    assert lower_edge(number) <= milliseconds < lower_edge(number + 1)
    assert lower_edge(number + 1) <= lower_edge(number) * 1.0625


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_longer_time_is_never_in_a_lower_bin(one, other) -> None:
    low, high = sorted((one, other))
    assert 0 <= bin_of(low) <= bin_of(high) < BINS


@pytest.mark.parametrize(("odd", "number"), [(math.nan, 0), (-5.0, 0), (0.5, 0), (math.inf, BINS - 1)])
def test_odd_times_have_a_bin_too(odd, number) -> None:
    assert bin_of(odd) == number


def test_columns_are_arrays_of_their_own_kind_and_empty_ones_are_shared():
    one = Chunk(type="GET", name="/", start=0, at=[1], bin=array("B", [2]), count=(3,))
    other = Chunk(type="GET", name="/", start=10)
    assert all(getattr(one, column).typecode == code for column, code in COLUMNS.items())
    assert one.bad_at is other.bad_at
    assert list(one.bin) == [2]


def test_what_was_counted_of_load_is_no_part_of_it_and_does_not_pass_on_to_other_load():
    load = LoadHistory(until=5.0)
    load.counted["question"] = "answer"
    assert load == LoadHistory(until=5.0)
    assert replace(load, until=6.0).counted == {}
