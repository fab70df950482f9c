"""The fault keeper: a process of its own that holds the faults and reverts them when the conductor is gone.

    python -m gameday.keeper --drill ID --folder DIR [--conductor PID:TICKS:BOOT]

Comes in: the store's URL, then commands on stdin (JSON lines); FaultRequested from the store. Goes out:
the faults' facts, into the store; answers on stdout.
Does not: decide when a drill ends, unless nobody is left to decide.

    {"store": URL}                    first of all, and not in the title: it may hold a password
    {"do": "prepare", "request": …}   stand by to revert this fault; the answer is ready
    {"do": "beat", "n": N}            the conductor lives; the answer repeats n
    {"do": "inject", "fault": ID}     the answer is injecting or refused
    {"do": "revert", "fault": ID, "now": BOOL, "why": TEXT}
    {"do": "stop"}                    revert what is left, sweep, take down what `up` brought up, end

End of file, or SILENCE without a heartbeat, means that the conductor is gone: a stopped process
closes no pipe, and a forked child can hold one open. It is then killed, so that it never comes back
to a drill that was reverted. A signal to the keeper is an abort, not its death.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday import ports, wiring
from gameday.conduct import store_reads
from gameday.conduct.drill import policy_check
from gameday.conduct.revert import claims, fencing, revert
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import RevertContext
from gameday.core import exposure
from gameday.core.errors import GamedayError, NotReady
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import DrillId, FaultId, Instant, Seconds
from gameday.faults.revert_secrets import RevertSecrets
from gameday.faults.rollback_player import ChildRollbackPlayer
from gameday.faults.supervised_experiment import ExperimentOutcome, SupervisedExperiment
from gameday.system import processes
from gameday.system.clock import SystemClock
from gameday.system.machine import ThisMachine, started
from gameday.system.processes import Identity

SILENCE: Seconds = 3.0
"""Seconds without a heartbeat after which the conductor counts as gone."""
TICK: Seconds = 0.1
WRITE_AHEAD: Seconds = 2.0
"""Seconds within which a new process must be recorded before it may inject."""
READ: Seconds = 1.0
"""Seconds to wait for the history once the faults are undone."""
LAST_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)


@dataclass(slots=True)
class HeldFault:
    """A fault that this keeper was told to inject."""

    request: ev.FaultRequested
    run: SupervisedExperiment | None = None
    task: asyncio.Task[None] | None = None
    abort: bool = False
    reverted: bool = False


@dataclass(slots=True)
class Keeper:
    """Keeps the faults of one drill."""

    store: ports.HistoryStore
    drill: DrillId
    folder: Path
    conductor: Identity | None = None
    held: dict[FaultId, HeldFault] = field(default_factory=dict)
    refusing: str = ""
    _beats: int = 0
    _gone: str = ""
    _preparing: asyncio.Task[None] | None = None
    _ready: SupervisedExperiment | None = None
    """The process that will inject what was prepared, started before its moment comes."""
    _pen: BufferedRecorder = field(init=False)
    _ledger: ChildRollbackPlayer = field(init=False)
    _hands: RevertContext = field(init=False)
    _over: asyncio.Future[str] = field(init=False)

    async def run(self) -> None:
        """Keep until the conductor says stop, or is gone."""
        self._over = asyncio.get_running_loop().create_future()
        self._pen = BufferedRecorder(self.store, self.drill, source="keeper")
        self._ledger = ChildRollbackPlayer(self.drill, self.folder)
        self._hands = RevertContext(
            drill=self.drill,
            by="keeper",
            store=self.store,
            recorder=self._pen,
            clock=SystemClock(),
            rollback_player=self._ledger,
            machine=ThisMachine(),
        )
        self._introduce()
        beside = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._watch())]
        why = await self._over
        await (self._lost(why) if why else self._stop())
        for task in beside:
            task.cancel()
        await self._pen.close(revert.SAVE_PATIENCE)

    def _introduce(self) -> None:
        """Record who we are, and let no signal end us."""
        if self.conductor is not None:
            self._pen.record(started("conductor", self.conductor))
        self._pen.record(started("keeper", self._hands.machine.me))
        loop = asyncio.get_running_loop()
        for number in LAST_SIGNALS:
            loop.add_signal_handler(number, self._interrupted, number)

    # --- the conductor's words ---

    async def _listen(self) -> None:
        """Take commands until end of file, which means that the conductor is gone."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=2**24)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        async for line in reader:
            if line.endswith(b"\n"):
                self._beats += 1
                await self._obey(json.loads(line))
        self._end("its pipe was closed")

    async def _watch(self) -> None:
        """Count ticks, not seconds, without a heartbeat: while we are stopped ourselves, none passes."""
        beats, ticks = self._beats, 0
        while ticks * TICK < SILENCE:
            await asyncio.sleep(TICK)
            ticks = ticks + 1 if beats == self._beats else 0
            beats = self._beats
        self._end(f"no heartbeat for {SILENCE:g} s")

    def _end(self, why: str) -> None:
        self._gone = self._gone or why
        if not self._over.done():
            self._over.set_result(why)

    async def _obey(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "beat":
                say("beat", n=command["n"])
            case "prepare":
                self._preparing = asyncio.ensure_future(self._prepare(command["request"]))
            case "inject":
                self._begin(FaultId(command["fault"]))
            case "revert":
                await self._revert(FaultId(command["fault"]), now=command["now"])
            case "stop":
                self._end("")
            case other:
                self._pen.record(ev.InternalErrorOccurred(where="keeper", error=f"unknown command {other}"))

    async def _prepare(self, request: dict[str, Any] | None) -> None:
        try:
            if request is not None:
                request["variables"], request["secrets"] = (
                    tuple(request["variables"]),
                    tuple(request["secrets"]),
                )
                await self._ledger.warm(ev.FaultRequested(**request), self._tell)
        except (OSError, TimeoutError) as error:
            say("refused", error=f"the standby process can't be started: {error}")
        else:
            say("ready")
            if request is not None:
                await self._make_ready(ev.FaultRequested(**request))

    async def _make_ready(self, request: ev.FaultRequested) -> None:
        """Start the process that will inject, before its moment comes. What is wrong is told then."""
        with contextlib.suppress(GamedayError, OSError, TimeoutError, LookupError):
            await self._allowed(request)
            self._ready = await self._started(request)

    def _tell(self, fact: ev.Fact, at: Instant) -> None:
        self._pen.record(fact, at=at)

    def _interrupted(self, number: signal.Signals) -> None:
        """Abort and revert on a signal that would end another process."""
        name = signal.Signals(number).name
        self.refusing = f"the keeper got {name}"
        self._pen.record(ev.AbortRequested(reason="interrupted", detail=self.refusing))
        self._abort_all()

    # --- one fault, from request to revert ---

    def _begin(self, fault: FaultId) -> None:
        if fault not in self.held:
            self.held[fault] = held = HeldFault(
                request=ev.FaultRequested(fault=fault, experiment="", path="", cwd="")
            )
            held.task = asyncio.ensure_future(self._keep(fault, held))

    async def _keep(self, fault: FaultId, held: HeldFault) -> None:
        """Inject a fault, and see to it that it is undone, whatever happens meanwhile."""
        renewing = asyncio.ensure_future(claims.renew(fault, self._hands))
        try:
            outcome = await self._inject(fault, held)
        except (GamedayError, OSError, TimeoutError, LookupError) as error:
            say("refused", fault=fault, error=str(error))
            outcome = _broken(held, str(error))
        except Exception as error:  # noqa: BLE001  # whatever is wrong with us, the fault is undone
            text = f"{type(error).__name__}: {error}"
            self._pen.record(ev.InternalErrorOccurred(where="keeper", error=text))
            say("refused", fault=fault, error=text)
            outcome = _broken(held, text)
        try:
            await self._settle(held, outcome)
        finally:
            renewing.cancel()

    async def _inject(self, fault: FaultId, held: HeldFault) -> ExperimentOutcome:
        if self._preparing is not None:
            await self._preparing
        held.request = await self._requested(fault)
        await self._allowed(held.request)
        await self._ledger.warm(held.request, self._tell)
        run = await self._run_of(held.request)
        if not await self._pen.flush(WRITE_AHEAD) or self.refusing or held.abort:
            await run.discard()
            raise NotReady(
                self.refusing or "aborted, or the store does not take the write-ahead; nothing was injected"
            )
        held.run = run
        name = "journal.json" if len(self.held) == 1 else f"journal-{fault}.json"
        say("injecting", fault=fault)
        await run.inject(self.folder / name)
        return await run.outcome()

    async def _run_of(self, request: ev.FaultRequested) -> SupervisedExperiment:
        """Take the process that stands ready for this request, or start one."""
        ready, self._ready = self._ready, None
        if ready is not None and ready.serves(request):
            return ready
        if ready is not None:
            await ready.discard()
        return await self._started(request)

    async def _started(self, request: ev.FaultRequested) -> SupervisedExperiment:
        mark = (fencing.FAULT_MARKER, fencing.fault_mark(self.drill, request.fault))
        return await SupervisedExperiment.start(request, self._tell, drill=self.drill, fault_mark=mark)

    async def _requested(self, fault: FaultId) -> ev.FaultRequested:
        """Read what was written ahead. Raises LookupError when it was not."""
        told = await self._told(revert.SAVE_PATIENCE)
        for requested in told.each(ev.FaultRequested):
            if requested.fact.fault == fault:
                return RevertSecrets(self.folder).open(requested.fact)
        raise LookupError(f"fault {fault} was not requested in the store; nothing was injected")

    async def _allowed(self, request: ev.FaultRequested) -> None:
        """Ask the frozen policy again, of exactly what is to be injected. Raises Refused."""
        told = await self._told(revert.SAVE_PATIENCE)
        policy_sources = await asyncio.to_thread(wiring.policy_sources, Path(request.cwd))
        await policy_check.admit_again(told, request, policy_sources, now=self._hands.clock.now())

    async def _settle(self, held: HeldFault, outcome: ExperimentOutcome) -> None:
        """Record what became of the fault; play the ledger where its own process did not undo it."""
        fault = held.request.fault
        await self._fence(held)
        if outcome.error:
            definite = not outcome.touched
            self._pen.record(ev.FaultFailed(fault=fault, error=outcome.error, definite=definite))
        if outcome.settled is not None and outcome.settled.undone:
            how, at = outcome.settled.how, outcome.settled.at
            self._pen.record(ev.FaultReverted(fault=fault, how=how, by="keeper"), at=at)
            held.reverted = True
        elif not outcome.touched:
            self._pen.record(ev.FaultReverted(fault=fault, how="never-injected", by="keeper"))
            held.reverted = True
        else:
            held.reverted = await self._undo(held, outcome)

    async def _undo(self, held: HeldFault, outcome: ExperimentOutcome) -> bool:
        fault, attempts = held.request.fault, int(outcome.rolling)
        if outcome.rolling:
            error = outcome.settled.error if outcome.settled else "the process that rolled back died"
            self._pen.record(ev.RevertFailed(fault=fault, attempt=1, error=error))
        exposed = Exposed(
            fault=fault, request=held.request, injected=True, certain=outcome.certain, attempts=attempts
        )
        return await revert.undo(exposed, self._hands)

    async def _fence(self, held: HeldFault) -> None:
        """End the fault's process and all that it started, so that nothing can inject any more."""
        if held.run is not None:
            await held.run.discard()
        mark = fencing.fault_mark(self.drill, held.request.fault)
        await self._hands.machine.sweep(mark, variable=fencing.FAULT_MARKER)

    # --- the end of a fault ---

    async def _revert(self, fault: FaultId, *, now: bool) -> None:
        held = self.held.get(fault)
        if held is None:
            self._pen.record(ev.FaultReverted(fault=fault, how="never-injected", by="keeper"))
        elif now or held.run is None:
            self._abort(held)
        else:
            await held.run.release()

    def _abort(self, held: HeldFault) -> None:
        held.abort = True
        if held.run is not None:
            held.run.abort()

    def _abort_all(self) -> None:
        for held in self.held.values():
            self._abort(held)

    async def _until_settled(self) -> None:
        tasks = [held.task for held in self.held.values() if held.task is not None]
        await asyncio.gather(*tasks)

    # --- the end of the keeper ---

    async def _stop(self) -> None:
        """Leave nothing behind, at the conductor's word."""
        self.refusing = "the keeper is ending"
        self._abort_all()
        await self._until_settled()
        told = await self._read()
        await self._clean_up(told)
        if self._gone:  # it died after its last word
            await self._close(told)
        say("ended")

    async def _lost(self, why: str) -> None:
        """Revert at once, end the conductor for certain, clean up, and close the drill in its place."""
        self.refusing = f"the conductor is gone: {why}"
        self._abort_all()
        if self.conductor is not None:
            await self._hands.machine.end(self.conductor, group=False)
        self._pen.record(ev.AbortRequested(reason="conductor-lost", detail=why))
        await self._until_settled()
        told = await self._read()
        for exposed in exposure.open_faults(told):
            if exposed.fault not in self.held:  # only we inject, and we were never told to
                fact = ev.FaultReverted(fault=exposed.fault, how="never-injected", by="keeper")
                self._pen.record(fact)
        await self._clean_up(told)
        await self._close(told)

    async def _close(self, told: history.History) -> None:
        """Close the drill in the conductor's place, and let the next one have the environment."""
        if told.first(ev.DrillClosed) is None:
            reverted = all(held.reverted for held in self.held.values())
            self._pen.record(ev.DrillClosed(how="aborted", reverted=reverted))
        await self._pen.flush(READ)
        await revert.release_environment(told, self._hands)

    async def _told(self, within: Seconds) -> history.History:
        return await store_reads.in_store_thread(lambda: store_reads.read(self.store, self.drill), within)

    async def _read(self) -> history.History:
        """Read the history, as far as it can be had."""
        await self._pen.flush(READ)
        with contextlib.suppress(GamedayError, LookupError, TimeoutError):
            return await self._told(READ)
        return history.from_events(())

    async def _clean_up(self, told: history.History) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
        if self._ready is not None:
            await self._ready.discard()
        await self._ledger.close()
        spare = [self.conductor] if self.conductor else []
        await revert.clean_up(told, self._hands, spare=spare)


def _broken(held: HeldFault, error: str) -> ExperimentOutcome:
    """Know nothing of a fault but whether its process could have begun."""
    begun = held.run is not None
    return ExperimentOutcome(settled=None, touched=begun, rolling=False, error=error)


def say(word: str, **data: Any) -> None:
    """Answer the conductor; without effect when it does not listen or is gone."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps({"say": word, **data}).encode() + b"\n")


def _identity(text: str) -> Identity:
    pid, ticks, boot = text.split(":")
    return Identity(pid=int(pid), started_ticks=int(ticks), boot=boot)


def _first_line() -> bytes:
    """Read one line of stdin and nothing of the next: that is for the event loop."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return b""
        line += byte
    return line


def main() -> None:
    """Keep the faults of one drill until its conductor is done or gone."""
    parser = argparse.ArgumentParser(prog="gameday.keeper")
    parser.add_argument("--drill", required=True)
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--conductor", type=_identity)
    given = parser.parse_args()
    processes.become_subreaper()
    os.set_blocking(1, False)
    first = _first_line()
    if not first:
        return  # the conductor died before its first word
    store = wiring.store(json.loads(first)["store"], given.folder.parent)
    keeper = Keeper(store=store, drill=DrillId(given.drill), folder=given.folder, conductor=given.conductor)
    asyncio.run(keeper.run())
    store.close()


if __name__ == "__main__":
    main()
