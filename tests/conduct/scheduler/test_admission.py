"""Which schedules may be added: what would never start, or start unattended, is refused with a way out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.scheduler import admission
from gameday.conduct.scheduler.admission import ScheduleRequest
from gameday.core.errors import UsageError
from gameday.core.plans import schedule_times
from gameday.core.plans.gameday import Channel
from gameday.core.plans.schedule import Kind
from gameday.core.values import instant
from gameday.formats.calendar import recurrence
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore
from tests.conduct.day import PLAN
from tests.conduct.scheduler.house import HOUR, T
from tests.conduct.stage import AUTOMATION, SCENARIO

NOW = instant(T - 60)
ASKED = ScheduleRequest(
    scenario="scenarios/test.yaml", seed="s", rrule="FREQ=HOURLY", start="2027-01-15T09:00:00"
)
GAME_DAY = ScheduleRequest(scenario="gamedays/day.yaml", seed="s")


def admit(scenario=AUTOMATION, **changes):
    return admission.admit_scenario(
        replace(ASKED, **changes), scenario, environment="stage", by="ada", now=NOW
    )


def admit_game_day(plan=PLAN, *, attended=True, now=NOW - HOUR, **changes):
    return admission.admit_game_day(
        replace(GAME_DAY, **changes), plan, lasts=7200.0, attended=attended, by="ada", now=instant(now)
    )


def test_a_schedule_begins_before_its_first_occurrence_and_knows_who_added_it_when():
    row = admit(window="10m")
    assert (row.position.occurrence, row.paused) == (T, False)
    assert (row.schedule.by, row.schedule.since, row.schedule.window) == ("ada", NOW, 600.0)
    assert (row.schedule.schedule, row.schedule.grace) == ("test", schedule_times.DEFAULT_GRACE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rrule": ""}, "no time given"),
        ({"cron": "0 9 * * *"}, "write one of `rrule` and `cron`"),
        ({"at": "2027-01-16T09:00:00"}, "`at` already gives the time"),
        ({"mode": "exam"}, "'exam' is not a mode"),
        ({"id": "Not An Id"}, "'Not An Id' is not an id"),
        ({"approve_before": "1h"}, "`approve_before`: no approval is required"),
        ({"participants": ("bo",)}, "nobody is notified without a notice"),
        ({"channels": ("chat",)}, "nobody is notified without a notice"),
        ({"grace": "0.5s"}, "`grace`: nothing could start within 0.5s"),
        ({"distance": "soon"}, "`distance`: "),
        ({"hours": ("whenever",)}, "`hours`: "),
        ({"rrule": "FREQ=DAILY;COUNT=1", "start": "2027-01-14T09:00:00"}, "lies in the past"),
    ],
)
def test_what_could_not_work_is_refused_by_the_name_of_its_field(changes, message):
    with pytest.raises(UsageError) as error:
        admit(**changes)
    assert message in error.value.message


@given(st.integers(min_value=1, max_value=7200))
def test_a_window_is_admitted_exactly_where_it_ends_before_the_next_one_begins(seconds):
    if seconds < HOUR:
        assert admit(window=f"{seconds}s").schedule.window == seconds
    else:
        with pytest.raises(UsageError, match="the window reaches into the next one"):
            admit(window=f"{seconds}s")


def test_what_people_respond_to_does_not_start_without_anybodys_go():
    with pytest.raises(UsageError, match="doesn't start unattended"):
        admit(SCENARIO)
    assert admit(SCENARIO, approvals=1).schedule.approvals == 1
    assert admit(SCENARIO, responder="r.yaml").schedule.responder == "r.yaml"


@pytest.mark.parametrize("field", admission.SET_BY_PLAN)
def test_what_the_plan_of_a_game_day_sets_is_not_set_twice(field):
    value = {"participants": ("bo",), "approvals": 1}.get(field, "x")
    with pytest.raises(UsageError, match=f"`{field}` is for a scenario"):
        admit_game_day(**{field: value})


def test_a_game_day_has_its_plans_people_and_the_grace_of_those_who_take_part():
    schedule = admit_game_day().schedule
    assert (schedule.game_day, schedule.attended, schedule.participants) == (True, True, ("ada", "rita"))
    assert schedule.grace == schedule_times.DEFAULT_GRACE_ATTENDED
    assert admit_game_day(attended=False).schedule.grace == schedule_times.DEFAULT_GRACE


def test_a_game_day_that_announces_nothing_gives_no_notice():
    with pytest.raises(UsageError, match="announces nothing"):
        admit_game_day(replace(PLAN, announcement="none"), notice="24h")


def test_a_game_day_whose_date_is_past_is_not_added():
    with pytest.raises(UsageError, match="lies in the past"):
        admit_game_day(now=T)


def test_an_id_is_given_once():
    store = MemoryScheduleStore()
    admission.add(store, admit())
    with pytest.raises(UsageError, match="there is a schedule 'test' already"):
        admission.add(store, admit())


def test_a_channel_that_is_not_there_is_refused_with_the_nearest():
    admission.must_be_channels(["chat"], ["chat", "mail"])
    with pytest.raises(UsageError) as error:
        admission.must_be_channels(["chatt"], ["chat", "mail"])
    assert (error.value.message, error.value.hint) == ("no channel 'chatt'", "did you mean 'chat'?")


def test_exactly_one_rule_is_written():
    assert admission.chosen_rule("FREQ=DAILY", "") == (Kind.RRULE, "FREQ=DAILY")
    assert admission.chosen_rule("", "0 9 * * *") == (Kind.CRON, "0 9 * * *")
    for rules in (("", ""), ("FREQ=DAILY", "0 9 * * *")):
        with pytest.raises(UsageError):
            admission.chosen_rule(*rules)


# --- what a request becomes ---


def test_a_rule_without_a_start_applies_from_now_and_its_first_occurrence_is_still_to_come():
    row = admit(rrule="FREQ=DAILY", start="")
    assert recurrence.start_of(row.schedule.recurrence) == NOW
    assert row.position.occurrence == NOW + 24 * HOUR


def test_one_time_is_in_the_zone_that_is_named():
    row = admit(rrule="", start="", at="2027-03-01T10:00", zone="Europe/Berlin")
    assert row.position.occurrence == T + 45 * 24 * HOUR
    assert row.schedule.recurrence.text == recurrence.ONCE


def test_a_notice_comes_before_the_first_occurrence():
    row = admit(rrule="FREQ=DAILY", start="", notice="1h", participants=("rita",), channels=("chat",))
    assert row.position.wake == NOW + 23 * HOUR


def test_a_game_day_notifies_the_channels_of_the_request_and_of_its_plan_each_once():
    plan = replace(PLAN, channels=(Channel(channel="#day"), Channel(channel="chat")))
    schedule = admit_game_day(plan, channels=("chat",), grace="5m").schedule
    assert (schedule.channels, schedule.grace, schedule.lasts) == (("chat", "#day"), 300.0, 7200.0)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"rrule": ""}, "give the time with `rrule` 'FREQ=WEEKLY;BYDAY=TU', `cron` or `at`"),
        ({"at": "2027-01-16"}, "leave out `rrule`, `cron` and `start`"),
        ({"rrule": "", "start": "", "at": "2020-01-01"}, "give `at` a later time"),
        ({"window": "1h"}, "choose a `window` below 60m, or a rarer rule"),
        ({"approve_before": "1h"}, "`approvals` 1"),
        ({"channels": ("chat",)}, "`notice` 24h"),
        ({"grace": "0s"}, "1s or more"),
    ],
)
def test_what_is_refused_comes_with_a_way_out(changes, hint):
    with pytest.raises(UsageError) as error:
        admit(**changes)
    assert error.value.hint == hint


@pytest.mark.parametrize(
    ("known", "hint"), [(("pager",), "gameday.toml has pager"), ((), admission.NO_CHANNEL)]
)
def test_a_channel_that_resembles_none_is_refused_with_those_there_are(known, hint):
    with pytest.raises(UsageError) as error:
        admission.must_be_channels(["chat"], known)
    assert error.value.hint == hint


def test_resuming_sends_the_notice_that_came_due_meanwhile():
    store, row = MemoryScheduleStore(), admit(notice="1h", participants=("rita",))
    admission.add(store, row)
    store.pause(row.schedule.schedule, paused=True)
    store.move(row, replace(row.position, wake=row.position.occurrence))  # as a daemon leaves it
    admission.resume(store, store.row(row.schedule.schedule))
    resumed = store.row(row.schedule.schedule)
    assert (resumed.paused, resumed.position) == (False, row.position)
