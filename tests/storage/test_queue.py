"""Drills handed on by Procrastinate, on a real PostgreSQL server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gameday.core.errors import NotReady, StoreUnavailable
from gameday.core.plans.schedule import Kind, Record, Recurrence, Schedule, ScheduleId, State
from gameday.core.values import Instant, instant
from gameday.storage import queue
from gameday.storage.queue import Queue
from tests.postgresql import PASSWORD, PostgreSQL

T = instant(1_800_000_000.0)
RULE = Recurrence(kind=Kind.RRULE, text="FREQ=DAILY", zone="UTC", start="2026-03-01T10:00:00")
ONE = Schedule(schedule=ScheduleId("a"), scenario="a.yaml", environment="shop", recurrence=RULE, seed="s")
RECORD = Record(
    schedule=ONE.schedule, occurrence=T, moment=T, environment="shop", state=State.CLAIMED, decided=T
)


class Host:
    """A worker in this process, and what it did."""

    def __init__(self, url: str, *environments: str, lasts: float = 0.0) -> None:
        self.url, self.environments, self.lasts = url, environments, lasts
        self.did: list[tuple[str, float]] = []
        self.reports: list[str] = []
        self.running = self.most = 0
        self.fails = 0

    async def do(self, schedule: ScheduleId, occurrence: Instant) -> None:
        self.did.append((schedule, occurrence - T))
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(self.lasts)
        self.running -= 1
        if self.fails:
            self.fails -= 1
            raise StoreUnavailable("the store is away")

    def work_until(self, done, seconds: float = 60.0, meanwhile=None) -> None:
        async def work() -> None:
            stopping = asyncio.Event()
            working = asyncio.create_task(
                queue.work(self.url, self.environments, self.do, stopping, self.reports.append)
            )
            if meanwhile is not None:
                await asyncio.to_thread(meanwhile)
            async with asyncio.timeout(seconds):
                while not done():  # noqa: ASYNC110  # what it waits for is a list
                    await asyncio.sleep(0.05)
            stopping.set()
            await working

        asyncio.run(work())


@pytest.fixture
def url(server) -> str:
    return server.url()


def at(seconds: float, **values) -> Record:
    return replace(RECORD, occurrence=instant(T + seconds), **values)


def test_what_is_handed_on_twice_waits_once_and_is_done_by_a_worker_of_its_environment(url):
    handing = Queue(url)
    handing.start(ONE, RECORD)
    handing.start(ONE, replace(RECORD, holder="another daemon"))
    handing.start(ONE, at(5, environment="staging"))
    host = Host(url, "shop")
    host.work_until(lambda: host.did)
    assert host.did == [("a", 0.0)]


def test_on_one_environment_one_runs_at_a_time(url):
    handing = Queue(url)
    for number in range(3):
        handing.start(ONE, at(number))
    host = Host(url, "shop", "staging", lasts=0.3)
    host.work_until(lambda: len(host.did) == 3 and not host.running)
    assert host.most == 1


def test_a_job_that_met_no_store_is_tried_again(url):
    Queue(url).start(ONE, RECORD)
    host = Host(url, "shop")
    host.fails = 1
    host.work_until(lambda: len(host.did) == 2)


def test_a_worker_begins_anew_when_the_server_is_back():
    server = PostgreSQL()
    try:
        url = server.url()
        host = Host(url, "shop")

        def away_and_back() -> None:
            Queue(url).start(ONE, RECORD)
            _wait(lambda: host.did)
            server.stop()
            _wait(lambda: any("the queue is away" in line for line in host.reports))
            with pytest.raises(NotReady, match="the queue takes no drill") as refused:
                Queue(url).start(ONE, at(1))
            assert PASSWORD not in refused.value.message
            server.start()
            Queue(url).start(ONE, at(2))

        host.work_until(lambda: ("a", 2.0) in host.did, meanwhile=away_and_back)
        assert "the queue is back" in host.reports
        assert PASSWORD not in "".join(host.reports)
    finally:
        server.remove()


def _wait(done, seconds: float = 30.0) -> None:
    import time  # noqa: PLC0415

    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_a_dead_worker_left_is_handed_out_again(url, server, monkeypatch):
    monkeypatch.setattr(queue, "HEARTBEAT", 0.3)
    Queue(url).start(ONE, RECORD)
    database = url.rpartition("/")[2]
    server.execute(
        "WITH w AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
        "RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT id FROM w)",
        database,
    )
    host = Host(url, "shop")
    host.work_until(lambda: host.did)
    assert host.did == [("a", 0.0)]
