"""A responder script in a drill: what it waits for, what it does, and under which name that is recorded."""

import pytest

from gameday.conduct.drill.response.script_player import fact_for
from gameday.core.facts import drill as ev
from gameday.core.plans.responder_script import Do, ResponderScript, ResponderStep, When
from gameday.core.values import Party, Severity
from tests.conduct.stage import AUTOMATION, Stage

SCRIPT = ResponderScript(
    responder="auto",
    acts_as=Party.AUTOMATION,
    steps=(
        ResponderStep(when=When(milestone="impact_started"), after=2.0, do=Do(ack=True)),
        ResponderStep(do=Do(declare=Severity.P2, commander="on-call")),
        ResponderStep(when=When(alert="Never", within=3.0), do=Do(note="not reached")),
        ResponderStep(do=Do(command=("nonsense",))),
        ResponderStep(do=Do(command=("mend",))),
        ResponderStep(when=When(milestone="recovered"), do=Do(mark="recovered")),
    ),
)


def test_a_responder_script_plays_the_team_and_goes_on_after_failures():
    history = Stage(AUTOMATION, script=SCRIPT).play()
    assert history.first(ev.IncidentDeclared).fact.commander == "on-call"
    assert [failed.fact.step for failed in history.each(ev.ResponderFailed)] == [3, 4]
    assert [taken.fact.action for taken in history.each(ev.ActionTaken)] == ["nonsense", "mend"]
    assert history.first(ev.ResponseEnded).fact.why == "recovered"


def test_what_a_script_does_is_written_under_its_name():
    history = Stage(AUTOMATION, script=SCRIPT).play()
    acked = history.first(ev.IncidentAcknowledged).event
    assert (acked.source, acked.by) == ("responder", "auto")


def test_a_step_that_waits_in_vain_says_for_what_and_a_command_how_it_ended():
    failed = [one.fact.reason for one in Stage(AUTOMATION, script=SCRIPT).play().each(ev.ResponderFailed)]
    assert failed == [
        "waited for alert Never, which did not happen",
        "`nonsense` ended with 127: no such command",
    ]


def test_a_step_is_done_so_long_after_what_it_waited_for():
    stage = Stage(AUTOMATION, script=SCRIPT)
    history = stage.play()
    affected = history.first(ev.FaultInjected).at - stage.began
    acknowledged = stage.seconds(history, ev.IncidentAcknowledged)
    declared = stage.seconds(history, ev.IncidentDeclared)
    assert acknowledged >= affected + 2.0
    assert declared == acknowledged
    assert stage.seconds(history, ev.ResponderFailed) == pytest.approx(declared + 3.0, abs=0.1)


@pytest.mark.parametrize(
    ("do", "fact"),
    [
        (Do(ack=True), ev.IncidentAcknowledged()),
        (Do(end=True), ev.EndRequested()),
        (
            Do(declare=Severity.P1, commander="ada"),
            ev.IncidentDeclared(severity=Severity.P1, commander="ada"),
        ),
        (Do(hint=0), ev.HintTaken(index=0)),
        (Do(step="restart"), ev.StepDone(step="restart")),
        (Do(mark="contained"), ev.MilestoneMarked(milestone="contained")),
        (Do(update="we are on it"), ev.UpdateSent(audience="stakeholders", text="we are on it")),
        (Do(update="sorry", audience="customers"), ev.UpdateSent(audience="customers", text="sorry")),
        (Do(note="odd"), ev.NoteWritten(text="odd")),
    ],
    ids=lambda value: "" if isinstance(value, Do) else type(value).__name__,
)
def test_each_thing_that_a_step_can_do_is_recorded_as_the_fact_that_a_person_would_record(do, fact):
    assert fact_for(do) == fact
