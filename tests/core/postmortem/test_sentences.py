"""One sentence for each fact, which names nobody; people's own words come separately."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.postmortem import sentences
from gameday.core.values import MilestoneName, Severity
from tests.render import a_drill


def test_every_kind_of_fact_has_a_side_and_a_sentence_or_none():
    for seconds, source, fact in a_drill.facts():
        event = a_drill.events([(seconds, source, fact)])[0]
        assert sentences.side(event) in {"drill", "fault", "signals", "response"}
        assert isinstance(sentences.sentence(event), str)


def event(fact):
    return a_drill.events([(0.0, "cli", fact)])[0]


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (ev.NoteWritten(text="Rosalind restarted it"), "Rosalind restarted it"),
        (ev.UpdateSent(audience="customers", text="We know"), "We know"),
        (ev.ReviewAnswered(question="root-cause", answer="an index"), "an index"),
        (ev.MilestoneMarked(milestone="contained", granted=True, lever="Failover"), "Failover"),
    ],
)
def test_peoples_own_words_are_a_quote_and_no_part_of_the_sentence(fact, words):
    assert sentences.quote(event(fact)) == words
    assert words not in sentences.sentence(event(fact))


def test_a_commander_is_reported_and_not_named():
    said = sentences.sentence(event(ev.IncidentDeclared(severity=Severity.P2, commander="Rosalind")))
    assert said == "Incident declared P2 (High), with an incident commander."


def test_an_answer_of_the_probe_is_reported_only_where_it_is_not_the_expected_one():
    expected = ev.ExposureProbed(fault=a_drill.FAULT, stage="after-inject", exposed=True)
    assert sentences.sentence(event(expected)) == ""
    assert "not in force" in sentences.sentence(event(replace(expected, exposed=False)))
    assert "unknown" in sentences.sentence(event(replace(expected, exposed=None)))


def test_a_process_that_was_ended_before_the_rollback_is_named_with_what_to_do():
    fact = ev.MethodProcessEnded(
        fault=a_drill.FAULT, pid=1234, command="python server.py", activity="restart it"
    )
    assert sentences.sentence(event(fact)) == (
        "Ended before the rollback: pid 1234 “python server.py”, started by “restart it”. If it is meant to live on, "
        "name “restart it” in the experiment's leaves-running."
    )
    assert "started by the method. If it is meant" in sentences.sentence(event(replace(fact, activity="")))


def test_every_milestone_has_its_words():
    assert {sentences.milestone(name) for name in MilestoneName} == {
        str(name).replace("_", " ") for name in MilestoneName
    }


def test_a_steady_state_that_is_left_to_the_experiment_was_not_judged():
    checked = ev.SteadyStateChecked(stage="after", met=True, detail=exposure.ONLY_WITHIN)
    assert sentences.sentence(event(checked)).startswith("The steady state was not judged after the revert")
