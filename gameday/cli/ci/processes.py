"""Runs the drills of `gameday ci` as child processes: in turn on one target, in parallel on several.

Every planned drill gives a `FinishedDrill`, however its process ended. No fault is left to chance: a
drill that must stop gets one SIGTERM and time to revert; one that dies is reverted by `gameday revert`,
whose exit code decides whether a fault may still be in force.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from gameday import wiring
from gameday.cli.shared import output
from gameday.conduct import store_reads
from gameday.core.errors import ExitCode, GamedayError
from gameday.core.facts import drill as ev
from gameday.core.trends import FinishedDrill, StoredResult
from gameday.core.values import Seconds, format_duration
from gameday.formats.stored import result
from gameday.settings import Environment, Workspace
from gameday.system import clock, commands, known_secrets, processes, target

POLL_INTERVAL: Seconds = 0.05
"""How often a drill's process is polled."""
GRACE: Seconds = 90.0
"""How long a drill that was asked to abort may take to revert, before it is killed and reverted from here."""
REVERT_TIMEOUT: Seconds = 300.0
"""How long `gameday revert` may take: it retries while rollbacks fail."""
BY_SIGNAL = frozenset(
    code for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) for code in (-number, 128 + number)
)
"""How a drill's process ends that was stopped before it took care of signals, and so before its drill."""
RESET_TIMEOUT: Seconds = 300.0
"""How long an environment's `reset` command may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDrill:
    """One drill that is to be played. number: which repeat, from 1; argv: the arguments of `gameday run`."""

    scenario: str
    environment: Environment
    number: int
    argv: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name it for people and for a folder."""
        return f"{self.scenario}-{self.number}"

    @property
    def target(self) -> str:
        """Give what it breaks: two environments may be names of one target."""
        return self.environment.base_url.rstrip("/").lower() or self.environment.name


class DrillProcesses:
    """Plays planned drills. command: how gameday is called; folder: for artefacts; report: called at ends."""

    def __init__(
        self,
        space: Workspace,
        *,
        command: Sequence[str],
        folder: Path,
        report: Callable[[PlannedDrill, FinishedDrill], None],
        grace: Seconds = GRACE,
    ) -> None:
        self._space = space
        self._command = tuple(command)
        self._folder = folder
        self._report = report
        self._grace = grace
        self._stop = asyncio.Event()
        self.stopped = ""

    def stop(self, why: str) -> None:
        """Abort the drills in progress, and start no other. The first reason counts."""
        if not self._stop.is_set():
            output.talk(f"{why}: aborting and reverting the drills in progress")
            self.stopped = why
            self._stop.set()

    async def play(self, trials: Sequence[PlannedDrill]) -> list[FinishedDrill]:
        """Play drills, those of one target in their order. Gives how they ended, in the order given."""
        lanes: dict[str, list[int]] = {}
        for index, trial in enumerate(trials):
            lanes.setdefault(trial.target, []).append(index)
        ended: dict[int, FinishedDrill] = {}

        async def lane(indexes: Sequence[int]) -> None:
            for position, index in enumerate(indexes):
                ended[index] = await self._next(trials[index], again=position > 0)
                self._report(trials[index], ended[index])

        await asyncio.gather(*map(lane, lanes.values()))
        return [ended[index] for index in range(len(trials))]

    async def _next(self, trial: PlannedDrill, *, again: bool) -> FinishedDrill:
        try:
            # Only between drills of one target: the first finds it as the pipeline has set it up.
            why = await self._reset(trial) if again and not self._stop.is_set() else ""
            if self._stop.is_set():
                return FinishedDrill(code=ExitCode.INCONCLUSIVE, why=f"not started: {self.stopped}")
            return FinishedDrill(code=ExitCode.INCONCLUSIVE, why=why) if why else await self._drill(trial)
        # One drill that can't be started must not take the results of the others with it.
        except (OSError, GamedayError) as error:
            return FinishedDrill(code=ExitCode.INTERNAL, why=f"{type(error).__name__}: {error}")

    async def _reset(self, trial: PlannedDrill) -> str:
        """Reset a target that is still up to its initial state; give why that failed, else an empty text."""
        environment = trial.environment
        base_url = environment.base_url
        if not environment.reset or (base_url and await asyncio.to_thread(target.answers, base_url)):
            return ""
        command = " ".join(environment.reset)
        # A file, not a pipe: nobody reads while it runs, and a full pipe would stop the command.
        with tempfile.TemporaryFile() as stdout:
            child = self._start(environment.reset, stdout, processes.STDOUT)
            try:
                # No grace: a reset holds no fault that would have to be reverted.
                code = await asyncio.wait_for(self._end(child, grace=0.0), RESET_TIMEOUT)
            except TimeoutError:
                return f"`{command}` did not end within {format_duration(RESET_TIMEOUT)}"
            finally:
                child.kill()
            stdout.seek(0)
            text = known_secrets.redactor().text(stdout.read().decode(errors="replace")).strip()[-500:]
        return "" if code == 0 else f"`{command}` failed: {text or f'exit {code}'}"

    def _start(
        self,
        argv: Sequence[str],
        stdout: IO[bytes],
        stderr: int | IO[bytes] = processes.STDOUT,
        *,
        added: Mapping[str, str] | None = None,
    ) -> processes.Child:
        """Start a command in the workspace, with our own commands first in its PATH."""
        env = {"PATH": target.own_path(), **(added or {})}
        return processes.start(argv, cwd=self._space.root, env=env, stdout=stdout, stderr=stderr)

    async def _drill(self, trial: PlannedDrill) -> FinishedDrill:
        began = clock.monotonic()
        output.talk(f"{trial.name}: starting on {trial.environment.name}")
        folder = _empty(self._folder / trial.name)
        answer, talk = folder / "result.json", folder / "talk.txt"
        # Files, so that what was printed is there however the process ends.
        with answer.open("wb") as out, talk.open("wb") as err:
            argv = [*self._command, "run", *trial.argv, "--json", "--yes"]
            child = self._start(argv, out, err, added=known_secrets.for_our_own())
            try:
                code = await self._end(child, grace=self._grace)
            finally:
                child.kill()
        stored, stopped = _read(answer), code in BY_SIGNAL
        # In a thread: reverting may take minutes, while the other drills have to be watched.
        code = await asyncio.to_thread(self._settle, child.pid, code)
        why = "" if stored else _last_line(talk) or f"it exited with {code} and wrote no result"
        if stopped and code == ExitCode.ABORTED:
            why = "it was stopped before its drill had begun"
        ended = FinishedDrill(code=code, result=stored, why=why, seconds=clock.monotonic() - began)
        return replace(ended, folder=str(await asyncio.to_thread(self._keep, folder, stored)))

    async def _end(self, child: processes.Child, *, grace: Seconds) -> int:
        """Wait for a process, and give its exit code. On `stop`: SIGTERM; SIGKILL after `grace` seconds."""
        until: Seconds | None = None
        while (code := child.poll()) is None:
            # SIGTERM once: a second signal during the rollbacks skips the rest of them.
            if self._stop.is_set() and until is None:
                until = clock.monotonic() + grace
                child.send(signal.SIGTERM)
            if until is not None and clock.monotonic() > until:
                child.kill()
            await asyncio.sleep(POLL_INTERVAL)
        return code

    def _settle(self, pid: int, code: int) -> int:
        """Revert what a process that died left in force. Gives 4 where that is not certain."""
        # A code of our own means that the drill itself ended, and reverted before.
        if code in set(ExitCode) - {ExitCode.INTERNAL}:
            return code
        try:
            left = self._left_by(pid)
        except GamedayError as error:
            output.problem(error)
            return ExitCode.FAULT_IN_FORCE
        for drill in left:
            argv = [*self._command, "revert", drill]
            env = {"PATH": target.own_path(), **known_secrets.for_our_own()}
            done = commands.call(argv, timeout=REVERT_TIMEOUT, cwd=self._space.root, env=env)
            output.talk(*done.output.rstrip().split("\n"))
            # Not only 4: a revert that could not run leaves open whether a fault is in force.
            if done.exit_code != 0:
                return ExitCode.FAULT_IN_FORCE
        return ExitCode.ABORTED if code in BY_SIGNAL else ExitCode.INTERNAL

    def _left_by(self, pid: int) -> list[str]:
        """Find the drills that are not closed and that this process conducted."""
        store = wiring.workspace_store(self._space)
        host = processes.hostname()
        return [
            row.drill
            for row in store.live()
            if any(
                (event.fact.role, event.fact.pid, event.fact.host) == ("conductor", pid, host)
                for event in store_reads.read(store, row.drill).each(ev.ProcessStarted)
            )
        ]

    def _keep(self, folder: Path, stored: StoredResult | None) -> Path:
        """Gather a drill's artefacts in one folder, named by the drill's id, which is unique."""
        if stored is None or not stored.drill:
            return folder
        kept, made = self._folder / stored.drill, self._space.artifacts / stored.drill
        if kept.resolve() != made.resolve():  # else the artefacts are already in place
            _empty(kept)
        if made.is_dir() and kept.resolve() != made.resolve():
            shutil.copytree(made, kept, dirs_exist_ok=True)
        for file in folder.iterdir():
            # The drill's own result.json counts; what it printed is the same.
            if file.name != "result.json" or not (kept / file.name).exists():
                shutil.move(file, kept / file.name)
        shutil.rmtree(folder)
        return kept


def _empty(folder: Path) -> Path:
    """Make a folder, empty."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _read(file: Path) -> StoredResult | None:
    try:
        return result.read(file.read_bytes())
    except ValueError:
        return None


def _last_line(talk: Path) -> str:
    """Give the last line that a drill printed for people."""
    lines = talk.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
