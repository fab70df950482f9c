"""Where a game day stands: the same, in whatever order and how often its facts arrive."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import state
from gameday.core.gamedays.state import Stage
from gameday.core.values import EventId, Instant
from tests.conduct.day import DAY, PLAN, SCENARIOS, go

OPENED = gf.GameDayPlanned(plan=PLAN, scenarios=SCENARIOS, attended=True)


def event(number, fact, at=None):
    when = Instant(1000.0 + (number if at is None else at))
    return ev.Event(
        id=EventId(f"e{number}"), drill=DAY, recorded_at=when, occurred_at=when, source="cli", fact=fact
    )


def stand(*facts):
    return state.fold(history.from_events(event(n, fact) for n, fact in enumerate((OPENED, *facts))))


BEGUN = gf.ItemBegun(item=0, attempt=1, drill="d1")
ENDED = gf.ItemEnded(item=0, attempt=1, how="completed", exit_code=0)
SETTLED = gf.Settled(item=0, attempt=1)
FAILED = gf.SettlingFailed(item=0, attempt=1, number=1, step="reset")
LONGER = gf.TimeExtended(item=0, attempt=1, seconds=60.0, what="settling")
PAUSE_BEGUN = gf.ItemBegun(item=1, attempt=1)
OVER = gf.ItemEnded(item=1, attempt=1, how="over")


@pytest.mark.parametrize(
    ("facts", "stage", "item"),
    [
        ((), Stage.WAITING, 0),
        ((go(0),), Stage.READY, 0),
        ((gf.GameDayPaused(), go(0)), Stage.PAUSED, 0),
        ((gf.GameDayPaused(), go(0), gf.GameDayResumed()), Stage.READY, 0),
        ((go(0), BEGUN), Stage.DRILL, 0),
        ((go(0), BEGUN, gf.GameDayPaused()), Stage.DRILL, 0),
        ((go(0), BEGUN, ENDED), Stage.SETTLING, 1),
        ((go(0), BEGUN, ENDED, FAILED), Stage.UNSETTLED, 1),
        ((go(0), BEGUN, ENDED, FAILED, LONGER), Stage.SETTLING, 1),
        ((go(0), BEGUN, ENDED, FAILED, LONGER, replace(FAILED, number=2)), Stage.UNSETTLED, 1),
        ((BEGUN, ENDED, FAILED, gf.SettlingWaived(item=0, attempt=1, reason="x")), Stage.BREAK, 1),
        ((BEGUN, ENDED, SETTLED), Stage.BREAK, 1),
        ((BEGUN, ENDED, SETTLED, gf.GameDayPaused()), Stage.PAUSED, 1),
        ((BEGUN, ENDED, SETTLED, PAUSE_BEGUN, OVER), Stage.WAITING, 2),
        ((BEGUN, ENDED, SETTLED, gf.RepeatAsked(item=0, attempt=2)), Stage.WAITING, 0),
        ((BEGUN, replace(ENDED, how="lost")), Stage.BREAK, 1),
        ((BEGUN, ENDED, SETTLED, OVER, gf.ItemSkipped(item=2, attempt=1)), Stage.THROUGH, None),
        ((BEGUN, gf.GameDayEnded(why="facilitator")), Stage.ENDED, 0),
    ],
)
def test_each_stage_follows_from_the_facts(facts, stage, item):
    found = stand(*facts)
    assert (found.stage, found.turn.item if found.turn else None) == (stage, item)


def test_the_end_of_a_break_and_of_settling_move_with_what_was_added():
    pause = (BEGUN, ENDED, SETTLED, PAUSE_BEGUN)
    assert stand(*pause).until == 1004 + 600
    longer = gf.TimeExtended(item=1, attempt=1, seconds=60.0, what="break")
    assert stand(*pause, longer, longer).until == 1004 + 600 + 120
    assert stand(BEGUN, ENDED).until == 1002 + 120
    assert stand(BEGUN, ENDED, FAILED, replace(LONGER, seconds=600.0)).until == 1004 + 600


def turns():
    return st.tuples(st.integers(0, 2), st.integers(1, 2))


def facts():
    def of(kind, **more):
        return st.builds(lambda turn, **rest: kind(item=turn[0], attempt=turn[1], **rest), turns(), **more)

    return st.one_of(
        of(gf.GoGiven),
        of(gf.ItemBegun, drill=st.sampled_from(["", "d1", "d2"])),
        of(gf.ItemEnded, how=st.sampled_from(["completed", "aborted", "lost"])),
        of(gf.ItemSkipped),
        of(gf.RepeatAsked),
        of(gf.Settled),
        of(gf.SettlingFailed, number=st.integers(1, 3), step=st.just("reset")),
        of(gf.SettlingWaived, reason=st.just("we know")),
        of(gf.TimeExtended, seconds=st.just(60.0), what=st.sampled_from(["break", "settling"])),
        st.just(gf.GameDayPaused()),
        st.just(gf.GameDayResumed()),
        st.just(gf.GameDayEnded(why="facilitator")),
    )


@settings(max_examples=300, deadline=None)
@given(said=st.lists(st.tuples(facts(), st.integers(0, 30)), max_size=25), data=st.data())
def test_order_of_delivery_and_duplicates_change_nothing(said, data):
    events = [event(0, OPENED), *(event(n, fact, at) for n, (fact, at) in enumerate(said, start=1))]
    again = data.draw(st.lists(st.sampled_from(events), max_size=10))
    shuffled = data.draw(st.permutations([*events, *again]))
    assert state.fold(history.from_events(shuffled)) == state.fold(history.from_events(events))


@settings(max_examples=200, deadline=None)
@given(said=st.lists(facts(), max_size=25))
def test_what_is_done_stays_done_and_a_go_never_starts_what_has_begun(said):
    before = stand()
    for count in range(len(said) + 1):
        now = stand(*said[:count])
        done = {one.key for one in before.turns if one.done}
        assert done <= {one.key for one in now.turns if one.done}
        if now.stage is Stage.READY:
            assert now.turn.begun is None
        if before.stage is Stage.ENDED:
            assert now.stage is Stage.ENDED
        before = now


def test_a_history_of_a_drill_is_no_game_day():
    with pytest.raises(LookupError):
        state.fold(history.from_events([event(1, ev.EndRequested())]))
