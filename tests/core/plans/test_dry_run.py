from dataclasses import replace

from gameday.core.plans import dry_run
from gameday.core.plans.scenario import Inject, Phases
from gameday.core.values import Phase
from gameday.testing.histories import SCENARIO

PHASES = Phases(baseline=30, onset=60, response=600, verify=20)
DRILL = replace(SCENARIO, phases=PHASES)


def moments(scenario):
    return [(one.at, one.what) for one in dry_run.compile(scenario).moments]


def test_a_plan_tells_phases_in_order():
    phases = [one.phase for one in dry_run.compile(DRILL).moments]
    order = list(Phase)
    assert phases == sorted(phases, key=order.index)
    assert phases[0] is Phase.PREFLIGHT
    assert phases[-1] is Phase.REVIEW


def test_the_fault_comes_after_the_baseline_and_is_held_at_most_for_the_response():
    compiled = dry_run.compile(DRILL)
    assert (30, "inject experiments/slow.json") in moments(DRILL)
    assert compiled.longest_hold == 600
    assert compiled.longest == 30 + 600 + dry_run.REVERT_ROOM + 20


def test_a_hold_for_a_time_ends_then_and_no_hold_at_once():
    timed = replace(DRILL, hold="for", hold_for=90.0)
    assert dry_run.compile(timed).longest_hold == 90
    assert (120, "release the fault: its hold is over") in moments(timed)
    assert dry_run.compile(replace(DRILL, hold="none")).longest_hold == 0


def test_injects_are_reported_with_what_skips_them():
    injects = (
        Inject(after=60, message="Customers can't pay.", unless="detected"),
        Inject(after=90, hint="Look at queries.", cost=5),
        Inject(after=120, users=80),
    )
    told = moments(replace(DRILL, injects=injects))
    assert (90, "message to responders: Customers can't pay., unless detected") in told
    assert (120, "hint on offer (costs 5): Look at queries.") in told
    assert (150, "change the load to 80 users") in told


def test_a_tabletop_injects_and_holds_nothing():
    tabletop = replace(DRILL, experiment="", load=None, slos=())
    compiled = dry_run.compile(tabletop)
    assert compiled.longest_hold == 0
    assert compiled.longest == 650
    assert not any("roll back" in what or "release" in what for _, what in moments(tabletop))


def test_known_moments_of_the_response_are_in_order():
    times = [one.at for one in dry_run.compile(DRILL).moments if one.phase is Phase.RESPOND]
    assert times == sorted(times)
