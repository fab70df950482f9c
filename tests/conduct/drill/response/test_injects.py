"""Planned injects: sent once, when they are due or the facilitator asks, or skipped with a reason."""

from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Inject
from gameday.core.values import Severity
from tests.conduct.stage import SCENARIO, Stage

INJECTS = (Inject(after=30.0, message="Support calls", id="support"), Inject(after=60.0, users=20))


def test_injects_are_sent_at_their_moments_unless_their_milestone_is_reached():
    injects = (
        Inject(after=10, message="Support: customers can't pay."),
        Inject(after=20, hint="Look at the queries.", cost=5, unless="detected"),
        Inject(after=30, users=50),
    )
    stage = Stage(replace(SCENARIO, injects=injects)).say(20, ev.IncidentAcknowledged())
    history = stage.play()
    assert [sent.fact.index for sent in history.each(ev.InjectSent)] == [0, 2]
    assert history.first(ev.InjectSkipped).fact.index == 1
    assert stage.users.users == 50
    assert "customers can't pay" in history.first(ev.InjectSent).fact.text


def test_what_was_said_before_the_fault_keeps_no_inject_from_being_sent():
    """An acknowledgement in the baseline proves nothing: the judge calls that drill undetected."""
    call = (Inject(after=10, message="Support calls", unless="detected"),)
    early = Stage(replace(SCENARIO, injects=call)).say(1, ev.IncidentAcknowledged())
    history = early.say(1.5, ev.IncidentDeclared(severity=Severity.P2)).say(40, ev.EndRequested()).play()
    assert history.first(ev.IncidentDeclared).at < history.first(ev.FaultInjected).at
    assert [one.fact.text for one in history.each(ev.InjectSent)] == ["Support calls"]
    assert history.first(ev.InjectSkipped) is None


def test_the_facilitator_sends_an_inject_before_its_moment_and_it_is_sent_once():
    stage = Stage(replace(SCENARIO, injects=INJECTS)).say(10, ev.InjectAsked(index=1, send=True))
    history = stage.say(100, ev.EndRequested()).play()
    sent = [(one.fact.index, round(one.at - stage.began)) for one in history.each(ev.InjectSent)]
    assert sent == [(1, 10), (0, 35)]
    assert stage.users.users == 20


def test_the_facilitator_skips_an_inject_and_says_why():
    asked = ev.InjectAsked(index=0, send=False, why="they know already")
    history = Stage(replace(SCENARIO, injects=INJECTS)).say(12, asked).say(100, ev.EndRequested()).play()
    skipped = history.first(ev.InjectSkipped).fact
    assert (skipped.index, skipped.why) == (0, "the facilitator skipped it: they know already")
    assert [one.fact.index for one in history.each(ev.InjectSent)] == [1]


def test_an_inject_that_the_facilitator_sends_is_sent_though_it_would_be_needless():
    needless = (Inject(after=30.0, message="Support calls", unless="acknowledged"),)
    stage = Stage(replace(SCENARIO, injects=needless)).say(10, ev.IncidentAcknowledged())
    history = stage.say(15, ev.InjectAsked(index=0, send=True)).say(50, ev.EndRequested()).play()
    assert [one.fact.text for one in history.each(ev.InjectSent)] == ["Support calls"]
