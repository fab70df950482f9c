"""`gameday serve` and `gameday schedule` as their users meet them: real processes on a real store."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.values import instant
from gameday.storage import open_schedules
from tests.announce.chat import listening
from tests.paths import ROOT

TABLETOP = """\
scenario: talk
title: What if the database were gone
description: A talk, nothing is touched.
severity: P2
environment: here
responders: {responders}
objectives: {{detect: 1m, contain: 2m, recover: 3m}}
phases: {{baseline: 1s, response: 30m, verify: 1s}}
injects:
  - {{after: 1s, to: responders, message: "Support: customers can't log in."}}
"""
PLAYED = """\
responder: someone
as: team
steps:
  - {after: 20m, do: {note: "Still here."}}
"""
PLAYER = ("--responder", "played.yaml")


@pytest.fixture
def space(tmp_path):
    (tmp_path / "gameday.toml").write_text(
        '[store]\nurl = "sqlite:///.gameday/gameday.db"\n[environments.here]\n'
    )
    (tmp_path / "scenarios").mkdir()
    shutil.copytree(ROOT / "scorecards", tmp_path / "scorecards")
    (tmp_path / "scenarios" / "talk.yaml").write_text(TABLETOP.format(responders="team"))
    (tmp_path / "played.yaml").write_text(PLAYED)
    return tmp_path


def gameday(space, *words, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "gameday", *words], cwd=space, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    return done


class Served:
    """A running daemon, and what it has said."""

    def __init__(self, space, *words, command=("serve",)) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gameday", *command, *words], cwd=space, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self.said: list[str] = []
        self.began = time.monotonic()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stderr:
            self.said.append(line)

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, "".join(self.said)):
                return found
            time.sleep(0.05)
        raise AssertionError("".join(self.said))

    def ready(self, pattern: str = "serving") -> None:
        """Wait until what comes due soon will find it."""
        self.wait_for(pattern)
        self.took = time.monotonic() - self.began

    def soon(self, commands: int = 1) -> str:
        """An instant behind so many commands, each of which takes as long to start as it took itself."""
        return soon(3 + 3 * commands * self.took)

    def stop(self, how: int = signal.SIGTERM, seconds: float = 60) -> float:
        began = time.monotonic()
        self.process.send_signal(how)
        assert self.process.wait(seconds) == 0, "".join(self.said)
        return time.monotonic() - began

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextmanager
def serving(space, *words):
    daemon = Served(space, *words)
    try:
        daemon.ready()
        yield daemon
    finally:
        daemon.end()


def soon(seconds: float) -> str:
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def test_a_due_drill_starts_and_a_stop_aborts_it_and_waits(space):
    with serving(space) as daemon:
        gameday(space, "schedule", "add", "scenarios/talk.yaml", "--at", daemon.soon(), *PLAYER)
        daemon.wait_for("talk: starts scenarios/talk.yaml on here")
        with closing(open_schedules(f"sqlite:///{space / '.gameday/gameday.db'}")) as store:
            wait_until_it_responds(space)
            took = daemon.stop()
            (record,) = store.records()
        assert took < 45
        assert (record.state, record.exit_code) == (State.ENDED, 3)
        assert record.drill.partition("-talk-")[1]
        assert 0 <= record.started - record.occurrence < 5
    shown = json.loads(gameday(space, "schedule", "records", "--json").stdout)
    assert (shown[0]["state"], shown[0]["exit_code"], shown[0]["drill"]) == ("ended", 3, record.drill)


def wait_until_it_responds(space, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    said = ""
    while "Phase: respond" not in said:
        assert time.monotonic() < end, said
        time.sleep(0.2)
        said = "".join(path.read_text() for path in (space / ".gameday").rglob("*.txt"))


PLAN = """\
gameday: day
title: A secret
environment: here
date: {date}
announcement: {announcement}
{more}
channels: [{{channel: chat}}]
agenda: [{{scenario: talk.yaml, responder: ../automation.yaml}}]
"""
AUTOMATION = """\
responder: someone
as: automation
steps:
  - {after: 1s, do: {mark: recovered}}
"""


@pytest.fixture
def chat(space):
    """The channel of game days."""
    with (space / "gameday.toml").open("a") as settings:
        settings.write('[integrations.chat]\nkind = "apprise"\nsecret = "file:chat.url"\n')
    with listening() as server:
        (space / "chat.url").write_text(f"json://127.0.0.1:{server.server_port}/hook")
        yield server


def plan(space, at, announcement="window", more=""):
    """Write a game day of automation."""
    (space / "automation.yaml").write_text(AUTOMATION)
    (space / "scenarios" / "talk.yaml").write_text(TABLETOP.format(responders="automation"))
    written = PLAN.format(date=at.removesuffix("Z"), announcement=announcement, more=more)
    (space / "scenarios" / "day.gameday.yaml").write_text(written)
    return "scenarios/day.gameday.yaml"


def test_a_game_day_of_automation_comes_due_is_conducted_and_its_channel_is_told(space, chat):
    with serving(space) as daemon:
        gameday(space, "schedule", "add", plan(space, daemon.soon(commands=2)), "--notice", "5m")
        daemon.wait_for("notice to chat")
        shown = json.loads(gameday(space, "calendar", "--json").stdout)
        assert [(one["title"], one["game_day"]) for one in shown] == [("Game day", True)]
        daemon.wait_for("day: starts scenarios/day.gameday.yaml on here")
        daemon.wait_for("day: gameday-.* ended with")
        daemon.stop()
    (record,) = json.loads(gameday(space, "schedule", "records", "--json").stdout)
    assert record["state"] == "ended"
    assert (space / ".gameday" / "gamedays" / record["drill"] / "report.html").exists()
    beforehand, begun, ended = (body["message"] for _, body in chat.told)
    assert "A drill may begin at any time in this window" in beforehand
    assert "has begun" in begun
    assert "has ended; everything is reverted" in ended
    assert not any("secret" in json.dumps(body) for _, body in chat.told)


def test_a_game_day_of_people_is_on_the_calendar_and_waits_for_its_facilitator(space, chat):
    people = "participants: [{name: ada, roles: [facilitator]}]"
    with serving(space) as daemon:
        gameday(space, "schedule", "add", plan(space, daemon.soon(), "full", people))
        daemon.wait_for(
            "day: waits, until .* for its facilitator: gameday plan start scenarios/day.gameday.yaml"
        )
        host = Served(space, "scenarios/day.gameday.yaml", "--as", "ada", command=("plan", "start"))
        try:
            host.wait_for("is open")
            (record,) = json.loads(gameday(space, "schedule", "records", "--json").stdout)
            assert (record["state"], record["drill"][:8]) == ("started", "gameday-")
            host.process.send_signal(signal.SIGTERM)
            assert host.process.wait(30) == 3
        finally:
            host.end()
        daemon.stop()
    ended = gameday(space, "plan", "end", "--as", "ada")
    assert "report:" in ended.stderr
    (record,) = json.loads(gameday(space, "schedule", "records", "--json").stdout)
    assert (record["state"], record["exit_code"]) == ("ended", 0)
    assert [body["title"] for _, body in chat.told] == ["A secret", "Game day on here"]


def test_a_channel_is_told_by_hand_and_what_can_not_be_told_says_so(space, chat):
    assert (
        "notified chat: We drill at ten."
        in gameday(space, "announce", "chat", "We", "drill", "at ten.").stderr
    )
    assert [body["message"] for _, body in chat.told] == ["We drill at ten."]
    assert "did you mean 'chat'?" in gameday(space, "announce", "chart", "x", code=2).stderr
    chat.status = 403
    refused = gameday(space, "announce", "chat", "x", code=5).stderr
    assert "channel chat could not be notified" in refused
    (space / "chat.url").unlink()
    assert "the secret in chat.url can't be read" in gameday(space, "announce", "chat", "x", code=5).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rrule", "FREQ=DAILY"), "--rrule is for a scenario: the plan sets it itself"),
        (("--channel", "chatt"), "no channel 'chatt' (hint: did you mean 'chat'?"),
        (("--notice", "1h"), "announces nothing"),
    ],
)
def test_what_a_plan_says_itself_is_not_said_again(space, chat, words, said):
    refused = gameday(space, "schedule", "add", plan(space, soon(600), "none"), *words, code=2)
    assert said.partition(" (hint")[0] in refused.stderr
    assert said.partition("(hint: ")[2] in refused.stderr
    assert not (space / ".gameday").exists()


def test_calendars_subscribe_by_url_and_health_is_told(space):
    gameday(
        space,
        "schedule",
        "add",
        "scenarios/talk.yaml",
        "--at",
        soon(86_400),
        "--approvals",
        "1",
        "--window",
        "2h",
    )
    with serving(space, "--listen", "127.0.0.1:0") as daemon:
        base = daemon.wait_for(r"listening on (http://\S+?):? ").group(1)
        told = json.loads(urllib.request.urlopen(f"{base}/health").read())
        assert (told["status"], told["running"], told["waiting"]) == ("ok", 0, 0)
        texts = []
        for words in ((), ("--reveal",)):
            url = gameday(space, "calendar", "--url", base, *words).stdout.strip()
            texts.append(urllib.request.urlopen(url).read().decode())
        assert (daemon.stop() < 10, daemon.process.returncode) == (True, 0)
    hidden, revealed = (icalendar.Calendar.from_ical(text).events[0] for text in texts)
    assert str(hidden["SUMMARY"]) == "Drill (here)"
    assert "talk" not in texts[0]
    assert "What if the database were gone" in str(revealed["SUMMARY"])
    assert hidden["DTSTART"].dt <= revealed["DTSTART"].dt < hidden["DTEND"].dt


def test_a_drill_of_people_does_not_start_unattended(space):
    refused = gameday(space, "schedule", "add", "scenarios/talk.yaml", "--at", soon(600), code=2)
    assert "it doesn't start unattended" in refused.stderr
    assert "--approvals 1" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rrule", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "is never due"),
        (("--rrule", "FREQ=DAILY", "--zone", "Europe/Berln"), "did you mean 'Europe/Berlin'?"),
        (("--cron", "99 * * * *"), "is not a cron expression"),
        (("--at", "2020-01-01T10:00"), "every occurrence of scenarios/talk.yaml lies in the past"),
        (("--at", "tomorrow"), "'tomorrow' is not a valid date or time"),
        (("--rrule", "FREQ=DAILY", "--cron", "0 1 * * *"), "one of --rrule and --cron"),
        (("--rrule", "FREQ=DAILY", "--window", "25h"), "the window reaches into the next one"),
        (("--rrule", "FREQ=DAILY", "--hours", "sometimes"), "can't be read; write Mon-Fri"),
        (("--rrule", "FREQ=DAILY", "--grace", "soon"), "--grace:"),
        (("--rrule", "FREQ=DAILY", "--grace", "0s"), "--grace: nothing could start within 0s"),
        (("--rrule", "FREQ=DAILY", "--hours", "09:00-17:00 Mars"), "there is no time zone 'Mars'"),
        (("--rrule", "FREQ=DAILY", "--participant", "ada"), "nobody is notified without a notice"),
        (("--rrule", "FREQ=DAILY", "--environment", "gone"), "scenarios/talk.yaml:1:1: gameday.toml has no"),
        (("--zone", "Europe/Berlin"), "no time given"),
        (("--rrule", "FREQ=DAILY", "--id", "No Id"), "is not an id"),
    ],
)
def test_what_can_not_be_scheduled_is_refused_and_nothing_is_kept(space, words, said):
    refused = gameday(space, "schedule", "add", "scenarios/talk.yaml", "--approvals", "1", *words, code=2)
    assert said in refused.stderr
    assert not (space / ".gameday").exists()


def test_a_freeze_calendar_that_can_not_be_had_is_warned_of_and_starts_nothing(space):
    frozen = ("--freeze", "gone.ics", "--grace", "2s")
    with serving(space) as daemon:
        added = gameday(
            space, "schedule", "add", "scenarios/talk.yaml", "--at", daemon.soon(), *PLAYER, *frozen
        ).stderr
        assert (
            "gone.ics can't be read: there is no file gone.ics; until it can, this schedule starts" in added
        )
        daemon.wait_for("talk: missed .*gone.ics can't be read, and may hold a freeze")
        daemon.stop()


def test_a_store_that_is_gone_at_the_moment_of_starting_starts_nothing(space):
    database = space / ".gameday" / "gameday.db"
    with serving(space) as daemon:
        gameday(
            space, "schedule", "add", "scenarios/talk.yaml", "--at", daemon.soon(), *PLAYER, "--grace", "5s"
        )
        with closing(open_schedules(f"sqlite:///{database}")) as store:
            (row,) = store.rows()
        database.rename(database.with_suffix(".away"))
        daemon.wait_for(r"is gone; nothing starts until it is back")
        while time.time() < row.position.wake + 6:
            time.sleep(0.2)
        database.with_suffix(".away").rename(database)
        daemon.wait_for("the store is back")
        daemon.wait_for("talk: missed")
        daemon.stop()
    with closing(open_schedules(f"sqlite:///{database}")) as store:
        record = store.record(ScheduleId("talk"), instant(row.position.occurrence))
        assert (record.state, record.reason) == (State.MISSED, "store")
    assert list((space / ".gameday").glob("drills/*")) == []
