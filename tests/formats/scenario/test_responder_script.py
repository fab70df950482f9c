import pytest

from gameday.core.plans.responder_script import Do, ResponderStep, When
from gameday.core.values import Party, Severity
from gameday.formats.scenario import responder_script
from gameday.formats.text import reader
from tests.formats import mistakes
from tests.paths import ROOT

HEAD = "responder: bot\nas: automation\nsteps:\n"


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "scenarios/responders/a.yaml", responder_script.check)


def test_each_thing_that_a_step_can_do_becomes_its_value() -> None:
    steps = [
        "{when: {alert: A, within: 10s}, after: 1s, do: {ack: true}}",
        "{do: {declare: {severity: P2, commander: on-call}}}",
        "{do: {step: s}}",
        '{do: {command: ["x", "-y"]}, timeout: 5s}',
        "{when: {inject: 0}, do: {mark: contained}}",
        "{do: {note: n}}",
        "{do: {update: u, audience: customers}}",
        "{do: {hint: 1}}",
        "{when: {milestone: recovered}, do: {end: true}}",
    ]
    text = HEAD + "\n".join(f"- {step}" for step in steps)
    script = mistakes.require(responder_script.check(reader.read(text.encode(), "a.yaml")))
    assert (script.responder, script.acts_as) == ("bot", Party.AUTOMATION)
    assert script.steps[0] == ResponderStep(when=When(alert="A", within=10.0), after=1.0, do=Do(ack=True))
    assert [step.do for step in script.steps[1:]] == [
        Do(declare=Severity.P2, commander="on-call"),
        Do(step="s"),
        Do(command=("x", "-y")),
        Do(mark="contained"),
        Do(note="n"),
        Do(update="u", audience="customers"),
        Do(hint=1),
        Do(end=True),
    ]
    assert script.steps[3].timeout == 5.0


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{do: {ack: yes}}", "4:14 expected true, not the text 'yes' | leave the key out, or write true"),
        ("{do: {ack: true, note: x}}", "4:8 'do' has 'ack' and 'note' | write exactly one of: ack,"),
        (
            "{do: {comand: x}}",
            "4:8 'do' needs exactly one of the keys ack, declare, step, command, mark, note, update, end, hint | did you mean 'command'?",
        ),
        ("{do: {command: gameday shop}}", "4:18 expected a list, not the text 'gameday shop'"),
        ("{do: {declare: {severity: P5}}}", "4:29 'P5' is not a severity"),
        (
            "{do: {mark: recoverd}}",
            "4:15 'recoverd' is not a milestone that can be marked | did you mean 'recovered'?",
        ),
        ("{do: {mark: alerted}}", "4:15 'alerted' is not a milestone that can be marked"),
        (
            "{when: {milestne: detected}, do: {note: x}}",
            "4:10 'when' needs exactly one of the keys alert, milestone, inject | did you mean 'milestone'?",
        ),
        (
            "{when: {milestone: detcted}, do: {note: x}}",
            "4:22 'detcted' is not a milestone | did you mean 'detected'?",
        ),
        ("{after: 1, do: {note: x}}", "4:11 1 has no unit; expected a duration"),
        ("{aftr: 1s, do: {note: x}}", "4:4 unknown key 'aftr' | did you mean 'after'?"),
        ("{after: 1s}", "4:3 the key 'do' is missing | do: what it does"),
    ],
)
def test_a_mistake_is_reported_at_its_place_with_a_hint(step: str, expected: str) -> None:
    (only,) = lines_of(f"{HEAD}- {step}")
    assert only.startswith(expected)


def test_every_responder_of_the_catalogue_has_no_mistake() -> None:
    files = sorted((ROOT / "scenarios" / "responders").glob("*.yaml"))
    assert files
    for file in files:
        assert mistakes.require(responder_script.check(reader.read(file.read_bytes(), file.name))).steps
