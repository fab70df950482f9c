"""Channels over Apprise, told by real HTTP on loopback."""

import pytest

from gameday.announce.channels import Channels
from gameday.announce.messages import Message
from gameday.core.errors import NotReady
from tests.announce.chat import listening

MESSAGE = Message(title="Game day on staging", text="It has begun.\nReal alerts <b>count</b>: 5 > 3 & *all*.")


@pytest.fixture
def chat():
    with listening() as server:
        yield server


def channels(url):
    return Channels({"chat": lambda: url})


def address(chat):
    return f"json://user:hush-hush@127.0.0.1:{chat.server_port}/t0ps3cret/hook"


def test_a_channel_is_told_the_message_as_it_stands(chat):
    channels(address(chat)).send("chat", MESSAGE)
    ((path, body),) = chat.told
    assert path == "/t0ps3cret/hook"
    assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.text)


def test_a_channel_that_refuses_is_not_told_and_its_address_stays_secret(chat, caplog, capfd):
    chat.status = 500
    with pytest.raises(NotReady, match=r"channel chat could not be notified: .*500") as failed:
        channels(address(chat)).send("chat", MESSAGE)
    said = f"{failed.value.message}{caplog.text}{capfd.readouterr()}"
    assert "hush-hush" not in said
    assert "t0ps3cret" not in said


def test_a_channel_that_is_not_there_fails_at_once():
    with pytest.raises(NotReady, match="channel chat could not be notified"):
        channels("json://127.0.0.1:9/x").send("chat", MESSAGE)


def test_an_address_of_no_known_kind_is_said_without_the_address():
    with pytest.raises(NotReady, match="an address that Apprise does not know") as failed:
        channels("nonsense://t0ps3cret").send("chat", MESSAGE)
    assert "t0ps3cret" not in str(failed.value)


def test_there_is_no_channel_that_nobody_set_up():
    with pytest.raises(NotReady, match="no channel is called mail"):
        channels("json://127.0.0.1:9").send("mail", MESSAGE)
