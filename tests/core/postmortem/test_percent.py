"""A share is never rounded up to all of it, nor down to none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.postmortem import percent


@given(st.floats(0, 1))
def test_only_all_is_written_as_100_and_only_none_as_0(value):
    written = percent.share(value)
    assert (written == "100 %") == (value == 1.0)
    assert (written == "0 %") == (value == 0.0)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_is_never_written_as_a_smaller_one(one, other):
    figures = [float(percent.share(value).removesuffix(" %")) for value in sorted([one, other])]
    assert figures == sorted(figures)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.5, "50 %"), (0.999, "99.9 %"), (0.9999, "99.9 %"), (0.00001, "0.1 %"), (0.004, "0.4 %")],
)
def test_shares_near_the_ends_have_a_decimal(value, written):
    assert percent.share(value) == written


@pytest.mark.parametrize(
    ("shares", "written"),
    [
        ((1 / 3, 1 / 3, 1 / 3), ("34 %", "33 %", "33 %")),
        ((0.125, 0.125, 0.75), ("13 %", "12 %", "75 %")),
        ((0.995, 0.005), (">99 %", "<1 %")),
        ((1.0, 0.0), ("100 %", "0 %")),
        ((0.25, 0.25), ("25 %", "25 %")),
        ((), ()),
    ],
)
def test_shares_of_one_whole_add_up(shares, written):
    assert percent.apportioned(shares) == written
