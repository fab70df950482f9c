"""The fault keeper: a process of its own that holds the faults and reverts them when the conductor is gone.

    python -m gameday.keeper --drill ID --folder DIR [--conductor PID:TICKS:BOOT]

It reads commands from stdin (JSON lines) and the faults' requests from the store, and writes the faults'
facts into the store itself, so that they are recorded although the conductor is dead. It decides when a drill
ends only where the conductor is gone.

    {"store": URL, "key": KEY}        first, and not in argv: both are secret
    {"do": "prepare", "request": …}   start a standby process for this fault; the answer is ready
    {"do": "beat", "n": N}            a heartbeat; the answer repeats n
    {"do": "inject", "fault": ID}     the answer is injecting or refused
    {"do": "revert", "fault": ID, "now": BOOL, "why": TEXT}
    {"do": "stop"}                    revert what is left, sweep, take down what `up` brought up, end

End of file, or SILENCE_LIMIT without a heartbeat, means that the conductor is gone: a stopped process closes
no pipe, and a forked child can hold one open. The conductor is then killed, so that it can't resume a drill
that was reverted. A signal to the keeper is an abort, not its death.
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
from gameday.conduct.revert import claims, fencing, revert, steady_state
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import RevertContext
from gameday.core import exposure
from gameday.core.errors import GamedayError, NotReady
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import DrillId, FaultId, Instant, Seconds
from gameday.faults.rollbacks.player import ChildRollbackPlayer
from gameday.faults.rollbacks.revert_secrets import RevertSecrets
from gameday.faults.supervised_experiment import ExperimentOutcome, SupervisedExperiment
from gameday.system import known_secrets
from gameday.system.clock import SystemClock
from gameday.system.descent import tree
from gameday.system.descent.orphans import orphans
from gameday.system.descent.record import MethodRecord
from gameday.system.machine import ThisMachine, started
from gameday.system.processes import Identity
from gameday.system.signing_key import OWN, SigningKey

SILENCE_LIMIT: Seconds = 3.0
"""Seconds without a heartbeat after which the conductor counts as gone. With the time to revert, that is less
than the 5 s within which a fault is undone after a SIGSTOP."""
SILENCE_POLL_INTERVAL: Seconds = 0.1
WRITE_AHEAD_LIMIT: Seconds = 2.0
"""Seconds within which a new process must be recorded before it may inject."""
HISTORY_LIMIT: Seconds = 1.0
"""Seconds to wait for the history once the faults are undone."""
ENDING_SIGNALS = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


@dataclass(slots=True)
class HeldFault:
    """A fault that this keeper was commanded to inject."""

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
    key: SigningKey = OWN
    held: dict[FaultId, HeldFault] = field(default_factory=dict)
    refusing: str = ""
    _received: int = 0
    _conductor_gone: str = ""
    _preparing: asyncio.Task[None] | None = None
    _prepared_run: SupervisedExperiment | None = None
    """The process that will inject the prepared request, started early: its imports take seconds."""
    _recorder: BufferedRecorder = field(init=False)
    _rollbacks: ChildRollbackPlayer = field(init=False)
    _context: RevertContext = field(init=False)
    _end_requested: asyncio.Future[str] = field(init=False)

    async def run(self) -> None:
        """Keep the faults until the conductor sends `stop`, or is gone."""
        self._end_requested = asyncio.get_running_loop().create_future()
        self._recorder = BufferedRecorder(self.store, self.drill, source="keeper")
        self._rollbacks = ChildRollbackPlayer(self.drill, self.folder, key=self.key)
        self._context = RevertContext(
            drill=self.drill,
            by="keeper",
            store=self.store,
            recorder=self._recorder,
            clock=SystemClock(),
            rollback_player=self._rollbacks,
            machine=ThisMachine(),
        )
        self._record_processes()
        background = [asyncio.ensure_future(self._listen()), asyncio.ensure_future(self._watch())]
        why = await self._end_requested
        await (self._replace_conductor(why) if why else self._finish())
        for task in background:
            task.cancel()
        await self._recorder.close(revert.SAVE_PATIENCE)

    def _record_processes(self) -> None:
        """Record who the processes are, and let no signal end this one."""
        if self.conductor is not None:
            self._recorder.record(started("conductor", self.conductor))
        self._recorder.record(started("keeper", self._context.machine.me))
        loop = asyncio.get_running_loop()
        for number in ENDING_SIGNALS:
            loop.add_signal_handler(number, self._abort_on_signal, number)

    # --- Commands from the conductor ---

    async def _listen(self) -> None:
        """Carry out commands until end of file, which means that the conductor is gone."""
        loop = asyncio.get_running_loop()
        # A request holds a whole experiment; asyncio's default limit is 64 KiB a line.
        reader = asyncio.StreamReader(limit=2**24)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        async for line in reader:
            # A line that the conductor's death cut off is not a command.
            if line.endswith(b"\n"):
                self._received += 1
                await self._carry_out(json.loads(line))
        self._request_end("its pipe was closed")

    async def _watch(self) -> None:
        """Request the end when no command has come for SILENCE_LIMIT.

        Counted in polls, not seconds: after this process was stopped itself, the heartbeats that came
        meanwhile are still to be read.
        """
        received, polls = self._received, 0
        while polls * SILENCE_POLL_INTERVAL < SILENCE_LIMIT:
            await asyncio.sleep(SILENCE_POLL_INTERVAL)
            self._look_at_orphans()
            polls = polls + 1 if received == self._received else 0
            received = self._received
        self._request_end(f"no heartbeat for {SILENCE_LIMIT:g} s")

    def _look_at_orphans(self) -> None:
        """Keep the environment's, on record: whoever takes over from this process must not end them."""
        for who in orphans.look():
            for fault in self.held:
                MethodRecord(self.drill, fault).add(lives=who)

    def _request_end(self, why: str) -> None:
        # Noted after `stop`, too: then nobody else would close the drill.
        self._conductor_gone = self._conductor_gone or why
        if not self._end_requested.done():
            self._end_requested.set_result(why)

    async def _carry_out(self, command: dict[str, Any]) -> None:
        match command["do"]:
            case "beat":
                answer("beat", n=command["n"])
            case "prepare":
                # In a task: the heartbeats that come meanwhile must be read and answered.
                self._preparing = asyncio.ensure_future(self._prepare(command["request"]))
            case "inject":
                self._begin(FaultId(command["fault"]))
            case "revert":
                await self._revert(FaultId(command["fault"]), now=command["now"])
            case "stop":
                self._request_end("")
            case other:
                self._recorder.record(
                    ev.InternalErrorOccurred(where="keeper", error=f"unknown command {other}")
                )

    async def _prepare(self, request: dict[str, Any] | None) -> None:
        try:
            if request is not None:
                # JSON has no tuples, and the request must equal the stored one (`was_started_for`).
                request["variables"], request["secrets"] = (
                    tuple(request["variables"]),
                    tuple(request["secrets"]),
                )
                await self._rollbacks.warm(ev.FaultRequested(**request), self._record)
        except (OSError, TimeoutError) as error:
            answer("refused", error=f"the standby process can't be started: {error}")
        else:
            # Answered first: the next process imports its modules while the conductor's baseline runs.
            answer("ready")
            if request is not None:
                await self._start_prepared(ev.FaultRequested(**request))

    async def _start_prepared(self, request: ev.FaultRequested) -> None:
        """Start the process that will inject, early. What is wrong is reported when it is to inject."""
        with contextlib.suppress(GamedayError, OSError, TimeoutError, LookupError):
            await self._allowed(request)
            self._prepared_run = await self._start_run(request)

    def _record(self, fact: ev.Fact, at: Instant) -> None:
        self._recorder.record(fact, at=at)

    def _abort_on_signal(self, number: signal.Signals) -> None:
        """Abort and revert on a signal that would end other processes: nobody else would revert."""
        name = signal.Signals(number).name
        self.refusing = f"the keeper received {name}"
        self._recorder.record(ev.AbortRequested(reason="interrupted", detail=self.refusing))
        self._abort_all()

    # --- One fault, from request to revert ---

    def _begin(self, fault: FaultId) -> None:
        # A repeated command must not inject twice.
        if fault not in self.held:
            # A placeholder until the stored request is read: an abort meanwhile must find the fault.
            self.held[fault] = held = HeldFault(
                request=ev.FaultRequested(fault=fault, experiment="", path="", cwd="")
            )
            held.task = asyncio.ensure_future(self._keep(fault, held))

    async def _keep(self, fault: FaultId, held: HeldFault) -> None:
        """Inject a fault, and undo it in the end, whatever happens meanwhile."""
        # Renewed from the start: another host takes over a fault whose claim has run out (docs/adr/0011).
        renewing = asyncio.ensure_future(claims.renew(fault, self._context))
        try:
            outcome = await self._inject(fault, held)
        except (GamedayError, OSError, TimeoutError, LookupError) as error:
            answer("refused", fault=fault, error=str(error))
            outcome = _unknown_outcome(held, str(error))
        except Exception as error:  # noqa: BLE001  # even after a bug of ours, the fault must be undone
            text = f"{type(error).__name__}: {error}"
            self._recorder.record(ev.InternalErrorOccurred(where="keeper", error=text))
            answer("refused", fault=fault, error=text)
            outcome = _unknown_outcome(held, text)
        try:
            await self._settle(held, outcome)
        finally:
            renewing.cancel()

    async def _inject(self, fault: FaultId, held: HeldFault) -> ExperimentOutcome:
        if self._preparing is not None:
            await self._preparing
        held.request = await self._requested(fault)
        await self._allowed(held.request)
        # The standby first: no fault without a process that is ready to undo it.
        await self._rollbacks.warm(held.request, self._record)
        run = await self._run_of(held.request)
        # The new process must be in the store before it may inject: whoever reverts after a crash of this
        # machine's processes finds it there and fences it.
        if not await self._recorder.flush(WRITE_AHEAD_LIMIT) or self.refusing or held.abort:
            await run.discard()
            raise NotReady(
                self.refusing or "aborted, or the store did not take the write-ahead; nothing was injected"
            )
        # From here on the fault counts as begun (`_unknown_outcome`), and an abort reaches its process.
        held.run = run
        orphans.doubted.add(run.identity)
        name = "journal.json" if len(self.held) == 1 else f"journal-{fault}.json"
        answer("injecting", fault=fault)
        await run.inject(self.folder / name)
        return await run.outcome()

    async def _run_of(self, request: ev.FaultRequested) -> SupervisedExperiment:
        """Take the process that was started early for this request, or start one."""
        ready, self._prepared_run = self._prepared_run, None
        if ready is not None and ready.was_started_for(request):
            return ready
        if ready is not None:
            await ready.discard()
        return await self._start_run(request)

    async def _start_run(self, request: ev.FaultRequested) -> SupervisedExperiment:
        return await SupervisedExperiment.start(request, self._record, drill=self.drill)

    async def _requested(self, fault: FaultId) -> ev.FaultRequested:
        """Read the request that was written ahead. Raises LookupError when there is none."""
        stored = await self._read_history(revert.SAVE_PATIENCE)
        for requested in stored.each(ev.FaultRequested):
            if requested.fact.fault == fault:
                return RevertSecrets(self.folder, self.key).restore(requested.fact)
        raise LookupError(f"fault {fault} was not requested in the store; nothing was injected")

    async def _allowed(self, request: ev.FaultRequested) -> None:
        """Check exactly what is to be injected against the frozen policy again. Raises Refused."""
        stored = await self._read_history(revert.SAVE_PATIENCE)
        policy_sources = await asyncio.to_thread(wiring.policy_sources, Path(request.cwd))
        await policy_check.admit_again(stored, request, policy_sources, now=self._context.clock.now())

    async def _settle(self, held: HeldFault, outcome: ExperimentOutcome) -> None:
        """Record the outcome of the fault; play its rollbacks where its own process did not undo it."""
        fault = held.request.fault
        # Fence, then roll back: what is still alive could inject again.
        await self._fence(held)
        if outcome.error:
            definite = not outcome.touched
            self._recorder.record(ev.FaultFailed(fault=fault, error=outcome.error, definite=definite))
        left = fault in self._context.unended
        if outcome.settled is not None and outcome.settled.undone and not left:
            how, at = outcome.settled.how, outcome.settled.at
            self._recorder.record(ev.FaultReverted(fault=fault, how=how, by="keeper"), at=at)
            held.reverted = True
        elif not outcome.touched and not left:
            self._recorder.record(ev.FaultReverted(fault=fault, how="never-injected", by="keeper"))
            held.reverted = True
        else:
            held.reverted = await self._play_rollbacks(held, outcome)

    async def _play_rollbacks(self, held: HeldFault, outcome: ExperimentOutcome) -> bool:
        # The rollbacks of the fault's own process were the first attempt.
        fault, attempts = held.request.fault, int(outcome.rolling)
        if outcome.rolling:
            error = outcome.settled.error if outcome.settled else "the process that rolled back died"
            self._recorder.record(ev.RevertFailed(fault=fault, attempt=1, error=error))
        exposed = Exposed(
            fault=fault, request=held.request, injected=True, certain=outcome.certain, attempts=attempts
        )
        return await revert.undo(exposed, self._context)

    async def _fence(self, held: HeldFault) -> None:
        """Kill the fault's process and all that its method started, so that nothing can inject any more."""
        if held.run is None:
            return
        await held.run.discard()
        fault = held.request.fault
        ended = held.run.left_running + await self._context.machine.end_method(self.drill, fault)
        fencing.note_method(fault, ended, self._context)
        orphans.settle(held.run.identity)

    # --- The end of a fault ---

    async def _revert(self, fault: FaultId, *, now: bool) -> None:
        held = self.held.get(fault)
        if held is None:
            self._recorder.record(ev.FaultReverted(fault=fault, how="never-injected", by="keeper"))
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

    # --- The end of the keeper ---

    async def _finish(self) -> None:
        """Leave nothing behind, because the conductor sent `stop`."""
        self.refusing = "the keeper is ending"
        self._abort_all()
        await self._until_settled()
        stored = await self._read_or_empty()
        await self._clean_up(stored)
        if self._conductor_gone:  # the conductor died after it sent `stop`
            await self._close(stored)
        answer("ended")

    async def _replace_conductor(self, why: str) -> None:
        """Revert at once, kill the conductor, clean up, and close the drill in its place."""
        self.refusing = f"the conductor is gone: {why}"
        self._abort_all()
        if self.conductor is not None:
            # The aborts above have only begun, and go on meanwhile.
            await self._context.machine.end(self.conductor)
        self._recorder.record(ev.AbortRequested(reason="conductor-lost", detail=why))
        await self._until_settled()
        stored = await self._read_or_empty()
        for exposed in exposure.open_faults(stored):
            if exposed.fault not in self.held:  # only this process injects, and it was never commanded to
                fact = ev.FaultReverted(fault=exposed.fault, how="never-injected", by="keeper")
                self._recorder.record(fact)
        if all(held.reverted for held in self.held.values()):
            await steady_state.confirm(stored, self._context)
        await self._clean_up(stored)
        await self._close(stored)

    async def _close(self, stored: history.History) -> None:
        """Close the drill in the conductor's place, and release the environment for the next one."""
        if stored.first(ev.DrillClosed) is None:
            reverted = all(held.reverted for held in self.held.values())
            self._recorder.record(ev.DrillClosed(how="aborted", reverted=reverted))
            if reverted:
                wiring.forget_clients(self.drill)
        await self._recorder.flush(HISTORY_LIMIT)
        await revert.release_environment(stored, self._context)

    async def _read_history(self, within: Seconds) -> history.History:
        return await store_reads.in_store_thread(lambda: store_reads.read(self.store, self.drill), within)

    async def _read_or_empty(self) -> history.History:
        """Read the history; an empty one where the store does not answer."""
        await self._recorder.flush(HISTORY_LIMIT)
        with contextlib.suppress(GamedayError, LookupError, TimeoutError):
            return await self._read_history(HISTORY_LIMIT)
        return history.from_events(())

    async def _clean_up(self, stored: history.History) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
        if self._prepared_run is not None:
            await self._prepared_run.discard()
        await self._rollbacks.close()
        # The conductor belongs to the drill, too, but has to close it and write its reports after `stop`.
        spare = [self.conductor] if self.conductor else []
        await revert.clean_up(stored, self._context, spare=spare)


def _unknown_outcome(held: HeldFault, error: str) -> ExperimentOutcome:
    """Make the outcome of a fault of which only this is known: whether its process could have begun."""
    begun = held.run is not None
    return ExperimentOutcome(settled=None, touched=begun, rolling=False, error=error)


def answer(word: str, **data: Any) -> None:
    """Answer the conductor; without effect when it does not read or is gone."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps({"answer": word, **data}).encode() + b"\n")


def _identity(text: str) -> Identity:
    pid, ticks, boot = text.split(":")
    return Identity(pid=int(pid), started_ticks=int(ticks), boot=boot)


def _first_line() -> bytes:
    """Read one line of stdin, byte by byte: what follows is for the event loop's reader."""
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
    options = parser.parse_args()
    # Orphans of what the fault started become this process's children, so that it sees and ends them.
    tree.become_subreaper()
    os.set_blocking(1, False)  # a conductor that does not read must not stop the reverting
    first = _first_line()
    if not first:
        return  # the conductor died before its first line
    given = json.loads(first)
    key = SigningKey(given=given.get("key", ""))
    known_secrets.redactor().learn([key.given])
    store = wiring.store(given["store"], options.folder.parent, key)
    keeper = Keeper(
        store=store,
        drill=DrillId(options.drill),
        folder=options.folder,
        conductor=options.conductor,
        key=key,
    )
    asyncio.run(keeper.run())
    store.close()


if __name__ == "__main__":
    main()
