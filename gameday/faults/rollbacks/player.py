"""Play the rollbacks of a fault in a Chaos Toolkit process that stands by with the modules imported.

Retries, claims and fencing are in `conduct.revert.revert`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Seconds, instant
from gameday.faults import child_protocol, experiments
from gameday.faults.chaos_process import START_LIMIT, ChaosProcess
from gameday.faults.child_queries import ChildQueries, NoAnswer
from gameday.faults.deadlines import Deadlines
from gameday.faults.rollbacks import needs, own_folder
from gameday.faults.rollbacks.revert_secrets import RevertSecrets
from gameday.ports import RecordFact, RollbackOutcome
from gameday.system import clock
from gameday.system.machine import started
from gameday.system.signing_key import OWN, SigningKey

SILENCE: Seconds = 60.0
"""Seconds between two messages, at most, while no activity is open: loading, pauses, the probe."""


STEADY_LIMIT: Seconds = 30.0
"""Seconds for a whole steady-state hypothesis."""


class ChildRollbackPlayer:
    """Plays the rollbacks of one drill's faults, each fault in a process of its own.

    folder  the drill's own
    home    where to play what was requested in a folder that this host does not have: the workspace itself
            where it has moved, or another host's
    stranded  of a command that may stand in another workspace: a folder with nothing in it. Once the drill's
            own is gone, and no other one is its home, what needs nothing of that is played in this one, and
            nothing else is played
    unverified  why this host does not reach the environment's cluster or account: `kubernetes`, `aws`
    """

    def __init__(
        self,
        drill: DrillId,
        folder: Path | None = None,
        home: Path | None = None,
        unverified: Mapping[str, str] | None = None,
        key: SigningKey = OWN,
        *,
        stranded: Path | None = None,
    ) -> None:
        self._drill = drill
        self._stranded = stranded
        self._unverified = unverified or {}
        self._home = home
        self._secrets = RevertSecrets(folder, key) if folder else None
        self._warm: dict[tuple[str, str], ChaosProcess] = {}

    async def warm(self, request: ev.FaultRequested, record: RecordFact) -> None:
        """Start a standby process with the experiment's modules imported. Raises OSError, TimeoutError."""
        standby = self._warm.get(_key(request))
        if standby is not None and not standby.gone:
            return
        process = await self._start(request, record)
        while True:
            match await process.receive(START_LIMIT):
                # A standby that died is no reason to refuse: `play` starts another.
                case None | child_protocol.Note(word="ready"):
                    return
                case _:
                    pass

    async def play(
        self, request: ev.FaultRequested, attempt: int, by: str, record: RecordFact, *, ask: bool
    ) -> RollbackOutcome:
        """Play all rollbacks once, within a deadline, recording each as it starts and ends; never raises."""
        request = self._restored(request)
        try:
            process = await self._standby(request, record)
            await process.send("play", request=dataclasses.asdict(request), attempt=attempt, by=by, ask=ask)
            outcome = await self._listen(process, record)
        except OSError as error:
            outcome = RollbackOutcome(undone=False, error=f"the rollbacks can't be started: {error}")
        # The next attempt gets a new process: an activity that hangs may still be running in this one.
        if not outcome.undone:
            await self._discard(request)
        return outcome if outcome.steps else dataclasses.replace(outcome, steps=self.steps(request))

    def has_hypothesis(self, request: ev.FaultRequested) -> bool:
        """Whether the request's experiment has a steady-state hypothesis; assumed where it can't be read."""
        try:
            return bool(experiments.parse(request.experiment, request.path).get("steady-state-hypothesis"))
        except ValueError:
            return True

    async def steady_state(self, request: ev.FaultRequested) -> ev.SteadyStateChecked:
        """Judge the hypothesis of the request's experiment once; `met` None where that can't be done."""
        if self._is_stranded(request) and (why := own_folder.hypothesis_needs(request)):
            return ev.SteadyStateChecked(stage="after", met=None, detail=why[0])
        request = self._restored(request)
        env = self._environment(request)
        queries = ChildQueries(self._drill, cwd=Path(request.cwd), env=env)
        name = PurePosixPath(request.path).name
        try:
            answer = await queries.ask(
                STEADY_LIMIT, "steady", text=request.experiment, path=name, options=request.options
            )
            met, detail = answer["ok"], str(answer.get("detail") or "")
        except NoAnswer as error:
            met, detail = None, str(error)
        finally:
            await queries.close()
        return ev.SteadyStateChecked(stage="after", met=met, detail=detail)

    def lacks(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """Describe what this process lacks to play them: variables, modules, commands, a cluster."""
        if self._is_stranded(request) and (gone := own_folder.rollbacks_need(request)):
            return gone
        request = self._restored(request)
        return (*needs.lacking(request, os.environ), *needs.unreachable(request, self._unverified))

    def runs(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """List all that playing them would run; nothing is imported for it."""
        try:
            return experiments.runs(experiments.parse(request.experiment, request.path))
        except ValueError as error:
            return (f"nothing: {request.path} can't be read: {error}",)

    def steps(self, request: ev.FaultRequested) -> tuple[str, ...]:
        """Describe for a person, rollback by rollback, what to do by hand."""
        try:
            return experiments.steps(experiments.parse(request.experiment, request.path))
        except ValueError:
            return (f"undo by hand what {request.path} does",)

    def _restored(self, request: ev.FaultRequested) -> ev.FaultRequested:
        """Give a request as it was before it was masked, in a folder of this host."""
        request = self._secrets.restore(request) if self._secrets else request
        if Path(request.cwd).is_dir():
            return request
        home = self._home
        if home is None and self._stranded is not None:
            home = self._stranded
            home.mkdir(parents=True, exist_ok=True)
        return request if home is None else dataclasses.replace(request, cwd=str(home))

    def _is_stranded(self, request: ev.FaultRequested) -> bool:
        """Whether the folder that it was requested in is gone, and no other one is the drill's."""
        return self._home is None and self._stranded is not None and not Path(request.cwd).is_dir()

    def _environment(self, request: ev.FaultRequested) -> Mapping[str, str]:
        """Give what a process gets besides: a PYTHONPATH without the folders of other workspaces.

        request: as it is played, in its own folder. Where that is gone, nothing of the caller's path serves.
        """
        if self._stranded is None or "PYTHONPATH" not in os.environ:
            return {}
        kept = () if request.cwd == str(self._stranded) else own_folder.python_path_for(request.cwd)
        return {"PYTHONPATH": os.pathsep.join(kept)}

    async def close(self) -> None:
        """End every standby process."""
        await asyncio.gather(*(process.close() for process in self._warm.values()))
        self._warm.clear()

    async def _standby(self, request: ev.FaultRequested, record: RecordFact) -> ChaosProcess:
        """Give the standby process; start another if it died meanwhile, so that this costs no try."""
        process = self._warm.get(_key(request))
        if process is not None and not process.gone:
            return process
        await self._discard(request)
        return await self._start(request, record)

    async def _start(self, request: ev.FaultRequested, record: RecordFact) -> ChaosProcess:
        process = await ChaosProcess.start(self._drill, cwd=request.cwd, env=self._environment(request))
        # Kept first: `close` ends it where it can't be recorded. And recorded before it is used: whoever
        # reverts after a crash must find it, and end it.
        self._warm[_key(request)] = process
        record(started("standby", process.identity), clock.now())
        await process.send("load", request=dataclasses.asdict(request))
        return process

    async def _discard(self, request: ev.FaultRequested) -> None:
        process = self._warm.pop(_key(request), None)
        if process is not None:
            await process.close()

    async def _listen(self, process: ChaosProcess, record: RecordFact) -> RollbackOutcome:
        """Handle the process's messages until the fault is settled, or the process dies or is overdue."""
        deadlines = Deadlines()
        while True:
            left = deadlines.left()
            try:
                message = await process.receive(SILENCE if left is None else left)
            except TimeoutError:
                late = deadlines.overdue() or f"the rollbacks were silent for {SILENCE:g} s"
                return RollbackOutcome(undone=False, error=late)
            match message:
                case None:
                    return RollbackOutcome(undone=False, error="the process that played the rollbacks died")
                case child_protocol.ReportedFact(fact=fact, at=at):
                    deadlines.note(message)
                    record(fact, at)
                case child_protocol.Note(word="settled"):
                    return rollback_outcome(message)
                case child_protocol.Note(word="crashed"):
                    return RollbackOutcome(undone=False, error=message.text("error"))
                case _:
                    pass


def rollback_outcome(note: child_protocol.Note) -> RollbackOutcome:
    """Decode a child's note on a settled fault: undone or not, how, and what a person must do."""
    data: dict[str, Any] = dict(note.data)
    return RollbackOutcome(
        undone=bool(data["undone"]),
        how=note.text("how"),
        error=note.text("error"),
        steps=tuple(map(str, data.get("steps") or ())),
        at=instant(float(data["at"])),
    )


def _key(request: ev.FaultRequested) -> tuple[str, str]:
    return request.fault, request.experiment
