"""`ports.LoadDriver` on Locust: start it, receive its samples through a Unix socket, send it orders.

Locust runs in a process of its own, with `plugin.py` after the user's locustfile: importing it monkey-patches
the whole process with gevent, and with chaoslib in one process it ends in a RecursionError in ssl. An
unreachable target is no error here: the samples show it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
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
from gameday.core.policy import LOOPBACK, Policy
from gameday.core.values import DrillId, Instant, Seconds, instant
from gameday.formats.stored import load as load_lines
from gameday.load import frozen, limits, locust_errors
from gameday.system import clock, known_secrets, processes

PLUGIN = Path(__file__).with_name("plugin.py")
FIRST_SAMPLE_TIMEOUT: Seconds = 60.0
"""How long Locust may take until its first request."""
POLL_INTERVAL: Seconds = 0.05
STOPPED_POLLS = 40
"""Polls for which it may be stopped before its first request, such as by a debugger that attaches."""
SILENCE_LIMIT: Seconds = 4.0
"""Silence after which the load counts as lost; the plug-in sends every 100 ms. With the time to revert, that
is less than the 5 s within which a fault is undone after a SIGSTOP."""
MARKER = "GAMEDAY_LOAD"
"""The variable that names the drill of Locust and of all that it starts: when it has ended, so have they."""
ANSWER_TIMEOUT: Seconds = 5.0
END_TIMEOUT: Seconds = 10.0
"""How long Locust may take to end before it is killed."""
OUTPUT_TIMEOUT: Seconds = 1.0
"""How long to wait for the rest of its output once it has ended: a child may hold the pipe open."""
# A line holds the new counts of all request names; asyncio's default limit is 64 KiB.
MAX_LINE = 1 << 26
MAX_SOCKET_PATH = 100
"""Bytes in a Unix socket's path, less than sun_path holds: unix(7)."""

OnChunks = Callable[[Sequence[Chunk], Instant], None]


class LocustDriver:
    """One drill's Locust.

    folder  the drill's own: Locust's output goes to `locust.log` in it
    policy  what limits the load while it runs
    read    gives the bytes of a workspace file as the policy has judged them; None: those of now
    """

    def __init__(
        self,
        *,
        drill: DrillId,
        workspace: Path,
        folder: Path,
        on_process: Callable[[ev.ProcessStarted], object],
        policy: Policy = LOOPBACK,
        read: Callable[[str], bytes] | None = None,
    ) -> None:
        self._drill = drill
        self._limits = limits.of_policy(policy)
        self._read = read or (lambda path: (workspace / path).read_bytes())
        self._sources = folder / "locustfiles.json"
        self._workspace = workspace
        self._output = folder / "locust.log"
        self._on_process = on_process
        self._load: Load | None = None
        self._child: processes.Child | None = None
        self._copy_thread: threading.Thread | None = None
        self._socket_folder: Path | None = None
        self._server: asyncio.Server | None = None
        self._connection: _PluginConnection | None = None
        self._stopping = False

    async def start(
        self,
        load: Load,
        *,
        base_url: str,
        environment: Mapping[str, str],
        on_chunks: OnChunks,
    ) -> None:
        """Start the users; return at the first sample, or once they exceed a limit: see `exceeded`.

        Raises NotReady with Locust's error.
        """
        # Locust splits the argument of -f at commas.
        if "," in load.locustfile:
            raise NotReady(f"Locust can't take a path with a comma: {load.locustfile}")
        self._load = load
        connection = self._connection = _PluginConnection(on_chunks)
        self._socket_folder = _socket_folder()
        path = str(self._socket_folder / "load")
        self._server = await asyncio.start_unix_server(connection.receive, path, limit=MAX_LINE)
        try:
            self._start_locust(load, base_url, {**environment, "GAMEDAY_LOAD_SOCKET": path})
            await self._first_sample(connection)
        except BaseException:  # raised again: cancelled or not, no Locust may be left behind
            await self.stop()
            raise

    def _start_locust(self, load: Load, base_url: str, environment: Mapping[str, str]) -> None:
        """Start it, with the target in its environment: the URL may hold a password, and argv is public."""
        self._output.parent.mkdir(parents=True, exist_ok=True)
        own = {
            MARKER: self._drill,
            limits.VARIABLE: limits.text(self._limits),
            frozen.VARIABLE: self._freeze(load),
        }
        self._child = processes.start(
            command(load, ""),
            drill=self._drill,
            env={
                **environment,
                **variables_of(load),
                **({"LOCUST_HOST": base_url} if base_url else {}),
                **own,
            },
            cwd=self._workspace,
            stdout=processes.PIPE,
            stderr=processes.STDOUT,
        )
        self._copy_thread = threading.Thread(
            target=_copy, args=(self._child.stdout, self._output), daemon=True
        )
        self._copy_thread.start()
        child = self._child.identity
        # Recorded at once: after a crash, whoever reverts ends Locust by this identity.
        self._on_process(
            ev.ProcessStarted(
                role="locust",
                pid=child.pid,
                started_ticks=child.started_ticks,
                boot=child.boot,
                host=processes.hostname(),
            )
        )

    def _freeze(self, load: Load) -> str:
        """Keep the locustfile and its modules, as they were checked, with the drill. Raises NotReady."""
        try:
            found = frozen.sources(load.locustfile, self._workspace, self._read)
        except (OSError, ValueError) as error:
            raise NotReady(f"{load.locustfile} can't be read: {error}") from error
        return frozen.write(found, self._sources)

    async def _first_sample(self, connection: _PluginConnection) -> None:
        deadline = clock.monotonic() + FIRST_SAMPLE_TIMEOUT
        stopped_polls = 0
        # What exceeds a limit ends Locust, maybe before any request has ended: then no sample will come.
        while not connection.decided():
            if self._ended() is not None:
                await self._ended_early(connection)
                return
            stopped_polls = stopped_polls + 1 if self._is_stopped() else 0
            if stopped_polls > STOPPED_POLLS:
                raise NotReady(
                    "Locust is stopped, by SIGSTOP or a debugger, and has made no request",
                    hint="start the drill again, and leave its processes alone",
                )
            if clock.monotonic() > deadline:
                raise NotReady(
                    f"Locust made no request within {FIRST_SAMPLE_TIMEOUT:g} s",
                    hint=f"does a user wait, or on_start hang? See Locust's output in {self._output}",
                )
            with contextlib.suppress(TimeoutError):
                # The event brings a sample at once; the poll notices a Locust that ends without one.
                await asyncio.wait_for(connection.changed.wait(), POLL_INTERVAL)
            connection.changed.clear()

    async def _ended_early(self, connection: _PluginConnection) -> None:
        """Raise NotReady with why Locust has ended; return where it did for a limit, or a sample came."""
        # Its last messages first: it may have ended for a limit.
        await connection.drained()
        if not connection.decided():
            complaint = self._complaint()
            early = "" if complaint.message else ", before its first request"
            hints = (complaint.hint, f"see Locust's output in {self._output}")
            raise NotReady(f"{self._end_reason()}{early}", hint="; ".join(filter(None, hints)))

    def _is_stopped(self) -> bool:
        return self._child is not None and processes.stopped(self._child.identity)

    async def set_users(self, users: int) -> None:
        """Change the number of users, at the load's own spawn rate, from now on.

        Raises NotReady when the locustfile's own LoadTestShape decides, or Locust does not answer.
        """
        if self._connection is None or self._load is None:
            raise NotReady("there is no load to change")
        answer = await self._connection.ask({"users": users, "rate": self._load.spawn_rate})
        if "refused" in answer:
            raise NotReady(f"the number of users can't be changed: {answer['refused']}")

    def exceeded(self) -> str:
        """Give which limit of the policy the load has exceeded, with figures; empty while it keeps them."""
        return "" if self._connection is None else self._connection.exceeded

    def lost(self) -> str:
        """Give the reason why no more samples can come; empty while the load is healthy."""
        if self._connection is None or self._stopping:
            return ""
        if self._ended() is not None:
            return self._end_reason()
        if self._connection.lost:
            return self._connection.lost
        # Until the first sample, FIRST_SAMPLE_TIMEOUT bounds the wait instead.
        silent = clock.monotonic() - self._connection.last_message
        if self._connection.sampled and silent > SILENCE_LIMIT:
            return f"Locust has been silent for {silent:.0f} s"
        return ""

    def _ended(self) -> int | None:
        return None if self._child is None else self._child.poll()

    def _end_reason(self) -> str:
        code = self._ended()
        complaint = self._complaint()
        locustfile = self._load.locustfile if self._load else ""
        where = f" ({locustfile}, line {complaint.line})" if complaint.line else ""
        if code is not None and code < 0:
            killed = f"Locust was ended by signal {-code} ({signal.strsignal(-code)})"
            return f"{killed}: {complaint.message}{where}" if complaint.message else killed
        return f"Locust ended with exit code {code}: {complaint.message or 'without output'}{where}"

    def _complaint(self) -> locust_errors.Complaint:
        """Find in its output why it ended."""
        if self._copy_thread is not None:
            self._copy_thread.join(OUTPUT_TIMEOUT)
        locustfile = self._load.locustfile if self._load else ""
        return locust_errors.find(self._output_tail(), locustfile, killed=(self._ended() or 0) < 0)

    def _output_tail(self) -> str:
        try:
            return self._output.read_text(encoding="utf-8", errors="replace")[-20000:]
        except OSError:  # no log, such as on a full disk
            return ""

    async def stop(self) -> None:
        """End the users and wait for the last samples; kill Locust when it takes too long."""
        # Read first: while it is stopping, nothing counts as lost.
        healthy = not self.lost()
        self._stopping = True
        child = self._child
        if child is not None:
            if (
                healthy
                and child.poll() is None
                and self._connection is not None
                and self._connection.send_order({"finish": True})
            ):
                # An order, not SIGTERM: Locust would end within 0.2 s without the last samples.
                with contextlib.suppress(TimeoutError):
                    await asyncio.to_thread(child.wait, END_TIMEOUT)
            await asyncio.to_thread(child.kill)
            # What the locustfile has started in sessions of its own, too.
            await asyncio.to_thread(processes.sweep, self._drill, variable=MARKER)
        if self._copy_thread is not None:
            await asyncio.to_thread(self._copy_thread.join, OUTPUT_TIMEOUT)
        if self._connection is not None:
            # The socket may still hold the last samples of a Locust that has ended.
            await self._connection.drained()
        if self._server is not None:
            self._server.close()
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)


class _PluginConnection:
    """The driver's end of the socket, with the plug-in at the other."""

    def __init__(self, on_chunks: OnChunks) -> None:
        self._on_chunks = on_chunks
        self._writer: asyncio.StreamWriter | None = None
        self._answer: asyncio.Future[dict[str, Any]] | None = None
        self._closed = asyncio.Event()
        self.changed = asyncio.Event()
        self.last_message = clock.monotonic()
        self.sampled = False
        self.lost = ""
        self.exceeded = ""

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle messages until Locust has ended."""
        if self._writer is not None:  # there is one Locust; its workers send through their master
            writer.close()
            return
        self._writer = writer
        try:
            while line := await reader.readline():
                self._handle(json.loads(line))
        # A line beyond MAX_LINE is a ValueError, as is one that is not JSON.
        except (ValueError, ConnectionError) as error:
            self.lost = f"Locust's samples can't be read: {error}"
        finally:
            self._closed.set()
            self.changed.set()
            writer.close()

    def _handle(self, message: dict[str, Any]) -> None:
        self.last_message = clock.monotonic()
        if "chunks" in message:
            chunks = [_redacted(load_lines.parse(found)) for found in message["chunks"]]
            self.sampled = self.sampled or bool(chunks)
            self._on_chunks(chunks, instant(message["until"]))
            self.changed.set()
        elif "exceeded" in message:
            self.exceeded = message["exceeded"]
            self.changed.set()
        elif "lost" in message:
            self.lost = message["lost"]
        # An answer that nobody waits for any more came too late, and is dropped.
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def decided(self) -> bool:
        """Check whether there is a sample, or a reason why none will come."""
        return self.sampled or bool(self.exceeded)

    def send_order(self, order: dict[str, Any]) -> bool:
        """Send an order; False when the plug-in is not connected."""
        if self._writer is None or self._closed.is_set():
            return False
        self._writer.write(json.dumps(order).encode() + b"\n")
        return True

    async def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send an order and wait for its answer. Raises NotReady when none comes."""
        self._answer = asyncio.get_running_loop().create_future()
        try:
            if not self.send_order(order):
                raise NotReady("Locust has ended")
            return await asyncio.wait_for(self._answer, ANSWER_TIMEOUT)
        except TimeoutError as late:
            raise NotReady(f"Locust did not answer within {ANSWER_TIMEOUT:g} s") from late
        finally:
            self._answer = None

    async def drained(self) -> None:
        """Wait until all messages of a Locust that has ended are handled."""
        if self._writer is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), ANSWER_TIMEOUT)


def _copy(source: IO[bytes], file: Path) -> None:
    """Copy Locust's output into a file, line by line and redacted, until it has ended.

    On a full disk, lines are dropped but still read: a full pipe would block Locust itself.
    """
    # Unbuffered: the last lines must be in the file when the reason for Locust's end is read from it.
    with source, contextlib.suppress(OSError), file.open("wb", buffering=0) as output:
        for line in source:
            with contextlib.suppress(OSError):
                output.write(known_secrets.redactor().text(line.decode(errors="replace")).encode())


def _redacted(chunk: Chunk) -> Chunk:
    """Redact a request's name, which may be a whole URL."""
    name = known_secrets.redactor().text(chunk.name)
    return chunk if name == chunk.name else replace(chunk, name=name)


def command(load: Load, base_url: str) -> list[str]:
    """Make the command that starts Locust with our plug-in after the user's file, which must come first."""
    argv = [sys.executable, "-P", "-m", "gameday.load.limited_locust"]
    # The load's own arguments first: of an option that is given twice, the last counts.
    argv += [*load.args, "-f", f"{load.locustfile},{PLUGIN}"]
    for option, values in (("--tags", load.tags), ("--exclude-tags", load.exclude_tags)):
        argv += [option, *values] if values else []
    # --only-summary: the table that Locust prints every few seconds would only fill locust.log.
    argv += ["--headless", "--only-summary", "-u", str(load.users), "-r", f"{load.spawn_rate:g}"]
    if base_url:
        argv += ["--host", base_url]
    if load.workers > 1:
        port = str(_free_port())
        # Without a host to bind to, Locust's master listens on all addresses.
        argv += ["--processes", str(load.workers), "--master-bind-host", "127.0.0.1"]
        argv += ["--master-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
    # Last, as Locust wants them.
    return [*argv, *load.user_classes]


def variables_of(load: Load) -> dict[str, str]:
    """Give the variables that a load sets for Locust. Raises NotReady where one that it names is not set."""
    found = {}
    for name, value in load.env.items():
        kind, _, reference = value.partition(":")
        given = known_secrets.variable(reference) if kind == "env" else value
        if given is None:
            raise NotReady(f"the variable {reference} is not set", hint=f"the load passes it as {name}")
        found[name] = given
    return found


def _socket_folder() -> Path:
    """Make a private folder whose path is short enough for a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="gameday-"))
    if len(bytes(folder / "load")) < MAX_SOCKET_PATH:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="gameday-", dir="/tmp"))  # mkdtemp makes it ours alone


def _free_port() -> int:
    """Find a free port on loopback: the workers are started with it before the master listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
