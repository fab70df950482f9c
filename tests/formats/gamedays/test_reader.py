import pytest

from gameday.core.plans import gameday as core
from gameday.core.plans.scenario import Phases, Scenario
from gameday.core.plans.schedule import Kind
from gameday.core.values import parse_instant
from gameday.formats.calendar import recurrence
from gameday.formats.gamedays import reader as gameday_plan
from gameday.formats.text import reader
from gameday.formats.text.document import Document
from tests.formats import mistakes
from tests.paths import ROOT

HEAD = "gameday: a\ntitle: b\nenvironment: shop\n"
WHEN = "date: 2026-12-01T10:00\nzone: Europe/Berlin\n"
AGENDA = "agenda: [{scenario: one.yaml}]\n"


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "scenarios/a.gameday.yaml", gameday_plan.check)


def read(text: str) -> core.GameDayPlan:
    return mistakes.require(gameday_plan.check(reader.read(text.encode(), "scenarios/a.gameday.yaml")))


def test_the_plan_of_the_catalogue_has_no_mistake() -> None:
    files = sorted((ROOT / "scenarios").glob("*.gameday.yaml"))
    assert files
    for file in files:
        checked = gameday_plan.check(reader.read(file.read_bytes(), f"scenarios/{file.name}"))
        assert not checked.mistakes
        assert mistakes.require(checked).gameday == file.name.removesuffix(".gameday.yaml")


def test_a_plan_is_read_whole() -> None:
    plan = read(
        HEAD
        + WHEN
        + "announcement: full\napprovals: 2\nsettle: {within: 5m}\nquestions: [Why?]\n"
        + "participants: [{name: ada, roles: [facilitator]}, {name: rita, roles: [responder, scribe]}]\n"
        + "absent: [{name: dora, knows: the database}]\nchannels: [{channel: '#x', for: response}]\n"
        + "prerequisites: [{command: [true-ish], within: 5s}, {http: 'http://h/ok', status: 204}]\n"
        + "agenda: [{scenario: one.yaml, responder: responders/one.yaml, mode: train}, {break: 10m},"
        + " {scenario: ../other/two.yaml}]\n"
    )
    assert (plan.announcement, plan.approvals, plan.settle_within, plan.questions) == (
        "full",
        2,
        300,
        ("Why?",),
    )
    assert (plan.insiders, [one.name for one in plan.team]) == (("ada",), ["rita"])
    assert plan.agenda == (
        core.Item(scenario="scenarios/one.yaml", responder="scenarios/responders/one.yaml", mode="train"),
        core.Item(title="Break", lasts=600.0),
        core.Item(scenario="other/two.yaml"),
    )
    assert [(one.name, one.status) for one in plan.prerequisites] == [
        ("true-ish", 200),
        ("http://h/ok answers 204", 204),
    ]
    assert (plan.once, plan.when.kind) == (True, Kind.RRULE)
    assert recurrence.first(plan.when, recurrence.start_of(plan.when)) == parse_instant("2026-12-01T09:00Z")


def test_all_mistakes_are_reported_at_once() -> None:
    lines = lines_of(
        "gameday: A\ntitel: b\nenvironment: shop\ndate: never\nannouncement: all\n"
        "agenda: [{scenario: one.yaml, brek: 5m}, {pause: 5m}]\n"
        "prerequisites: [{http: 'h'}, {probe: {type: probe, name: x, provider: {type: http, url: 'http://h'}}}]\n"
    )
    assert len(lines) == 8
    assert any("did you mean 'title'?" in line for line in lines)
    assert any("this probe has no tolerance" in line for line in lines)


def test_people_whom_the_settings_do_not_name_are_warned_of() -> None:
    text = (
        HEAD + WHEN + AGENDA + "participants: [{name: ada, roles: [facilitator]}]\nabsent: [{name: grce}]\n"
    )
    document = reader.read(text.encode(), "scenarios/a.gameday.yaml")
    found = tuple(gameday_plan.unknown_people(document, read(text), ["ada", "grace"]))
    assert mistakes.as_lines(found) == ["8:17? gameday.toml has no [people.grce] | did you mean 'grace'?"]
    assert not list(gameday_plan.unknown_people(document, read(text), []))
    # A plan whose people are called by what they do names nobody of the settings.
    assert not list(gameday_plan.unknown_people(document, read(text), ["mallory"]))
    assert len(list(gameday_plan.unknown_people(document, read(text), ["ada"]))) == 1
    assert len(list(gameday_plan.unknown_people(document, read(text), ["grace"]))) == 1


def test_a_channel_that_is_almost_an_integration_is_warned_of() -> None:
    text = HEAD + WHEN + AGENDA + "channels: [{channel: chat}, {channel: caht}, {channel: '#incidents'}]\n"
    document = reader.read(text.encode(), "scenarios/a.gameday.yaml")
    found = tuple(gameday_plan.misspelt_channels(document, read(text), ["chat"]))
    assert mistakes.as_lines(found) == [
        "7:39? gameday.toml has no [integrations.caht]: gameday can't post to this channel | did you mean 'chat'?"
    ]


# --- overlapping plans ---


def day(name: str, text: str) -> tuple[Document, core.GameDayPlan, float]:
    document = reader.read(text.encode(), f"scenarios/{name}.gameday.yaml")
    plan = mistakes.require(gameday_plan.check(document))
    two_hours = Scenario(scenario="one", title="t", environment="shop", phases=Phases(response=7000))
    return document, plan, gameday_plan.lasts(plan, {"scenarios/one.yaml": two_hours})


MONTHLY = 'recurrence: {rrule: "FREQ=MONTHLY;BYDAY=1TU;BYHOUR=10;BYMINUTE=0;BYSECOND=0", from: 2026-01-01}\n'


@pytest.mark.parametrize(
    ("other", "on"),
    [
        ("date: 2026-12-01T11:00\n", "2026-12-01T11:00Z"),
        ("date: 2026-12-01T08:30\n", "2026-12-01T10:00Z"),
        ("date: 2026-12-01T13:00\n", ""),
        ("date: 2026-12-02T11:00\n", ""),
        ("recurrence: {cron: 30 11 * * 2, from: 2026-11-10}\n", "2026-12-01T11:30Z"),
    ],
)
def test_two_plans_at_one_time_on_one_environment_overlap(other: str, on: str) -> None:
    days = [day("monthly", HEAD + MONTHLY + AGENDA), day("other", HEAD + other + AGENDA)]
    lines = [str(one) for one in gameday_plan.overlaps(days)]
    overlap = f"on {on} scenarios/monthly.gameday.yaml uses shop at the same time"
    assert [line.split(": ")[1].splitlines()[0] for line in lines] == ([overlap] if on else [])
    elsewhere = [days[0], day("other", HEAD.replace("shop", "staging") + other + AGENDA)]
    assert not list(gameday_plan.overlaps(elsewhere))
