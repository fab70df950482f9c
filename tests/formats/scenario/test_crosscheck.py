import pytest

from gameday.core.plans.scenario import Playbook, PlaybookStep, Scenario
from gameday.formats.scenario import crosscheck, responder_script, scorecard
from gameday.formats.scenario import reader as scenario
from gameday.formats.text import reader
from tests.formats import mistakes
from tests.formats.mistakes import as_lines

CARD = b"scorecard: c\nversion: 1\ncriteria: [{criterion: r, phase: recover, weight: 1, measure: recover, limit: 3x}]"
HEAD = "scenario: a\ntitle: b\nenvironment: shop\n"
EXPECT = "expect: [{alert: HighApiLatency}]\ninjects: [{after: 1m, hint: h}, {after: 1m, message: m}]\n"


def limits(text: str) -> list[str]:
    document = reader.read(text.encode(), "a.yaml")
    rules = mistakes.require(scorecard.check(reader.read(CARD, "c.yaml")))
    return as_lines(tuple(crosscheck.limits(document, mistakes.require(scenario.check(document)), rules)))


def test_a_response_shorter_than_the_scorecards_limits_is_warned_of() -> None:
    assert limits(HEAD + "objectives: {recover: 20m}\nphases: {response: 30m}\n") == [
        (
            "5:20? the response ends after 30m, before the limit of r (1h): a late recovery would be cut off "
            "| write response: 1h or more"
        )
    ]
    assert limits(HEAD + "objectives: {recover: 20m}\nphases: {response: 60m}\n") == []


def test_a_system_measured_alone_has_no_response_to_cut_off() -> None:
    assert limits(HEAD + "responders: none\nphases: {response: 1m}\n") == []


def played(step: str, playbook: Playbook | None = None) -> list[str]:
    play: Scenario = mistakes.require(scenario.check(reader.read((HEAD + EXPECT).encode(), "a.yaml")))
    document = reader.read(f"responder: r\nas: team\nsteps:\n- {step}".encode(), "r.yaml")
    script = mistakes.require(responder_script.check(document))
    return as_lines(tuple(crosscheck.responder(document, script, play, playbook)))


BOOK = Playbook(path="p.md", text="", steps=(PlaybookStep(id="roll-back", text="", line=1),))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{do: {step: roll-bak}}", ["4:15 p.md has no step 'roll-bak' | did you mean 'roll-back'?"]),
        ("{do: {step: roll-back}}", []),
        ("{when: {alert: HighApiLatency}, do: {ack: true}}", []),
        (
            "{when: {alert: HighApLatency}, do: {ack: true}}",
            [
                "4:18? the scenario a does not expect an alert 'HighApLatency' | did you mean 'HighApiLatency'?"
            ],
        ),
        (
            "{when: {inject: 2}, do: {ack: true}}",
            ["4:19 the scenario has no inject 2 | injects are numbered from 0; the scenario has 2"],
        ),
        ("{do: {hint: 0}}", []),
        ("{do: {hint: 1}}", ["4:15 inject 1 is not a hint"]),
    ],
)
def test_a_script_is_compared_with_scenario_and_playbook(step: str, expected: list[str]) -> None:
    assert played(step, BOOK) == expected


def test_a_step_without_a_playbook_is_a_mistake() -> None:
    assert played("{do: {step: x}}") == ["4:15 the scenario has no playbook with a step 'x'"]
