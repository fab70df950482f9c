"""What preflight and keeper ask before anything starts: the facts that they gather, and what they refuse."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from gameday.conduct.drill import policy_check as gate
from gameday.conduct.drill.policy_check import PolicySources
from gameday.core.errors import Refused
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.plans.scenario import (
    Condition,
    Guardrail,
    Inject,
    Load,
    MilestoneRules,
    Phases,
    Rule,
    Scenario,
    ScorecardRules,
)
from gameday.core.policy import LOOPBACK, Cluster, Policy, SeenCluster
from gameday.core.values import Mode, parse_instant
from gameday.signals.calendars import FreezeCalendars
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.identities import FakeIdentities

NOON = parse_instant("2026-11-24T11:00:00Z")
SCENARIO = Scenario(scenario="s", title="S", environment="shop", experiment="x.json")


def provider(module, func="f"):
    return {"type": "probe", "name": "p", "provider": {"type": "python", "module": module, "func": func}}


def experiment(module="gameday.shop.faults", func="kill_replica", **more):
    return json.dumps({"title": "t", "description": "d", "method": [provider(module, func)], **more}).encode()


def policy_sources(**files):
    """A ground whose files are given by name, `_` for the dot."""
    contents = {name.replace("_", "."): content for name, content in files.items()}

    def read(path):
        if path not in contents:
            raise FileNotFoundError(path)
        return contents[path]

    return PolicySources(read=read, calendars=FreezeCalendars(read, VirtualClock()), by="ada")


def judge(scenario=SCENARIO, rules=LOOPBACK, on=None, **more):
    return asyncio.run(
        gate.judge(scenario, rules, on or policy_sources(x_json=experiment()), now=NOON, **more)
    )


def refused(scenario=SCENARIO, rules=LOOPBACK, on=None, **more):
    return [verdict for verdict in judge(scenario, rules, on, **more) if not verdict.allowed]


def test_the_scenario_s_experiment_is_judged():
    assert refused() == []
    (no,) = refused(on=policy_sources(x_json=experiment("os")))
    assert "python:os.kill_replica" in no.subject


def test_what_is_injected_counts_and_not_the_file_beside_it():
    request = ev.FaultRequested(fault="f", experiment=experiment("os").decode(), path="x.json", cwd="/")
    assert refused(request=request)
    well = replace(request, experiment=experiment().decode())
    assert not refused(on=policy_sources(x_json=experiment("os")), request=well)


def test_experiments_that_injects_add_are_judged_too():
    scenario = replace(SCENARIO, injects=(Inject(after=1, experiment="y.json"),))
    assert refused(scenario, on=policy_sources(x_json=experiment(), y_json=experiment("os")))


def test_probes_of_milestones_and_guardrails_are_judged():
    probe = json.dumps(provider("os"))
    rules = MilestoneRules(recovered=Rule(all=True, conditions=(Condition(probe=probe),)))
    assert [no.subject[:11] for no in refused(replace(SCENARIO, milestones=rules))] == ["s milestone"]
    assert [no.subject[:11] for no in refused(replace(SCENARIO, guardrails=(Guardrail(probe=probe),)))] == [
        "s guardrail"
    ]


def test_controls_of_chaos_toolkit_s_own_settings_are_judged():
    settings = b"controls:\n  spy:\n    provider: {type: python, module: spy}\n"
    assert refused(on=replace(policy_sources(x_json=experiment()), chaos_settings=settings))


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"method": [], "method": []}', b"\xff"])
def test_an_experiment_that_two_readers_could_read_differently_is_refused(text):
    with pytest.raises(Refused, match="can't be read"):
        judge(on=policy_sources(x_json=text))


def test_an_experiment_that_is_not_there_is_refused():
    with pytest.raises(Refused, match=r"x\.json"):
        judge(on=policy_sources())


def test_load_is_judged_by_its_most_users_and_by_what_the_locustfile_names():
    scenario = replace(SCENARIO, load=Load(locustfile="l.py", users=10), injects=(Inject(after=1, users=90),))
    on = policy_sources(x_json=experiment(), l_py=b'get("http://evil/")')
    nos = refused(scenario, replace(LOOPBACK, max_users=50), on, base_url="http://127.0.0.1:1")
    assert {no.rule for no in nos} == {"hosts", "max_users"}
    assert any("evil" in no.subject for no in nos)


@pytest.mark.parametrize(
    ("hold", "hold_for", "seconds"),
    [("until-recovered", None, 900), ("for", 60, 60), ("for", 9999, 900), ("none", None, 0)],
)
def test_the_longest_hold_is_what_the_scenario_allows(hold, hold_for, seconds):
    scenario = replace(SCENARIO, hold=hold, hold_for=hold_for, phases=Phases(response=900))
    assert gate.longest_hold(scenario) == seconds
    assert gate.longest_hold(replace(scenario, experiment="")) == 0


def test_a_freeze_calendar_is_read_and_one_that_can_not_be_refuses():
    rules = replace(LOOPBACK, freezes=("f.ics",))
    event = (
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261124T000000Z\nDURATION:P1D\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    free = event.replace(b"20261124", b"20250101")
    assert not refused(rules=rules, on=policy_sources(x_json=experiment(), f_ics=free))
    for content in ({"f_ics": event}, {"f_ics": b"nonsense"}, {}):
        assert [
            no.rule for no in refused(rules=rules, on=policy_sources(x_json=experiment(), **content))
        ] == ["freezes"]


def test_an_approval_covers_exactly_this_content():
    rules = replace(LOOPBACK, protected=True)
    (no,) = refused(rules=rules)
    covers = no.hint.partition("covers = '")[2].rstrip("'")
    yes = f'[[approval]]\nby = "grace"\ncovers = "{covers}"\n'.encode()
    approved = policy_sources(x_json=experiment(), approvals_toml=yes)
    assert not refused(rules=rules, on=approved)
    assert refused(replace(SCENARIO, environment="production"), rules, approved)
    assert refused(rules=rules, on=policy_sources(x_json=experiment(dry="x"), approvals_toml=yes))


def test_approvals_that_can_not_be_read_are_refused():
    with pytest.raises(Refused, match=r"approvals\.toml"):
        judge(
            rules=replace(LOOPBACK, protected=True),
            on=policy_sources(x_json=experiment(), approvals_toml=b"x"),
        )


def test_a_cluster_is_asked_only_where_something_may_reach_it():
    cluster = Cluster(context="staging", uid="u", namespaces=("default",))
    rules = Policy(providers=("python:chaosk8s", *LOOPBACK.providers), kubernetes=cluster)
    staging = FakeIdentities(cluster=SeenCluster(context="staging", uid="u"))
    assert not refused(rules=rules, on=replace(policy_sources(x_json=experiment()), identities=staging))
    assert staging.asked == 0
    on = replace(policy_sources(x_json=experiment("chaosk8s.pod.probes")), identities=staging)
    assert not refused(rules=rules, on=on)
    assert staging.asked == 1
    assert refused(rules=rules, on=replace(on, identities=gate.NoSources()))


def test_a_link_to_a_denied_command_is_denied():
    process = {"type": "action", "name": "a", "provider": {"type": "process", "path": "/opt/tool"}}
    on = policy_sources(x_json=json.dumps({"title": "t", "description": "d", "method": [process]}).encode())
    rules = Policy(providers=("process:/opt/*",), deny=("process:/bin/sh",))
    assert not refused(rules=rules, on=on)
    assert refused(rules=rules, on=replace(on, real_path=lambda _path: "/usr/bin/dash"))


def test_admission_names_the_first_refusal_and_how_many_more():
    verdicts = judge(on=policy_sources(x_json=experiment("os", rollbacks=[provider("sys")])))
    with pytest.raises(Refused, match=r"os\.kill_replica.*and 1 more"):
        gate.admit(verdicts)
    assert "all 1 verdicts" in gate.admit(judge())


def told(*facts):
    return history.from_events(
        ev.Event(id=str(n), drill="d", recorded_at=NOON, occurred_at=NOON, source="conductor", fact=fact)
        for n, fact in enumerate(facts)
    )


def again(request, *facts):
    return asyncio.run(gate.admit_again(told(*facts), request, PolicySources(), now=NOON))


def test_the_keeper_asks_by_the_rules_that_were_frozen_with_the_drill():
    scorecard = ScorecardRules(scorecard="c", version=1, criteria=())
    plan = ev.DrillPlanned(
        scenario=SCENARIO, scorecard=scorecard, mode=Mode.TRAIN, environment="shop", comparable="c"
    )
    request = ev.FaultRequested(fault="f", experiment=experiment().decode(), path="x.json", cwd="/")
    assert again(request, plan) is None
    other = replace(request, experiment=experiment("mine").decode())
    assert again(other, replace(plan, rules=Policy(providers=("python:mine",)))) is None
    with pytest.raises(Refused, match="mine"):
        again(other, plan)
    with pytest.raises(Refused, match="planned"):
        again(request)


@pytest.mark.parametrize("written", ["--file=bin/x", "-fbin/x", "${f}", "exec=bin/x -c", "a:bin/x"])
def test_an_approval_asks_for_each_file_that_a_command_may_be_given(written):
    asked = []

    def code(names, locustfile, commands, *cwd):
        asked.extend(commands)
        return {}

    process = {"type": "process", "path": "cat", "arguments": [written]}
    method = [{"type": "action", "name": "a", "provider": process}]
    content = experiment(method=method, configuration={"f": "bin/x"})
    rules = replace(LOOPBACK, protected=True, providers=("process:cat",))
    judge(rules=rules, on=replace(policy_sources(x_json=content), code=code))
    assert "bin/x" in asked


@pytest.mark.parametrize(
    "command", ['["sh", "bin/x.sh"]', '["sh", "-c", "exec bin/x.sh; true"]', "bin/x.sh now"]
)
def test_an_approval_asks_for_the_files_that_a_responder_s_commands_name(command):
    asked = []

    def code(names, locustfile, commands, *cwd):
        asked.extend(commands)
        return {}

    script = f"responder: r\nsteps:\n  - do: {{command: {command}}}\n".encode()
    on = replace(policy_sources(x_json=experiment(), r_yaml=script), code=code)
    judge(rules=replace(LOOPBACK, protected=True), on=on, hashes={"r.yaml": "1"})
    assert "bin/x.sh" in asked


def test_an_approval_covers_locust_s_options_and_the_files_that_they_name():
    asked = []

    def code(names, locustfile, commands, *cwd):
        asked.extend(commands)
        return {}

    rules = replace(LOOPBACK, protected=True)
    scenario = replace(SCENARIO, load=Load(locustfile="l.py"))
    files = {"x_json": experiment(), "l_py": b""}
    approvals = []
    for conf in (b"", b"data = users.csv\n", b"data = others.csv\n"):
        on = replace(policy_sources(**files, locust_conf=conf), code=code)
        approvals.append(judge(scenario, rules, on)[-1].hint)
    assert len(set(approvals)) == 3
    assert {"users.csv", "others.csv"} <= set(asked)


def test_a_responder_s_script_that_can_not_be_read_is_refused_where_approvals_are_asked():
    with pytest.raises(Refused, match=r"r\.yaml"):
        judge(rules=replace(LOOPBACK, protected=True), hashes={"r.yaml": "1"})


# --- packages ---


def with_packages(lock, asked):
    """Policy sources whose experiment names a package; `lock` is what it is resolved to."""

    def packages(wanted, _unwanted):
        asked.append(wanted)
        return lock

    named = experiment(runtime={"python": {"dependencies": ["chaos-tiny", "requests"]}})
    return replace(policy_sources(x_json=named), packages=packages)


def test_a_package_that_is_not_here_is_refused_unless_the_policy_lists_it():
    asked = []
    (no,) = refused(on=with_packages({}, asked))
    assert (no.rule, no.subject) == ("packages", "installing chaos-tiny")
    listing = replace(LOOPBACK, packages=("chaos-*",))
    assert refused(rules=listing, on=with_packages({}, asked)) == []
    assert asked == []  # where nobody approves, it is resolved once it is installed


def test_an_approval_covers_what_packages_are_resolved_to():
    listing = replace(LOOPBACK, packages=("chaos-*",), protected=True, approvals=1)
    asked = []

    def parts(version):
        on = with_packages({"package chaos-tiny": version}, asked)
        return asyncio.run(gate.facts(SCENARIO, listing, on, now=NOON))

    one, other = parts("1.0,sha256:aa"), parts("1.0,sha256:bb")
    assert asked == [["chaos-tiny"], ["chaos-tiny"]]
    assert one.parts["package chaos-tiny"] == "1.0,sha256:aa"
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == parts("1.0,sha256:aa").fingerprint
