"""Where the time went adds up, and every rendering gives the same numbers: over generated histories."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gameday.core import postmortem
from gameday.core.postmortem import chains
from gameday.core.values import Verdict, format_duration
from gameday.formats.stored import result as result_json
from gameday.render import drill_files, junit, markdown, words
from gameday.render import html as page
from gameday.testing.histories import CHECKOUT, SCENARIO, Game

BROWSE = replace(CHECKOUT, slo="browse", request="GET /")
SECONDS = st.integers(10, 110)
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def games(draw):
    """Draw drills in which every deed may come at any time, or not at all."""
    game = Game(rate=6, requests=("POST /checkout", "GET /"), until=130)
    game = replace(game, scenario=replace(SCENARIO, slos=(CHECKOUT, BROWSE))).fault(at=10)
    if draw(st.booleans()):
        game = game.trail(at=1)
    game = game.exposed(11, exposed=draw(st.sampled_from([True, False, None])))
    for request in draw(st.lists(st.sampled_from(game.requests), max_size=3)):
        begin = draw(SECONDS)
        game = game.bad(
            request, begin, begin + draw(st.integers(1, 70)), share=draw(st.sampled_from([0.3, 1.0]))
        )
    for fired in draw(st.lists(SECONDS, max_size=2, unique=True)):
        game = game.alert(
            "HighApiLatency", fired, condition=fired - 3, delivered=fired + draw(st.integers(0, 30))
        )
    deeds = {
        "ack": lambda g, s: g.ack(at=s),
        "declare": lambda g, s: g.declare("P2", at=s),
        "act": lambda g, s: g.action("flag off", at=s),
        "look": lambda g, s: g.action("kubectl get pods", at=s),
        "heal": lambda g, s: g.action("create pod", at=s, actor="system:node:n1"),
        "contained": lambda g, s: g.mark("contained", at=s),
    }
    for name in draw(st.lists(st.sampled_from(sorted(deeds)), max_size=4, unique=True)):
        game = deeds[name](game, draw(SECONDS))
    how = draw(st.sampled_from(["already-undone", "rolled-back"]))
    return game.over(at=draw(st.integers(40, 115)), how=how, why="time")


def percents(texts):
    """Give the least and the most that some shares may add up to, as they are written."""
    exact = [int(text.split()[0]) for text in texts if text[0].isdigit()]
    return sum(exact), sum(exact) + sum(not text[0].isdigit() for text in texts)


@FEW
@given(games())
def test_the_parts_of_a_chain_lie_in_its_interval_and_add_up_to_it(game):
    result = game.result()
    for interval, chain in zip(result.milestones.intervals, chains.build(result.milestones), strict=True):
        whole = interval.seconds if interval.seconds is not None else interval.at_least
        start = result.milestones.at(interval.start)
        if not interval.applies or not whole:
            continue
        assert sum(span.seconds for span in chain.spans) == pytest.approx(whole, abs=1e-5)
        assert sum(span.share for span in chain.spans) == pytest.approx(1.0, abs=1e-5)
        assert all(start <= span.start <= span.end <= start + whole + 1e-5 for span in chain.spans)
        exact = [span.percent for span in chain.spans if span.percent[0].isdigit()]
        if len(exact) == len(chain.spans):
            assert percents(exact)[0] == 100
        assert not any(name in span.name for span in chain.spans for name in ("fault →",)) or (
            result.impact.started is None
        )
        most = chains.longest(chain)
        if len(chain.spans) > 1:
            assert most is not None
            assert most.seconds == max(span.seconds for span in chain.spans)


@FEW
@given(games())
def test_what_a_finding_calls_the_longest_part_is_the_longest_in_the_table(game):
    result = game.result()
    pm = postmortem.draft(game.history(), result)
    for chain in pm.chains:
        named = [
            f for f in pm.improve if f.title.startswith(words.TIMES[chain.name]) and "longest" in f.detail
        ]
        most = chains.longest(chain)
        for finding in named:
            assert most is not None
            assert f"“{most.name}”: {format_duration(most.seconds)} ({most.percent})" in finding.detail
            assert "fault →" not in finding.work or result.impact.started is None


@FEW
@given(games())
def test_every_rendering_gives_the_same_verdict_and_the_same_time(game):
    history, result = game.history(), game.result()
    pm = postmortem.draft(history, result)
    text, web = markdown.postmortem(pm), visible(page.postmortem(pm, ""))
    stored = json.loads(result_json.text(history, result))["intervals"]
    lines = drill_files.summary(history, result).splitlines()
    cases = junit.encode(history, result)
    summary = " ".join(pm.summary)
    for interval, chain in zip(result.milestones.intervals, pm.chains, strict=True):
        assert stored[interval.name]["verdict"] == chain.verdict
        took, limit = words.taken(chain), words.duration(chain.objective)
        row = f"| **{words.TIMES[chain.name]}** | **{took}** | – | {words.verdict(chain)} | {limit} |"
        assert row in text
        assert f"{words.TIMES[chain.name]}: {took}" in web
        shown = f"of {limit} {words.verdict(chain)}" if chain.applies else "not timed"
        assert f"{words.TIMES[chain.name]} {took} {shown}" in web
        word = str(chain.verdict) if chain.applies else "not timed"
        assert f"  time to {chain.name:8} {took}, objective {limit} ({word})" in lines
        assert state(cases, f"objective {chain.name}") == STATES[chain.verdict if chain.applies else None]
        if chain.applies and took != "not known":
            assert f"{words.TIMES[chain.name]} {took}" in summary
            assert re.search(rf"{words.TIMES[chain.name]} {re.escape(took)}[^;]*\({chain.verdict}\)", summary)
        told = [f for f in (*pm.well, *pm.improve) if f.title.startswith(f"{words.TIMES[chain.name]}:")]
        assert {TONES[finding.tone] for finding in told} <= {chain.verdict}
        assert all(finding.title.endswith(took) for finding in told)


@FEW
@given(games())
def test_tile_summary_table_and_json_count_the_same_requests(game):
    history, result = game.history(), game.result()
    pm = postmortem.draft(history, result)
    text, web = markdown.postmortem(pm), visible(page.postmortem(pm, ""))
    stored = json.loads(result_json.text(history, result))["impact"]
    assert (stored["requests"], stored["bad"]) == (result.impact.requests, result.impact.bad)
    assert pm.harm in pm.summary
    assert pm.harm in html.unescape(web)
    if result.impact.started is None:
        return
    counts = f"{stored['bad']:,} of {stored['requests']:,}"
    assert f"{counts} requests were bad" in pm.harm
    assert f"{words.duration(result.impact.seconds)} {counts} requests bad: {', '.join(pm.affected)}" in web
    assert words.whole(pm) in text
    assert words.whole(pm) in web
    rows = [line for line in pm.impact if line.affected]
    assert [name.split(" ")[0] for name in pm.affected] == sorted((row.slo for row in rows), key=ORDER.index)
    assert max(row.bad for row in rows) <= stored["bad"] <= stored["requests"]


ORDER = ["checkout-latency", "browse"]
STATES = {Verdict.MET: "", Verdict.MISSED: "failure", Verdict.UNKNOWN: "error", None: "skipped"}
TONES = {"well": Verdict.MET, "slow": Verdict.MISSED, "gap": Verdict.UNKNOWN}


def visible(text):
    """Give a page's text as a reader sees it, without tags."""
    text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"</?(b|small|a|bdi|q)\b[^>]*>", "", text)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def state(cases, name):
    """Give what a test case is called in JUnit: failure, error, skipped, or nothing where it passed."""
    found = re.search(rf'<testcase [^>]*name="{name}"[^>]*?(/>|>(.*?)</testcase>)', cases, re.DOTALL)
    inner = re.search(r"<(failure|error|skipped)\b", found.group(2) or "")
    return inner.group(1) if inner else ""
