from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.judging.impact import ServiceLevel
from gameday.core.plans.scenario import Guardrail
from gameday.core.values import Phase, Severity
from gameday.render import live
from tests.render import a_drill

BAD = ServiceLevel(slo="checkout-latency", good=0.12, requests=80, judged=True, bad_for=12.0)
GOOD = ServiceLevel(slo="browse", good=1.0, requests=90, judged=True, held_for=40.0)
SILENT = ServiceLevel(slo="login", good=None, requests=1, judged=False)


def view(until: float, levels=(), **plan) -> live.LiveView:
    facts = [f for f in a_drill.facts() if f[0] <= until]
    if plan:
        facts[0] = (0.0, "conductor", a_drill.planned(**plan))
    return live.view(a_drill.of(facts), levels, a_drill.at(until))


def test_it_shows_where_the_drill_stands():
    seen = view(60.0)
    assert (seen.phase, seen.fault, seen.scenario) == (Phase.RESPOND, "in force", "api-latency-spike")
    assert (round(seen.elapsed, 3), round(seen.in_phase, 3)) == (60.0, 27.7)


def test_clocks_wait_before_the_fault():
    assert {clock.state for clock in view(20.0).clocks} == {"waiting"}


def test_a_clock_runs_from_the_fault_stops_when_reached_and_tells_when_it_is_over():
    detect, contain, recover = view(160.0).clocks
    assert (detect.state, detect.text) == ("stopped", "19.4 s of 1 min 00 s")
    assert (contain.state, recover.state) == ("over", "running")


def clocks(*facts, until, levels=()):
    whole = [
        (0.0, "conductor", a_drill.planned()),
        (30.0, "keeper", ev.FaultInjected(fault=a_drill.FAULT, action="x")),
    ]
    return live.view(a_drill.of([*whole, *facts]), levels, a_drill.at(until)).clocks


def test_what_was_said_before_the_fault_stops_no_clock():
    early = [
        (28.0, "cli", ev.IncidentAcknowledged()),
        (29.0, "cli", ev.IncidentDeclared(severity=Severity.P2)),
    ]
    detect, *_ = clocks(*early, until=50.0)
    assert (detect.state, detect.seconds) == ("running", pytest.approx(20.0))


def test_a_mark_of_recovery_stops_its_clock_only_once_users_are_healthy_and_from_then_on():
    marked = (45.0, "cli", ev.MilestoneMarked(milestone="recovered"))
    assert clocks(marked, until=60.0, levels=(GOOD, BAD))[2].state == "running"
    well = ServiceLevel(slo="browse", good=1.0, requests=90, judged=True, held_for=4.0)
    recover = clocks(marked, until=60.0, levels=(well,))[2]
    assert (recover.state, recover.seconds) == ("stopped", pytest.approx(26.0))


def test_what_our_own_rollback_fixed_is_not_reached():
    ended = (100.0, "conductor", ev.ResponseEnded(why="time"))
    well = ServiceLevel(slo="browse", good=1.0, requests=90, judged=True, held_for=15.0)
    _, contain, recover = clocks(ended, until=120.0, levels=(well,))
    assert [(one.state, one.seconds) for one in (contain, recover)] == [
        ("unreached", pytest.approx(70.0))
    ] * 2


def test_a_grant_stops_the_clock_of_containment():
    granted = (50.0, "cli", ev.MilestoneMarked(milestone="contained", granted=True, lever="B"))
    _, contain, _ = clocks(granted, until=60.0)
    assert (contain.state, contain.seconds) == ("stopped", pytest.approx(20.0))


def test_a_tabletops_clocks_run_from_its_first_inject():
    paper = a_drill.planned(scenario=a_drill.replace(a_drill.scenario(), experiment=""))
    facts = [
        (0.0, "conductor", paper),
        (10.0, "conductor", ev.InjectSent(index=0, kind="message", text="Support calls")),
        (15.0, "cli", ev.IncidentAcknowledged()),
    ]
    seen = live.view(a_drill.of(facts), (), a_drill.at(20.0))
    assert (seen.fault, seen.since) == ("none: a tabletop", "the first inject")
    assert [clock.seconds for clock in seen.clocks] == pytest.approx([5.0, 10.0, 10.0])
    assert [line.offset for line in seen.latest][-1] == "+5.0 s"


def test_users_are_affected_while_a_level_is_bad():
    seen = view(60.0, (GOOD, BAD, SILENT))
    assert seen.affected
    assert [level.state for level in seen.levels] == ["good", "bad", "unknown"]
    assert seen.levels[1].text == "12 % good, bad for 12.0 s"
    assert not view(60.0, (GOOD, SILENT)).affected


def test_alerts_keep_their_latest_state():
    assert [(a.alert, a.state) for a in view(100.0).alerts] == [
        ("HighApiLatency", "firing"),
        ("EdgeRetries", "firing"),
    ]
    assert view(200.0).alerts[0].state == "resolved"


def test_guardrails_name_what_tripped_them():
    scenario = a_drill.replace(a_drill.scenario(), guardrails=(Guardrail(slo="login", below=0.95),))
    name = scenario.guardrails[0].name
    facts = [
        (0.0, "conductor", a_drill.planned(scenario=scenario)),
        (50.0, "conductor", ev.GuardrailTripped(guardrail=name, detail="login 81 %")),
    ]
    before = live.view(a_drill.of(facts[:1]), (), a_drill.at(60.0)).guardrails
    after = live.view(a_drill.of(facts), (), a_drill.at(60.0)).guardrails
    assert [(g.guardrail, g.tripped) for g in (*before, *after)] == [(name, ""), (name, "login 81 %")]


def test_the_latest_lines_are_those_that_people_care_about():
    lines = view(80.0).latest
    assert lines[-1].text == "Note. “Slow queries since the release at 10:00.”"
    assert len(lines) <= live.LATEST
    assert all(line.text for line in lines)


def test_the_fault_is_followed_to_its_end():
    assert [view(at).fault for at in (10.0, 40.0, 191.2, 200.0)] == [
        "not injected",
        "in force",
        "reverting",
        "reverted",
    ]


ASKED = (50.0, "conductor", ev.RealIncidentSuspected(alert="Disk\x1bFull", severity=Severity.P1, key="k"))


def asking(*facts, until=70.0):
    told = [(0.0, "conductor", a_drill.planned()), ASKED, *facts]
    return live.view(a_drill.of(told), (), a_drill.at(until)).question


def test_an_open_question_is_shown_with_the_time_that_is_left():
    question = asking()
    assert question is not None
    assert (round(question.left, 3), "(P1) a real incident?" in question.text) == (40.0, True)
    assert "gameday continue, or gameday abort; the drill is aborted in 40.0 s" in question.answers
    assert "\x1b" not in question.text


@pytest.mark.parametrize("answer", [ev.ContinueRequested(), ev.AbortRequested(reason="real-incident")])
def test_an_answered_question_is_shown_no_more(answer):
    assert asking((60.0, "cli", answer)) is None
    assert asking((40.0, "cli", answer)) is not None


def next_of(*facts, levels=(), until=60.0, **plan):
    told = [(0.0, "conductor", a_drill.planned(**{"responder": "", "responder_as": None, **plan}))]
    told += [(10.0, "conductor", ev.PhaseEntered(phase=Phase.RESPOND))]
    told += [(10.0, "keeper", ev.FaultInjected(fault="f", action="a")), *facts]
    return live.view(a_drill.of(told), levels, a_drill.at(until)).next


DECLARED = (20.0, "cli", ev.IncidentDeclared(severity=Severity.P2))
MARKED = (50.0, "cli", ev.MilestoneMarked(milestone="recovered"))


def test_a_team_is_reported_what_it_can_type_and_what_ends_the_response():
    assert next_of(levels=(BAD,)).startswith("in another terminal: gameday ack")
    assert next_of(DECLARED, levels=(BAD,)).startswith("in another terminal")
    assert next_of(DECLARED, levels=(GOOD,)).startswith("users are healthy: `gameday recovered` ends")
    assert next_of(DECLARED, MARKED, levels=(BAD,)).startswith("marked as recovered; the response ends when")


def test_nobody_is_reported_what_to_type_where_a_script_responds():
    assert next_of(DECLARED, levels=(GOOD,), responder="shop-team") == ""


def test_a_phase_is_shown_with_the_time_that_it_is_to_take():
    assert [view(at).planned for at in (20.0, 60.0)] == [
        a_drill.scenario().phases.baseline,
        a_drill.scenario().phases.response,
    ]


def test_what_was_typed_under_a_name_that_the_plan_does_not_know_is_marked():
    ack = next(f for f in a_drill.facts() if isinstance(f[2], ev.IncidentAcknowledged))
    facts = [(0.0, "conductor", a_drill.planned(people=("ada",))), ack]
    told = a_drill.of(facts)
    typed = [replace(e, by="mallory", source="cli") for e in told.events]
    (line,) = live.from_outside(replace(told, events=tuple(typed)), a_drill.at(100)).latest[-1:]
    assert line.text.endswith("(a name that the plan does not know)")
    known = [replace(e, by="ada", source="cli") for e in told.events]
    (line,) = live.from_outside(replace(told, events=tuple(known)), a_drill.at(100)).latest[-1:]
    assert "does not know" not in line.text
