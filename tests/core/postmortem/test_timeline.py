"""The timeline: in order, numbered, with every instant that a milestone rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import postmortem
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.judging import result
from gameday.core.postmortem import timeline
from gameday.testing import histories
from tests.core.postmortem.drafts import drafted, entry
from tests.render import a_drill


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


def test_a_storm_of_alerts_is_counted_and_not_listed():
    game = histories.Game(rate=5).fault(at=10).bad("POST /checkout", 10, 60)
    game = game.alert("HighApiLatency", at=11)
    for number in range(timeline.MOST_ALERTS + 20):
        game = game.alert(f"Noise{number}", at=20, key=str(number))
    game = game.over(at=80)
    lines = postmortem.draft(game.history(), game.result()).timeline
    assert sum("Alert Noise" in line.text for line in lines) <= timeline.MOST_ALERTS + 10
    assert any(line.text.startswith("And ") and "more alert events" in line.text for line in lines)
    assert any("HighApiLatency" in line.text for line in lines)


def test_what_was_typed_under_a_name_that_the_plan_does_not_know_is_marked():
    game = histories.Game().fault(at=10).ack(at=20).abort(at=30).close(at=40, how="aborted")
    names = {ev.IncidentAcknowledged: "mallory", ev.AbortRequested: "ada"}

    def lines(**plan):
        events = [
            replace(e, fact=replace(e.fact, **plan))
            if isinstance(e.fact, ev.DrillPlanned)
            else replace(e, by=names[type(e.fact)], source="cli")
            if type(e.fact) in names
            else e
            for e in game.history().events
        ]
        told = history.from_events(events, game.load())
        return {e.text: e.who for e in postmortem.draft(told, result.judge(told)).timeline}

    said = lines(people=("ada",))
    unknown = "team (a name that the plan does not know)"
    assert [by for text, by in said.items() if "cknowledged" in text] == [unknown]
    assert [by for text, by in said.items() if "bort" in text and by != "gameday"] == ["team"]
    assert not any("does not know" in by for by in lines().values())
