from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.facts.load import LoadHistory
from gameday.core.judging.impact import Impact, SloImpact
from gameday.core.judging.milestones import Milestones
from gameday.render import chart
from gameday.testing import histories
from tests.render import a_drill

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def users():
    return a_drill.users()


def drawn(users, facts=None, width=chart.WIDE, **changes) -> ET.Element:
    return ET.fromstring(chart.impact(a_drill.of(facts, users), a_drill.result(**changes), width=width))


def texts(svg: ET.Element) -> list[str]:
    return [element.text for element in svg.iter(f"{SVG}text")]


def classes(svg: ET.Element) -> list[str]:
    return [element.get("class", "") for element in svg.iter()]


def test_it_names_itself_and_tells_its_story_to_those_who_cannot_see_it(users):
    svg = drawn(users)
    assert svg.get("role") == "img"
    assert "API latency spike" in svg.find(f"{SVG}title").text
    description = svg.find(f"{SVG}desc").text
    assert "Users were affected for 2 min 20 s; at worst 5 % of the requests were good." in description
    assert "Recovered +2 min 21 s." in description


def test_every_reached_milestone_is_a_labelled_line(users):
    told = " ".join(texts(drawn(users)))
    for words in ("Fault injected", "Impact started +0.6 s", "Alerted", "Acknowledged, detected", "Verified"):
        assert words in told


def test_phases_fault_and_affected_users_are_shaded_and_named(users):
    svg = drawn(users)
    assert {"baseline", "respond", "verify"} <= set(texts(svg))
    assert "fault in force at most 2 min 40 s" in texts(svg)
    assert "users affected 2 min 20 s" in texts(svg)
    assert classes(svg).count("affected") == 3


def test_panels_say_what_they_show_and_what_was_promised(users):
    told = texts(drawn(users))
    assert "Good requests, % of POST /checkout within 300 ms" in told
    assert {"objective 99 %", "300 ms", "Requests/s"} <= set(told)


def test_nothing_lies_outside_the_picture(users):
    for width in (chart.WIDE, chart.NARROW):
        svg = drawn(users, width=width)
        _, _, wide, high = map(float, svg.get("viewBox").split())
        for element in svg.iter():
            assert 0 <= float(element.get("x", 0)) <= wide
            assert 0 <= float(element.get("y", 0) or 0) <= high
        xs = [float(x) for p in svg.iter(f"{SVG}path") for x in re.findall(r"[MH]([\d.]+)", p.get("d"))]
        assert max(xs) <= wide


def test_both_widths_can_stand_in_one_page(users):
    ids = [
        e.get("id") for w in (chart.WIDE, chart.NARROW) for e in drawn(users, width=w).iter() if e.get("id")
    ]
    assert len(ids) == len(set(ids))


def test_a_short_drill_and_a_long_one_take_about_as_many_bytes(users):
    minute = chart.impact(a_drill.of(None, a_drill.users(60.0)), a_drill.result())
    hours = chart.impact(a_drill.of(None, a_drill.users(7200.0, rate=4.0)), a_drill.result())
    assert len(hours) < 90_000
    assert len(minute) < 20_000


def test_without_load_it_says_so():
    assert "No load was observed." in texts(drawn(LoadHistory()))


def test_without_a_fault_it_draws_what_there_is(users):
    nothing = Milestones(by_name={}, intervals=(), chain=())
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.FaultInjected)]
    svg = drawn(
        users,
        facts,
        milestones=nothing,
        impact=Impact(slos=(SloImpact(slo="checkout-latency", judged=True),)),
    )
    assert not any("fault in force" in text for text in texts(svg))
    assert "No user was affected" in svg.find(f"{SVG}desc").text


def test_a_fault_that_was_never_reverted_reaches_to_the_end(users):
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.FaultReverted)]
    assert "fault in force to the end" in texts(drawn(users, facts))


def test_an_impact_that_goes_on_is_shaded_to_the_end(users):
    slo = a_drill.impact().slos[0]
    open_end = replace(slo, stretches=(replace(slo.stretches[0], end=None),))
    svg = drawn(users, impact=replace(a_drill.impact(), ended=None, slos=(open_end,)))
    band = next(e for e in svg.iter() if e.get("class") == "affected")
    assert float(band.get("x")) + float(band.get("width")) == pytest.approx(chart.WIDE - 14, abs=0.2)


def test_milestones_of_one_moment_share_a_label_only_where_it_fits():
    joined = "Triaged, commander assigned"
    game = (
        histories.Game().fault(at=60).bad("POST /checkout", 60, 62).ack(61).declare("P2", 61.5, commander="a")
    )
    game = game.over(at=110)
    drawn = [chart.impact(game.history(), game.result(), width=width) for width in (chart.WIDE, chart.NARROW)]
    assert joined in drawn[0]
    assert joined not in drawn[1]
    for label in re.findall(r'class="halo" x="([\d.]+)" y="[\d.]+" text-anchor="end">([^<]+)<', drawn[1]):
        assert float(label[0]) >= len(label[1]) * 5
