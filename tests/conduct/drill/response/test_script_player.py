"""A responder script in a drill: what it waits for, what it does, and under which name that is recorded."""

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
