import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.plans import scenario as core
from gameday.core.values import Party, Severity
from gameday.formats.scenario import reader as scenario
from gameday.formats.scenario import rules
from gameday.formats.text import reader
from tests.formats import mistakes
from tests.formats.text.test_reader import TEXTS
from tests.paths import ROOT

HEAD = "scenario: a\ntitle: b\nenvironment: shop\n"
LOAD = "load: {locustfile: l.py}\n"
PROBE = '{type: probe, name: x, provider: {type: http, url: "http://h"}}'

FULL = """\
scenario: api-latency-spike
title: API latency spike
description: A release turns on a query that nobody indexed.
severity: [P2, P3]
environment: shop
responders: automation
experiment: ../experiments/slow-query.json
hold: 5m
load: {locustfile: ../experiments/load/shop.py, users: 40, spawn_rate: 20, workers: 2, args: [--token, x],
  tags: [a], exclude_tags: [b], user_classes: [C], env: {D: e}}
slos:
  - {slo: checkout-latency, request: "POST /checkout", latency: 300ms, objective: 99%, window: 5s, min_requests: 20}
  - {slo: login, source: prometheus, good: g, total: t}
expect:
  - {alert: HighApiLatency, within: 60s}
  - {match: {source: alertmanager, name: "High*", labels: {team: shop}, monitor: m1}, page: never}
milestones:
  detected: {any: [acknowledged, declared]}
  contained: {any: [marked, {slo: "*", at_least: 80%, for: 10s}]}
  recovered: {all: [{slo: "*", for: 10s}, {alert: HighApiLatency, is: resolved}, {probe: PROBE, tolerance: 200, every: 1s}]}
objectives: {detect: 2m, contain: 10m, recover: 1h30m}
phases: {baseline: 30s, response: 60m, verify: 500ms}
guardrails:
  - {slo: login, below: 0.95, for: 30s}
  - {probe: PROBE, tolerance: true, every: 5s}
injects:
  - {after: 3m, to: responders, unless: detected, message: "Support: customers can't pay."}
  - {after: 6m, unless: contained, hint: "Which queries got slower?", cost: 5}
  - {after: 7m, users: 80}
  - {after: 8m, experiment: ../experiments/more.json}
playbook: ../playbooks/database-overload.md
scorecard: ../scorecards/team.yaml
""".replace("PROBE", PROBE)


def read(text: str) -> core.Scenario:
    return mistakes.require(scenario.check(reader.read(text.encode(), "scenarios/a.yaml")))


def lines_of(text: str) -> list[str]:
    return mistakes.lines_of(text, "scenarios/a.yaml", scenario.check)


def test_a_scenario_with_every_key_becomes_its_value() -> None:
    found = read(FULL)
    assert found.severity == (Severity.P2, Severity.P3)
    assert (found.responders, found.hold, found.hold_for) == (Party.AUTOMATION, "for", 300.0)
    assert found.load == core.Load(
        locustfile="experiments/load/shop.py",
        users=40,
        spawn_rate=20,
        workers=2,
        args=("--token", "x"),
        tags=("a",),
        exclude_tags=("b",),
        user_classes=("C",),
        env={"D": "e"},
    )
    assert found.slos[0].latency == 0.3
    assert found.expect[1].labels == {"team": "shop"}
    assert found.milestones.contained == core.MilestoneRules().contained
    assert found.milestones.recovered.conditions[1] == core.Condition(
        alert="HighApiLatency", state="resolved"
    )
    assert found.objectives.recover == 5400.0
    assert found.phases.verify == 0.5
    assert found.injects[3].experiment == "experiments/more.json"
    assert found.playbook == "playbooks/database-overload.md"


def test_a_probe_carries_its_tolerance_as_chaos_toolkit_wants_it() -> None:
    probe = json.loads(read(FULL).guardrails[1].probe)
    assert probe["tolerance"] is True
    assert probe["provider"] == {"type": "http", "url": "http://h"}


def test_what_is_left_out_has_the_default_of_core() -> None:
    found = read(HEAD)
    assert found == core.Scenario(scenario="a", title="b", environment="shop", path="scenarios/a.yaml")


@pytest.mark.parametrize(
    ("responders", "scorecard"),
    [("team", "team"), ("automation", "automation"), ("none", "automation")],
)
def test_who_responds_decides_the_scorecard_that_is_not_named(responders: str, scorecard: str) -> None:
    document = reader.read(f"{HEAD}responders: {responders}\n".encode(), "scenarios/a.yaml")
    assert rules.default_scorecard(document) == scorecard


MISTAKES = [
    ("titel: x", ("4:1 unknown key 'titel' | one of: description, severity, responders, "
     "experiment, hold, load, slos, expect, milestones, objectives, phases, guardrails, real_incident, injects, playbook, scorecard")),
    ("experimnt: x", "4:1 unknown key 'experimnt' | did you mean 'experiment'?"),
    ("severity: p2", "4:11 'p2' is not a severity | did you mean 'P2'?"),
    ("severity: [P1, critical]", "4:16 'critical' is not a severity | did you mean 'P1'?"),
    ("severity: no", "4:11 'no' is not a severity | one of: P1, P2, P3, P4"),
    ("severity: 2", "4:11 expected a severity, not the number 2 | one of: P1, P2, P3, P4"),
    ("responders: teem", "4:13 'teem' is not one of the valid words | did you mean 'team'?"),
    ("hold: for ever", "4:7 'for ever' is not a valid hold | one of: until-recovered, none, 5m"),
    ("hold: until_recovered", "4:7 'until_recovered' is not a valid hold | did you mean 'until-recovered'?"),
    ("hold: 5 minutes", "4:7 '5 minutes' is not a duration | write 5m"),
    ("phases: {response: 1:30}", "4:20 '1:30' is not a duration | write 1m30s"),
    ("phases: {response: 90}", "4:20 90 has no unit; expected a duration | write 90s, 90ms or 90m"),
    ("phases: {response: 0s}", "4:20 '0s' is not longer than 0 | write a duration such as 30s"),
    ("phases: []", "4:9 expected a mapping of keys to values, not a list"),
    ("objectives: {detect: true}", "4:22 expected a duration, not true | write 500ms, 30s, 5m or 1h30m"),
    ("load: {locustfile: l.py, users: '40'}", "4:33 expected a whole number, not the text '40'"),
    ("load: {users: 40}", "4:7 the key 'locustfile' is missing | locustfile: any locustfile, relative to this file's folder"),
    ("load: {locustfile: l.py, users: 0}", "4:33 0 is too small; it must be more than 0"),
    (
        "load: {locustfile: l.py, users: 99999999999999999999999999}",
        "4:33 99999999999999999999999999 is too large; it must be at most 100000",
    ),
    (
        "load: {locustfile: l.py, spawn_rate: 1e30}",
        "4:38 1e+30 is too large; it must be at most 1000000",
    ),
    ("load: {locustfile: l.py, spawn_rate: .inf}", "4:38 inf is not a finite number"),
    ("load: {locustfile: l.py, locust: x}", "4:26 unknown key 'locust' | one of: users, spawn_rate, workers, args, tags, exclude_tags, user_classes, env"),
    ("load: {locustfile: l.py, args: [--token, x, --run-time=5s]}",
     "4:45 the load of a drill can't be given --run-time | the scenario's phases decide how long it lasts"),
    ("load: {locustfile: l.py, env: {PYTHONPATH: x}}",
     "4:32 PYTHONPATH can't be set here: it decides what the process runs or whom it reaches"),
    ("load: {locustfile: l.py, tags: ['a b']}",
     "4:33 'a b' is not one word | write one word in each line of the list"),
    ("load: {locustfile: l.py, user_classes: [a.B]}",
     "4:41 'a.B' is not the name of a class | write only its name"),
    ("experiment: ..\\x.json", "4:13 folders are separated by /, not by \\"),
    ("title: again", "4:1 'title' is written twice | it is first on line 2; keep one"),
    ("description: yes\nplaybook: 7", "5:11 expected text, not the number 7 | put it into quotes"),
    (LOAD + "slos: [{slo: x, objective: 99}]", "5:28 99 is not a share between 0 and 1 | write 99% or 0.99"),
    (LOAD + "slos: [{slo: x, objective: 99 percent}]", "5:28 '99 percent' is not a share | write 99% or 0.99"),
    (LOAD + "slos: [{slo: x, objective: 120%}]", "5:28 120% is more than 100% | write a share from 0% to 100%"),
    (LOAD + "slos: [{slo: My SLO}]", "5:14 'My SLO' is not an id in kebab-case | write my-slo"),
    (LOAD + "slos: [{slo: x}, {slo: x}]", "5:24 there is already an SLO called 'x' | give each its own name"),
    (LOAD + "slos: [{slo: x, good: q}]", ("5:17 'good' is a query, but the source of this SLO is the load "
     "| add source: prometheus")),
    (LOAD + "slos: [{slo: x, source: prometheus}]",
     "5:8 an SLO from prometheus needs the queries good and total"),
    (LOAD + "slos: [{slo: x}]\nguardrails: [{slo: y, below: 1%}]",
     "6:20 no SLO of this scenario is called 'y' | one of: x"),
    (LOAD + "slos: [{slo: x}]\nmilestones: {recovered: {all: [{slo: 'y*'}]}}",
     "6:38 no SLO of this scenario is called 'y*' | one of: x"),
    ("experiment: e.json\nslos: [{slo: x}]",
     "5:1 SLOs need a load that counts requests | add load, or use an SLO with source: prometheus"),
    ("guardrails: [{slo: x, below: 1%}]", "4:20 this scenario defines no SLO | define it in slos"),
    ("guardrails: [{slos: x, below: 1%}]", "4:14 a guardrail needs exactly one of the keys slo, probe, prometheus, cloudwatch | did you mean 'slo'?"),
    (f"guardrails: [{{probe: {PROBE}}}]",
     "4:15 this probe has no tolerance | add tolerance: true, or the answer that you expect"),
    ("guardrails: [{probe: {type: probe, name: x, provider: {type: htp}}, tolerance: 1}]",
     "4:62 'htp' is not a type of a provider | did you mean 'http'?"),
    ("expect: [{alrt: X}]", "4:10 an expected alert needs exactly one of the keys alert, match | did you mean 'alert'?"),
    ("expect: [{alert: X, match: {}}]",
     "4:10 an expected alert has 'alert' and 'match' | write exactly one of: alert, match"),
    ("expect: [{match: {nam: X}}]", "4:19 unknown key 'nam' | did you mean 'name'?"),
    ("expect: [{match: {source: alertmanagr}}]",
     "4:27 'alertmanagr' is not a system that sends alerts | did you mean 'alertmanager'?"),
    ("expect: [{match: {source: prometheus}}]",
     "4:27 'prometheus' is not a system that sends alerts | one of: alertmanager, generic"),
    ("expect: [{alert: HighLatency}]\nmilestones: {recovered: {all: [{alert: HighLatncy, is: resolved}]}}",
     "5:40? this scenario does not expect an alert 'HighLatncy' | did you mean 'HighLatency'?"),
    ("expect: [{alert: X, page: never}]",
     "4:21? gameday does not check 'page' yet: an alert that pages somebody is not noticed"),
    ("milestones: {detected: {any: [acknowleged]}}", "4:31 'acknowleged' is not a sign | did you mean 'acknowledged'?"),
    ("milestones: {detected: {any: []}}", "4:30 this list has too few items; it needs at least 1"),
    ("milestones: {recoverd: {}}", "4:14 unknown key 'recoverd' | did you mean 'recovered'?"),
    ("expect: [{alert: X}]\nmilestones: {recovered: {all: [{alert: X, is: resolve}]}}",
     "5:47 'resolve' is not one of the valid words | did you mean 'resolved'?"),
    ("injects: [{after: 3m, unless: detecte, message: x}]", "4:31 'detecte' is not a milestone | did you mean 'detected'?"),
    ("injects: [{message: x}]", "4:11 the key 'after' is missing | after: how long after the injection of the fault"),
    ("injects: [{after: 3m, hint: x, message: y}]",
     "4:11 an inject has 'message' and 'hint' | write exactly one of: message, hint, users, experiment"),
    ("injects: [{after: 3m, hint: x, cost: -1}]", "4:38 -1 is too small; it must be at least 0"),
]  # fmt: skip


@pytest.mark.parametrize(("added", "expected"), MISTAKES, ids=[added for added, _ in MISTAKES])
def test_a_mistake_is_reported_at_its_place_with_a_hint(added: str, expected: str) -> None:
    assert lines_of(HEAD + added) == [expected]


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    text = "scenario: A B\ntitel: x\nenvironment: shop\nseverity: P9\nphases: {verify: soon, onset: 3}\n"
    assert lines_of(text) == [
        "1:11 'A B' is not an id in kebab-case | write a-b",
        "2:1 unknown key 'titel' | did you mean 'title'?",
        "4:11 'P9' is not a severity | one of: P1, P2, P3, P4",
        "5:18 'soon' is not a duration | write 500ms, 30s, 5m or 1h30m",
        "5:31 3 has no unit; expected a duration | write 3s, 3ms or 3m",
    ]


@given(text=TEXTS)
def test_whatever_a_scenario_holds_it_is_a_value_or_mistakes(text: str) -> None:
    checked = scenario.check(reader.attempt(reader.read, text.encode(), "a.yaml"))
    assert (checked.value is None) == any(not one.warning for one in checked.mistakes)


@given(key=st.sampled_from(list(reader.read(FULL.encode(), "a.yaml").data)), value=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["slo", "probe", "any", "all", "alert", "match", "hint", "message", "users", "for"]), inner, max_size=3),
    max_leaves=6,
))  # fmt: skip
def test_any_value_under_any_key_is_a_value_or_mistakes(key: str, value: object) -> None:
    data = reader.read(FULL.encode(), "a.yaml").data | {key: value}
    checked = scenario.check(reader.attempt(reader.read, json.dumps(data).encode(), "a.json"))
    assert (checked.value is None) == any(not one.warning for one in checked.mistakes)


def test_every_scenario_of_the_catalogue_has_no_mistake() -> None:
    every = (ROOT / "scenarios").glob("*.yaml")
    files = sorted(file for file in every if not file.name.endswith(".gameday.yaml"))
    assert files
    for file in files:
        checked = scenario.check(reader.read(file.read_bytes(), f"scenarios/{file.name}"))
        assert not checked.mistakes
        assert mistakes.require(checked).scenario == file.stem


def test_a_real_incident_names_the_least_severity() -> None:
    assert read(HEAD + "real_incident: {severity: P1}").real_incident is Severity.P1
    assert read(HEAD).real_incident is None
