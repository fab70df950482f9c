"""Supervise one experiment in its Chaos Toolkit process: start, relay, release, and stop for certain.

To stop, it sends one SIGUSR1, on which the child leaves its method for its rollbacks. Never SIGTERM: a Python
activity would swallow it, and the next fault would be injected. Never a second signal: it would skip the rest
of the rollbacks. A child that has not begun them within PATIENCE is killed with its method's processes,
because a continuous hypothesis, a background activity or an action that swallows the signal would keep it for
seconds.
The supervisor's caller then plays the rollbacks in another process.
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
from gameday.faults import child_protocol, experiments
from gameday.faults.chaos_process import ChaosProcess
from gameday.faults.deadlines import DEFAULT_LIMIT, Deadlines
from gameday.faults.rollbacks.player import rollback_outcome
from gameday.ports import RecordFact, RollbackOutcome
from gameday.system import clock
from gameday.system.descent.record import MethodRecord
from gameday.system.descent.tree import Descendant
from gameday.system.machine import started
from gameday.system.processes import Identity

PATIENCE: Seconds = 0.2
"""Seconds from the signal to SIGKILL, unless the rollbacks have begun."""
RELEASE_PATIENCE: Seconds = 30.0
"""Seconds within which a released process must have begun its rollbacks: it may still be in its method
or in its after-hypothesis."""
ANSWER_PATIENCE: Seconds = 1.0
"""Seconds within which a process that holds must react to its release: a stopped one does not."""
CONTROL_PATIENCE: Seconds = 5.0
"""Seconds within which a released process must go on where no activity is open: a control runs then, or
hangs. The experiment's pauses come on top."""
RELEASE_POLL_INTERVAL: Seconds = 0.1
POLL_INTERVAL: Seconds = 0.02
START_SILENCE: Seconds = 60.0
"""Seconds between two messages, at most, before the method: nothing else ends a control or a dynamic
configuration that hangs, and the drill would wait for its fault."""
ROLLBACK_SILENCE: Seconds = 10.0
"""Seconds between two messages, at most, once the rollbacks have begun and none of them is open, besides the
experiment's pauses: what a control may take of them."""
UNKNOWN_PAUSES: Seconds = 60.0
"""Seconds for pauses that a variable sets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentOutcome:
    """What is known of a fault when its process has ended.

    settled  the outcome of its own rollbacks; None: it reported none
    touched  an activity of its method has started
    certain  every action of its method that started has succeeded (`core.exposure`)
    rolling  its rollbacks had begun
    error    what went wrong, unless it was stopped on request
    """

    settled: RollbackOutcome | None
    touched: bool
    rolling: bool
    certain: bool = False
    error: str = ""


class SupervisedExperiment:
    """Supervises one experiment; made by `start`, awaited by `outcome`."""

    def __init__(
        self, process: ChaosProcess, request: ev.FaultRequested, record: RecordFact, drill: DrillId
    ) -> None:
        self._process = process
        self._drill = drill
        self._request = request
        self._record = record
        self._settled: RollbackOutcome | None = None
        self._touched = self._holding = self._rolling = False
        self._started_actions = self._succeeded_actions = 0
        self._error = ""
        self._deadlines = Deadlines()
        self._stopping: asyncio.Task[None] | None = None
        self._release_watch: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls, request: ev.FaultRequested, record: RecordFact, *, drill: DrillId
    ) -> SupervisedExperiment:
        """Start the process, which imports what it will need. Raises OSError when it can't be started."""
        process = await ChaosProcess.start(drill, cwd=request.cwd, method=MethodRecord(drill, request.fault))
        # Recorded before it is used: whoever reverts after a crash fences it by this identity.
        record(started("chaoslib", process.identity), clock.now())
        await process.send("import", request=dataclasses.asdict(request))
        return cls(process, request, record, drill)

    def was_started_for(self, request: ev.FaultRequested) -> bool:
        """Check whether it lives and was started for exactly this request."""
        return request == self._request and not self._process.gone

    @property
    def identity(self) -> Identity:
        """The process, by pid, start time and boot: pids are reused."""
        return self._process.identity

    @property
    def left_running(self) -> list[Descendant]:
        """What its method had started, and was ended with it."""
        return self._process.left_running

    async def inject(self, journal: Path) -> None:
        """Let the process run the experiment; its journal goes to a file."""
        request = dataclasses.asdict(self._request)
        await self._process.send("inject", request=request, journal=str(journal), drill=self._drill)

    async def release(self) -> None:
        """End the hold; the rollbacks must have begun within RELEASE_PATIENCE."""
        await self._process.send("release")
        if self._release_watch is None:
            self._release_watch = asyncio.ensure_future(self._abort_if_unanswered())

    async def _abort_if_unanswered(self) -> None:
        """Abort unless the released process begins its rollbacks, or is busy with an activity, in time."""
        end, idle = clock.monotonic() + RELEASE_PATIENCE, 0.0
        within = CONTROL_PATIENCE + self._pauses()
        while (
            not self._rolling
            and idle < (ANSWER_PATIENCE if self._holding else within)
            and clock.monotonic() < end
        ):
            await asyncio.sleep(RELEASE_POLL_INTERVAL)
            idle = idle + RELEASE_POLL_INTERVAL if self._deadlines.left() is None else 0.0
        if not self._rolling:
            self.abort()

    def abort(self) -> None:
        """Leave the method for the rollbacks at once, or kill the process. May be called again."""
        if self._stopping is None and not self._process.gone:
            self._stopping = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        if not self._rolling:
            self._process.signal(signal.SIGUSR1)
            await self._wait_for_rollbacks()
        if not self._rolling:
            await self._process.kill()

    async def _wait_for_rollbacks(self) -> None:
        """Wait up to PATIENCE, counted in polls: while we are stopped ourselves, no message reaches us."""
        polls = 0
        while not self._rolling and polls * POLL_INTERVAL < PATIENCE:
            await asyncio.sleep(POLL_INTERVAL)
            polls += 1

    async def discard(self) -> None:
        """Kill the process, and what its method has started, and wait until it is gone."""
        await self._process.close()

    async def outcome(self) -> ExperimentOutcome:
        """Record the process's facts until it has ended, and give what is known of the fault."""
        while (message := await self._next()) is not None:
            self._deadlines.note(message)
            self._handle(message)
        # A pipe that ends although the process goes on: what it has done meanwhile is unknown.
        self._touched = self._touched or not await self._process.ended()
        await self._process.close()
        if self._release_watch is not None:
            self._release_watch.cancel()
        if self._stopping is not None:
            # The caller may play the rollbacks next: the process must be killed by then.
            await self._stopping
        elif self._settled is None:
            self._error = self._error or "the Chaos Toolkit process died"
        return ExperimentOutcome(
            settled=self._settled,
            touched=self._touched,
            rolling=self._rolling,
            certain=0 < self._started_actions == self._succeeded_actions,
            error=self._error,
        )

    async def _next(self) -> child_protocol.Message | None:
        """Wait for the next message; a process that is overdue is killed, and its last messages are read."""
        left = self._deadlines.left()
        # With nothing open, only the rollbacks and what comes before the method have a bound: a hold lasts
        # until it is released.
        if left is None:
            left = self._rolling_limit() if self._rolling else None if self._touched else self._start_limit()
        try:
            return await self._process.receive(left)
        except TimeoutError:
            silent = "its rollbacks fell silent" if self._rolling else "it fell silent before its method"
            self._error = self._deadlines.overdue() or silent
            await self._process.kill()
            return await self._process.receive()

    def _start_limit(self) -> Seconds:
        """Give for how long it may be silent before its method."""
        return START_SILENCE + self._pauses(DEFAULT_LIMIT - START_SILENCE)

    def _rolling_limit(self) -> Seconds:
        """Give for how long it may be silent between its rollbacks."""
        return ROLLBACK_SILENCE + self._pauses()

    def _pauses(self, unknown: Seconds = UNKNOWN_PAUSES) -> Seconds:
        """Sum up the pauses of the experiment's activities; `unknown` where a variable sets one."""
        try:
            paused = experiments.pauses(experiments.parse(self._request.experiment, self._request.path))
        except ValueError:  # chaoslib will refuse it, too
            return 0.0
        return unknown if paused is None else paused

    def _handle(self, message: child_protocol.Message) -> None:
        match message:
            case child_protocol.ReportedFact(fact=fact, at=at):
                self._note_method(fact)
                self._record(fact, at)
            case child_protocol.Note(word="rolling"):
                self._rolling = True
            case child_protocol.Note(word="holding"):
                self._holding = True
            case child_protocol.Note(word="settled"):
                self._settled = rollback_outcome(message)
            case child_protocol.Note(word="crashed" | "unreadable"):
                self._error = self._error or message.text("error")
            case _:
                pass

    def _note_method(self, fact: ev.Fact) -> None:
        """Note what the method does to the target."""
        match fact:
            case ev.FaultInjected():
                self._touched = True
            case ev.ActivityStarted(stage="method"):
                self._touched = True
                self._started_actions += exposure.injects(fact)
            case ev.ActivityFinished(stage="method"):
                self._succeeded_actions += exposure.injected(fact)
            case _:
                pass
