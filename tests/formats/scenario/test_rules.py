import pytest

from gameday.core.plans import scenario as core
from gameday.formats.scenario import reader as scenario
from gameday.formats.text import reader
from tests.formats import mistakes

HEAD = "scenario: a\ntitle: b\nenvironment: shop\n"
LOAD = "load: {locustfile: l.py}\n"


def read(text: str) -> core.Scenario:
    return mistakes.require(scenario.check(reader.read(text.encode(), "scenarios/a.yaml")))


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "scenarios/a.yaml", scenario.check)


def test_a_guardrail_on_all_that_the_fault_is_meant_to_hurt_is_warned_of() -> None:
    text = HEAD + LOAD + "slos: [{slo: x}]\nguardrails: [{slo: x, below: 50%}]"
    assert lines_of(text) == [
        (
            "6:20? the fault itself will trip this guardrail: it is meant to affect 'x' "
            "| guard what the fault must not affect, with an SLO of its own"
        )
    ]
    assert read(text).guardrails[0].below == 0.5


@pytest.mark.parametrize(
    ("milestone", "condition", "warned"),
    [
        ("contained", "slo: x, at_least: 80%", True),
        ("recovered", "slo: x", True),
        ("recovered", 'slo: "*"', False),
        ("recovered", "slo: y", False),
        ("detected", "slo: x", False),
    ],
)
def test_a_guardrail_on_what_the_milestones_wait_for_is_warned_of(milestone, condition, warned) -> None:
    text = HEAD + LOAD + "slos: [{slo: x}, {slo: y}]\nguardrails: [{slo: x, below: 50%}]\n"
    lines = lines_of(text + f"milestones: {{{milestone}: {{any: [{{{condition}}}]}}}}")
    assert (
        any("the fault itself may trip this guardrail: it is meant to affect 'x'" in line for line in lines)
        is warned
    )


def test_an_inject_has_an_id_of_its_own_or_its_number() -> None:
    same = HEAD + "injects:\n- {after: 1s, message: a, id: call}\n- {after: 2s, message: b, id: call}\n"
    lines = [str(one) for one in scenario.check(reader.read(same.encode(), "s.yaml")).mistakes]
    assert len(lines) == 1
    assert lines[0].startswith("s.yaml:6:31: there is already an inject 'call'")
    number = same.replace("b, id: call", 'b, id: "0"')
    assert "there is already an inject '0'" in str(
        scenario.check(reader.read(number.encode(), "s.yaml")).mistakes
    )
