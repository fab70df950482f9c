"""`ports.LoadDriver` on Locust: starts it, hears its samples by a Unix socket, gives it orders.

Comes in: a scenario's load. Goes out: chunks, to the callback, about every 100 ms.
Does not: import Locust (a process of its own runs it, with `plugin.py` beside the user's locustfile), or
judge what the users meet; an unreachable target is the samples' to tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
from gameday.core.plans.scenario import Load
from gameday.core.values import DrillId, Instant, Seconds, instant
from gameday.formats.stored import load as load_lines
from gameday.load import locust_errors
from gameday.system import clock, known_secrets, processes

PLUGIN = Path(__file__).with_name("plugin.py")
FIRST_SAMPLE: Seconds = 60.0
"""How long Locust may take to its first request."""
SILENCE: Seconds = 4.0
"""Silence after which the load counts as lost; the plug-in sends every 100 ms. With the time to revert it
makes less than the 5 s within which a fault is undone after a SIGSTOP."""
ANSWER: Seconds = 5.0
ENDING: Seconds = 10.0
"""How long Locust may take to end before it is killed."""
LAST_WORDS: Seconds = 1.0
"""How long to wait for the rest of its output once it has ended: a process of its own may hold it open."""
LONGEST_LINE = 1 << 26
LONGEST_PATH = 100
"""Bytes in a Unix socket's path, less than sun_path holds: unix(7)."""

OnChunks = Callable[[Sequence[Chunk], Instant], None]


class LocustDriver:
    """One drill's Locust. `folder` is the drill's own: Locust's output goes to `locust.log` in it."""

    def __init__(
        self,
        *,
        drill: DrillId,
        workspace: Path,
        folder: Path,
        on_process: Callable[[ev.ProcessStarted], object],
    ) -> None:
        self._drill = drill
        self._workspace = workspace
        self._output = folder / "locust.log"
        self._on_process = on_process
        self._load: Load | None = None
        self._child: processes.Child | None = None
        self._copying: threading.Thread | None = None
        self._room: Path | None = None
        self._server: asyncio.Server | None = None
        self._line: _Line | None = None
        self._stopping = False

    async def start(
        self,
        load: Load,
        *,
        base_url: str,
        environment: Mapping[str, str],
        on_chunks: OnChunks,
    ) -> None:
        """Start the users and return at the first sample. Raises NotReady with what Locust said."""
        if "," in load.locustfile:
            raise NotReady(f"Locust can't take a path with a comma: {load.locustfile}")
        self._load = load
        line = self._line = _Line(on_chunks)
        self._room = _room()
        path = str(self._room / "load")
        self._server = await asyncio.start_unix_server(line.hear, path, limit=LONGEST_LINE)
        try:
            self._start_locust(load, base_url, {**environment, "GAMEDAY_LOAD_SOCKET": path})
            await self._first_sample(line)
        except BaseException:  # passed on: nothing may be left behind, whatever it was
            await self.stop()
            raise

    def _start_locust(self, load: Load, base_url: str, environment: Mapping[str, str]) -> None:
        """Start it, the address in its environment: it may hold a password, and titles are read by all."""
        self._output.parent.mkdir(parents=True, exist_ok=True)
        self._child = processes.start(
            command(load, ""),
            drill=self._drill,
            env={**environment, **({"LOCUST_HOST": base_url} if base_url else {})},
            cwd=self._workspace,
            stdout=processes.PIPE,
            stderr=processes.STDOUT,
        )
        self._copying = threading.Thread(target=_copy, args=(self._child.stdout, self._output), daemon=True)
        self._copying.start()
        who = self._child.identity
        self._on_process(
            ev.ProcessStarted(
                role="locust",
                pid=who.pid,
                started_ticks=who.started_ticks,
                boot=who.boot,
                host=processes.hostname(),
            )
        )

    async def _first_sample(self, line: _Line) -> None:
        deadline = clock.monotonic() + FIRST_SAMPLE
        while not line.sampled:
            if self._ended() is not None:
                raise NotReady(self._why(), hint=f"all that Locust said: {self._output}")
            if clock.monotonic() > deadline:
                raise NotReady(
                    f"Locust made no request within {FIRST_SAMPLE:g} s",
                    hint=f"does a user wait, or on_start hang? What Locust said: {self._output}",
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(line.changed.wait(), 0.05)
            line.changed.clear()

    async def set_users(self, users: int) -> None:
        """Change the number of users, at the load's own spawn rate, from now on.

        Raises NotReady when the locustfile's own shape decides, or Locust does not answer.
        """
        if self._line is None or self._load is None:
            raise NotReady("there is no load to change")
        answer = await self._line.ask({"users": users, "rate": self._load.spawn_rate})
        if "refused" in answer:
            raise NotReady(f"the number of users can't be changed: {answer['refused']}")

    def lost(self) -> str:
        """Say why no more samples can come; empty while the load is well."""
        if self._line is None or self._stopping:
            return ""
        if self._ended() is not None:
            return self._why()
        if self._line.lost:
            return self._line.lost
        silent = clock.monotonic() - self._line.heard
        if self._line.sampled and silent > SILENCE:
            return f"Locust has been silent for {silent:.0f} s"
        return ""

    def _ended(self) -> int | None:
        return None if self._child is None else self._child.poll()

    def _why(self) -> str:
        code = self._ended()
        if self._copying is not None:
            self._copying.join(LAST_WORDS)
        text = self._last_words()
        locustfile = self._load.locustfile if self._load else ""
        said = locust_errors.find(text, locustfile)
        where = f" ({locustfile}, line {said.line})" if said.line else ""
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"Locust ended with {how}: {said.message or 'it said nothing'}{where}"

    def _last_words(self) -> str:
        try:
            return self._output.read_text(encoding="utf-8", errors="replace")[-20000:]
        except OSError:  # a disk that takes nothing has no log
            return ""

    async def stop(self) -> None:
        """End the users and wait for the last samples; kill Locust when it takes too long."""
        well = not self.lost()
        self._stopping = True
        child = self._child
        if child is not None:
            if well and child.poll() is None and self._line is not None and self._line.tell({"finish": True}):
                with contextlib.suppress(TimeoutError):
                    await asyncio.to_thread(child.wait, ENDING)
            await asyncio.to_thread(child.kill)
        if self._copying is not None:
            await asyncio.to_thread(self._copying.join, LAST_WORDS)
        if self._line is not None:
            await self._line.drained()
        if self._server is not None:
            self._server.close()
        if self._room is not None:
            shutil.rmtree(self._room, ignore_errors=True)


class _Line:
    """Our end of the socket that the plug-in speaks to."""

    def __init__(self, on_chunks: OnChunks) -> None:
        self._on_chunks = on_chunks
        self._writer: asyncio.StreamWriter | None = None
        self._answer: asyncio.Future[dict[str, Any]] | None = None
        self._closed = asyncio.Event()
        self.changed = asyncio.Event()
        self.heard = clock.monotonic()
        self.sampled = False
        self.lost = ""

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take messages until Locust has ended."""
        if self._writer is not None:  # there is one Locust; workers speak through their master
            writer.close()
            return
        self._writer = writer
        try:
            while line := await reader.readline():
                self._take(json.loads(line))
        except (ValueError, ConnectionError) as error:
            self.lost = f"Locust's samples can't be read: {error}"
        finally:
            self._closed.set()
            self.changed.set()
            writer.close()

    def _take(self, message: dict[str, Any]) -> None:
        self.heard = clock.monotonic()
        if "chunks" in message:
            chunks = [_redacted(load_lines.parse(found)) for found in message["chunks"]]
            self.sampled = self.sampled or bool(chunks)
            self._on_chunks(chunks, instant(message["until"]))
            self.changed.set()
        elif "lost" in message:
            self.lost = message["lost"]
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def tell(self, order: dict[str, Any]) -> bool:
        """Send an order; False when nobody is there."""
        if self._writer is None or self._closed.is_set():
            return False
        self._writer.write(json.dumps(order).encode() + b"\n")
        return True

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send an order and wait for its answer. Raises NotReady when none comes."""
        self._answer = asyncio.get_running_loop().create_future()
        try:
            if not self.tell(order):
                raise NotReady("Locust is gone")
            return await asyncio.wait_for(self._answer, ANSWER)
        except TimeoutError as late:
            raise NotReady(f"Locust did not answer within {ANSWER:g} s") from late
        finally:
            self._answer = None

    async def drained(self) -> None:
        """Wait until everything that Locust sent has been taken; it must have ended."""
        if self._writer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), ANSWER)


def _copy(source: IO[bytes], file: Path) -> None:
    """Copy what Locust says into a file, line by line and redacted, until it has ended.

    A disk that takes no more loses lines of a log; nobody reading would stop Locust itself.
    """
    with source, contextlib.suppress(OSError), file.open("wb", buffering=0) as output:
        for line in source:
            with contextlib.suppress(OSError):
                output.write(known_secrets.redactor().text(line.decode(errors="replace")).encode())


def _redacted(chunk: Chunk) -> Chunk:
    """Take secrets out of a request's name, which may be a whole URL."""
    name = known_secrets.redactor().text(chunk.name)
    return chunk if name == chunk.name else replace(chunk, name=name)


def command(load: Load, base_url: str) -> list[str]:
    """Give the command that starts Locust with our plug-in beside the user's file, which comes first."""
    argv = [sys.executable, "-P", "-m", "locust", "-f", f"{load.locustfile},{PLUGIN}"]
    argv += ["--headless", "--only-summary", "-u", str(load.users), "-r", f"{load.spawn_rate:g}"]
    if base_url:
        argv += ["--host", base_url]
    if load.workers > 1:
        port = str(_free_port())
        argv += ["--processes", str(load.workers), "--master-bind-host", "127.0.0.1"]
        argv += ["--master-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
    return argv


def _room() -> Path:
    """Make a private folder whose path is short enough for a Unix socket."""
    room = Path(tempfile.mkdtemp(prefix="gameday-"))
    if len(bytes(room / "load")) < LONGEST_PATH:
        return room
    room.rmdir()
    return Path(tempfile.mkdtemp(prefix="gameday-", dir="/tmp"))  # mkdtemp makes it ours alone


def _free_port() -> int:
    """Find a free port on loopback; Locust's workers need to be told it before the master has it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
