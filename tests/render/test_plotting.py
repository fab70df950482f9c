from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import Chunk, LoadHistory, bin_of
from gameday.core.plans.scenario import Slo
from gameday.render import plotting

SLO = Slo(slo="all", latency=0.3)


def load(seconds: int, bad_at: int | None = None, rate: int = 2) -> LoadHistory:
    """Make `rate` good requests in each bucket; one bad one in one bucket."""
    slots = tuple(range(100))
    chunks = [
        Chunk(type="GET", name="/", start=start, at=slots, bin=(bin_of(50.0),) * 100, count=(rate,) * 100)
        for start in range(0, seconds, 10)
    ]
    if bad_at is not None:
        start = bad_at // 10 * 10
        chunks.append(
            Chunk(type="GET", name="/", start=start, bad_at=((bad_at - start) * 10,), bad_count=(1,))
        )
    return LoadHistory(chunks=tuple(chunks), until=float(seconds))


def test_a_short_drill_has_a_point_a_second():
    plotted = plotting.points(SLO, load(60), 900)
    assert plotted.window == 1.0
    assert len(plotted.points) == pytest.approx(60, abs=1)


def test_two_hours_stay_within_the_pixels_and_hide_no_short_failure():
    plotted = plotting.points(SLO, load(7200, bad_at=4000), 300)
    assert len(plotted.points) <= 300
    hit = [p for p in plotted.points if p.start <= 4000 < p.end]
    assert [p.good for p in hit] == [pytest.approx(20 / 21)]
    assert all(p.good == 1.0 for p in plotted.points if p not in hit)


def test_few_requests_are_judged_over_the_slos_own_window():
    assert plotting.points(SLO, load(600, rate=0), 900).window == SLO.window


def test_a_second_without_requests_is_a_gap_not_a_good_one():
    silent = LoadHistory(chunks=load(10).chunks, until=30.0)
    ahead = Chunk(type="GET", name="/", start=20, at=(0,), bin=(5,), count=(1,))
    points = plotting.points(SLO, LoadHistory(chunks=(*silent.chunks, ahead), until=30.0), 900).points
    assert any(p.good is None and p.p95 is None and p.rate == 0 for p in points)


def test_no_load_has_no_points():
    assert plotting.points(SLO, LoadHistory(), 900).points == ()


@pytest.mark.parametrize(
    ("seconds", "label"),
    [
        (-30, "−30 s"),
        (0, "0"),
        (90, "+90 s"),
        (120, "+2 min"),
        (150, "+2:30"),
        (3600, "+1 h"),
        (5400, "+1 h 30"),
    ],
)
def test_ticks_are_written_as_people_say_them(seconds, label):
    assert plotting.tick_label(seconds) == label


@given(st.floats(-600, 0), st.floats(10, 100_000), st.integers(3, 12))
def test_ticks_are_round_within_bounds_and_not_too_many(start, end, most):
    ticks = plotting.ticks(start, end, most)
    assert 0.0 in ticks
    assert all(start <= tick <= end for tick in ticks)
    assert len(ticks) <= most + 1


@given(st.floats(0.001, 1e9))
def test_an_axis_tops_out_above_its_values_but_not_far(value):
    top = plotting.ceiling(value)
    assert value <= top * (1 + 1e-9)
    assert top <= value * 2.1 or math.isclose(top, 1.0)


@given(st.lists(st.tuples(st.floats(50, 940), st.text("abc", min_size=1, max_size=30)), max_size=10))
def test_no_label_covers_another(marks):
    placed = plotting.place(sorted(marks), 950, 6.0)
    assert len(placed) == len(marks)
    for index, one in enumerate(placed):
        for other in placed[:index]:
            assert one.lane != other.lane or one.high <= other.low or other.high <= one.low
