from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts.load import Chunk, LoadHistory, bin_of
from gameday.core.judging import series
from gameday.core.plans.scenario import Slo

SLO = Slo(slo="a", request="GET /items/[id]", latency=0.3)


def chunk(name="/items/[id]", type_="GET", start=100, **columns):
    return Chunk(type=type_, name=name, start=start, **columns)


def test_only_a_star_is_special_in_a_request_glob():
    picked = series.matching(SLO, [chunk(), chunk(name="/items/i"), chunk(type_="PUT")])
    assert [(each.type, each.name) for each in picked] == [("GET", "/items/[id]")]


def test_a_glob_matches_the_name_alone_or_type_and_name():
    slos = [Slo(slo="a", request=request) for request in ("/items/*", "GET /items/*", "*", "G* *]")]
    assert all(series.matching(slo, [chunk()]) for slo in slos)
    assert not series.matching(Slo(slo="a", request="/item"), [chunk()])


@given(latency=st.floats(min_value=0.001, max_value=100), response=st.floats(min_value=0.0005, max_value=200))
def test_no_response_faster_than_the_threshold_is_slow_and_none_much_slower_is_fast(latency, response):
    slow = bin_of(response * 1000) >= series.slow_from(latency)
    if response < latency * (1 - 1e-9):
        assert not slow
    if response >= latency * 1.0626 + 1e-9 and response >= 0.002:
        assert slow


def test_a_failure_is_always_bad_and_a_success_when_it_is_slow():
    samples = chunk(at=(0, 0), bin=(bin_of(50), bin_of(900)), count=(3, 2), bad_at=(0,), bad_count=(1,))
    counted = series.count(SLO, LoadHistory(chunks=(samples,), until=101.0))
    assert (counted.total[0], counted.bad[0]) == (6, 3)


def test_without_a_threshold_only_failures_are_bad():
    samples = chunk(at=(0,), bin=(bin_of(60_000),), count=(3,), bad_at=(0,), bad_count=(1,))
    counted = series.count(Slo(slo="a", request="*"), LoadHistory(chunks=(samples,), until=101.0))
    assert (counted.total[0], counted.bad[0]) == (4, 1)


def test_a_request_that_hangs_is_bad_at_its_start_once_it_is_older_than_the_threshold():
    samples = chunk(open_at=(5, 20), open_count=(2, 1))
    young = series.count(SLO, LoadHistory(chunks=(samples,), until=100.7))
    old = series.count(SLO, LoadHistory(chunks=(samples,), until=101.0))
    assert sum(young.bad) == 0
    assert (old.total[5], old.bad[5], sum(old.bad)) == (2, 2, 2)


def test_a_request_that_hung_and_ended_counts_once():
    ended = chunk(at=(5,), bin=(bin_of(800),), count=(1,), open_at=(5, 5), open_count=(1, -1))
    counted = series.count(SLO, LoadHistory(chunks=(ended,), until=120.0))
    assert (sum(counted.total), sum(counted.bad)) == (1, 1)


def test_an_open_request_without_a_threshold_is_bad_after_ten_seconds():
    hanging = chunk(open_at=(0,), open_count=(1,))
    counts = [
        sum(series.count(Slo(slo="a"), LoadHistory(chunks=(hanging,), until=until)).bad)
        for until in (109.9, 110.2)
    ]
    assert counts == [0, 1]


def test_chunks_of_one_name_and_time_add_up_in_any_order():
    parts = [chunk(at=(1,), bin=(0,), count=(n,)) for n in (1, 2, 3)]
    there = series.count(SLO, LoadHistory(chunks=tuple(parts), until=110.0))
    back = series.count(SLO, LoadHistory(chunks=tuple(reversed(parts)), until=110.0))
    assert there == back
    assert there.total[1] == 6


def test_a_percentile_is_the_middle_of_its_bin():
    histogram = {bin_of(100): 9, bin_of(1000): 1}
    assert series.percentile(histogram, 0.5) == 102.0
    assert 992 <= series.percentile(histogram, 0.95) <= 1024
    assert series.percentile({}, 0.5) is None
