"""Hands drills from host to host with Procrastinate, in the PostgreSQL database that holds the store.

The daemon queues a job for each claimed occurrence; workers take those of their environments, one at a time
for each environment. The queue does not make sure that a drill starts once: a job may run twice when its
worker was killed. The claim in the store does (`conduct.scheduler.handoff`).

A worker that dies leaves its job marked as running and its environment locked. So each worker looks for jobs
whose worker has sent no heartbeat for `STALLED_AFTER`, and queues them again. When the server goes away, a
worker starts afresh once it is back. Figures: docs/adr/0008.
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
STALLED_AFTER: Seconds = 20.0
POLL_INTERVAL: Seconds = 2.0
"""How often a worker looks for jobs unasked, in case a notification is lost."""
RETRY_AFTER: Seconds = 1.0
_TABLES_LOCK = 0x67616D65717565
"""The advisory lock under which the queue's tables are made: 'gameque'."""

StartDrill = Callable[[ScheduleId, Instant], Awaitable[None]]


class Queue:
    """`ports.Starter` that hands drills to the workers of their environment."""

    def __init__(self, url: str) -> None:
        self._conninfo = _conninfo(url)
        self._ready = False

    def start(self, schedule: Schedule, record: Record) -> None:
        """Queue an occurrence, unless it is queued already. Raises NotReady."""
        app = procrastinate.App(
            connector=procrastinate.SyncPsycopgConnector(
                conninfo=self._conninfo, min_size=1, max_size=1, timeout=CONNECT
            )
        )
        occurrence = f"{record.occurrence:.0f}"
        try:
            if not self._ready:
                make_tables(self._conninfo)
                self._ready = True
            with app.open():
                app.configure_task(
                    TASK,
                    # The daemon knows no task: the function is registered in the workers only.
                    allow_unknown=True,
                    queue=_queue(record.environment),
                    # lock: one job at a time for each environment. queueing_lock: an occurrence is queued
                    # once.
                    lock=record.environment,
                    queueing_lock=f"{record.schedule}@{occurrence}",
                ).defer(schedule=schedule.schedule, occurrence=occurrence)
        # Asked again after a restart or by another daemon: the job that is there does it.
        except exceptions.AlreadyEnqueued:
            return
        except (exceptions.ProcrastinateException, psycopg.Error) as error:
            raise NotReady(f"the queue takes no drill: {_first_line(error)}") from None


async def work(
    url: str,
    environments: Sequence[str],
    start: StartDrill,
    stopping: asyncio.Event,
    report: Callable[[str], None],
) -> None:
    """Start what is queued for some environments, one drill on each at a time, until `stopping` is set.

    A job is abandoned a second after the stop, or after the server went away; the drill that `start` began
    goes on, and is the caller's.
    """
    for name in ("psycopg.pool", "procrastinate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # `report` does it, once an outage
    conninfo, away = _conninfo(url), False
    while not stopping.is_set():
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=conninfo, min_size=1, max_size=4, timeout=CONNECT
            )
        )
        _register(app, start)
        try:
            # Within the `try`: the server may be away when a worker starts, too.
            await asyncio.to_thread(make_tables, conninfo)
            async with app.open_async():
                if away:
                    report("the queue is back")
                away = False
                await _work(app, environments, stopping)
        except (exceptions.ProcrastinateException, psycopg.Error, OSError) as error:
            if not away:
                report(f"the queue is away: {_first_line(error)}; nothing new starts here until it is back")
            away = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), RETRY_AFTER)


def make_tables(conninfo: str) -> None:
    """Make Procrastinate's own tables where there are none. Raises psycopg.Error."""
    with psycopg.connect(conninfo, connect_timeout=CONNECT) as connection:
        # Daemon and workers may start at once, and Procrastinate's schema has no IF NOT EXISTS.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TABLES_LOCK,))
        row = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
        if row is not None and row[0] is None:
            connection.execute(procrastinate.schema.SchemaManager.get_schema())


def _register(app: procrastinate.App, start: StartDrill) -> None:
    @app.task(name=TASK, retry=procrastinate.RetryStrategy(max_attempts=10, linear_wait=2))
    async def drill(schedule: str, occurrence: str) -> None:
        try:
            await start(ScheduleId(schedule), Instant(float(occurrence)))
        except GamedayError as error:  # StoreUnavailable above all: the job is tried again
            raise StoreUnavailable(error.message) from error


async def _work(app: procrastinate.App, environments: Sequence[str], stopping: asyncio.Event) -> None:
    """Work until `stopping` is set or the server goes away. Raises the error that ended it."""
    working = asyncio.create_task(
        app.run_worker_async(
            queues=[_queue(name) for name in environments],
            # One slot for each environment; the lock keeps it to one drill on each.
            concurrency=len(environments),
            install_signal_handlers=False,  # ours let running drills revert first
            update_heartbeat_interval=HEARTBEAT,
            stalled_worker_timeout=STALLED_AFTER,
            fetch_job_polling_interval=POLL_INTERVAL,
            # What became of a drill is in the store.
            delete_jobs="successful",
            shutdown_graceful_timeout=1.0,
        )
    )
    others = (asyncio.create_task(_requeue_stalled(app)), asyncio.create_task(stopping.wait()))
    await asyncio.wait((working, *others), return_when=asyncio.FIRST_COMPLETED)
    for task in (*others, working):  # once cancelled, the worker still waits for its jobs
        task.cancel()
    for ended in await asyncio.gather(working, others[0], return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
    # The worker may also return without an error when its connection is gone.
    if not stopping.is_set():
        raise exceptions.ConnectorException("the connection was lost")


async def _requeue_stalled(app: procrastinate.App) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT)
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            # Its environment's lock stays taken until then: Procrastinate never does this by itself
            # (adr/0008).
            await app.job_manager.retry_job(job)


def _queue(environment: str) -> str:
    return f"gameday/{environment}"


def _conninfo(url: str) -> str:
    """Give the store's URL as libpq reads it."""
    return parse(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _first_line(error: BaseException) -> str:
    """Give the first line of the error at the root; libpq's holds no password."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
