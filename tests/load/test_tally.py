"""Counting inside Locust's process."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import bin_of
from gameday.core.facts.merging import merge
from gameday.load.tally import OTHER_NAME, Tally

REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST", b"PUT", None, "ws"]),
        st.text(max_size=3) | st.binary(max_size=2) | st.integers(0, 9),
        st.floats(1.7e9, 1.7e9 + 60),
        st.floats(allow_nan=True, allow_infinity=True),
        st.booleans(),
        st.booleans(),
    )
)


@given(REQUESTS)
def test_nothing_is_lost_whenever_it_is_taken(requests) -> None:
    tally, chunks = Tally(max_names=5), []
    for type_, name, start, milliseconds, failed, take in requests:
        tally.completed((type_, name), start, milliseconds, failed)
        if take:
            chunks += tally.take()
    chunks += tally.take()
    good = Counter(bin_of(ms) for _, _, _, ms, failed, _ in requests if not failed)
    found: Counter = Counter()
    for chunk in chunks:
        for number, count in zip(chunk.bin, chunk.count, strict=True):
            found[number] += count
    assert found == good
    assert sum(sum(chunk.bad_count) for chunk in chunks) == sum(r[4] for r in requests)
    assert tally.take() == []


def test_names_beyond_the_bound_are_counted_together_by_method() -> None:
    tally = Tally(max_names=2)
    for number in range(100):
        tally.completed(("GET", f"/{number}"), 1.7e9, 5.0, False)
        tally.completed((f"custom-{number}", "x"), 1.7e9, 5.0, False)
    sums = {(c.type, c.name): sum(c.count) for c in merge(tally.take())}
    assert sums == {("GET", "/0"): 1, ("custom-0", "x"): 1, ("GET", OTHER_NAME): 99, ("", OTHER_NAME): 99}
    assert tally.folded


def test_a_request_is_in_the_bucket_of_its_start() -> None:
    tally = Tally()
    tally.completed(("GET", "/"), 1_700_000_012.34, 5.0, False)
    tally.completed(("GET", "/"), 1_700_000_012.39, 5.0, True)
    [chunk] = tally.take()
    assert (chunk.start, list(chunk.at), list(chunk.bad_at)) == (1_700_000_010, [23], [23])
    assert (list(chunk.first), list(chunk.bad_last)) == ([4], [9])


def test_the_first_and_the_last_start_of_the_requests_in_a_bucket_are_known_to_ten_milliseconds():
    tally = Tally()
    for hundredth in (47, 43, 49, 41, 58):
        tally.completed(("GET", "/"), 1_700_000_012.0 + hundredth / 100 + 0.001, 5.0, False)
    [chunk] = tally.take()
    rows = zip(chunk.at, chunk.count, chunk.first, chunk.last, strict=True)
    assert sorted(rows) == [(24, 4, 1, 9), (25, 1, 8, 8)]


def test_an_open_request_that_ends_adds_up_to_nothing() -> None:
    tally = Tally()
    mark = tally.opened(("GET", "/"), 1_700_000_000.0)
    opened = tally.take()
    tally.closed(mark)
    assert [list(c.open_count) for c in opened] == [[1]]
    assert merge([*opened, *tally.take()]) == ()


def test_a_request_opened_and_closed_between_two_takes_is_not_counted() -> None:
    tally = Tally()
    tally.closed(tally.opened(("GET", "/"), 1_700_000_000.0))
    assert tally.take() == []
