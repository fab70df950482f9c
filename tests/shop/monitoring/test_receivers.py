"""Alerts are sent to each receiver in order, again until it has taken them, and to nobody outside this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.shop.journal import Journal
from gameday.shop.monitoring.receivers import Receivers
from tests.shop.monitoring.receiving import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


async def until(holds) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it did not come to hold in time"
        await asyncio.sleep(0.01)


def journal(folder: Path) -> Journal:
    return Journal(folder / "control.jsonl", process="control")


def body(number: int) -> dict:
    return {"alerts": [{"number": number}]}


def test_bodies_arrive_in_order_although_the_receiver_fails_at_first(tmp_path, receiver):
    async def main():
        receivers = Receivers(journal(tmp_path))
        receivers.add(receiver.url)
        receiver.failures = 1
        for number in range(3):
            receivers.send(body(number))
        await until(lambda: len(receiver.bodies) == 3)
        receivers.remove(receiver.url)

    asyncio.run(main())
    assert receiver.bodies == [body(number) for number in range(3)]
    assert (tmp_path / "control.jsonl").read_text().count("webhook-sent") == 4


def test_a_receiver_that_is_not_there_does_not_hold_up_the_others(tmp_path, receiver):
    async def main():
        receivers = Receivers(journal(tmp_path))
        receivers.add("http://127.0.0.1:1/alerts")
        receivers.add(receiver.url)
        receivers.send(body(1))
        await until(lambda: receiver.bodies)
        for url in receivers.urls():
            receivers.remove(url)

    asyncio.run(main())
    assert receiver.bodies == [body(1)]


def test_a_body_for_one_receiver_reaches_no_other(tmp_path, receiver):
    other = Receiver()

    async def main():
        receivers = Receivers(journal(tmp_path))
        receivers.add(receiver.url)
        receivers.add(other.url)
        receivers.send(body(1), only=other.url)
        receivers.send(body(2))
        await until(lambda: receiver.bodies and len(other.bodies) == 2)
        for url in receivers.urls():
            receivers.remove(url)

    asyncio.run(main())
    other.close()
    assert (receiver.bodies, other.bodies) == ([body(2)], [body(1), body(2)])


def test_a_url_is_registered_once_and_removed_once(tmp_path):
    async def main():
        receivers = Receivers(journal(tmp_path))
        url = "http://localhost:1/alerts"
        assert [receivers.add(url), receivers.add(url), receivers.urls()] == [True, False, [url]]
        assert [receivers.remove(url), receivers.remove(url), receivers.urls()] == [True, False, []]

    asyncio.run(main())


@pytest.mark.parametrize(
    "url", ["http://shop.example.com/", "https://127.0.0.1/", "http://10.0.0.1/", "alerts"]
)
def test_only_loopback_is_a_receiver(tmp_path, url):
    with pytest.raises(ValueError, match="an http URL on loopback"):
        Receivers(journal(tmp_path)).add(url)
