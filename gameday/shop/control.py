"""The control server: one process that owns the shop and serves mitigations, faults and status.

Run as `python -m gameday.shop.control FOLDER EDGE ADMIN CONTROL REPLICAS RESTART`. Everything else of the
shop dies with it. It listens on loopback only and accepts requests that name loopback as their host and send
JSON, so that no web page can change the shop.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gameday.core.errors import GamedayError, UsageError
from gameday.shop import actions, fault_actions, journal, mitigations, state_folder
from gameday.shop.monitoring import metrics
from gameday.shop.monitoring.receivers import LOOPBACK
from gameday.shop.service import Shop
from gameday.shop.settings import Settings
from gameday.shop.state_folder import Ports, Record, StateFolder

RECORD_CHECK_INTERVAL = 1.0
ACTIONS = {**mitigations.MITIGATIONS, **fault_actions.FAULT_ACTIONS}
"""What the control server performs, by name."""


class Server:
    """The control server's requests on one shop."""

    def __init__(self, shop: Shop, record: Record) -> None:
        self._shop = shop
        self._record = record

    async def status(self, _request: Request) -> Response:
        """Give the shop's current state."""
        return JSONResponse(await asyncio.to_thread(self._shop.status, self._record))

    async def act(self, request: Request) -> Response:
        """Perform `{"action", "actor", "args"}`."""
        body = await _body(request)
        actor, args = str(body.get("actor") or "unknown"), body.get("args", {})
        if not isinstance(args, dict):
            raise UsageError("'args' is not a JSON object")
        outcome = await actions.perform(self._shop, ACTIONS, str(body.get("action")), actor, args)
        return JSONResponse({"action": outcome.action, "changed": outcome.changed})

    async def trail(self, request: Request) -> Response:
        """Give the actions after number `after`, as an environment's trail does."""
        after = int(request.query_params.get("after", "0"))
        listed = [
            {"seq": action.seq, "at": action.at, "actor": action.actor, "action": action.action}
            for action in self._shop.trail.after(after)
        ]
        return JSONResponse({"actions": listed})

    async def alerts(self, _request: Request) -> Response:
        """List the firing alerts, in Alertmanager's form."""
        return JSONResponse({"alerts": self._shop.monitor.firing()})

    async def receivers(self, request: Request) -> Response:
        """List, register (POST) or forget (DELETE) a receiver: `{"url"}`."""
        if request.method != "GET":
            url = str((await _body(request)).get("url"))
            if request.method == "POST":
                self._shop.monitor.register(url)
            else:
                self._shop.receivers.remove(url)
        return JSONResponse({"receivers": self._shop.receivers.urls()})

    async def measures(self, _request: Request) -> Response:
        """Give the measures that the rules evaluate, by window."""
        return JSONResponse(self._shop.monitor.measures())

    async def metrics(self, _request: Request) -> Response:
        """Give the metrics of replicas and edge in Prometheus' text format, as last scraped."""
        return PlainTextResponse(metrics.expose(self._shop.monitor.samples()))

    async def heartbeat(self, _request: Request) -> Response:
        """Give the time of the last evaluation of the rules."""
        return JSONResponse(self._shop.heartbeat())

    async def logs(self, request: Request) -> Response:
        """Give the last `lines` of the structured logs."""
        count = int(request.query_params.get("lines", "50"))
        lines = await asyncio.to_thread(journal.tail, self._shop.folder.logs, count)
        return PlainTextResponse("".join(f"{line}\n" for line in lines))

    def app(self) -> Starlette:
        """Give the ASGI application."""
        return Starlette(
            routes=[
                Route("/status", self.status),
                Route("/actions", self.act, methods=["POST"]),
                Route("/trail", self.trail),
                Route("/alerts", self.alerts),
                Route("/receivers", self.receivers, methods=["GET", "POST", "DELETE"]),
                Route("/measures", self.measures),
                Route("/metrics", self.metrics),
                Route("/heartbeat", self.heartbeat),
                Route("/logs", self.logs),
            ],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=_refuse_foreign)],
            exception_handlers={ValueError: _refused, UsageError: _refused, GamedayError: _failed},
        )


async def _body(request: Request) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        raise UsageError("the body is not a JSON object")
    return body


async def _refuse_foreign(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse what a web page could send: another host's name, or a body that is not JSON."""
    if request.url.hostname not in LOOPBACK:
        return JSONResponse({"error": "this server answers on loopback only"}, 403)
    # A browser asks before it sends JSON to another origin, and gets no permission here.
    if request.method != "GET" and request.headers.get("content-type") != "application/json":
        return JSONResponse({"error": "the body must be application/json"}, 415)
    return await answer(request)


async def _refused(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


async def _failed(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503)


async def serve(folder: StateFolder, ports: Ports, wanted: Settings) -> None:
    """Bring the shop up, serve until a signal, and take it down."""
    shop = Shop(folder, ports, wanted)
    watchers: list[asyncio.Task[None]] = []
    try:
        # Before anything is started: a port that is in use should be noticed first.
        with socket.create_server(("127.0.0.1", ports.control)) as listening:
            await shop.start()
            watchers = [asyncio.create_task(shop.monitor.watch()), asyncio.create_task(shop.watch())]
            record = state_folder.own_record(ports)
            config = uvicorn.Config(
                Server(shop, record).app(),
                log_level="warning",
                access_log=False,
                lifespan="off",
                # uvicorn would wait for an open stream indefinitely.
                timeout_graceful_shutdown=1,
            )
            serving = uvicorn.Server(config)
            _shut_down_on_signals(serving)
            folder.write_record(record)  # last: whoever waits for the record may send requests at once
            watchers.append(asyncio.create_task(_while_recorded(folder, serving)))
            await serving.serve(sockets=[listening])
    finally:
        # First, so that nobody takes a shop that is going down for one that is up.
        folder.record.unlink(missing_ok=True)
        for watcher in watchers:
            watcher.cancel()
        await shop.stop()


async def _while_recorded(folder: StateFolder, serving: uvicorn.Server) -> None:
    """End when the record is gone: nobody could take down a shop whose state folder was deleted."""
    while not serving.should_exit:
        await asyncio.sleep(RECORD_CHECK_INTERVAL)
        serving.should_exit |= not folder.record.exists()


def _shut_down_on_signals(serving: uvicorn.Server) -> None:
    """Let SIGTERM and SIGHUP end the server, so that `serve` can take the shop down.

    uvicorn stops serving at SIGTERM and raises the signal again afterwards: this handler makes the second one
    harmless. Until it is installed, while the shop comes up, a signal kills this process, and with it all of
    the shop's others.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        serving.should_exit = True

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def main() -> None:
    """Read the arguments and serve."""
    folder, edge, admin, control, replicas, restart = sys.argv[1:]
    ports = Ports(edge=int(edge), admin=int(admin), control=int(control))
    wanted = Settings(replicas=int(replicas), restart_crashed=restart == "restart")
    asyncio.run(serve(StateFolder(Path(folder)), ports, wanted))


if __name__ == "__main__":
    main()
