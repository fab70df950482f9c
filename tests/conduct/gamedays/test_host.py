"""A game day on a virtual clock: conducted, not fired; taken up where its host died."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct.gamedays import host as gamedays_host
from gameday.core.errors import Busy, NotReady
from gameday.core.facts import gameday as gf
from gameday.core.gamedays.state import Stage
from tests.conduct.day import DAY, END, PLAN, Day, go, unattended


def hows(standing):
    return [(one.key, one.how) for one in standing.turns]


def whole():
    """A day with all its goes: the first at 60 s, the break cut short, the second scenario, the end."""
    return Day().say(60, go(0)).say(300, go(1)).say(360, go(2)).say(600, END)


def test_a_plan_with_people_starts_nothing_without_a_go():
    day = Day().say(3600, END)
    standing = day.play()
    assert (day.drills.played, standing.stage) == ([], Stage.ENDED)


def test_a_day_goes_through_its_agenda_at_the_facilitators_word():
    day = whole()
    standing = day.play()
    assert [scenario for _, scenario, _ in day.drills.played] == ["scenarios/one.yaml", "scenarios/two.yaml"]
    assert hows(standing) == [((0, 1), "completed"), ((1, 1), "cut-short"), ((2, 1), "completed")]
    assert [one.exit_code for one in standing.drills] == [0, 0]
    assert day.resetter.ran == [("reset",)]


def test_a_drill_knows_its_game_day_and_who_may_see_into_it():
    day = whole()
    day.play()
    known = day.drills.played[0][2]
    assert (known.game_day, known.hidden, known.insiders) == (DAY, True, ("ada",))
    full = Day(replace(PLAN, announcement="full")).say(1, go(0)).say(100, END)
    full.play()
    assert not full.drills.played[0][2].hidden


def test_only_automation_starts_unattended_and_goes_through_by_itself():
    day = Day(unattended(), attended=False)
    standing = day.play()
    assert (standing.stage, standing.why) == (Stage.ENDED, "through")
    assert hows(standing) == [((0, 1), "completed"), ((1, 1), "over"), ((2, 1), "completed")]
    assert day.clock.now() - day.began == pytest.approx(60 + 600 + 60, abs=10)


def test_a_go_that_is_given_twice_starts_one_drill():
    day = Day().say(60, go(0), go(0)).say(61, go(0)).say(400, END)
    day.play()
    assert len(day.drills.played) == 1


def test_skip_and_repeat():
    day = whole().say(10, gf.ItemSkipped(item=0, attempt=1, why="no time"))
    day.say(500, gf.RepeatAsked(item=0, attempt=2), go(0, 2))
    standing = day.play()
    assert [scenario for _, scenario, _ in day.drills.played] == ["scenarios/two.yaml", "scenarios/one.yaml"]
    assert hows(standing)[:2] == [((0, 1), "skipped"), ((0, 2), "completed")]


@pytest.mark.parametrize(
    "command", [gf.ItemSkipped(item=0, attempt=1, why="no time"), gf.GameDayPaused(), END]
)
def test_what_is_recorded_between_the_hosts_look_and_its_start_counts(monkeypatch, command):
    day = Day().say(60, go(0)).say(400, END)
    append_after = day.store.append_after

    def late(drill, last, *events):
        monkeypatch.undo()
        day.recorder.record(command)
        return append_after(drill, last, *events)

    monkeypatch.setattr(day.store, "append_after", late)
    standing = day.play()
    assert (day.drills.played, standing.drills) == ([], ())


def test_pause_lets_nothing_further_begin():
    day = Day().say(10, gf.GameDayPaused()).say(20, go(0)).say(500, gf.GameDayResumed()).say(900, END)
    day.play()
    begun = next(one for one in day.history().each(gf.ItemBegun))
    assert begun.at - day.began == pytest.approx(500, abs=1)


def test_extend_lengthens_a_break():
    more = gf.TimeExtended(item=1, attempt=1, seconds=300.0, what="break")
    day = Day().say(1, go(0)).say(200, more).say(2000, END)
    standing = day.play()
    pause = standing.turns[1]
    assert pause.ended - pause.begun == pytest.approx(900, abs=1)


def test_the_end_of_the_day_ends_the_response_of_the_drill_that_is_on():
    day = Day().say(10, go(0)).say(30, END)
    standing = day.play()
    assert (standing.stage, standing.turns[0].how) == (Stage.ENDED, "completed")
    assert day.clock.now() - day.began < 40


def test_a_drill_that_can_not_start_is_on_record_and_can_be_repeated():
    day = Day().say(10, go(0)).say(400, END)
    day.drills.error = NotReady("the target is not well")
    day.at(20, lambda d: setattr(d.drills, "error", None))
    day.say(30, gf.RepeatAsked(item=0, attempt=2), go(0, 2))
    standing = day.play()
    assert [(one.how, one.why) for one in standing.turns[:2]] == [
        ("lost", "the target is not well"),
        ("completed", ""),
    ]


# --- taking up ---


def test_a_second_host_is_refused_while_the_first_lives():
    day = Day()

    async def two():
        first = asyncio.ensure_future(day.host().conduct())
        await day.clock.sleep(30)
        with pytest.raises(Busy, match="from another terminal"):
            await day.host().conduct()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    day.clock.run(two())


def test_a_host_that_leaves_makes_way_at_once_and_one_that_dies_within_its_claim():
    day = Day()

    async def one_after_the_other():
        leaving = day.host()
        conducted = asyncio.ensure_future(leaving.conduct())
        await day.clock.sleep(1)
        assert gamedays_host.is_conducted(day.store, DAY, day.clock)
        leaving.leave()
        await conducted
        assert not gamedays_host.is_conducted(day.store, DAY, day.clock)
        dying = asyncio.ensure_future(day.host().conduct())
        await day.clock.sleep(1)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert gamedays_host.is_conducted(day.store, DAY, day.clock)
        await day.clock.sleep(gamedays_host.CLAIM_TIME)
        assert not gamedays_host.is_conducted(day.store, DAY, day.clock)

    day.clock.run(one_after_the_other())


@pytest.mark.parametrize(("ending", "left", "finishes"), [("ends", True, False), ("dies", True, True)])
def test_what_follows_the_end_is_the_hosts_unless_it_has_died(ending, left, finishes):
    day = Day()

    async def end_it():
        hosting_it = asyncio.ensure_future(day.host().conduct())
        await day.clock.sleep(1)
        if ending == "dies":
            hosting_it.cancel()
            await asyncio.gather(hosting_it, return_exceptions=True)
        day.recorder.record(gf.GameDayEnded(why="facilitator"))
        assert await gamedays_host.is_abandoned(day.store, DAY, day.clock) is left
        assert gamedays_host.may_finish(day.store, DAY, "another", day.clock) is finishes

    day.clock.run(end_it())


def test_a_host_that_is_at_its_last_drill_yet_has_not_left():
    day = Day()
    day.drills.ends_by_itself = True  # not at the day's end

    async def end_it():
        hosting_it = asyncio.ensure_future(day.host().conduct())
        day.recorder.record(go(0))
        await day.clock.sleep(5)
        day.recorder.record(gf.GameDayEnded(why="facilitator"))
        assert not await gamedays_host.is_abandoned(day.store, DAY, day.clock)
        await hosting_it

    day.clock.run(end_it())


def test_without_people_a_host_that_is_told_to_leave_ends_the_day():
    day = Day(unattended(), attended=False)

    async def conduct():
        host = day.host()
        conducted = asyncio.ensure_future(host.conduct())
        await day.clock.sleep(30)
        host.leave()
        return await conducted

    standing = day.clock.run(conduct())
    assert (standing.stage, standing.why) == (Stage.ENDED, "left")
    assert len(day.drills.played) == 1


@settings(max_examples=30, deadline=None)
@given(killed=st.floats(min_value=0, max_value=650))
def test_a_day_whose_host_is_killed_at_any_moment_is_taken_up_and_comes_to_its_end(killed):
    day = whole()
    day.say(620, gf.RepeatAsked(item=0, attempt=9))  # too late: the day has ended
    day.play(until=killed)
    day.clock.run(day.clock.sleep(15))
    standing = day.play()
    assert standing.stage is Stage.ENDED
    assert standing.turn is None or not standing.turn.drill or standing.turn.done
    begun = [(one.item, one.attempt) for one in day.facts(gf.ItemBegun)]
    assert len(begun) == len(set(begun))
    for one in standing.drills:
        assert one.how in {"completed", "aborted", "lost"}


def test_a_drill_that_its_host_left_is_reverted_and_counts_as_ended():
    day = whole()
    day.play(until=80)
    assert day.standing().stage is Stage.DRILL
    day.clock.run(day.clock.sleep(15))
    standing = day.play()
    assert day.drills.recovered == ["drill-1-1"]
    assert (standing.turns[0].how, standing.turns[0].exit_code) == ("aborted", 3)
    assert standing.turns[2].how == "completed"


def test_a_host_that_leaves_aborts_its_drill_and_pauses_the_day():
    day = whole().at(80, lambda d: d.current.leave())
    standing = day.play()
    assert (standing.stage, standing.turns[0].how) == (Stage.SETTLING, "aborted")
    assert day.facts(gf.GameDayPaused)[0].why == "whoever conducted it left"


def test_a_store_that_is_away_for_a_while_ends_no_drill():
    day = whole()
    day.at(70, lambda d: d.store.fail_with("is away")).at(85, lambda d: d.store.fail_with(""))
    day.drills.lasts = 40.0
    day.drills.ends_by_itself = True
    standing = day.play()
    assert day.error is None
    assert standing.turns[0].how == "completed"
