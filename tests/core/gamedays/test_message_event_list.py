"""The message-event list: every inject with what was expected of the team, and what it did then."""

from dataclasses import replace

from gameday.core.facts import history
from gameday.core.gamedays import message_event_list, state
from gameday.core.plans.scenario import Inject
from tests.core.gamedays.a_game_day import DAY_TOLD, DRILL, INJECTS, SAID, SCENARIO
from tests.core.gamedays.test_state import event


def test_the_timetable_has_every_inject_with_what_was_expected_and_what_was_done():
    now = state.fold(DAY_TOLD)
    before = message_event_list.build(now, {})
    assert [(one.id, one.state) for one in before] == [("call", "not sent"), ("1", "not sent")]
    call, hint = message_event_list.build(now, {"d1": DRILL.history()})
    assert (call.state, call.expected, call.after) == ("sent", "acknowledge", 30)
    assert [(round(done.after), done.text) for done in call.actual] == [
        (5, "Acknowledged: somebody is looking into it."),
        (8, "Incident declared P2 (High), without an incident commander."),
        (19, "Action on the target: flag off."),
        (35, "Milestone marked: recovered."),
    ]
    assert (hint.state, hint.why, hint.actual) == ("skipped", "contained was reached", ())


def test_what_has_not_begun_is_planned():
    opened = history.from_events([event(0, SAID[0])])
    assert {one.state for one in message_event_list.build(state.fold(opened), {})} == {"planned"}


def test_each_inject_ends_where_the_next_begins():
    injects = (*INJECTS, Inject(after=70.0, users=50), Inject(after=75.0, experiment="experiments/more.json"))
    sent = replace(DRILL, scenario=replace(SCENARIO, injects=injects)).inject(2, at=50)
    call, _, users, fault = message_event_list.build(state.fold(DAY_TOLD), {"d1": sent.history()})
    assert [done.text for done in call.actual] == [
        "Acknowledged: somebody is looking into it.",
        "Incident declared P2 (High), without an incident commander.",
    ]
    assert (users.state, round(users.actual[0].after)) == ("sent", 9)
    assert (users.kind, fault.kind, fault.text) == ("load", "fault", "experiments/more.json")
