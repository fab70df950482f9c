from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.facts.history import History
from gameday.core.facts.load import Chunk, LoadHistory, bin_of
from gameday.core.judging import impact
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant, MilestoneName, Outcome
from gameday.load.tally import Tally
from gameday.testing.histories import CHECKOUT, EPOCH, SCENARIO, Game, second

CHECKOUTS = "POST /checkout"
LOGIN = Slo(slo="login", request="POST /login", latency=0.3)
TWO = replace(SCENARIO, slos=(CHECKOUT, LOGIN))


def met(game):
    return impact.measure(game.history())


def bounds(bound):
    return (second(bound.earliest), second(bound.at), second(bound.latest))


def test_a_drill_that_affecteds_nobody_has_no_impact():
    found = met(Game().fault(at=10))
    assert (found.started, found.ended, found.requests, found.seconds) == (None, None, 0, 0.0)
    assert found.judged


def test_onset_and_end_are_found_to_the_bucket_with_their_intervals():
    found = met(Game().fault(at=9.7).bad(CHECKOUTS, 10, 60))
    assert bounds(found.started) == (9.9, 10.0, 10.1)
    assert bounds(found.ended) == (59.9, 60.0, 60.1)


def test_requests_in_flight_when_the_fault_came_belong_to_it():
    found = met(Game().fault(at=10).bad(CHECKOUTS, 9.8, 60))
    assert bounds(found.started) == (10, 10, 10)
    assert second(found.slos[0].stretches[0].start.at) == 10


def test_slow_requests_affected_as_failed_ones_do():
    assert met(Game().fault(at=10).slowed(CHECKOUTS, 10, 60)).bad == 5000
    quick = met(Game(slow=290.0).fault(at=10).slowed(CHECKOUTS, 10, 60))
    assert quick.started is None


def test_users_that_hang_are_affected_from_their_start_though_nothing_completes():
    few = Game(rate=4).hung(CHECKOUTS, 10, 13).silent(CHECKOUTS, 13, 40).fault(at=10)
    found = met(few)
    assert bounds(found.started) == (10, 10.1, 10.2)
    assert bounds(found.ended) == (12.8, 40.1, 40.2)


@pytest.mark.parametrize("phase", [0.0, 0.013, 0.031])
def test_where_users_hang_the_end_is_as_near_as_the_threshold_and_lies_in_its_interval(phase):
    """Those that hang for less than the threshold are good, and begin before the service answers again."""
    tally = Tally()
    for number in range(1200):
        start = number * 0.05 + phase
        tally.completed(
            ("POST", "/checkout"),
            EPOCH + start,
            (40.0 - start) * 1000 if 30 <= start < 40 else 5.0,
            failed=False,
        )
    game = Game(requests=()).fault(at=30).revert(40).close(60)
    load = LoadHistory(chunks=tuple(tally.take()), until=EPOCH + 60.0)
    ended = impact.measure(History(game.history().events, load)).ended
    earliest, at, latest = bounds(ended)
    assert at == pytest.approx(40, abs=CHECKOUT.latency + 0.05)
    assert earliest <= 40 <= latest
    assert latest - earliest <= CHECKOUT.latency * 1.0625 + 0.1


def test_a_black_hole_until_the_last_sample_has_no_end():
    found = met(Game().fault(at=10).hung(CHECKOUTS, 10, 12).silent(CHECKOUTS, 12, 120))
    assert found.ended is None
    assert found.seconds == pytest.approx(110)


def test_isolated_bad_requests_move_neither_onset_nor_end():
    noisy = Game().fault(at=10).bad(CHECKOUTS, 10, 60)
    for moment in (3.21, 8.05, 9.4, 61.0, 64.4, 80.0):
        noisy = noisy.bad(CHECKOUTS, moment, moment + 0.01)
    found = met(noisy)
    assert (second(found.started.at), second(found.ended.at)) == (10, 60)


def test_trouble_before_the_fault_is_reported_and_is_not_impact():
    found = met(Game().fault(at=30).bad(CHECKOUTS, 5, 12))
    assert found.started is None
    assert found.slos[0].trouble
    assert found.judged


def test_a_service_that_was_bad_when_the_fault_came_cannot_be_judged():
    found = met(Game().fault(at=30).bad(CHECKOUTS, 20, 60))
    assert not found.judged
    assert found.slos[0].why == "the service was already bad before the fault"
    assert found.started is None


def test_users_of_whom_nothing_was_seen_after_the_fault_are_not_called_healthy():
    found = met(Game().fault(at=10).silent(CHECKOUTS, 10, 10_000))
    assert not found.judged
    assert found.slos[0].why == "no request was observed after the fault"


def test_an_slo_that_no_request_matched_cannot_be_judged():
    found = met(Game(scenario=replace(SCENARIO, slos=(LOGIN,))).fault(at=10).bad(CHECKOUTS, 10, 60))
    assert not found.judged
    assert found.slos[0].why == "no request matched before the fault"


def test_an_slo_of_another_source_is_left_to_it():
    elsewhere = replace(CHECKOUT, source="prometheus")
    assert not met(Game(scenario=replace(SCENARIO, slos=(elsewhere,))).fault(at=10)).judged


def test_overlapping_stretches_count_their_seconds_and_requests_once():
    game = Game(scenario=TWO, requests=(CHECKOUTS, "POST /login")).fault(at=10)
    found = met(game.bad(CHECKOUTS, 10, 40).bad("POST /login", 30, 60))
    assert (second(found.started.at), second(found.ended.at)) == (10, 60)
    assert found.seconds == pytest.approx(50)
    assert (found.requests, found.bad) == (10_000, 6_000)


def test_a_request_of_two_slos_counts_once_and_by_the_stricter():
    lenient = Slo(slo="all", request="*", latency=10.0)
    game = Game(scenario=replace(SCENARIO, slos=(CHECKOUT, lenient))).fault(at=10)
    found = met(game.slowed(CHECKOUTS, 10, 60))
    assert (found.requests, found.bad) == (5000, 5000)
    assert found.slos[1].stretches == ()


def test_the_worst_window_and_the_budget_are_reported():
    found = met(Game().fault(at=10).bad(CHECKOUTS, 10, 60, share=0.5))
    (slo,) = found.slos
    assert (found.worst_slo, found.worst_good) == ("checkout-latency", pytest.approx(0.5))
    assert (slo.requests, slo.bad) == (pytest.approx(5000, abs=10), pytest.approx(2500, abs=10))
    assert slo.budget == pytest.approx(50, rel=0.01)


def test_response_times_are_reported_for_baseline_and_impact():
    (slo,) = met(Game().fault(at=10).slowed(CHECKOUTS, 10, 60)).slos
    assert slo.p50[0] == pytest.approx(50, rel=0.04)
    assert slo.p95[1] == pytest.approx(1500, rel=0.04)


def test_a_relapse_makes_a_second_stretch_and_moves_the_end():
    found = met(Game().fault(at=10).bad(CHECKOUTS, 10, 30).bad(CHECKOUTS, 50, 70))
    assert [second(one.start.at) for one in found.slos[0].stretches] == [10, 50]
    assert second(found.ended.at) == 70
    assert found.seconds == pytest.approx(40)


# --- the live view -------------------------------------------------------------------------------


def live(game, now, *, since=0.0):
    whole = replace(game, until=now).load()
    recent = tuple(chunk for chunk in whole.chunks if chunk.start + 10 > EPOCH + since)
    (level,) = impact.service(
        (CHECKOUT,), LoadHistory(chunks=recent, until=whole.until), Instant(EPOCH + now)
    )
    return level


def test_a_good_service_has_held_since_its_first_window():
    level = live(Game(), 30)
    assert (level.good, level.judged, level.requests, level.bad_for) == (1.0, True, 500, 0.0)
    assert level.held_for == pytest.approx(25)


def test_a_bad_service_says_since_when():
    level = live(Game().bad(CHECKOUTS, 10, 60), 30)
    assert level.good == 0.0
    assert level.held_for == 0.0
    assert level.bad_for == pytest.approx(20, abs=0.2)


def test_a_service_that_recovered_holds_since_its_window_turned_good():
    level = live(Game().bad(CHECKOUTS, 10, 40), 58)
    assert level.held_for == pytest.approx(13, abs=0.2)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(10, 50), st.integers(1, 20), st.sampled_from([0.02, 0.05, 0.3, 1.0])),
        min_size=1,
        max_size=4,
    )
)
def test_when_the_live_view_releases_a_hold_the_recovery_is_earned(troubles):
    game = Game(rate=20).trail(1).fault(at=10).action("flag off", at=10.1).bad(CHECKOUTS, 10, 20)
    for start, length, share in troubles:
        game = game.bad(CHECKOUTS, start, start + length, share=share)
    chunks = game.load().chunks
    looks = (LoadHistory(chunks=chunks, until=EPOCH + now) for now in range(25, 110))
    levels = (impact.service((CHECKOUT,), load, Instant(load.until))[0] for load in looks)
    held = next(now for now, level in enumerate(levels, 25) if level.held_for >= 10)
    judged = game.ended(held).revert(held).close(held + 10).result()
    assert judged.attribution.outcome is Outcome.RECOVERED
    assert second(judged.milestones.at(MilestoneName.RECOVERED)) + 10 <= held


def test_users_that_hang_without_an_answer_are_bad_not_silent():
    level = live(Game().hung(CHECKOUTS, 10, 12).silent(CHECKOUTS, 12, 60), 30, since=10)
    assert (level.judged, level.good) == (True, 0.0)
    assert level.bad_for > 10


def test_a_silent_service_is_not_judged():
    level = live(Game().silent(CHECKOUTS, 10, 60), 30)
    assert (level.judged, level.good, level.held_for, level.bad_for) == (False, None, 0.0, 0.0)


def test_a_slice_without_samples_is_not_judged():
    (level,) = impact.service((CHECKOUT,), LoadHistory(), Instant(EPOCH))
    assert not level.judged


def test_a_slice_shorter_than_a_window_is_judged_by_what_it_holds():
    chunk = Chunk(type="POST", name="/checkout", start=EPOCH, at=(1,), bin=(bin_of(50),), count=(30,))
    (level,) = impact.service((CHECKOUT,), LoadHistory(chunks=(chunk,), until=EPOCH + 1), Instant(EPOCH + 1))
    assert (level.good, level.judged) == (1.0, True)
