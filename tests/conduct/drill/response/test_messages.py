"""What is addressed to people reaches their channels, and no channel delays or fails a drill."""

from dataclasses import replace

import pytest

from gameday.announce.channels import Channels
from gameday.conduct.drill.response.messages import ENDED, PAUSES
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Inject
from gameday.testing.announcer import FakeAnnouncer
from tests.announce import chat
from tests.conduct.stage import SCENARIO, Stage

INJECTS = (
    Inject(after=10, message="Support: customers can't pay."),
    Inject(after=11, hint="Look at the queries.", cost=5),
    Inject(after=12, to="press", message="A journalist calls."),
    Inject(after=13, users=20),
)
AUDIENCES = {"chat": ("responders", "team"), "mail": ("customers",), "press": ()}
SPOKEN = (
    "Support: customers can't pay.",
    "a hint is on offer for 5 points: gameday hint 1",
)


def played(announcer, *, until=60.0):
    """Play a drill with channels, in which the team sends two updates."""
    stage = Stage(replace(SCENARIO, injects=INJECTS), announcer=announcer, audiences=AUDIENCES)
    stage.say(20, ev.UpdateSent(audience="customers", text="We are looking."))
    stage.say(21, ev.UpdateSent(audience="stakeholders", text="Nobody has that channel."))
    return stage.say(until, ev.EndRequested()).play()


def announcer(**fails):
    return FakeAnnouncer(channels=tuple(AUDIENCES), fails=fails)


def test_injects_and_updates_reach_the_channels_of_their_audience():
    channels = announcer()
    history = played(channels)
    texts = [(channel, message.text) for channel, message in channels.sent]
    assert texts == [
        *(("chat", text) for text in SPOKEN),
        ("press", "A journalist calls."),
        ("mail", "We are looking."),
    ]
    assert all(message.title.startswith("Exercise on ") for _, message in channels.sent)
    assert history.first(ev.MessageNotSent) is None


def test_a_channel_that_comes_back_gets_the_message_once():
    channels = announcer(mail=len(PAUSES) - 1)
    history = played(channels)
    assert [channel for channel, _ in channels.sent].count("mail") == 1
    assert history.first(ev.MessageNotSent) is None


def test_what_a_channel_does_not_take_is_a_fact_and_the_drill_goes_on():
    history = played(announcer(chat=99))
    failed = [one.fact for one in history.each(ev.MessageNotSent)]
    assert [(one.channel, one.audience, one.why) for one in failed] == [
        ("chat", "responders", "chat is down")
    ] * 2
    assert history.first(ev.DrillClosed).fact.how == "completed"


def test_what_is_not_out_when_the_drill_ends_is_a_fact_and_delays_nothing():
    channels = announcer(mail=99)
    usual, history = played(announcer(), until=22.0), played(channels, until=22.0)
    assert [one.fact.why for one in history.each(ev.MessageNotSent)] == [ENDED]
    assert history.first(ev.DrillClosed).at == pytest.approx(usual.first(ev.DrillClosed).at, abs=0.1)


class Broken(FakeAnnouncer):
    def send(self, channel, message):
        raise ValueError("a client's own error")


def test_an_error_of_a_client_is_a_fact_too():
    history = played(Broken(channels=tuple(AUDIENCES)))
    whys = {one.fact.why for one in history.each(ev.MessageNotSent)}
    assert whys == {"ValueError: a client's own error"}
    assert history.first(ev.DrillClosed).fact.how == "completed"


def test_a_message_arrives_at_a_real_server():
    with chat.listening() as server:
        address = f"json://127.0.0.1:{server.server_port}/room"
        played(Channels({name: lambda: address for name in AUDIENCES}))
    assert [body["message"] for _, body in server.told] == [*SPOKEN, "A journalist calls.", "We are looking."]
