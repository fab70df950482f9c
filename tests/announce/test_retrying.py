"""Telling channels on the virtual clock: each once, again while it fails, and word of what failed for good."""

import asyncio

import pytest

from gameday.announce.messages import Message
from gameday.announce.retrying import PAUSES, RetryingAnnouncer
from gameday.testing.clock import VirtualClock
from gameday.testing.schedules import FakeAnnouncer

MESSAGE = Message(title="Game day on staging", text="It has begun.")


def voice(clock, announcer, reported):
    return RetryingAnnouncer(announcer=announcer, clock=clock, report=reported.append)


@pytest.mark.parametrize("failures", [0, 1, len(PAUSES)])
def test_a_channel_that_comes_back_is_told_once(failures):
    clock, reported, announcer = VirtualClock(), [], FakeAnnouncer(fails={"chat": failures})
    told = clock.run(voice(clock, announcer, reported).announce(["chat", "chat"], MESSAGE))
    assert told == ("chat",)
    assert announcer.sent == [("chat", MESSAGE)]
    assert reported == []
    assert clock.elapsed() == sum(PAUSES[:failures])


def test_one_that_stays_away_is_said_and_keeps_no_other_waiting():
    clock, reported, announcer = VirtualClock(), [], FakeAnnouncer(fails={"chat": 99})

    async def watch():
        telling = asyncio.ensure_future(voice(clock, announcer, reported).announce(["chat", "mail"], MESSAGE))
        await clock.sleep(1)
        assert announcer.sent == [("mail", MESSAGE)]
        return await telling

    assert clock.run(watch()) == ("mail",)
    assert reported == ["chat is down; not sent: Game day on staging"]
