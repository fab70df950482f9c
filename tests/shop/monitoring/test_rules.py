"""A rule is pending, fires and is resolved as Prometheus' are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.values import Instant
from gameday.shop.monitoring import metrics, rules
from gameday.shop.monitoring.metrics import Snapshot
from gameday.shop.monitoring.rules import Rule, State

RULE = Rule(
    name="Slow", severity="P2", measure="m", above=1.0, lasting=2.0, summary="{value:.0f} ms", scale=1000
)


def play(values) -> list[State]:
    """The states, judged once a second."""
    states, state = [], State()
    for second, value in enumerate(values):
        state = rules.step(RULE, state, value, Instant(float(second)))
        states.append(state)
    return states


def test_a_condition_must_last_before_it_fires():
    states = play([0.5, 2, 2, 2, 2])
    assert [state.fired for state in states] == [None, None, None, 3.0, 3.0]
    assert states[-1].since == 1.0


def test_an_interruption_begins_anew():
    assert play([2, 2, 0, 2, 2])[-1] == State(since=Instant(3.0), value=2)


def test_an_unknown_measure_exceeds_nothing():
    assert play([2, 2, 2, None])[-1] == State()


@given(st.lists(st.none() | st.floats(0, 3)))
def test_what_fires_has_exceeded_for_so_long(values):
    for state in play(values):
        if state.fired is not None and state.since is not None:
            span = values[int(state.since) : int(state.fired) + 1]
            assert len(span) == 3
            assert all(value is not None and value > 1 for value in span)


def test_an_alert_has_alertmanagers_shape():
    state = State(since=Instant(1.0), fired=Instant(3.0), value=2.0)
    firing = rules.alert(RULE, state)
    resolved = rules.alert(RULE, state, ended=Instant(9.0))
    assert firing["annotations"]["summary"] == "2000 ms"
    assert firing["startsAt"] == resolved["startsAt"] == "1970-01-01T00:00:03.000Z"
    assert firing["endsAt"] == rules.NOT_ENDED
    assert resolved["endsAt"] == "1970-01-01T00:00:09.000Z"
    body = rules.webhook([firing, resolved], "http://127.0.0.1:1")
    assert (body["version"], body["status"]) == ("4", "firing")


def test_the_shop_s_own_rules_name_measures_that_there_are():
    nothing = Snapshot(at=Instant(0.0), samples={})
    known = metrics.measures(nothing, nothing, wanted=2, up=2)
    own = rules.read()
    assert {rule.measure for rule in own} <= known.keys()
    assert {rule.name: rule.severity for rule in own} == {
        "HighApiLatency": "P2",
        "HighErrorRate": "P2",
        "ReplicaDown": "P3",
        "LoginFailures": "P1",
    }


def test_a_rule_with_an_unknown_key_is_refused(tmp_path):
    (tmp_path / "alerts.toml").write_text('[[alert]]\nname = "A"\nthreshold = 3\n')
    with pytest.raises(TypeError, match="threshold"):
        rules.read(tmp_path / "alerts.toml")
