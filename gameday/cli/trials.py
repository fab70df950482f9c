"""Drills as child processes, for `gameday ci`: in turn on one environment, side by side on several.

Comes in: trials. Goes out: an `Ended` for each, whatever became of its process, with its artefacts in a
folder. Does not: judge; and never leaves a fault to chance: a drill that is stopped gets one SIGTERM and
time to revert; one that dies is reverted by `gameday revert`, and what that says is believed.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gameday import wiring
from gameday.cli import output
from gameday.conduct import closing
from gameday.core import events as ev
from gameday.core import trends
from gameday.core.errors import GamedayError
from gameday.core.trends import Ended, Told
from gameday.core.values import Seconds
from gameday.formats import result
from gameday.settings import Environment, Workspace
from gameday.system import clock, confidential, processes, target

LOOK: Seconds = 0.05
"""How often a drill is looked at."""
GRACE: Seconds = 90.0
"""How long a drill that was told to abort may take to revert, before it is killed and reverted from here."""
REVERT: Seconds = 300.0
"""How long `gameday revert` may take: it tries again while rollbacks fail."""
RESET: Seconds = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One drill that is to be played. number: which repeat, from 1; argv: what `gameday run` is given."""

    scenario: str
    environment: Environment
    number: int
    argv: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name it for people and for a folder."""
        return f"{self.scenario}-{self.number}"


class Trials:
    """Plays trials. command: how gameday is called; folder: where artefacts go; say: told of each end."""

    def __init__(
        self,
        space: Workspace,
        *,
        command: Sequence[str],
        folder: Path,
        say: Callable[[Trial, Ended], None],
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

    async def play(self, trials: Sequence[Trial]) -> list[Ended]:
        """Play trials, those of an environment in their order; give how they ended, in the order given."""
        lanes: dict[str, list[int]] = {}
        for index, trial in enumerate(trials):
            lanes.setdefault(trial.environment.name, []).append(index)
        ended: dict[int, Ended] = {}

        async def lane(indexes: Sequence[int]) -> None:
            for place, index in enumerate(indexes):
                ended[index] = await self._next(trials[index], again=place > 0)
                self._say(trials[index], ended[index])

        await asyncio.gather(*map(lane, lanes.values()))
        return [ended[index] for index in range(len(trials))]

    async def _next(self, trial: Trial, *, again: bool) -> Ended:
        if self._stop.is_set():
            return Ended(code=5, why=f"not started: {self.stopped}")
        why = await asyncio.to_thread(self._reset, trial) if again else ""
        if why:
            return Ended(code=5, why=why)
        try:
            return await self._drill(trial)
        except (OSError, GamedayError) as error:
            return Ended(code=70, why=f"{type(error).__name__}: {error}")

    def _reset(self, trial: Trial) -> str:
        """Bring a target that still stands back to its beginning; say why that failed."""
        place = trial.environment
        if not place.reset or (place.base_url and target.answers(place.base_url)):
            return ""
        env = {"PATH": target.own_path()}
        done = processes.call(place.reset, timeout=RESET, cwd=self._space.root, env=env)
        said = confidential.known().text(done.output).strip()[-500:]
        return "" if done.exit_code == 0 else f"`{' '.join(place.reset)}` failed: {said}"

    async def _drill(self, trial: Trial) -> Ended:
        began = clock.monotonic()
        folder = _empty(self._folder / trial.name)
        said, talk = folder / "result.json", folder / "talk.txt"
        with said.open("wb") as out, talk.open("wb") as err:
            child = processes.start(
                [*self._command, "run", *trial.argv, "--json", "--yes"],
                cwd=self._space.root,
                env={"PATH": target.own_path()},
                stdout=out,
                stderr=err,
            )
            try:
                code = await self._end(child)
            finally:
                child.kill()
        told = _read(said)
        code = await asyncio.to_thread(self._settle, child.pid, code)
        why = "" if told else _last(talk) or f"it ended with {code} and left no result"
        ended = Ended(code=code, told=told, why=why, seconds=clock.monotonic() - began)
        return replace(ended, folder=str(await asyncio.to_thread(self._keep, folder, told)))

    async def _end(self, child: processes.Child) -> int:
        """Wait for a drill's end, and give its exit code; when all is to stop, let it abort first."""
        until: Seconds | None = None
        while (code := child.poll()) is None:
            if self._stop.is_set() and until is None:
                until = clock.monotonic() + self._grace
                child.send(signal.SIGTERM)
            if until is not None and clock.monotonic() > until:
                child.kill()
            await asyncio.sleep(LOOK)
        return code

    def _settle(self, pid: int, code: int) -> int:
        """Revert what a process that died left in force: 4 when that can't be said to be done."""
        if code in trends.ORDER and code != 70:
            return code
        try:
            left = self._left_by(pid)
        except GamedayError as error:
            output.problem(error)
            return 4
        for drill in left:
            argv = [*self._command, "revert", drill]
            done = processes.call(argv, timeout=REVERT, cwd=self._space.root, env={"PATH": target.own_path()})
            output.talk(done.output.rstrip())
            if done.exit_code != 0:
                return 4
        return 70

    def _left_by(self, pid: int) -> list[str]:
        """Find the drills that are not closed and that this process conducted."""
        store = wiring.store_of(self._space)
        host = processes.hostname()
        return [
            row.drill
            for row in store.live()
            if any(
                (one.fact.role, one.fact.pid, one.fact.host) == ("conductor", pid, host)
                for one in closing.history_of(store, row.drill).each(ev.ProcessStarted)
            )
        ]

    def _keep(self, folder: Path, told: Told | None) -> Path:
        """Gather a drill's artefacts in one folder, under the drill's own name, which no other has."""
        if told is None or not told.drill:
            return folder
        kept = _empty(self._folder / told.drill)
        made = self._space.artifacts / told.drill
        if made.is_dir():
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


def _read(file: Path) -> Told | None:
    try:
        return result.read(file.read_bytes())
    except ValueError:
        return None


def _last(talk: Path) -> str:
    """Give the last line that a drill said."""
    lines = talk.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
