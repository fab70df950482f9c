"""Which schedules may be added: what would never start, or start unattended, is refused with a way out."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.scheduler import admission
from gameday.conduct.scheduler.admission import ScheduleRequest
from gameday.core.errors import UsageError
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Kind
from gameday.core.values import instant
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
    assert (row.schedule.schedule, row.schedule.grace) == ("test", schedules.DEFAULT_GRACE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rrule": ""}, "no time given"),
        ({"cron": "0 9 * * *"}, "write one of `rrule` and `cron`"),
        ({"at": "2027-01-16T09:00:00"}, "`at` is the whole rule"),
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
    assert schedule.grace == schedules.DEFAULT_GRACE_ATTENDED
    assert admit_game_day(attended=False).schedule.grace == schedules.DEFAULT_GRACE


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
