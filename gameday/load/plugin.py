"""Runs inside Locust's own process, beside the user's locustfile: `locust -f user.py,plugin.py`.

Comes in: Locust's `request` event, and the calls of its two HTTP clients, so that requests that hang
are seen while they hang (Locust tells of a request only when it has ended). Orders by the socket.
Goes out: about every 100 ms a line of JSON up the Unix socket named by GAMEDAY_LOAD_SOCKET:
    {"hello": {"shape": false}}                      once, first
    {"until": 1764583200.4, "chunks": [...]}         what came since; see `formats.stored.load`
    {"users": 40} or {"refused": "why"}              the answer to {"users": 40, "rate": 20}
    {"lost": "why"}                                  a worker has fallen silent, or Locust is ending
and, after {"finish": true}, the last samples before Locust ends. End of file ends Locust too.

In Locust's distributed mode the workers send what they counted to the master, which sends it on.

Does not: change a user's classes, events, arguments or shape, or import what would slow the start.
"""

from __future__ import annotations

import functools
import itertools
import json
import logging
import math
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from locust import events
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from gameday.core.facts.load import Chunk
from gameday.formats.stored import load as load_lines
from gameday.load.tally import MOST_NAMES, OTHER, BucketTable, Tally

# Locust has patched the standard library: a thread here is a greenlet, and sleeping lets others run.

SOCKET = "GAMEDAY_LOAD_SOCKET"
ENDS = "Locust is ending before the drill; what it said is in locust.log"
"""Said as soon as it begins to end, by a signal or by itself: its end takes up to a second. Who told it to
end does not listen any more."""
INTERVAL = 0.1
"""Seconds between two messages, at least."""
SHARE = 0.05
"""The share of the processor's time that sending may take; beyond it, messages get rarer."""
RAREST = 1.0
"""Seconds between two messages, at most: who is silent for longer counts as lost."""
OPEN_AFTER = 0.1
"""Seconds after which a request is told as open; most end before and cost nothing."""
HUNG = 1.0
"""Seconds after which a request that was cut off, with its user, stays open: it never ended."""
SILENCE = 3.0
"""Seconds after which a worker counts as lost."""
DAY = 86400.0
"""Seconds; what says that it took longer, or began before, is not believed."""
FINISH = 5.0
"""Seconds that workers have to send their last samples, and Locust to end when our parent is gone."""

_LOG = logging.getLogger("locust.gameday")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""What requests' own requote_uri leaves as it is."""

Send = Callable[[dict[str, Any]], None]


_Call = tuple[float, Any, tuple[Any, ...], dict[str, Any]]
"""A request that has not ended yet: when it began (monotonic), its session, its arguments."""


def _key(call: _Call) -> tuple[str, str]:
    """Give (type, name) as Locust will report a request, as far as that is known already."""
    _, session, args, keywords = call
    method = args[0] if args else keywords.get("method")
    url = str(args[1] if len(args) > 1 else keywords.get("url"))
    name = (args[2] if len(args) > 2 else keywords.get("name")) or session.request_name
    if not name:
        name = url if isinstance(session, FastHttpSession) else _path(session, url, keywords.get("params"))
    return str(method), name


def _path(session: HttpSession, url: str, params: Any) -> str:
    parts = urlsplit(session._build_url(url))  # noqa: SLF001  # as HttpSession itself does
    query = "&".join(filter(None, (parts.query, _encoded(params))))
    return quote((parts.path or "/") + (f"?{query}" if query else ""), safe=_SAFE)


def _encoded(params: Any) -> str:
    try:
        return urlencode(params or (), doseq=True)
    except TypeError:  # requests takes plain text too
        return str(params)


class Observer:
    """Counts what this process's users meet. Its first two methods stand in the way of every request."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._calls: dict[int, _Call] = {}
        self._marks: dict[int, tuple[BucketTable, int]] = {}
        self._numbers = itertools.count()
        self._believable = (0.0, math.inf)

    def on_request(  # all that Locust's event carries, named: cheaper than to gather the rest each time
        self,
        *,
        request_type: str,
        name: str,
        response_time: float | None = None,
        response_length: int = 0,  # noqa: ARG002
        response: object = None,  # noqa: ARG002
        context: object = None,  # noqa: ARG002
        exception: object = None,
        start_time: float | None = None,
        url: object = None,  # noqa: ARG002
        **_others: object,
    ) -> None:
        """Count a request that ended. `start_time` is left out by some custom clients."""
        milliseconds = response_time or 0.0
        earliest, latest = self._believable
        if start_time is None or not earliest < start_time < latest:
            milliseconds = min(milliseconds, DAY * 1000.0) if milliseconds > 0.0 else 0.0
            start_time = time.time() - milliseconds / 1000.0
        self.tally.completed((request_type, name), start_time, milliseconds, bool(exception))

    def watch(self, client: type) -> None:
        """Wrap a client's request call, so that its requests are seen while they are open."""
        original = client.request  # type: ignore[attr-defined]  # both of Locust's clients have one
        calls, marks, closed = self._calls, self._marks, self._closed
        monotonic, number_of = time.monotonic, self._numbers.__next__

        @functools.wraps(original)
        def request(session: Any, *args: Any, **keywords: Any) -> Any:
            number = number_of()
            calls[number] = (monotonic(), session, args, keywords)
            try:
                result = original(session, *args, **keywords)
            except BaseException:  # passed on: the greenlet of a user that is stopped ends so
                closed(number, sampled=False)
                raise
            if number in marks:
                closed(number, sampled=True)
            else:
                del calls[number]
            return result

        client.request = request  # type: ignore[attr-defined]

    def _closed(self, number: int, *, sampled: bool) -> None:
        began = self._calls.pop(number)[0]
        mark = self._marks.pop(number, None)
        hung = time.monotonic() - began >= HUNG
        if mark is not None and (sampled or not hung):
            self.tally.closed(mark)

    def take(self) -> tuple[float, list[Chunk]]:
        """Give the instant up to which everything is told, and what was counted since the last call."""
        now, present = time.time(), time.monotonic()
        self._believable = (now - DAY, now + SILENCE)
        for number, call in self._calls.items():  # in the order in which they began
            age = present - call[0]
            if age < OPEN_AFTER:
                break
            if number not in self._marks:
                self._marks[number] = self.tally.opened(_key(call), now - age)
        return now, self.tally.take()


def repeat(action: Callable[[], None]) -> None:
    """Do something about every INTERVAL for ever, and rarer when it is much work.

    What counts is the processor's time: on a busy machine it waits for its turn, and that is no work.
    """
    while True:
        began = time.thread_time()
        action()
        time.sleep(min(max(INTERVAL, (time.thread_time() - began) / SHARE), RAREST))


def in_background(action: Callable[..., object], *args: object) -> None:
    """Start a greenlet outside Locust's own groups, so that its `quit` does not end it."""
    threading.Thread(target=action, args=args, daemon=True).start()


class Local:
    """Locust in one process: what it counts goes straight up the socket."""

    def __init__(self, observer: Observer, runner: Runner, send: Send) -> None:
        self._observer = observer
        self._runner = runner
        self._send = send
        self._warned = False

    def flush(self) -> None:
        """Send what came since the last time."""
        until, chunks = self._observer.take()
        self._send({"until": until, "chunks": [load_lines.document(chunk) for chunk in chunks]})
        if self._observer.tally.folded and not self._warned:
            self._warned = True
            _LOG.warning("more than %d request names: gameday counts further ones as %s", MOST_NAMES, OTHER)

    def finish(self) -> None:
        """Stop the users and send the last samples."""
        self._runner.stop()
        self.flush()


class Worker(Local):
    """One of several processes that make the load: what it counts goes to the master."""

    def __init__(self, observer: Observer, runner: WorkerRunner) -> None:
        super().__init__(observer, runner, self._to_master)
        self._parent = os.getppid()
        self._last = False
        runner.register_message("gameday-finish", self._on_finish, concurrent=True)

    def _to_master(self, message: dict[str, Any]) -> None:
        self._runner.send_message("gameday-load", {**message, "last": self._last})

    def flush(self) -> None:
        """Send what came since the last time; end when the master is gone."""
        if os.getppid() != self._parent:
            _LOG.error("the master is gone")
            leave(self._runner)
        super().flush()

    def _on_finish(self, **_message: object) -> None:
        self._runner.stop()
        self._last = True
        self.flush()


class Master:
    """Gathers what the workers counted and sends it on."""

    def __init__(self, runner: MasterRunner, send: Send) -> None:
        self._runner = runner
        self._send = send
        self._chunks: list[dict[str, Any]] = []
        self._until: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._finished: set[str] = set()
        self._finishing = False
        runner.register_message("gameday-load", self._on_load)

    def _on_load(self, msg: Any, **_others: object) -> None:
        self._chunks.extend(msg.data["chunks"])
        self._until[msg.node_id] = msg.data["until"]
        self._heard[msg.node_id] = time.monotonic()
        if msg.data["last"]:
            self._finished.add(msg.node_id)

    def flush(self) -> None:
        """Send what all workers have told, up to the instant that each of them has reached."""
        if not self._until:
            return
        chunks, self._chunks = self._chunks, []
        self._send({"until": min(self._until.values()), "chunks": chunks})
        for silent in self._silent():
            del self._until[silent], self._heard[silent]
            self._send({"lost": f"Locust's worker {silent} has been silent for {SILENCE:g} s"})

    def _silent(self) -> list[str]:
        now = time.monotonic()
        late = [node for node, heard in self._heard.items() if now - heard > SILENCE]
        return [] if self._finishing else late

    def finish(self) -> None:
        """Let the workers stop their users, and wait for their last samples."""
        self._finishing = True
        self._runner.send_message("gameday-finish")
        deadline = time.monotonic() + FINISH
        while self._finished < set(self._until) and time.monotonic() < deadline:
            time.sleep(INTERVAL / 5)
        self.flush()


def leave(runner: Runner) -> None:
    """End Locust in its own way, and for certain after FINISH seconds."""
    in_background(_leave_for_certain)
    runner.quit()


def _leave_for_certain() -> None:
    time.sleep(FINISH)
    os._exit(1)


class BucketStream:
    """The socket to our parent: messages up, orders down."""

    def __init__(self, environment: Environment, path: str) -> None:
        self._environment = environment
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._lock = threading.Lock()  # a full socket lets another greenlet run in the middle of a line

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; end Locust when nobody is there."""
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock:
                self._socket.sendall(data)
        except OSError:
            self._alone()

    def obey(self, finish: Callable[[], None]) -> None:
        """Carry out orders until end of file."""
        for order in self._orders():
            if "users" in order:
                self._change(order["users"], order["rate"])
            elif "finish" in order:
                finish()
                leave(self._runner())
        self._alone()

    def _orders(self) -> Iterator[dict[str, Any]]:
        with self._socket.makefile("r", encoding="utf-8") as lines:
            try:
                for line in lines:
                    yield json.loads(line)
            except OSError:
                return

    def _change(self, users: int, rate: float) -> None:
        if self._environment.shape_class is not None:
            self.send({"refused": "the locustfile's own LoadTestShape decides how many users there are"})
            return
        in_background(self._runner().start, users, rate)
        self.send({"users": users})

    def _runner(self) -> Runner:
        if self._environment.runner is None:
            raise RuntimeError("Locust has no runner")
        return self._environment.runner

    def _alone(self) -> None:
        _LOG.error("gameday is gone; Locust ends")
        leave(self._runner())


def _started(observer: Observer, path: str, environment: Environment, runner: Runner) -> None:
    if isinstance(runner, WorkerRunner):
        in_background(repeat, Worker(observer, runner).flush)
        return
    try:
        line = BucketStream(environment, path)
    except OSError as error:
        _LOG.error("gameday is gone: %s: %s", path, error)
        sys.exit(1)
    part = (
        Master(runner, line.send) if isinstance(runner, MasterRunner) else Local(observer, runner, line.send)
    )
    line.send({"hello": {"shape": environment.shape_class is not None}})
    quitting: Any = environment.events.quitting  # Any: Locust's hooks have no types
    quitting.add_listener(lambda **_: part.flush())
    quitting.add_listener(lambda **_: line.send({"lost": ENDS}))
    in_background(repeat, part.flush)
    in_background(line.obey, part.finish)


def install(path: str) -> None:
    """Begin to observe, and to tell what is observed once Locust has its runner."""
    observer = Observer()
    hooks: Any = events  # Any: Locust's hooks have no types
    hooks.request.add_listener(observer.on_request)
    for client in (HttpSession, FastHttpSession):
        observer.watch(client)

    def on_init(environment: Environment, runner: Runner, **_others: object) -> None:
        _started(observer, path, environment, runner)

    hooks.init.add_listener(on_init)


if os.environ.get(SOCKET):
    install(os.environ[SOCKET])
