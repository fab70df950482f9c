"""Count requests inside Locust's own process, next to the user's locustfile: `locust -f user.py,plugin.py`.

It listens to Locust's `request` event and wraps the request calls of its two HTTP clients, because Locust
reports a request only when it has ended: HttpUser has no timeout, and a target that never answers would give
no sample at all. About every 100 ms it sends a line of JSON through the Unix socket named by
GAMEDAY_LOAD_SOCKET:

    {"hello": {"shape": false}}                      once, first
    {"until": 1764583200.4, "chunks": [...]}         new counts; see `formats.stored.load`
    {"users": 40} or {"refused": "why"}              the answer to the order {"users": 40, "rate": 20}
    {"lost": "why"}                                  a worker has fallen silent, or Locust is ending
    {"exceeded": "max_users: …"}                     more than the policy allows; Locust ends

The order {"finish": true} makes it send the last samples and end Locust. End of file ends Locust, too:
otherwise it would outlive a killed parent forever, and workers a killed master by a minute.

In Locust's distributed mode, workers send their counts to the master, which passes them on. The user's
classes, events, arguments and shape are left alone.
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
from gameday.load import limited_locust
from gameday.load.tally import MAX_NAMES, OTHER_NAME, BucketTable, Tally

# Importing Locust has patched the standard library with gevent: threads here are greenlets, and a call that
# blocks without gevent's knowledge would stop all users.

ENDING_MESSAGE = "Locust is ending before the drill; see locust.log"
"""Sent as soon as it begins to end, by a signal or by itself, since its end takes up to a second. The driver
ignores it where it has ordered the end."""
MIN_INTERVAL = 0.1
"""Seconds between two messages, at least."""
MAX_CPU_SHARE = 0.05
"""The share of processor time that sending may take; beyond it, messages get rarer."""
MAX_INTERVAL = 1.0
"""Seconds between two messages, at most: a longer silence counts as lost."""
OPEN_AFTER = 0.1
"""Seconds after which a request is sent as open; most end earlier and cost nothing."""
HUNG_AFTER = 1.0
"""Seconds after which a request that was cut off with its user stays open, since it had no answer."""
WORKER_SILENCE_LIMIT = 3.0
"""Seconds after which a worker counts as lost."""
MAX_SECONDS = 86400.0
"""Seconds; a request that claims to have taken longer, or to have started earlier, is not believed."""
FINISH_TIMEOUT = 5.0
"""Seconds for the workers to send their last samples, and for Locust to end once the parent is gone."""

_LOG = logging.getLogger("locust.gameday")
_SAFE = "!#$%&'()*+,/:;=?@[]~"
"""The characters that requests' requote_uri does not quote."""

Send = Callable[[dict[str, Any]], None]


_Call = tuple[float, Any, tuple[Any, ...], dict[str, Any]]
"""An open request: when it began (monotonic), its session, its arguments."""


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


def _milliseconds(response_time: object) -> float:
    """Read a response time that custom clients may report as they like; NaN for one that is not known."""
    try:
        return math.nan if isinstance(response_time, str | bytes) else float(response_time)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


class RequestObserver:
    """Counts this process's requests. Its first two methods run for every request, and must be cheap."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._calls: dict[int, _Call] = {}
        self._marks: dict[int, tuple[BucketTable, int]] = {}
        self._numbers = itertools.count()
        self._believable = (0.0, math.inf)

    def on_request(  # every argument of Locust's event by name: cheaper than collecting the rest in a dict
        self,
        *,
        request_type: str,
        name: str,
        response_time: object = None,
        response_length: int = 0,  # noqa: ARG002
        response: object = None,  # noqa: ARG002
        context: object = None,  # noqa: ARG002
        exception: object = None,
        start_time: object = None,
        url: object = None,  # noqa: ARG002
        **_others: object,
    ) -> None:
        """Count a request that ended.

        `start_time` is undocumented, and custom clients may leave it out: then it is now minus
        `response_time`. A request whose time is not known counts, but never as fast.
        """
        milliseconds = response_time if type(response_time) is float else _milliseconds(response_time)
        if not milliseconds >= 0.0:  # written so that NaN is caught, too
            milliseconds = math.inf
        earliest, latest = self._believable
        if not isinstance(start_time, int | float) or not earliest < start_time < latest:
            lasted = min(milliseconds, MAX_SECONDS * 1000.0) if milliseconds < math.inf else 0.0
            start_time = time.time() - lasted / 1000.0
        self.tally.completed((request_type, name), start_time, milliseconds, bool(exception))

    def watch(self, client: type) -> None:
        """Wrap a client's request call, so that its requests are known while they are open."""
        original = client.request  # type: ignore[attr-defined]  # both of Locust's clients have one
        # Local names, because the wrapper runs for every request.
        calls, marks, closed = self._calls, self._marks, self._closed
        monotonic, number_of = time.monotonic, self._numbers.__next__

        @functools.wraps(original)
        def request(session: Any, *args: Any, **keywords: Any) -> Any:
            number = number_of()
            calls[number] = (monotonic(), session, args, keywords)
            try:
                result = original(session, *args, **keywords)
            except BaseException:  # raised again; GreenletExit of a user that is stopped is no Exception
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
        hung = time.monotonic() - began >= HUNG_AFTER
        if mark is not None and (sampled or not hung):
            self.tally.closed(mark)

    def take(self) -> tuple[float, list[Chunk]]:
        """Give the instant up to which all is counted, and the counts since the last call."""
        now, present = time.time(), time.monotonic()
        # Set here, not for each request: so a request costs two comparisons, and no look at the clock.
        self._believable = (now - MAX_SECONDS, now + WORKER_SILENCE_LIMIT)
        # Nothing in this loop blocks, so no other greenlet runs and changes the dict meanwhile.
        for number, call in self._calls.items():  # in the order in which they began
            age = present - call[0]
            if age < OPEN_AFTER:
                break
            if number not in self._marks:
                self._marks[number] = self.tally.opened(_key(call), now - age)
        return now, self.tally.take()


def repeat(action: Callable[[], None]) -> None:
    """Repeat an action about every MIN_INTERVAL, and less often when it takes much processor time.

    Wall time would be wrong: on a busy machine most of it is waiting, which rarer messages would not shorten.
    """
    while True:
        began = time.thread_time()
        action()
        time.sleep(min(max(MIN_INTERVAL, (time.thread_time() - began) / MAX_CPU_SHARE), MAX_INTERVAL))


def in_background(action: Callable[..., object], *args: object) -> None:
    """Start a greenlet outside Locust's own groups, so that `runner.quit()` does not kill it."""
    threading.Thread(target=action, args=args, daemon=True).start()


class Local:
    """Locust in one process: counts go straight to the socket."""

    def __init__(self, observer: RequestObserver, runner: Runner, send: Send) -> None:
        self._observer = observer
        self._runner = runner
        self._send = send
        self._warned = False

    def flush(self) -> None:
        """Send the counts since the last time."""
        until, chunks = self._observer.take()
        self._send({"until": until, "chunks": [load_lines.document(chunk) for chunk in chunks]})
        if self._observer.tally.folded and not self._warned:
            self._warned = True
            _LOG.warning(
                "more than %d request names: gameday counts further ones as %s", MAX_NAMES, OTHER_NAME
            )

    def finish(self) -> None:
        """Stop the users and send the last samples."""
        self._runner.stop()
        self.flush()


class Worker(Local):
    """One of several processes that make the load: its counts go to the master."""

    def __init__(self, observer: RequestObserver, runner: WorkerRunner) -> None:
        super().__init__(observer, runner, self._to_master)
        self._parent = os.getppid()
        self._last = False
        # Concurrent, in a greenlet of its own: stopping the users takes time, and messages go on coming.
        runner.register_message("gameday-finish", self._on_finish, concurrent=True)

    def _to_master(self, message: dict[str, Any]) -> None:
        self._runner.send_message("gameday-load", {**message, "last": self._last})

    def flush(self) -> None:
        """Send the counts since the last time; end when the master is gone.

        Locust itself notices a killed master only after 62 s.
        """
        if os.getppid() != self._parent:
            _LOG.error("the master is gone")
            end_locust(self._runner)
        super().flush()

    def _on_finish(self, **_message: object) -> None:
        self._runner.stop()
        self._last = True
        self.flush()


class Master:
    """Collects the workers' counts and passes them on."""

    def __init__(self, runner: MasterRunner, send: Send) -> None:
        self._runner = runner
        self._send = send
        self._chunks: list[dict[str, Any]] = []
        self._until: dict[str, float] = {}
        self._last_message: dict[str, float] = {}
        self._finished: set[str] = set()
        self._finishing = False
        runner.register_message("gameday-load", self._on_load)

    def _on_load(self, msg: Any, **_others: object) -> None:
        self._chunks.extend(msg.data["chunks"])
        self._until[msg.node_id] = msg.data["until"]
        self._last_message[msg.node_id] = time.monotonic()
        if msg.data["last"]:
            self._finished.add(msg.node_id)

    def flush(self) -> None:
        """Send all workers' counts, complete up to the instant that each of them has reached."""
        # Before a worker has reported, there is no instant up to which the counts are complete.
        if not self._until:
            return
        chunks, self._chunks = self._chunks, []
        self._send({"until": min(self._until.values()), "chunks": chunks})
        for silent in self._silent():
            # Else its last instant would hold back `until` for the rest of the drill.
            del self._until[silent], self._last_message[silent]
            self._send({"lost": f"Locust's worker {silent} has been silent for {WORKER_SILENCE_LIMIT:g} s"})

    def _silent(self) -> list[str]:
        now = time.monotonic()
        late = [
            node
            for node, last_message in self._last_message.items()
            if now - last_message > WORKER_SILENCE_LIMIT
        ]
        return [] if self._finishing else late

    def finish(self) -> None:
        """Make the workers stop their users, and wait for their last samples."""
        # From here on, a worker that falls silent has ended.
        self._finishing = True
        self._runner.send_message("gameday-finish")
        deadline = time.monotonic() + FINISH_TIMEOUT
        while self._finished < set(self._until) and time.monotonic() < deadline:
            time.sleep(MIN_INTERVAL / 5)
        self.flush()


def end_locust(runner: Runner) -> None:
    """End Locust by `quit`, and after FINISH_TIMEOUT by force.

    `runner.stop()` alone would leave a headless process alive.
    """
    # Started first: quit itself may hang.
    in_background(_exit_after_timeout)
    runner.quit()


def _exit_after_timeout() -> None:
    time.sleep(FINISH_TIMEOUT)
    os._exit(1)


class BucketStream:
    """The socket to our parent: messages up, orders down."""

    def __init__(self, environment: Environment, path: str) -> None:
        self._environment = environment
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._lock = (
            threading.Lock()
        )  # on a full socket, sendall yields to other greenlets in the middle of a line

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; end Locust when the parent is gone."""
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            with self._lock:
                self._socket.sendall(data)
        except OSError:
            self._parent_gone()

    def follow_orders(self, finish: Callable[[], None]) -> None:
        """Follow orders until end of file, then end Locust."""
        for order in self._orders():
            if "users" in order:
                self._change(order["users"], order["rate"])
            elif "finish" in order:
                finish()
                end_locust(self._runner())
        self._parent_gone()

    def _orders(self) -> Iterator[dict[str, Any]]:
        with self._socket.makefile("r", encoding="utf-8") as lines:
            try:
                for line in lines:
                    yield json.loads(line)
            except OSError:
                return

    def _change(self, users: int, rate: float) -> None:
        if self._environment.shape_class is not None:
            # Locust lets the locustfile's own shape win, and a second one would conflict with it.
            self.send({"refused": "the locustfile's own LoadTestShape decides how many users there are"})
            return
        in_background(self._runner().start, users, rate)
        self.send({"users": users})

    def _runner(self) -> Runner:
        if self._environment.runner is None:
            raise RuntimeError("Locust has no runner")
        return self._environment.runner

    def _parent_gone(self) -> None:
        _LOG.error("gameday is gone; ending Locust")
        end_locust(self._runner())


def hold_limits(runner: Runner, send: Send | None = None) -> None:
    """Look for what exceeds the policy's limits; then report it, and end Locust. Workers only count."""
    counts = limited_locust.counts
    if counts is None:
        return
    watched: set[str] = set()

    def look() -> None:
        limited_locust.watch_further_clients(counts, watched)
        exceeded = counts.exceeded()
        if exceeded and send is not None:
            send({"exceeded": exceeded})
            end_locust(runner)
            raise SystemExit  # ends this greenlet

    in_background(repeat, look)


def _started(observer: RequestObserver, path: str, environment: Environment, runner: Runner) -> None:
    if isinstance(runner, WorkerRunner):
        in_background(repeat, Worker(observer, runner).flush)
        hold_limits(runner)
        return
    try:
        connection = BucketStream(environment, path)
    except OSError as error:
        _LOG.error("gameday is gone: %s: %s", path, error)
        sys.exit(1)
    sender = (
        Master(runner, connection.send)
        if isinstance(runner, MasterRunner)
        else Local(observer, runner, connection.send)
    )
    connection.send({"hello": {"shape": environment.shape_class is not None}})
    quitting: Any = environment.events.quitting  # Any: Locust's hooks have no types
    # In this order: the last samples must arrive before the message on which the driver gives the load up.
    quitting.add_listener(lambda **_: sender.flush())
    quitting.add_listener(lambda **_: connection.send({"lost": ENDING_MESSAGE}))
    in_background(repeat, sender.flush)
    hold_limits(runner, connection.send)
    in_background(connection.follow_orders, sender.finish)


def install(path: str) -> None:
    """Begin to count, and to send the counts once Locust has its runner."""
    observer = RequestObserver()
    hooks: Any = events  # Any: Locust's hooks have no types
    hooks.request.add_listener(observer.on_request)
    if limited_locust.counts is not None:
        reported = limited_locust.counts.reported
        hooks.request.add_listener(lambda **_: reported())
    for client in (HttpSession, FastHttpSession):
        observer.watch(client)

    def on_init(environment: Environment, runner: Runner, **_others: object) -> None:
        _started(observer, path, environment, runner)

    hooks.init.add_listener(on_init)


if os.environ.get(limited_locust.SOCKET):
    install(os.environ[limited_locust.SOCKET])
