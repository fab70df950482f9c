"""When users began to be affected and were healthy again, against requests whose starts are known."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.facts.load import CHUNK, Chunk, LoadHistory
from gameday.core.judging import impact
from gameday.core.plans.scenario import Slo
from gameday.load.tally import Tally
from gameday.testing.histories import EPOCH, SCENARIO, Game, second

STEP = 0.010
SLO = Slo(slo="users", request="GET /", latency=0.3, objective=0.95, window=2.0, min_requests=20)


def judged(starts, on, off, *, slow):
    """Judge requests at the given starts; those that begin while the fault is on are slow, or fail."""
    tally = Tally()
    for start in starts:
        affected = on <= start < off
        tally.completed(
            ("GET", "/"), EPOCH + start, 900.0 if affected and slow else 20.0, affected and not slow
        )
    load = LoadHistory(chunks=tuple(tally.take()), until=EPOCH + 30.0)
    game = Game(scenario=replace(SCENARIO, slos=(SLO,)), requests=()).fault(at=on)
    return impact.measure(replace(game.history(), load=load))


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 2**32),
    st.integers(30, 400),
    st.floats(8.0, 12.0),
    st.floats(3.0, 8.0),
    st.booleans(),
)
def test_start_and_end_are_those_of_the_first_bad_and_the_first_good_request_to_ten_milliseconds(
    seed, rate, on, lasts, slow
):
    chance = random.Random(seed)
    starts = sorted(chance.uniform(0.0, 30.0) for _ in range(rate * 30))
    off = on + lasts
    found = judged(starts, on, off, slow=slow)
    first_bad = next(start for start in starts if start >= on)
    last_good = max(start for start in starts if start < on)
    last_bad, first_good = max(s for s in starts if s < off), next(s for s in starts if s >= off)
    start, end = found.started, found.ended
    assert abs(start.at - EPOCH - first_bad) <= STEP + 1e-6
    assert start.earliest - 1e-6 <= EPOCH + first_bad <= start.latest + 1e-6
    assert start.earliest >= EPOCH + min(last_good, on) - STEP - 1e-6
    # Of the good requests in the last bad one's bucket only the first and the last start are known.
    assert last_bad - STEP - 1e-6 <= end.at - EPOCH <= first_good + STEP + 1e-6
    assert end.earliest - 1e-6 <= EPOCH + last_bad
    assert end.latest + 1e-6 >= EPOCH + first_good
    # where a good and a bad request share the 10 ms in which the service turned, their bucket may be left out
    turned = sum(on <= s < off and int(s * 10) in (int(first_bad * 10), int(last_bad * 10)) for s in starts)
    assert 0 <= sum(on <= s < off for s in starts) - found.bad <= turned
    assert found.bad == found.slos[0].bad


def test_a_drill_from_before_steps_were_counted_is_judged_to_its_buckets():
    chunks = [
        Chunk(type="GET", name="/", start=EPOCH + begin, at=range(100), bin=[40] * 100, count=[10] * 100)
        for begin in (0, 20)
    ]
    bad = Chunk(type="GET", name="/", start=EPOCH + 10, bad_at=range(3, 100), bad_count=[10] * 97)
    load = LoadHistory(chunks=(*chunks, bad), until=EPOCH + 30.0)
    game = Game(scenario=replace(SCENARIO, slos=(SLO,)), requests=()).fault(at=10.0)
    found = impact.measure(replace(game.history(), load=load))
    assert (second(found.started.at), second(found.ended.at)) == (10.3, 10.0 + CHUNK)
    assert found.bad == 970
