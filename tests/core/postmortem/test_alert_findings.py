"""How alerts reached people: what is reported of clocks, bots, late deliveries and alerts left out."""

from __future__ import annotations

from dataclasses import replace

from gameday.core import postmortem
from gameday.core.facts import drill as ev
from gameday.testing import histories
from tests.core.postmortem.drafts import titles

BASE = histories.Game().fault(at=10).bad("POST /checkout", 10, 90)


def findings(game):
    return postmortem.draft(game.history(), game.result())


def test_a_late_delivery_is_reported_with_when_the_alert_fired():
    pm = findings(BASE.alert("HighApiLatency", at=20, delivered=85).over(at=110))
    late = next(each for each in pm.improve if "delivered late" in each.title)
    assert "fired 10.0 s after" in late.detail
    assert "received 1 min 15 s after it" in late.detail
    assert "Every expected alert fired in time" not in titles(pm)


def test_a_slow_clock_is_doubted_and_its_alert_is_not_called_old():
    pm = findings(BASE.alert("HighApiLatency", at=-280, delivered=20).over(at=110))
    assert "The clock of alertmanager is doubted: it seems to be slow by up to 5 min 00 s" in titles(pm)
    assert [line.state for line in pm.coverage] == ["not known"]
    assert "Whether the alert HighApiLatency fired before the fault is not known" in titles(pm)
    shown = findings(
        BASE.alert("HighApiLatency", -280, delivered=20).alert("Other", -270, delivered=30).over(at=110)
    )
    assert [line.state for line in shown.coverage] == ["in time", "unexpected"]


def test_a_bots_acknowledgement_is_reported_apart():
    game = BASE.alert("HighApiLatency", at=20).ack(at=21)
    bot = replace(game, events=(*game.events[:-1], replace(game.events[-1], by="bot-paging")))
    title = "An automation acknowledged, which is no acknowledgement by the team"
    assert title in titles(findings(bot.over(at=110)))
    assert title not in titles(findings(game.over(at=110)))


def test_alerts_that_the_sender_left_out_are_reported_and_not_called_unreadable():
    rejected = ev.SignalRejected(system="alertmanager", reason="12 were left out", left_out=12)
    found = titles(findings(BASE.add(rejected, at=30).over(at=110)))
    assert "Up to 12 alerts of a group were left out by their sender" in found
    assert not any("could not be read" in title for title in found)


def test_an_alert_that_was_not_due_before_users_were_healthy_is_no_finding():
    game = histories.Game().fault(at=10).bad("POST /checkout", 10, 40).over(at=70)
    pm = findings(game)
    assert [line.state for line in pm.coverage] == ["not due"]
    assert not any("HighApiLatency" in title for title in titles(pm))


def test_a_signal_that_cannot_be_read_gives_no_more_points_than_none():
    game = BASE.over(at=110)
    garbled = game.add(ev.SignalRejected(system="alertmanager", reason="not JSON"), at=30)
    assert garbled.result().score.points == game.result().score.points
    (criterion,) = [each for each in garbled.result().score.criteria if each.criterion == "alerts"]
    assert (criterion.share, "could not be read" in criterion.why) == (0, True)
