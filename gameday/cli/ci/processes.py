"""Drills as child processes, for `gameday ci`: in turn on one target, side by side on several.

Comes in: planned drills. Goes out: a `FinishedDrill` for each, whatever became of its process, with its
artefacts in a folder. Does not: judge; and never leaves a fault to chance: a drill that is stopped gets one SIGTERM and
time to revert; one that dies is reverted by `gameday revert`, and what that says is believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
from collections.abc import Callable, Sequence
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
from gameday.system import clock, known_secrets, processes, target

LOOK: Seconds = 0.05
"""How often a drill is looked at."""
GRACE: Seconds = 90.0
"""How long a drill that was told to abort may take to revert, before it is killed and reverted from here."""
REVERT: Seconds = 300.0
"""How long `gameday revert` may take: it tries again while rollbacks fail."""
RESET: Seconds = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedDrill:
    """One drill that is to be played. number: which repeat, from 1; argv: what `gameday run` is given."""

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
        """Say what it breaks: two environments may be names of one target."""
        return self.environment.base_url.rstrip("/").lower() or self.environment.name


class DrillProcesses:
    """Plays trials. command: how gameday is called; folder: where artefacts go; say: told of each end."""

    def __init__(
        self,
        space: Workspace,
        *,
        command: Sequence[str],
        folder: Path,
        say: Callable[[PlannedDrill, FinishedDrill], None],
        grace: Seconds = GRACE,
    ) -> None:
        self._space = space
        self._command = tuple(command)
        self._folder = folder
        self._say = say
        self._grace = grace
        self._stop = asyncio.Event()
        self.stopped = ""

    def stop(self, why: str) -> None:
        """Abort the drills that are on, and start no other. The first reason stands."""
        if not self._stop.is_set():
            output.talk(f"{why}: the drills abort, and revert")
            self.stopped = why
            self._stop.set()

    async def play(self, trials: Sequence[PlannedDrill]) -> list[FinishedDrill]:
        """Play trials, those of a target in their order; give how they ended, in the order given."""
        lanes: dict[str, list[int]] = {}
        for index, trial in enumerate(trials):
            lanes.setdefault(trial.target, []).append(index)
        ended: dict[int, FinishedDrill] = {}

        async def lane(indexes: Sequence[int]) -> None:
            for place, index in enumerate(indexes):
                ended[index] = await self._next(trials[index], again=place > 0)
                self._say(trials[index], ended[index])

        await asyncio.gather(*map(lane, lanes.values()))
        return [ended[index] for index in range(len(trials))]

    async def _next(self, trial: PlannedDrill, *, again: bool) -> FinishedDrill:
        try:
            why = await self._reset(trial) if again and not self._stop.is_set() else ""
            if self._stop.is_set():
                return FinishedDrill(code=ExitCode.INCONCLUSIVE, why=f"not started: {self.stopped}")
            return FinishedDrill(code=ExitCode.INCONCLUSIVE, why=why) if why else await self._drill(trial)
        except (OSError, GamedayError) as error:
            return FinishedDrill(code=ExitCode.INTERNAL, why=f"{type(error).__name__}: {error}")

    async def _reset(self, trial: PlannedDrill) -> str:
        """Bring a target that still stands back to its beginning; say why that failed."""
        place = trial.environment
        if not place.reset or (place.base_url and await asyncio.to_thread(target.answers, place.base_url)):
            return ""
        command = " ".join(place.reset)
        with tempfile.TemporaryFile() as said:
            child = self._start(place.reset, said, processes.STDOUT)
            try:
                code = await asyncio.wait_for(self._end(child, grace=0.0), RESET)
            except TimeoutError:
                return f"`{command}` did not end within {format_duration(RESET)}"
            finally:
                child.kill()
            said.seek(0)
            told = known_secrets.redactor().text(said.read().decode(errors="replace")).strip()[-500:]
        return "" if code == 0 else f"`{command}` failed: {told or f'exit {code}'}"

    def _start(
        self, argv: Sequence[str], stdout: IO[bytes], stderr: int | IO[bytes] = processes.STDOUT
    ) -> processes.Child:
        """Start a command in the workspace, our own commands first in its PATH."""
        env = {"PATH": target.own_path()}
        return processes.start(argv, cwd=self._space.root, env=env, stdout=stdout, stderr=stderr)

    async def _drill(self, trial: PlannedDrill) -> FinishedDrill:
        began = clock.monotonic()
        output.talk(f"{trial.name}: starts on {trial.environment.name}")
        folder = _empty(self._folder / trial.name)
        said, talk = folder / "result.json", folder / "talk.txt"
        with said.open("wb") as out, talk.open("wb") as err:
            child = self._start([*self._command, "run", *trial.argv, "--json", "--yes"], out, err)
            try:
                code = await self._end(child, grace=self._grace)
            finally:
                child.kill()
        told = _read(said)
        code = await asyncio.to_thread(self._settle, child.pid, code)
        why = "" if told else _last(talk) or f"it ended with {code} and left no result"
        ended = FinishedDrill(code=code, result=told, why=why, seconds=clock.monotonic() - began)
        return replace(ended, folder=str(await asyncio.to_thread(self._keep, folder, told)))

    async def _end(self, child: processes.Child, *, grace: Seconds) -> int:
        """Wait for a process, and give its exit code; when all is to stop, let it end by itself first."""
        until: Seconds | None = None
        while (code := child.poll()) is None:
            if self._stop.is_set() and until is None:
                until = clock.monotonic() + grace
                child.send(signal.SIGTERM)
            if until is not None and clock.monotonic() > until:
                child.kill()
            await asyncio.sleep(LOOK)
        return code

    def _settle(self, pid: int, code: int) -> int:
        """Revert what a process that died left in force: 4 when that can't be said to be done."""
        if code in set(ExitCode) - {ExitCode.INTERNAL}:
            return code
        try:
            left = self._left_by(pid)
        except GamedayError as error:
            output.problem(error)
            return ExitCode.FAULT_IN_FORCE
        for drill in left:
            argv = [*self._command, "revert", drill]
            done = processes.call(argv, timeout=REVERT, cwd=self._space.root, env={"PATH": target.own_path()})
            output.talk(done.output.rstrip())
            if done.exit_code != 0:
                return ExitCode.FAULT_IN_FORCE
        return ExitCode.INTERNAL

    def _left_by(self, pid: int) -> list[str]:
        """Find the drills that are not closed and that this process conducted."""
        store = wiring.workspace_store(self._space)
        host = processes.hostname()
        return [
            row.drill
            for row in store.live()
            if any(
                (one.fact.role, one.fact.pid, one.fact.host) == ("conductor", pid, host)
                for one in store_reads.read(store, row.drill).each(ev.ProcessStarted)
            )
        ]

    def _keep(self, folder: Path, told: StoredResult | None) -> Path:
        """Gather a drill's artefacts in one folder, under the drill's own name, which no other has."""
        if told is None or not told.drill:
            return folder
        kept, made = self._folder / told.drill, self._space.artifacts / told.drill
        if kept.resolve() != made.resolve():  # else the drill's own folder is where artefacts go
            _empty(kept)
        if made.is_dir() and kept.resolve() != made.resolve():
            shutil.copytree(made, kept, dirs_exist_ok=True)
        for file in folder.iterdir():
            if file.name != "result.json" or not (kept / file.name).exists():
                shutil.move(file, kept / file.name)
        shutil.rmtree(folder)
        return kept


def _empty(folder: Path) -> Path:
    """Make a folder anew."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _read(file: Path) -> StoredResult | None:
    try:
        return result.read(file.read_bytes())
    except ValueError:
        return None


def _last(talk: Path) -> str:
    """Give the last line that a drill said."""
    lines = talk.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
