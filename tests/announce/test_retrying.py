"""Telling channels on the virtual clock: each once, again while it fails, and word of what failed for good."""

import asyncio

import pytest

from gameday.announce.messages import Message
from gameday.announce.retrying import PAUSES, RetryingAnnouncer
from gameday.testing.clock import VirtualClock
from gameday.testing.schedules import FakeAnnouncer

MESSAGE = Message(title="Game day on staging", text="It has begun.")


def voice(clock, announcer, said):
    return RetryingAnnouncer(announcer=announcer, clock=clock, say=said.append)


@pytest.mark.parametrize("failures", [0, 1, len(PAUSES)])
def test_a_channel_that_comes_back_is_told_once(failures):
    clock, said, announcer = VirtualClock(), [], FakeAnnouncer(fails={"chat": failures})
    told = clock.run(voice(clock, announcer, said).announce(["chat", "chat"], MESSAGE))
    assert told == ("chat",)
    assert announcer.told == [("chat", MESSAGE)]
    assert said == []
    assert clock.elapsed() == sum(PAUSES[:failures])


def test_one_that_stays_away_is_said_and_keeps_no_other_waiting():
    clock, said, announcer = VirtualClock(), [], FakeAnnouncer(fails={"chat": 99})

    async def watch():
        telling = asyncio.ensure_future(voice(clock, announcer, said).announce(["chat", "mail"], MESSAGE))
        await clock.sleep(1)
        assert announcer.told == [("mail", MESSAGE)]
        return await telling

    assert clock.run(watch()) == ("mail",)
    assert said == ["chat is down; it was not told: Game day on staging"]
