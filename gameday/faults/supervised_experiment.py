"""One experiment in its Chaos Toolkit process: started, relayed, released, and stopped for certain.

Comes in: a FaultRequested; calls to release or to abort. Goes out: the child's facts, and in the
end what is known of the fault: settled, never begun, or unknown.
Does not: play the ledger; whoever supervises does when this could not settle it.

Stopping is one SIGUSR1, on which the child leaves its method for its rollbacks. A child that has not
begun them within PATIENCE is killed with its group: a continuous hypothesis, a background activity
or an action that swallows the signal would keep it for seconds.
"""

from __future__ import annotations

import asyncio
import dataclasses
import signal
from dataclasses import dataclass
from pathlib import Path

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Seconds
from gameday.faults import child_protocol
from gameday.faults.deadlines import Deadlines
from gameday.faults.process import ChaosProcess
from gameday.faults.rollback_player import played
from gameday.ports import RecordFact, RollbackOutcome
from gameday.system import clock
from gameday.system.machine import started
from gameday.system.processes import Identity

PATIENCE: Seconds = 0.2
"""Seconds from the signal to SIGKILL, unless the rollbacks have begun."""
RELEASE_PATIENCE: Seconds = 30.0
"""Seconds within which a released process must have begun its rollbacks: it may still be in its method
or in its after-hypothesis."""
ANSWER_PATIENCE: Seconds = 1.0
"""Seconds within which a process that holds must do something on its release: a stopped one does not."""
TICK: Seconds = 0.1
LOOK: Seconds = 0.02
ROLLBACK_SILENCE: Seconds = 60.0
"""The most seconds between two messages once the rollbacks have begun and none of them is open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentOutcome:
    """What is known of a fault when its process has ended.

    settled  what its own rollbacks came to; None: it did not say
    touched  an activity of its method has started
    certain  every action of its method that started has ended well (`core.exposure`)
    rolling  its rollbacks had begun
    error    what went wrong, where nobody had asked it to stop
    """

    settled: RollbackOutcome | None
    touched: bool
    rolling: bool
    certain: bool = False
    error: str = ""


class SupervisedExperiment:
    """Supervises one experiment; made by `start`, awaited by `outcome`."""

    def __init__(self, process: ChaosProcess, request: ev.FaultRequested, tell: RecordFact) -> None:
        self._process = process
        self._request = request
        self._tell = tell
        self._settled: RollbackOutcome | None = None
        self._touched = self._holding = self._rolling = False
        self._began = self._went_well = 0
        self._error = ""
        self._deadlines = Deadlines()
        self._stopping: asyncio.Task[None] | None = None
        self._cutting: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, request: ev.FaultRequested, tell: RecordFact, *, drill: DrillId, fault_mark: tuple[str, str]
    ) -> SupervisedExperiment:
        """Start the process, which imports what it will need. Raises OSError when it can't be started."""
        process = await ChaosProcess.start(drill, cwd=request.cwd, fault_mark=fault_mark)
        tell(started("chaoslib", process.identity), clock.now())
        await process.send("import", request=dataclasses.asdict(request))
        return cls(process, request, tell)

    def serves(self, request: ev.FaultRequested) -> bool:
        """Tell whether it lives and was started for exactly this request."""
        return request == self._request and not self._process.gone

    @property
    def identity(self) -> Identity:
        """The process, named for ever."""
        return self._process.identity

    async def inject(self, journal: Path) -> None:
        """Let the process run the experiment; its journal goes to a file."""
        request = dataclasses.asdict(self._request)
        await self._process.send("inject", request=request, journal=str(journal))

    async def release(self) -> None:
        """End the hold; the rollbacks must have begun within RELEASE_PATIENCE."""
        await self._process.send("release")
        if self._cutting is None:
            self._cutting = asyncio.ensure_future(self._cut_short())

    async def _cut_short(self) -> None:
        end, idle = clock.monotonic() + RELEASE_PATIENCE, 0.0
        while not self._rolling and idle < ANSWER_PATIENCE and clock.monotonic() < end:
            await asyncio.sleep(TICK)
            at_rest = self._holding and self._deadlines.left() is None
            idle = idle + TICK if at_rest else 0.0
        if not self._rolling:
            self.abort()

    def abort(self) -> None:
        """Leave the method for the rollbacks at once, or kill the process. May be called again."""
        if self._stopping is None and not self._process.gone:
            self._stopping = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        if not self._rolling:
            self._process.signal(signal.SIGUSR1)
            await self._patience()
        if not self._rolling:
            await self._process.kill()

    async def _patience(self) -> None:
        """Count looks, not seconds: while we are stopped ourselves we hear nothing of its rollbacks."""
        looks = 0
        while not self._rolling and looks * LOOK < PATIENCE:
            await asyncio.sleep(LOOK)
            looks += 1

    async def discard(self) -> None:
        """Kill the process with its group, and wait until it is gone."""
        await self._process.close()

    async def outcome(self) -> ExperimentOutcome:
        """Relay what the process says until it has ended, and give what is known of the fault."""
        while (message := await self._next()) is not None:
            self._deadlines.note(message)
            self._take(message)
        await self._process.close()
        if self._cutting is not None:
            self._cutting.cancel()
        if self._stopping is not None:
            await self._stopping
        elif self._settled is None:
            self._error = self._error or "the Chaos Toolkit process died"
        return ExperimentOutcome(
            settled=self._settled,
            touched=self._touched,
            rolling=self._rolling,
            certain=0 < self._began == self._went_well,
            error=self._error,
        )

    async def _next(self) -> child_protocol.Message | None:
        """Wait for the next message; a process that is overdue is killed, and what it said last is read."""
        left = self._deadlines.left()
        if left is None and self._rolling:
            left = ROLLBACK_SILENCE
        try:
            return await self._process.receive(left)
        except TimeoutError:
            self._error = self._deadlines.overdue() or "its rollbacks fell silent"
            await self._process.kill()
            return await self._process.receive()

    def _take(self, message: child_protocol.Message) -> None:
        match message:
            case child_protocol.ReportedFact(fact=fact, at=at):
                self._count(fact)
                self._tell(fact, at)
            case child_protocol.Note(word="rolling"):
                self._rolling = True
            case child_protocol.Note(word="holding"):
                self._holding = True
            case child_protocol.Note(word="settled"):
                self._settled = played(message)
            case child_protocol.Note(word="crashed" | "unreadable"):
                self._error = self._error or message.text("error")
            case _:
                pass

    def _count(self, fact: ev.Fact) -> None:
        """Note what the method does to the target."""
        match fact:
            case ev.ActivityStarted(stage="method"):
                self._touched = True
                self._began += exposure.injects(fact)
            case ev.ActivityFinished(stage="method"):
                self._went_well += exposure.injected(fact)
            case _:
                pass
