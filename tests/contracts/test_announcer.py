"""What every Announcer promises: a message arrives whole, or NotReady says why it could not be sent."""

from __future__ import annotations

import pytest

from gameday.announce.channels import Channels
from gameday.core.errors import NotReady
from gameday.ports import Message
from gameday.testing.announcer import FakeAnnouncer
from tests.announce.chat import listening

MESSAGE = Message(title="Game day on staging", text="It has begun.")


@pytest.fixture(params=["apprise", "fake"])
def chat(request):
    """Give an announcer with one channel, what makes it refuse, and what arrived there."""
    if request.param == "fake":
        fake = FakeAnnouncer(channels=("chat",))
        yield fake, lambda: fake.fails.update(chat=1), lambda: [(m.title, m.text) for _, m in fake.sent]
        return
    with listening() as server:
        announcer = Channels({"chat": lambda: f"json://127.0.0.1:{server.server_port}/hook"})
        yield (
            announcer,
            lambda: setattr(server, "status", 500),
            lambda: [(body["title"], body["message"]) for _, body in server.told],
        )


def test_it_names_its_channels(chat):
    announcer, _, _ = chat
    assert list(announcer.channels) == ["chat"]


def test_a_message_arrives_whole(chat):
    announcer, _, arrived = chat
    announcer.send("chat", MESSAGE)
    assert arrived() == [(MESSAGE.title, MESSAGE.text)]


def test_a_channel_that_refuses_is_not_ready(chat):
    announcer, refuse, _ = chat
    refuse()
    with pytest.raises(NotReady, match="chat"):
        announcer.send("chat", MESSAGE)


def test_a_channel_that_nobody_set_up_is_not_ready(chat):
    announcer, _, arrived = chat
    with pytest.raises(NotReady, match="pigeons"):
        announcer.send("pigeons", MESSAGE)
    assert not arrived()
