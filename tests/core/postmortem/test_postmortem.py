from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import playbook, postmortem
from gameday.core.facts import drill as ev
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.impact import Impact, SloImpact
from gameday.core.judging.measures import MEASURES
from gameday.core.judging.milestones import Milestones
from gameday.core.judging.result import Alerts
from gameday.core.plans.scenario import Criterion
from gameday.core.postmortem import sentences, timeline
from gameday.core.values import MilestoneName, Mode, Outcome, Party, RecoveredBy, Severity, Verdict
from gameday.formats.scenario import playbook as markdown
from gameday.testing import histories
from tests.render import a_drill


def drafted(facts=None, result=None) -> postmortem.Postmortem:
    return postmortem.draft(a_drill.of(facts), result or a_drill.result())


@pytest.fixture
def refused():
    """Give the facts of a drill whose target did not answer."""
    check = ev.PreflightChecked(check="target reachable", passed=False, detail="no answer")
    closed = ev.DrillClosed(how="not-ready", reverted=True)
    return [*a_drill.facts()[:1], (1.0, "conductor", check), (2.0, "conductor", closed)]


def with_plan(**changes):
    return [(0.0, "conductor", a_drill.planned(**changes)), *a_drill.facts()[1:]]


def entry(pm: postmortem.Postmortem, words: str) -> postmortem.Entry:
    return next(e for e in pm.timeline if words in e.text)


def titles(pm: postmortem.Postmortem) -> list[str]:
    return [f.title for f in (*pm.well, *pm.improve)]


def test_the_summary_stands_alone():
    summary = " ".join(drafted().summary)
    assert "gameday broke shop on purpose" in summary
    assert "Users were affected for 2 min 20 s: 3,391 of 3,794 requests were bad (89 %)" in summary
    assert "Time to detect 18.8 s of 1 min 00 s (met)" in summary
    assert "71.4 of 100 points by team@1 (passed), with evidence for 83 % of the weights." in summary


@pytest.mark.parametrize(
    ("judged", "said"),
    [
        ((True, True), "No user was affected beyond the objectives."),
        (
            (True, False),
            "No user was affected beyond the objectives that could be judged; for the others it is unknown (b: no samples).",
        ),
        ((False,), "Whether users were affected is unknown (a: no samples)."),
        ((), "Whether users were affected is unknown: the scenario has no SLO."),
    ],
)
def test_users_of_whom_nothing_is_known_are_not_called_unaffected(judged, said):
    slos = (
        SloImpact(slo=slo, judged=ok, why="" if ok else "no samples")
        for slo, ok in zip("ab", judged, strict=False)
    )
    found = drafted(result=a_drill.result(impact=Impact(slos=tuple(slos))))
    assert said in found.summary
    assert found.harm == said
    assert found.harm_known == (said == "No user was affected beyond the objectives.")


def test_the_timeline_is_in_order_and_numbered():
    timeline = drafted().timeline
    assert [e.at for e in timeline] == sorted(e.at for e in timeline)
    assert [e.number for e in timeline] == list(range(1, len(timeline) + 1))


def test_a_line_carries_the_milestones_that_it_settles():
    assert entry(drafted(), "Acknowledged").milestones == ("acknowledged", "detected")


def test_an_observed_milestone_without_an_event_has_a_line_of_its_own():
    line = entry(drafted(), "Users started to be affected")
    assert (line.side, round(line.offset, 3), line.evidence) == ("users", 0.6, None)


def test_two_instants_that_differ_by_more_than_the_skew_both_stand():
    pm = drafted()
    assert entry(pm, "Users were healthy").also == (("declared", a_drill.at(a_drill.MARKED)),)
    assert entry(pm, "HighApiLatency resolved").also == (("received", a_drill.at(199.5)),)
    assert entry(pm, "HighApiLatency (page) fired").also == ()


def test_what_matters_only_to_machines_is_left_out_unless_it_is_evidence():
    facts = [*a_drill.facts(), (20.0, "conductor", ev.TrailWatched(readable=True))]
    assert not any("TrailWatched" in e.text for e in drafted(facts).timeline)
    cited = replace(a_drill.result().attribution, evidence=(a_drill.id_of(ev.TrailWatched, 20.0),))
    assert any("TrailWatched" in e.text for e in drafted(facts, a_drill.result(attribution=cited)).timeline)


def test_every_reached_milestone_is_backed_by_a_line():
    pm = drafted()
    assert all(m.evidence for m in pm.milestones if m.at is not None)


def test_chains_add_up_to_their_whole_time():
    contain = drafted().chains[1]
    assert contain.spans[0].earlier
    assert sum(s.seconds or 0.0 for s in contain.spans) == pytest.approx(contain.seconds)
    assert [s.name for s in contain.spans if s.longest] == ["declared → first action"]


def test_the_injected_cause_stands_next_to_what_the_team_recorded():
    cause = drafted().root_cause
    assert any("experiments/slow-query.json (“A slow query”)" in line for line in cause.injected)
    assert ("root cause", "A query without an index.") in cause.recorded


def test_a_yaml_experiment_is_named_by_its_path():
    request = replace(a_drill.request(), experiment="title: A slow query\n")
    facts = [
        f if not isinstance(f[2], ev.FaultRequested) else (31.9, "conductor", request)
        for f in a_drill.facts()
    ]
    assert any(
        "the experiment experiments/slow-query.json." in line for line in drafted(facts).root_cause.injected
    )


def test_nobodys_name_stands_in_what_is_ours():
    assert "Rosalind" not in repr(drafted())


def test_a_scripted_responder_is_named_as_such():
    pm = drafted()
    assert pm.responder == "Scripted responder shop-team, playing the team."
    assert entry(pm, "Acknowledged").who == "shop-team (script)"


def test_a_team_is_a_team():
    pm = drafted(with_plan(responder="", responder_as=None))
    assert pm.responder == "The team."


def test_owners_are_roles_where_a_team_responds_and_unassigned_where_a_script_does():
    assert {a.owner for a in drafted().actions} == {"unassigned"}
    owners = {a.owner for a in drafted(with_plan(responder="", responder_as=None)).actions}
    assert owners == {"incident commander", "responder"}


def test_due_dates_follow_the_policy_from_the_day_of_closing():
    due = {a.priority: a.due for a in drafted().actions}
    assert due == {"high": "2026-12-08", "medium": "2026-12-15", "low": "2026-12-31"}
    hurried = postmortem.draft(a_drill.of(), a_drill.result(), postmortem.DueDays(high=1))
    assert min(a.due for a in hurried.actions) == "2026-12-02"


def test_each_finding_that_asks_for_work_becomes_an_action_item():
    pm = drafted()
    assert [a.because for a in pm.actions] == [f.title for f in pm.improve if f.work]


def test_action_items_named_at_the_review_are_kept_in_their_own_words():
    facts = [*a_drill.facts(), (228.0, "cli", ev.ReviewAnswered(question="action", answer="Add an index."))]
    assert drafted(facts).actions[-1].text == "Add an index."


def test_missing_late_and_unexpected_alerts_are_findings():
    found = titles(drafted())
    assert "The alert DatabaseSaturated never fired" in found
    assert "The alert EdgeRetries fired, and the scenario does not expect it" in found
    late = a_drill.result(alerts=Alerts(expected=("HighApiLatency",), late=("HighApiLatency",)))
    assert "The alert HighApiLatency fired late" in titles(drafted(result=late))


def test_coverage_counts_from_the_start_of_impact():
    line = next(c for c in drafted().coverage if c.alert == "HighApiLatency")
    assert (line.state, line.within, line.after) == ("in time", 60.0, 10.6)


def test_a_step_that_nobody_ticked_is_a_question_and_a_step_reported_as_skipped_a_finding():
    pm = drafted()
    assert "Was the step “Raise the connection limit” done? Nobody ticked it." in pm.questions
    assert "The step “Ask who released last” was skipped" in titles(pm)
    assert not any("Raise the connection limit" in title for title in titles(pm))


def test_a_slow_time_names_its_longest_part_with_its_evidence():
    slow = next(f for f in drafted().improve if f.title.startswith("Time to contain"))
    assert "“declared → first action”: 1 min 48 s (78 %)" in slow.detail
    assert slow.evidence


@pytest.mark.parametrize(
    ("severity", "title"),
    [
        (Severity.P2, "Declared P2 (High)"),
        (Severity.P4, "Declared P4 (Low) where P2 (High) was right"),
    ],
)
def test_the_declared_severity_is_compared_with_the_scenarios(severity, title):
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.IncidentDeclared)]
    facts.append((a_drill.DECLARED, "cli", ev.IncidentDeclared(severity=severity)))
    assert title in titles(drafted(facts))


def test_what_was_declared_before_the_fault_went_neither_well_nor_badly():
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.IncidentDeclared)]
    facts.append((a_drill.T0 - 2.0, "cli", ev.IncidentDeclared(severity=Severity.P2)))
    assert not [title for title in titles(drafted(facts)) if title.startswith("Declared")]


def test_who_recovered_is_reported_by_a_trail_or_where_our_rollback_came_too_soon_by_time():
    unclear = Attribution(
        recovered_by=RecoveredBy.UNCLEAR, outcome=Outcome.UNDETECTED, changed=None, why="Because."
    )
    whole = a_drill.milestones()
    never = replace(whole.by_name[MilestoneName.RECOVERED], at=None)
    short = replace(whole, by_name={**whole.by_name, MilestoneName.RECOVERED: never})
    for milestones, word in ((whole, "a trail of actions"), (short, "more time")):
        pm = drafted(result=a_drill.result(attribution=unclear, milestones=milestones))
        (found,) = [one for one in pm.improve if one.title == "Who recovered the service is unclear"]
        assert word in found.work


@pytest.mark.parametrize(
    ("fact", "by"),
    [
        (ev.InjectAsked(index=0, send=True), "facilitator"),
        (ev.EndRequested(), "facilitator"),
        (ev.MilestoneMarked(milestone="contained", granted=True, lever="B"), "facilitator"),
        (ev.MilestoneMarked(milestone="contained"), "team"),
        (ev.AbortRequested(reason="safety"), "team"),
    ],
)
def test_a_facilitators_words_are_not_the_teams(fact, by):
    history = a_drill.of([*a_drill.facts(), (100.0, "cli", fact)])
    (said,) = [event for event in history.events if event.fact == fact]
    assert timeline.who(said, history) == by


def test_a_censored_time_says_at_least_and_earns_a_finding():
    interval = replace(
        a_drill.milestones().intervals[2], seconds=None, censored=True, at_least=158.4, verdict=Verdict.MISSED
    )
    whole = a_drill.milestones()
    cut = replace(whole, intervals=(*whole.intervals[:2], interval))
    pm = drafted(result=a_drill.result(milestones=cut))
    assert "Time to recover: at least 2 min 38 s" in titles(pm)
    assert "Time to recover at least 2 min 38 s, not reached" in " ".join(pm.summary)


@pytest.mark.parametrize(
    ("outcome", "by", "title"),
    [
        (Outcome.NO_EFFECT, RecoveredBy.NONE, "The fault changed nothing"),
        (Outcome.ABSORBED, RecoveredBy.NONE, "The service absorbed the fault"),
        (Outcome.CONTAINED, RecoveredBy.ROLLBACK, "Our own rollback ended the impact"),
        (Outcome.RECOVERED, RecoveredBy.UNCLEAR, "Who recovered the service is unclear"),
        (Outcome.RECOVERED, RecoveredBy.AUTOMATION, "Recovered by the automation"),
    ],
)
def test_each_ending_has_its_finding(outcome, by, title):
    who = Attribution(recovered_by=by, outcome=outcome, changed=None, why="Because.")
    assert title in titles(drafted(result=a_drill.result(attribution=who)))


def test_an_aborted_drill_is_marked_with_its_reason():
    facts = [*a_drill.facts(), (60.0, "cli", ev.AbortRequested(reason="real-incident", detail="page 12"))]
    assert drafted(facts).aborted == "real-incident: page 12"
    assert drafted().aborted == ""


def test_a_fault_that_may_be_in_force_is_reported_with_what_a_person_must_do():
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.FaultReverted)]
    failed = ev.RevertFailed(
        fault=a_drill.FAULT, attempt=3, error="refused", steps=("Turn new-ranking off by hand.",), final=True
    )
    pm = drafted([*facts, (193.0, "keeper", failed)], a_drill.result(reverted=False))
    assert "The fault may still be in force: a person must look." in pm.reverted
    assert "Turn new-ranking off by hand." in pm.reverted
    assert pm.improve[0].tone == "safety"


def test_reverting_tells_whether_it_was_verified():
    assert any(line.startswith("Verified: the still-exposed probe") for line in drafted().reverted)
    blind = [f for f in a_drill.facts() if not isinstance(f[2], ev.ExposureProbed | ev.SteadyStateChecked)]
    assert any(line.startswith("Not verified") for line in drafted(blind).reverted)


def test_training_has_no_score_and_says_so():
    pm = drafted(with_plan(mode=Mode.TRAIN))
    assert "Not scored: the drill was for training." in pm.summary


def test_a_drill_that_injected_nothing_can_be_reported():
    facts = [*a_drill.facts()[:3], (3.0, "conductor", ev.DrillClosed(how="not-ready", reverted=True))]
    empty = a_drill.result(
        milestones=Milestones(by_name={}, intervals=(), chain=()),
        impact=replace(a_drill.impact(), started=None, ended=None, seconds=0.0, slos=()),
        attribution=Attribution(recovered_by=RecoveredBy.NONE, outcome=Outcome.FAILED, changed=None, why=""),
        alerts=Alerts(),
    )
    pm = drafted(facts, empty)
    assert pm.reverted == ("Nothing was injected, so nothing had to be reverted.",)
    assert pm.root_cause.injected[-1] != ""
    assert all(m.at is None for m in pm.milestones)


def test_a_drill_that_did_not_begin_shows_only_why(refused):
    pm = drafted(refused)
    assert pm.well == ()
    (found,) = pm.improve
    assert (found.title, found.detail) == ("The drill did not begin", "target reachable: no answer.")
    assert [entry.number for entry in pm.timeline if "no answer" in entry.text] == list(found.evidence)
    assert [one.text for one in pm.actions] == [
        "Make the environment ready for this drill, then run it again"
    ]
    assert pm.questions == ()
    planned = a_drill.planned().playbook
    assert playbook.propose(a_drill.of(refused), a_drill.result(), planned) == ()


def test_order_of_delivery_changes_nothing():
    assert drafted(list(reversed(a_drill.facts()))) == drafted()


def test_a_judged_history_and_its_postmortem_agree():
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 60).alert("HighApiLatency", at=18)
    game = game.ack(at=20).declare("P2", at=25).action("flag off", at=59).mark("recovered", at=75).over(at=80)
    game = game.close(at=100)
    result = game.result()
    pm = postmortem.draft(game.history(), result)
    assert pm.outcome is result.attribution.outcome
    reached = {m.name: m.at for m in pm.milestones}
    assert reached == {n: result.milestones.by_name[n].at for n in MilestoneName}


def test_every_kind_of_fact_has_a_side_and_a_sentence_or_none():
    for seconds, source, fact in a_drill.facts():
        event = a_drill.events([(seconds, source, fact)])[0]
        assert sentences.side(event) in {"drill", "fault", "signals", "response"}
        assert isinstance(sentences.sentence(event), str)


def test_an_automation_of_the_environment_is_reported_from_a_script():
    scenario = replace(a_drill.scenario(), responders=Party.AUTOMATION)
    pm = drafted(with_plan(scenario=scenario, responder="", responder_as=None))
    assert pm.responder == "The environment's own automation."


def test_a_drill_that_was_not_ready_says_what_stood_in_the_way():
    checked = ev.PreflightChecked(check="target", passed=False, detail="connection refused")
    who = Attribution(recovered_by=RecoveredBy.NONE, outcome=Outcome.FAILED, changed=None, why="")
    facts = [a_drill.facts()[0], (1.0, "conductor", checked)]
    pm = drafted(facts, a_drill.result(attribution=who))
    assert "Preflight check failed: target: connection refused" in pm.summary


def test_many_steps_that_nobody_ticked_are_one_question():
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.StepDone | ev.ReviewAnswered)]
    asked = [question for question in drafted(facts).questions if "Nobody ticked" in question]
    ids = "check-slow-queries, ask-who-released-last, raise-connections, tell-support"
    assert asked == [f"Which of these steps were done? Nobody ticked them: {ids}."]


def test_a_full_stop_does_not_hide_that_the_playbook_tells_an_action():
    text = a_drill.PLAYBOOK.replace("Raise the connection limit", "Run gameday shop flag new-ranking off.")
    book = markdown.read(text, "p.md")
    assert not any("does not tell" in title for title in titles(drafted(with_plan(playbook=book))))


def missed(criterion, measure):
    """Give the findings of a drill that missed one criterion, which measures this."""
    rules = replace(
        a_drill.rules(), criteria=(Criterion(criterion=criterion, phase="x", weight=1.0, measure=measure),)
    )
    facts = [(0.0, "conductor", a_drill.planned(scorecard=rules)), *a_drill.facts()[1:]]
    card = a_drill.score()
    scored = replace(card.criteria[0], criterion="quick", share=0.0, verdict=Verdict.MISSED)
    pm = drafted(facts, a_drill.result(score=replace(card, criteria=(scored,))))
    return [finding.work for finding in pm.improve if finding.title == "Not met: quick"]


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if one.covered])
def test_a_criterion_whose_measure_has_findings_of_its_own_gets_no_second_one(measure):
    assert missed("quick", measure) == []


@pytest.mark.parametrize("measure", [name for name, one in MEASURES.items() if not one.covered])
def test_any_other_missed_criterion_gets_a_finding_with_the_work_of_its_measure(measure):
    general = "Describe in the playbook how to meet “quick”"
    assert missed("quick", measure) == [MEASURES[measure].work or general]


def test_a_criterion_of_another_scorecard_gets_a_general_finding():
    assert missed("another", "detect") == ["Describe in the playbook how to meet “quick”"]
