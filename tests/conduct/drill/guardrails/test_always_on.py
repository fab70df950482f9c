"""The guardrails of every drill: its time box, the monitor's heartbeat, and our own lag."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.drill.guardrails.always_on import Lag, Monitors, TimeBox
from gameday.conduct.drill.guardrails.guard import LOOK_INTERVAL
from gameday.core.facts import drill as ev
from gameday.core.values import Instant
from tests.conduct.drill.guardrails.staged import staged, tripped


def test_a_monitor_that_falls_silent_aborts():
    stage = staged()

    def beat(s):
        s.context.signals.heartbeats["alertmanager"] = s.clock.now()

    for second in range(1, 21, 2):
        stage.at(second, beat)
    history = stage.play()
    assert tripped(history).guardrail == "monitor"
    assert "alertmanager has been silent" in tripped(history).detail
    assert 29 <= stage.seconds(history, ev.GuardrailTripped) <= 30


def test_a_monitor_without_a_heartbeat_may_be_silent():
    assert tripped(staged().play()) is None


def test_a_monitor_heard_once_is_given_longer():
    heard = {"alertmanager": Instant(0.0)}
    monitors = Monitors(heartbeats=lambda: heard)
    assert not monitors.judge(Instant(179.0))
    assert "alertmanager" in monitors.judge(Instant(181.0))


def test_our_own_lag_aborts():
    stage = staged().at(20, lambda s: s.clock.advance(8))
    history = stage.play()
    assert tripped(history).guardrail == "own lag"
    assert not stage.world.fault


@pytest.mark.parametrize(("pauses", "trips"), [([3.0], False), ([3.0, 0.25, 3.0], False), ([3.0, 3.0], True)])
def test_lag_must_last(pauses, trips):
    lag, now, said = Lag(), Instant(0.0), ""
    lag.judge(now)
    for pause in pauses:
        now = Instant(now + pause)
        said = said or lag.judge(now)
    assert bool(said) is trips


@given(st.lists(st.floats(min_value=0.0, max_value=2.2), max_size=50))
def test_looks_that_are_never_much_late_never_trip(pauses):
    lag, now = Lag(), Instant(0.0)
    for pause in pauses:
        now = Instant(now + pause)
        assert lag.judge(now) == ""
    assert LOOK_INTERVAL < 2.2


def test_a_drill_that_outlasts_its_plan_is_aborted():
    stage = staged()
    stage.keeper.slow = 300.0
    history = stage.play()
    assert tripped(history).guardrail == "time box"
    assert 150 <= stage.seconds(history, ev.GuardrailTripped) <= 152


def test_a_time_box_without_an_end_never_trips():
    assert TimeBox(limit=lambda: None).judge(Instant(1e12)) == ""
