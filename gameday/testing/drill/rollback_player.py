"""Rollbacks whose outcomes the test sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gameday.core.facts import drill as ev
from gameday.core.values import FaultId, Seconds
from gameday.ports import Clock, RecordFact, RollbackOutcome
from gameday.system.processes import Identity
from gameday.testing.world import World

STANDBY = Identity(pid=77, started_ticks=0, boot="")
UNDONE = RollbackOutcome(undone=True, how="rolled-back")
REFUSED = RollbackOutcome(undone=False, error="refused", steps=("fix it by hand",))


@dataclass(kw_only=True, slots=True)
class FakeRollbackPlayer:
    """`ports.RollbackPlayer`: each attempt takes the next of `outcomes`, then the last one again.

    world    whose fault ends with an attempt that succeeds
    seconds  how long an attempt takes
    on_play  called at the start of each attempt
    steady   the answers to whether the steady state is met after the revert; none: no hypothesis
    missing  what this process lacks to play rollbacks
    played   the attempts: fault, number, by whom
    asked    of each attempt, whether it was to ask the still-exposed probe first
    warmed   the faults for which a process stands by
    """

    clock: Clock
    world: World = field(default_factory=World)
    outcomes: list[RollbackOutcome] = field(default_factory=lambda: [UNDONE])
    seconds: Seconds = 0.0
    on_play: Callable[[], None] = lambda: None
    missing: tuple[str, ...] = ()
    steady: list[bool | None] = field(default_factory=lambda: [True])
    played: list[tuple[FaultId, int, str]] = field(default_factory=list)
    asked: list[bool] = field(default_factory=list)
    warmed: list[FaultId] = field(default_factory=list)

    async def warm(self, request: ev.FaultRequested, record: RecordFact) -> None:
        """Have a process stand by, of which nothing but its record exists."""
        record(
            ev.ProcessStarted(role="standby", pid=STANDBY.pid, started_ticks=0, boot="", host="stage"),
            self.clock.now(),
        )
        self.warmed.append(request.fault)

    async def close(self) -> None:
        """End it."""
        self.warmed.clear()

    async def play(
        self, request: ev.FaultRequested, attempt: int, by: str, record: RecordFact, *, ask: bool
    ) -> RollbackOutcome:
        """Make one attempt."""
        self.on_play()
        self.played.append((request.fault, attempt, by))
        self.asked.append(ask)
        record(ev.RevertAttempted(fault=request.fault, attempt=attempt, by=by), self.clock.now())
        await self.clock.sleep(self.seconds)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if outcome.undone:
            self.world.fault = False
        return outcome

    def has_hypothesis(self, request: ev.FaultRequested) -> bool:  # noqa: ARG002  # the port's
        """Report a hypothesis where the test set an answer."""
        return bool(self.steady)

    async def steady_state(self, request: ev.FaultRequested) -> ev.SteadyStateChecked:  # noqa: ARG002  # the port's
        """Judge the steady state: the next of `steady`, then the last one again."""
        met = self.steady.pop(0) if len(self.steady) > 1 else self.steady[0]
        return ev.SteadyStateChecked(stage="after", met=met, detail="as the test says")

    def lacks(self, request: ev.FaultRequested) -> Sequence[str]:  # noqa: ARG002  # the port's
        """Name what is missing."""
        return self.missing

    def runs(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """Give the steps, and the experiment's path."""
        return (*self.steps(request), f"controls of {request.path}")

    def steps(self, request: ev.FaultRequested) -> tuple[str, ...]:  # noqa: ARG002  # the port's
        """Give the steps that a failed attempt leaves to a person."""
        return REFUSED.steps
