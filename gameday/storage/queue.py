"""Drills handed from host to host by Procrastinate, in the PostgreSQL database that holds the store.

Comes in: a claimed occurrence on one side, a worker's environments on the other. Goes out: a job, of which
one of an environment runs at a time. Does not: see to it that a drill starts once: a job may run twice, where
its worker was killed; the claim in the store decides (`conduct.scheduler.handoff`).

A worker that dies leaves its job running and its environment locked. So each worker looks for jobs whose
worker has given no sign of life for `SILENT`, and hands them out again. When the server goes, a worker begins
anew once it is back. Figures: docs/adr/0008.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import procrastinate
import psycopg
from procrastinate import exceptions

from gameday.core.errors import GamedayError, NotReady, StoreUnavailable
from gameday.core.plans.schedule import Record, Schedule, ScheduleId
from gameday.core.values import Instant, Seconds
from gameday.storage.postgresql import CONNECT, parse

TASK = "gameday.drill"
HEARTBEAT: Seconds = 5.0
SILENT: Seconds = 20.0
POLL: Seconds = 2.0
"""How often a worker looks by itself, should a notification be lost."""
AGAIN: Seconds = 1.0
_OPENING = 0x67616D65717565
"""The advisory lock under which the queue's tables are made: 'gameque'."""

Do = Callable[[ScheduleId, Instant], Awaitable[None]]


class Queue:
    """`ports.Starter` that hands drills to the workers of their environment."""

    def __init__(self, url: str) -> None:
        self._connected = _conninfo(url)
        self._ready = False

    def start(self, schedule: Schedule, record: Record) -> None:
        """Hand an occurrence on, unless it waits already. Raises NotReady."""
        app = procrastinate.App(
            connector=procrastinate.SyncPsycopgConnector(
                conninfo=self._connected, min_size=1, max_size=1, timeout=CONNECT
            )
        )
        occurrence = f"{record.occurrence:.0f}"
        try:
            if not self._ready:
                make_tables(self._connected)
                self._ready = True
            with app.open():
                app.configure_task(
                    TASK,
                    allow_unknown=True,
                    queue=_queue(record.environment),
                    lock=record.environment,
                    queueing_lock=f"{record.schedule}@{occurrence}",
                ).defer(schedule=schedule.schedule, occurrence=occurrence)
        except exceptions.AlreadyEnqueued:
            return
        except (exceptions.ProcrastinateException, psycopg.Error) as error:
            raise NotReady(f"the queue takes no drill: {_said(error)}") from None


async def work(
    url: str, environments: Sequence[str], do: Do, stopping: asyncio.Event, say: Callable[[str], None]
) -> None:
    """Carry out what is handed to some environments, one drill on each at a time, until told to stop.

    A job is given up a second after the stop, or after the server went; the drill that `do` began is the
    caller's to keep.
    """
    for name in ("psycopg.pool", "procrastinate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # we say it ourselves, once
    connected, away = _conninfo(url), False
    while not stopping.is_set():
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=connected, min_size=1, max_size=4, timeout=CONNECT
            )
        )
        _register(app, do)
        try:
            await asyncio.to_thread(make_tables, connected)
            async with app.open_async():
                if away:
                    say("the queue is back")
                away = False
                await _work(app, environments, stopping)
        except (exceptions.ProcrastinateException, psycopg.Error, OSError) as error:
            if not away:
                say(f"the queue is away: {_said(error)}; nothing new starts here until it is back")
            away = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), AGAIN)


def make_tables(connected: str) -> None:
    """Make Procrastinate's own tables where there are none. Raises psycopg.Error."""
    with psycopg.connect(connected, connect_timeout=CONNECT) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_OPENING,))
        found = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if found is not None and found[0] is None:
            connection.execute(procrastinate.schema.SchemaManager.get_schema())


def _register(app: procrastinate.App, do: Do) -> None:
    @app.task(name=TASK, retry=procrastinate.RetryStrategy(max_attempts=10, linear_wait=2))
    async def drill(schedule: str, occurrence: str) -> None:
        try:
            await do(ScheduleId(schedule), Instant(float(occurrence)))
        except GamedayError as error:  # StoreUnavailable above all: the job is tried again
            raise StoreUnavailable(error.message) from error


async def _work(app: procrastinate.App, environments: Sequence[str], stopping: asyncio.Event) -> None:
    """Work until told to stop, or until the server goes. Raises what went wrong."""
    working = asyncio.create_task(
        app.run_worker_async(
            queues=[_queue(name) for name in environments],
            concurrency=len(environments),
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=SILENT,
            fetch_job_polling_interval=POLL,
            delete_jobs="successful",
            shutdown_graceful_timeout=1.0,
        )
    )
    others = (asyncio.create_task(_hand_out_again(app)), asyncio.create_task(stopping.wait()))
    await asyncio.wait((working, *others), return_when=asyncio.FIRST_COMPLETED)
    for task in (*others, working):  # a worker that is cancelled waits for its jobs
        task.cancel()
    for ended in await asyncio.gather(working, others[0], return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
    if not stopping.is_set():
        raise exceptions.ConnectorException("the connection was lost")


async def _hand_out_again(app: procrastinate.App) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT):
            await app.job_manager.retry_job(job)


def _queue(environment: str) -> str:
    return f"gameday/{environment}"


def _conninfo(url: str) -> str:
    """Give the store's URL in libpq's words."""
    return parse(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _said(error: BaseException) -> str:
    """Give the first line of what went wrong at the bottom; libpq's holds no password."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
