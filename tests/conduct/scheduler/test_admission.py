"""Which schedules may be added, and what a request makes of a scenario or of a game day's plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.conduct.scheduler import admission
from gameday.conduct.scheduler.admission import ScheduleRequest
from gameday.core.errors import UsageError
from gameday.core.plans import schedule as schedules
from gameday.core.plans.gameday import Channel
from gameday.core.plans.scenario import Scenario
from gameday.core.plans.schedule import Kind, ScheduleId
from gameday.core.values import Party, instant
from gameday.formats.calendar import recurrence
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore
from tests.conduct.day import PLAN

NOW = instant(1_800_000_000.0)  # 2027-01-15T08:00:00Z, a Friday
DAY = 86_400.0
SCENARIO = Scenario(scenario="slow", title="It is slow", environment="stage", responders=Party.AUTOMATION)
DAILY = ScheduleRequest(scenario="scenarios/slow.yaml", seed="s", rrule="FREQ=DAILY")
GAME_DAY = ScheduleRequest(scenario="scenarios/day.gameday.yaml", seed="s")
WEEKLY_PLAN = replace(
    PLAN, path="scenarios/day.gameday.yaml", once=False, when=replace(PLAN.when, text="FREQ=WEEKLY")
)


def admit(request=DAILY, scenario=SCENARIO, **changes):
    return admission.admit_scenario(
        replace(request, **changes), scenario, environment="stage", by="ada", now=NOW
    )


def admit_game_day(plan=WEEKLY_PLAN, *, attended=True, **changes):
    request = replace(GAME_DAY, **changes)
    return admission.admit_game_day(request, plan, lasts=7200.0, attended=attended, by="ada", now=NOW)


# --- scenarios ---


def test_a_rule_without_a_start_applies_from_now_and_the_next_occurrence_is_still_to_come():
    row = admit()
    assert recurrence.start_of(row.schedule.recurrence) == NOW
    assert row.position.occurrence == NOW + DAY
    assert (row.schedule.schedule, row.schedule.title) == ("slow", "It is slow")
    assert (row.schedule.by, row.schedule.since) == ("ada", NOW)
    assert (row.schedule.mode, row.schedule.grace) == ("evaluate", schedules.DEFAULT_GRACE)


def test_one_time_is_in_the_zone_that_is_named():
    row = admit(rrule="", at="2027-03-01T10:00", zone="Europe/Berlin")
    assert row.position.occurrence == instant(NOW + 45 * DAY + 3600)  # 09:00Z
    assert row.schedule.recurrence.text == recurrence.ONCE


def test_a_cron_expression_is_a_rule_too():
    assert admit(rrule="", cron="0 10 * * TUE").schedule.recurrence.kind is Kind.CRON


def test_a_notice_comes_before_the_first_occurrence():
    row = admit(notice="1h", participants=("rita",), channels=("chat",))
    assert row.position.wake == NOW + DAY - 3600


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        ({"rrule": ""}, "no time given", "`rrule` 'FREQ=WEEKLY;BYDAY=TU', `cron` or `at`"),
        ({"cron": "0 1 * * *"}, "write one of `rrule` and `cron`", ""),
        ({"at": "2027-03-01"}, "`at` is the whole rule", "leave out `rrule`, `cron` and `start`"),
        ({"zone": "Mars"}, "unknown time zone 'Mars'", ""),
        (
            {"rrule": "", "at": "2020-01-01"},
            "every occurrence of scenarios/slow.yaml lies in the past",
            "give `at` a later time",
        ),
        ({"window": "24h"}, "the window reaches into the next one", "a `window` below 1440m"),
        ({"window": "wide"}, "`window`: ", ""),
        ({"mode": "play"}, "'play' is not a mode", "evaluate or train"),
        ({"hours": ("sometimes",)}, "`hours`: ", ""),
        ({"grace": "soon"}, "`grace`: ", ""),
        ({"grace": "0s"}, "`grace`: nothing could start within 0s", "1s or more"),
        ({"id": "No Id"}, "'No Id' is not an id", ""),
        ({"approve_before": "1h"}, "`approve_before`: no approval is required", "`approvals` 1"),
        ({"participants": ("rita",)}, "nobody is notified without a notice", "`notice` 24h"),
        ({"channels": ("chat",)}, "nobody is notified without a notice", "`notice` 24h"),
    ],
)
def test_what_is_refused_names_the_field(changes, message, hint):
    with pytest.raises(UsageError) as refused:
        admit(**changes)
    assert refused.value.message.startswith(message)
    assert hint in refused.value.hint


def test_a_window_that_ends_before_the_next_occurrence_fits():
    assert admit(window="23h").schedule.window == 23 * 3600


@pytest.mark.parametrize(
    ("changes", "admitted"),
    [({}, False), ({"approvals": 1}, True), ({"responder": "scenarios/responders/slow.yaml"}, True)],
)
def test_people_are_not_drilled_unless_somebody_approves_or_a_script_plays_them(changes, admitted):
    scenario = replace(SCENARIO, responders=Party.TEAM)
    if admitted:
        assert admit(scenario=scenario, **changes).schedule.schedule == "slow"
        return
    with pytest.raises(UsageError, match="doesn't start unattended"):
        admit(scenario=scenario, **changes)


# --- game days ---


def test_a_plan_sets_when_where_and_with_whom():
    plan = replace(WEEKLY_PLAN, channels=(Channel(channel="#day"), Channel(channel="chat")))
    schedule = admit_game_day(plan, channels=("chat",)).schedule
    assert (schedule.recurrence, schedule.environment) == (plan.when, "stage")
    assert (schedule.participants, schedule.channels) == (("ada", "rita"), ("chat", "#day"))
    assert (schedule.game_day, schedule.attended, schedule.lasts) == (True, True, 7200.0)


@pytest.mark.parametrize(
    ("attended", "changes", "grace"),
    [
        (True, {}, schedules.DEFAULT_GRACE_ATTENDED),
        (False, {}, schedules.DEFAULT_GRACE),
        (True, {"grace": "5m"}, 300.0),
    ],
)
def test_people_may_start_later_than_automation(attended, changes, grace):
    assert admit_game_day(attended=attended, **changes).schedule.grace == grace


@pytest.mark.parametrize("field", admission.SET_BY_PLAN)
def test_what_the_plan_sets_is_not_set_again(field):
    value = {"participants": ("rita",), "approvals": 1}.get(field, "1h")
    with pytest.raises(UsageError, match=f"`{field}` is for a scenario: the plan sets it itself"):
        admit_game_day(**{field: value})


def test_what_announces_nothing_gives_no_notice():
    with pytest.raises(UsageError, match="announces nothing"):
        admit_game_day(replace(WEEKLY_PLAN, announcement="none"), notice="1h")


def test_a_plan_in_the_past_is_to_be_changed():
    with pytest.raises(UsageError, match="lies in the past") as refused:
        admit_game_day(replace(PLAN, path="scenarios/day.gameday.yaml"))
    assert refused.value.hint == "change the plan's date or recurrence"


# --- in the store ---


def test_an_id_is_given_once():
    store = MemoryScheduleStore()
    admission.add(store, admit())
    with pytest.raises(UsageError, match="there is a schedule 'slow' already"):
        admission.add(store, admit())
    admission.add(store, admit(id="another"))
    assert [row.schedule.schedule for row in store.rows()] == ["another", "slow"]


def test_resuming_sends_the_notice_that_came_due_meanwhile():
    store, row = MemoryScheduleStore(), admit(notice="1h", participants=("rita",))
    admission.add(store, row)
    store.pause(ScheduleId("slow"), paused=True)
    store.move(row, replace(row.position, wake=row.position.occurrence))  # as a daemon leaves it
    admission.resume(store, store.row(ScheduleId("slow")))
    resumed = store.row(ScheduleId("slow"))
    assert (resumed.paused, resumed.position) == (False, row.position)


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        (("chat", "mail"), "did you mean 'chat'?"),
        (("pager",), "gameday.toml has pager"),
        ((), admission.NO_CHANNEL),
    ],
)
def test_a_channel_that_is_no_integration_is_refused(known, hint):
    admission.must_be_channels(known, known)
    with pytest.raises(UsageError, match="no channel 'chatt'") as refused:
        admission.must_be_channels(("chatt",), known)
    assert refused.value.hint == hint
