"""Guardrails on the virtual clock: what trips, when, and what it is called."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Guardrail
from gameday.core.values import Severity
from gameday.ports import Reading
from gameday.testing.drill.rollback_player import REFUSED, UNDONE
from tests.conduct.drill.guardrails.staged import QUERY, breach, staged, tripped
from tests.conduct.stage import AUTOMATION, SCENARIO


def test_a_guardrail_still_stands_while_the_fault_is_reverted():
    stage = staged(Guardrail(prometheus=QUERY, lasting=1.0, every=1.0))
    stage.keeper.slow = 30.0
    stage.say(20, ev.EndRequested()).at(25, breach)
    history = stage.play()
    assert 25 <= stage.seconds(history, ev.GuardrailTripped) <= 28
    assert exposure.open_faults(history) == ()


def test_a_guardrail_is_not_judged_before_the_injection_nor_after_the_revert():
    stage = staged(Guardrail(alarm="HighErrors", every=1.0), scenario=AUTOMATION)
    stage.at(2, breach).at(4, lambda s: setattr(s.meter, "reading", Reading(breached=False)))
    stage.at(30, lambda s: setattr(s.world, "mended", True)).at(43, breach)
    history = stage.play()
    assert tripped(history) is None
    assert history.last(ev.DrillClosed).fact.how == "completed"


MOMENTS = st.none() | st.floats(min_value=0, max_value=150)
ACTS = {
    "trip": breach,
    "abort": lambda s: s.people.write(ev.AbortRequested(reason="safety")),
    "end": lambda s: s.people.write(ev.EndRequested()),
    "keeper dies": lambda s: setattr(s.keeper, "living", False),
    "load dies": lambda s: setattr(s.users, "gone", "killed"),
    "lag": lambda s: s.clock.advance(9),
    "mend": lambda s: setattr(s.world, "mended", True),
    "real incident": lambda s: s.people.write(ev.AlertFired(key="k", alert="Fire", severity="critical")),
}


@settings(max_examples=60, deadline=None)
@given(
    moments=st.fixed_dictionaries(dict.fromkeys(ACTS, MOMENTS)),
    slow=st.sampled_from([0.0, 3.0, 40.0]),
    fails=st.integers(min_value=0, max_value=2),
)
def test_in_whatever_order_things_die_recover_abort_and_trip_nothing_stays_exposed(moments, slow, fails):
    guarded = replace(SCENARIO, real_incident=Severity.P1)
    stage = staged(Guardrail(prometheus=QUERY, lasting=1.0, every=1.0), scenario=guarded)
    for name, at in moments.items():
        if at is not None:
            stage.at(at, ACTS[name])
    stage.keeper.slow = slow
    stage.rollback_player.outcomes = [REFUSED] * fails + [UNDONE]
    history = stage.play()
    assert exposure.open_faults(history) == ()
    assert not stage.world.fault
    assert history.last(ev.DrillClosed).fact.reverted
