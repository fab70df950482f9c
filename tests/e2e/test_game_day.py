"""One game day of two short scenarios on the real shop: a script responds in one, people in the other."""

import json
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import eventually

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
]  # the day itself takes two minutes on a quiet machine

PLAN = """\
gameday: short
title: A short day
environment: shop
date: 2026-01-01T10:00
participants:
  - {name: ada, roles: [facilitator]}
  - {name: rita, roles: [incident commander, responder]}
prerequisites:
  - {name: the shop is up, command: [gameday, shop, status]}
agenda:
  - {scenario: login-outage.yaml, responder: responders/login-outage.yaml}
  - {break: 1h}
  - {scenario: replica-crash.yaml}
questions: [What about sessions?]
"""
FILE = "scenarios/short.gameday.yaml"


@dataclass
class Day:
    """A game day as its people met it; `seen` keeps what was looked at while it was on."""

    space: object
    seen: dict
    code: int = -1

    def said(self, *words):
        return self.space.call(*words)

    def stands(self, who="ada"):
        shown = self.space.call("plan", "show", "--as", who, "--json")
        # Where none is on, what is printed is the error.
        return {"stage": None} | json.loads(shown.stdout)

    def comes_to(self, *stages):
        return eventually(lambda: (now := self.stands())["stage"] in stages and now, within=120)

    def live(self, who):
        return json.loads(self.space.call("status", "--as", who, "--json").stdout or "[]")


@pytest.fixture(scope="module")
def day(space):
    """Hold the day once: goes, a break cut short, a hidden drill, an inject, a grant, the end, a hot wash.

    What can be seen of a drill is looked at in the one that only people end.
    """
    (space.root / FILE).write_text(PLAN, encoding="utf-8")
    space.call("shop", "reset")
    day = Day(space, {})
    day.seen["past"] = space.call("plan", "start", FILE, "--as", "ada")
    host = space.start("plan", "start", FILE, "--now", "--as", "ada")
    day.comes_to("waiting")
    day.seen["by a responder"] = day.said("plan", "next", "--as", "rita")
    assert day.said("plan", "next", "--as", "ada").returncode == 0
    day.seen["settled"] = day.comes_to("break", "unsettled")
    assert day.said("plan", "next", "--as", "ada").returncode == 0
    day.comes_to("waiting")
    assert day.said("plan", "next", "--as", "ada").returncode == 0
    eventually(lambda: (live := day.live("ada")) and live[0]["hurt"])
    day.seen["responder sees"], day.seen["facilitator sees"] = day.live("rita"), day.live("ada")
    day.seen["shown"] = space.call("show", "last", "--as", "rita")
    day.seen["listed"] = json.loads(space.call("list", "--json", "--as", "rita").stdout)[0]
    for words in (
        ("ack", "--by", "rita"),
        ("declare", "--severity", "P3", "--commander", "rita", "--by", "rita"),
        ("inject", "send", "support-calls", "--by", "ada"),
        ("grant", "failed", "over", "to", "B", "--by", "ada"),
    ):
        assert day.said(*words).returncode == 0, words
    eventually(lambda: day.live("ada")[0]["fault"] == "reverted")
    eventually(lambda: not day.live("ada")[0]["hurt"])
    assert day.said("recovered", "--by", "rita").returncode == 0
    day.comes_to("through")
    assert day.said("plan", "end", "--as", "ada").returncode == 0
    _, err = host.communicate(timeout=60)
    day.code, day.seen["host"] = host.returncode, err
    wash = ("--answer", "went-well=We saw it at once.", "--action", "Show the release;on-call;2027-01-15")
    assert day.said("plan", "hot-wash", *wash, "--by", "ada").returncode == 0
    return day


def results(day):
    turns = [turn for turn in day.stands()["agenda"] if turn["drill"]]
    return [json.loads(day.said("show", turn["drill"], "--json").stdout) for turn in turns]


def test_a_plan_in_the_past_opens_nothing(day):
    past = day.seen["past"]
    assert past.returncode == 2
    assert f"{FILE} is in the past: it was planned for 2026-01-01T10:00Z" in past.stderr


def test_the_day_was_conducted_to_its_end(day):
    assert day.code == 0, day.seen["host"]
    now = day.stands()
    assert [turn["how"] for turn in now["agenda"]] == ["completed", "cut-short", "completed"]
    assert [turn["exit_code"] for turn in now["agenda"]] == [0, None, 0]


def test_it_settled_between_the_two_scenarios(day):
    first = day.seen["settled"]["agenda"][0]
    assert (first["how"], first["settled"], first["waived"]) == ("completed", True, None)


def test_only_facilitators_conduct(day):
    refused = day.seen["by a responder"]
    assert refused.returncode == 2
    assert "rita is incident commander" in refused.stderr


def test_responders_saw_neither_what_was_injected_nor_when(day):
    (seen,) = day.seen["responder sees"]
    text = json.dumps(seen) + json.dumps(day.seen["listed"])
    for spoiler in ("replica-crash", "A replica of the API", "killed", "Fault injected", "+0.0 s"):
        assert spoiler not in text
    assert (seen["scenario"], seen["clocks"], seen["levels"]) == ("hidden", [], [])
    assert day.seen["shown"].returncode == 2
    assert day.seen["facilitator sees"][0]["scenario"] == "replica-crash"


def test_a_grant_credits_the_team_from_that_moment(day):
    scripted, granted = results(day)
    assert scripted["recovered_by"] == "automation"
    assert (granted["outcome"], granted["recovered_by"]) == ("recovered", "team")
    assert granted["milestones"]["contained"]["basis"] in {"granted", "observed"}
    assert granted["milestones"]["recovered"]["basis"] == "granted"
    assert not granted["intervals"]["recover"]["censored"]
    assert granted["reverted"] is True


def test_the_message_event_list_has_the_inject_and_what_was_done(day):
    lines = json.loads(day.said("plan", "show", "--injects", "--as", "ada", "--json").stdout)
    sent = next(one for one in lines if one["inject"] == "support-calls")
    assert (sent["state"], bool(sent["expected"])) == ("sent", True)
    assert [done["text"] for done in sent["actual"]] == ["Milestone marked: recovered."]


def test_one_report_stands_over_both_drills(day):
    (folder,) = (day.space.root / ".gameday" / "gamedays").iterdir()
    assert {path.name for path in folder.iterdir()} >= {"report.md", "report.html"}
    text = day.said("plan", "report").stdout
    for part in (
        "Nobody can log in",
        "A replica of the API",
        "We saw it at once.",
        "Show the release",
        "on-call",
    ):
        assert part in text
    assert "rita" not in text


def test_its_history_is_whole_and_no_drill(day):
    drills = [row["drill"] for row in json.loads(day.said("list", "--json").stdout)]
    assert not any(name.startswith("gameday-") for name in drills)
    assert all(
        day.said("verify", turn["drill"]).returncode == 0 for turn in day.stands()["agenda"] if turn["drill"]
    )
