"""What a drill of a scenario will do, in order: the dry run. It starts nothing and looks at no target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gameday.core.plans.scenario import Inject, Scenario
from gameday.core.values import Phase, Seconds, format_duration

REVERT_ROOM = 5.0
"""Seconds that the plan allows for the rollbacks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedMoment:
    """One thing that will happen. at: seconds from the baseline's start; None: it depends on people."""

    phase: Phase
    at: Seconds | None
    what: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a drill of this scenario will do, in order. longest_hold in seconds (0: no fault)."""

    scenario: Scenario
    moments: tuple[PlannedMoment, ...]
    longest_hold: Seconds
    longest: Seconds


def compile(scenario: Scenario) -> Plan:  # noqa: A001  # read as dry_run.compile
    """Lay out the moments of a drill, from preflight to review, with the longest it can take."""
    phases = scenario.phases
    inject = phases.baseline
    last = inject + phases.response
    return Plan(
        scenario=scenario,
        moments=(
            *_opening(scenario),
            *_response(scenario, inject),
            PlannedMoment(phase=Phase.RESPOND, at=last, what="the response ends at the latest"),
            *_closing(scenario, last),
        ),
        longest_hold=longest_hold(scenario),
        longest=last + (REVERT_ROOM if scenario.experiment else 0.0) + phases.verify,
    )


def longest_hold(scenario: Scenario) -> Seconds:
    """Give the longest that the fault can be in force, in seconds; 0 where none is held."""
    if not scenario.experiment or scenario.hold == "none":
        return 0.0
    if scenario.hold == "for":
        return min(scenario.hold_for or 0.0, scenario.phases.response)
    return scenario.phases.response


def _opening(scenario: Scenario) -> Iterator[PlannedMoment]:
    yield PlannedMoment(phase=Phase.PREFLIGHT, at=None, what="check files, policy, target and steady state")
    if scenario.load:
        users = f"{scenario.load.users} users, {scenario.load.spawn_rate:g}/s"
        yield PlannedMoment(phase=Phase.BASELINE, at=0.0, what=f"start the load: {users}")
    yield PlannedMoment(phase=Phase.BASELINE, at=0.0, what="watch the service without a fault")


def _response(scenario: Scenario, inject: Seconds) -> Iterator[PlannedMoment]:
    if scenario.experiment:
        yield PlannedMoment(phase=Phase.INJECT, at=inject, what=f"inject {scenario.experiment}")
    planned = [(inject + stimulus.after, _inject(stimulus)) for stimulus in scenario.injects]
    planned += [
        (inject + expected.within, f"alert {expected.alert or expected.name or 'that matches'} is due")
        for expected in scenario.expect
    ]
    if scenario.experiment and scenario.slos and scenario.hold == "until-recovered":
        planned.append((inject + scenario.phases.onset, "release the fault if no user is affected by then"))
    if scenario.experiment and scenario.hold == "for" and scenario.hold_for is not None:
        planned.append((inject + longest_hold(scenario), "release the fault: its hold is over"))
    goals = scenario.objectives
    planned += [
        (inject + goals.detect, "objective to detect, counted from the start of impact"),
        (inject + goals.contain, "objective to contain, counted from the start of impact"),
        (inject + goals.recover, "objective to recover, counted from the start of impact"),
    ]
    last = inject + scenario.phases.response
    # What lies after the end of the response won't happen.
    for at, what in sorted(moment for moment in planned if moment[0] <= last):
        yield PlannedMoment(phase=Phase.RESPOND, at=at, what=what)


def _inject(inject: Inject) -> str:
    unless = f", unless {inject.unless}" if inject.unless else ""
    if inject.message:
        return f"message to {inject.to}: {inject.message}{unless}"
    if inject.hint:
        return f"hint on offer (costs {inject.cost:g}): {inject.hint}{unless}"
    if inject.users is not None:
        return f"change the load to {inject.users} users{unless}"
    return f"inject {inject.experiment}{unless}"


def _closing(scenario: Scenario, last: Seconds) -> Iterator[PlannedMoment]:
    at = last
    if scenario.experiment:
        yield PlannedMoment(
            phase=Phase.REVERT, at=at, what="roll back what the team has not undone, at the latest"
        )
        at += REVERT_ROOM
    hold = format_duration(scenario.phases.verify)
    yield PlannedMoment(phase=Phase.VERIFY, at=at, what=f"watch for {hold}; check steady state")
    yield PlannedMoment(phase=Phase.REVIEW, at=None, what="judge, and write the postmortem")
