"""Slower beyond noise: the quantiles against published tables, the rule against simulation."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.trends import compare, spread
from gameday.core.trends.noise import FALSE_ALARMS, quantile, took
from gameday.core.values import Verdict
from tests.core.trends.results import interval

TIMES = st.lists(st.floats(0.5, 5000.0), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("beyond", "freedom", "tabled"),
    [
        (0.01, 1, 31.821),
        (0.01, 2, 6.965),
        (0.05, 3, 2.353),
        (0.01, 4, 3.747),
        (0.001, 4, 7.173),
        (0.0001, 4, 13.034),
        (0.025, 5, 2.571),
        (0.01, 9, 2.821),
        (0.001, 30, 3.385),
        (0.01, None, 2.326),
    ],
)
def test_quantiles_are_those_of_the_tables(beyond, freedom, tabled):
    assert quantile(beyond, freedom) == pytest.approx(tabled, abs=0.001)


@given(TIMES)
def test_the_same_times_are_never_worse(times):
    assert not compare("detect", times, times).worse


@given(TIMES, TIMES, st.floats(1.0, 100.0))
def test_slower_is_never_better(now, before, factor):
    slower = [time * factor for time in now]
    assert compare("detect", now, before).worse <= compare("detect", slower, before).worse


@given(TIMES, TIMES, st.floats(1.0, 10.0))
def test_the_unit_of_time_does_not_matter(now, before, factor):
    one = compare("detect", now, before)
    other = compare("detect", [t * factor for t in now], [t * factor for t in before])
    assert other.limit == pytest.approx(one.limit)
    assert other.ratio == pytest.approx(one.ratio)


@given(TIMES, TIMES)
def test_fewer_false_alarms_allow_more_noise(now, before):
    assert compare("d", now, before, alarms=0.001).limit >= compare("d", now, before, alarms=0.01).limit > 1


def test_order_does_not_matter():
    assert compare("d", [3, 1, 2], [5, 4]) == compare("d", [1, 2, 3], [4, 5])


def test_what_was_not_reached_is_worse_than_any_time():
    found = compare("recover", [math.inf], [10.0] * 5)
    assert (found.worse, found.ratio) == (True, None)


def test_a_baseline_that_never_got_there_can_not_be_missed():
    assert not compare("recover", [math.inf], [math.inf] * 5).worse
    assert not compare("recover", [10.0], [math.inf] * 5).worse


def test_times_below_the_resolution_of_the_load_are_equal():
    assert not compare("detect", [0.09], [0.0] * 8).worse


def test_a_small_baseline_has_its_noise_assumed():
    assert compare("detect", [10.0], [10.0] * 4).assumed
    assert not compare("detect", [10.0], [10.0] * 5).assumed


def alarms(ratio, *, now, before, sd, runs=1500):
    """Give how often times of a log-normal law, longer by `ratio`, are called worse."""
    draw = random.Random(4).lognormvariate
    found = [
        compare("detect", [ratio * draw(3, sd) for _ in range(now)], [draw(3, sd) for _ in range(before)])
        for _ in range(runs)
    ]
    return sum(one.worse for one in found) / runs


@pytest.mark.parametrize(("now", "before"), [(1, 5), (1, 10), (3, 10), (5, 30), (1, 1), (4, 3)])
def test_noise_alone_is_called_worse_about_as_often_as_allowed(now, before):
    assert alarms(1.0, now=now, before=before, sd=0.5) <= 2 * FALSE_ALARMS


def test_a_doubling_is_seen_by_a_few_repeats_of_an_automation_that_varies_by_a_tenth():
    assert alarms(2.0, now=3, before=8, sd=0.1) > 0.95


@pytest.mark.parametrize(
    ("measured", "seconds"),
    [
        (interval(seconds=3.0), 3.0),
        (interval(seconds=None, applies=False), None),
        (interval(seconds=None, verdict=Verdict.MISSED), math.inf),
        (interval(seconds=None, verdict=Verdict.UNKNOWN, at_least=9.0), math.inf),
        (interval(seconds=None, verdict=Verdict.UNKNOWN), None),
    ],
)
def test_a_time_is_known_infinite_or_not_known(measured, seconds):
    assert took(measured) == seconds


def test_nothing_can_not_be_described_or_compared():
    with pytest.raises(ValueError, match="no points"):
        spread("points", [])
    with pytest.raises(ValueError, match="no detect"):
        compare("detect", [], [1.0])
