"""Latency bins and adding up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import BINS, LONGEST, Chunk, bin_of, lower_edge, merge


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


def chunk(**columns) -> Chunk:
    return Chunk(type="GET", name="/", start=1_764_583_200, **columns)


def test_the_same_bucket_and_bin_adds_up_and_zero_disappears() -> None:
    first = chunk(
        at=(3, 1), bin=(5, 5), count=(2, 1), bad_at=(0,), bad_count=(1,), open_at=(9,), open_count=(1,)
    )
    second = chunk(at=(3,), bin=(5,), count=(4,), bad_at=(0,), bad_count=(2,), open_at=(9,), open_count=(-1,))
    assert merge([first, second]) == (
        chunk(at=(1, 3), bin=(5, 5), count=(1, 6), bad_at=(0,), bad_count=(3,)),
    )


CHUNKS = st.lists(
    st.builds(
        lambda name, start, at, count: Chunk(
            type="GET",
            name=name,
            start=start,
            at=(at,),
            bin=(1,),
            count=(count,),
            open_at=(at,),
            open_count=(1,),
        ),
        st.sampled_from("ab"),
        st.sampled_from([0, 10]),
        st.integers(0, 2),
        st.integers(1, 3),
    )
)


@given(CHUNKS, CHUNKS)
def test_grouping_and_merging_twice_change_nothing(some, more) -> None:
    assert merge([*merge(some), *merge(more)]) == merge([*more, *some])
    assert merge(merge(some)) == merge(some)
