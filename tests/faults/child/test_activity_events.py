"""What is reported of an experiment's activities as chaoslib plays them."""

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId
from gameday.faults.child.activity_events import ActivityReporter, limit_of
from tests.faults.building import python
from tests.faults.child.connected import connected

ACTION, PROBE = python("fault-on", "switch"), python("is-on", "is_on", kind="probe")
SUCCEEDED, FAILED = (
    {"status": "succeeded", "output": "done"},
    {"status": "failed", "exception": ["a\n", "b\n"]},
)


def reported(*acts, stage="method"):
    """Let a reporter see what `acts` do with it; give it and the facts that reached the parent."""
    with connected() as (connection, other_end):
        reporter = ActivityReporter(connection, FaultId("f1"), by="conductor", attempt=2)
        reporter.stage = stage
        for act in acts:
            act(reporter)
        return reporter, [message.fact for message in other_end.received()]


def start(activity):
    return lambda reporter: reporter.start_activity(activity)


def end(activity, run):
    return lambda reporter: reporter.activity_completed(activity, run)


def test_the_first_action_of_the_method_is_the_fault_and_no_later_one():
    _, facts = reported(start(PROBE), start(ACTION), start({**ACTION, "name": "second"}))
    assert [fact.action for fact in facts if isinstance(fact, ev.FaultInjected)] == ["fault-on"]
    assert [fact.activity for fact in facts if isinstance(fact, ev.ActivityStarted)] == [
        "is-on",
        "fault-on",
        "second",
    ]


def test_a_probe_of_the_hypothesis_injects_nothing():
    reporter, facts = reported(start(PROBE), end(PROBE, SUCCEEDED), stage="hypothesis-before")
    assert (reporter.touched, reporter.injected) == (False, False)
    assert {fact.stage for fact in facts} == {"hypothesis-before"}


def test_one_attempt_is_reported_however_many_rollbacks_are_played():
    _, facts = reported(start(ACTION), end(ACTION, SUCCEEDED), start(ACTION), stage="rollback")
    attempts = [fact for fact in facts if isinstance(fact, ev.RevertAttempted)]
    assert attempts == [ev.RevertAttempted(fault=FaultId("f1"), attempt=2, by="conductor")]
    assert facts[0] == attempts[0]


def test_a_continuous_hypothesis_has_a_stage_of_its_own_in_its_own_thread():
    _, facts = reported(lambda reporter: reporter.start_continuous_hypothesis(1), start(PROBE))
    assert [fact.stage for fact in facts] == ["hypothesis-during"]


@pytest.mark.parametrize(("run", "uncertain"), [(SUCCEEDED, 0), (FAILED, 1), ({}, 1)])
def test_an_action_that_has_not_succeeded_leaves_it_uncertain_what_it_did(run, uncertain):
    reporter, facts = reported(start(ACTION), end(ACTION, run))
    assert (reporter.uncertain, reporter.open) == (uncertain, set())
    assert facts[-1].status == run.get("status", "failed")
    assert facts[-1].error == ("b" if run is FAILED else "")


def test_what_has_started_and_not_ended_is_open():
    reporter, _ = reported(start(ACTION), start(PROBE), end(PROBE, SUCCEEDED))
    assert (reporter.open, reporter.uncertain) == ({"fault-on"}, 1)


@pytest.mark.parametrize(
    ("declared", "limit"), [({}, None), ({"timeout": 3}, 3.0), ({"timeout": "${t}"}, None)]
)
def test_the_limit_is_the_number_that_an_activity_declares(declared, limit):
    assert limit_of({**ACTION, **declared}) == limit
