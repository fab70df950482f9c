"""What `gameday schedule add` warns of, and whose yes `gameday schedule approve` takes."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from gameday.cli.schedule.commands import app
from gameday.core.errors import UsageError
from gameday.core.plans.schedule import ScheduleId
from gameday.storage import open_schedules
from tests.cli.daemon.test_serve import TABLETOP
from tests.paths import ROOT

DAILY = ("--rrule", "FREQ=DAILY;BYHOUR=10;BYMINUTE=0;BYSECOND=0")
SUNDAYS = ("--rrule", "FREQ=WEEKLY;BYDAY=SU;BYHOUR=10;BYMINUTE=0;BYSECOND=0")
HOURS = ("--hours", "Mon-Fri 09:00-17:00")


@pytest.fixture
def say(tmp_path, monkeypatch):
    """Say something to `gameday schedule`, as ada; gives what it talks."""
    (tmp_path / "gameday.toml").write_text("[environments.here]\n")
    (tmp_path / "scenarios").mkdir()
    shutil.copytree(ROOT / "scorecards", tmp_path / "scorecards")
    (tmp_path / "scenarios" / "talk.yaml").write_text(TABLETOP.format(responders="team"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAMEDAY_ACTOR", "ada")

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stderr

    def add(*words: str) -> str:
        return run("add", "scenarios/talk.yaml", "--approvals", "2", *words)

    run.add = add
    return run


# --- approvals are by other people, each counted once ---


def test_whoever_added_a_schedule_does_not_approve_it(say):
    say.add(*DAILY)
    for by in ((), ("--by", " ADA")):
        with pytest.raises(UsageError, match="added talk: other people approve it") as refused:
            say("approve", "talk", *by)
        assert refused.value.hint == "name yourself with GAMEDAY_ACTOR or --by"


def test_each_is_counted_once_and_more_than_needed_is_fine(say):
    say.add(*DAILY)
    assert "has 1 of 2 approvals; the rest is due by" in say("approve", "talk", "--by", "bob")
    assert say("approve", "talk", "--by", "BOB ").startswith("BOB approved it already; ")
    assert say("approve", "talk", "--by", "cleo").endswith(" is approved, by 2 people\n")
    assert say("approve", "talk", "--by", "dan").endswith(", by 3 people, more than the 2 that it needs\n")


def test_an_occurrence_that_nobody_can_approve_in_time_is_warned_of(say):
    assert "it will be missed" in say.add(*DAILY, "--approve-before", "48h")
    assert "warning:" not in say.add(*DAILY, "--approve-before", "1m", "--id", "other")


# --- what would be missed ---


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            (*DAILY, "--distance", "24h"),
            "a drill starts no sooner than 24 h 00 min after the last one on the environment: what",
        ),
        ((*SUNDAYS, *HOURS), "lies within Mon-Fri 09:00-17:00: they are missed (outside-hours)"),
    ],
)
def test_what_can_only_be_missed_is_warned_of_and_kept(say, words, said):
    told = say.add(*words)
    assert told.startswith("warning: ")
    assert said in told
    assert "schedule talk stored" in told


# --- a pause ---


def test_resuming_has_the_notice_given_that_came_due_meanwhile(say, tmp_path):
    say.add(*DAILY, "--notice", "30m", "--participant", "ada")
    say("pause", "talk")
    store = open_schedules(f"sqlite:///{tmp_path}/.gameday/gameday.db")
    row = store.row(ScheduleId("talk"))
    assert row.paused
    store.move(row, replace(row.position, wake=row.position.occurrence))  # as a daemon leaves it
    say("resume", "talk")
    again = store.row(ScheduleId("talk"))
    store.close()
    assert (again.paused, again.position) == (False, row.position)
    assert again.position.wake == again.position.occurrence - 1800
