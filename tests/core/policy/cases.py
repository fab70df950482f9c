"""What a drill would do, in one line each, and what the tables of tests judge it by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gameday.core import policy
from gameday.core.policy import Account, Approval, Calendar, Cluster, Document, Facts, Freeze, Policy, Users
from gameday.core.values import parse_instant

Row = tuple[str, Policy, Facts, str]
"""What it is, the policy, the facts, and the rules that refuse it, by name; empty: it is allowed."""

NOON = parse_instant("2026-11-24T11:00:00Z")
"""A Tuesday; noon in Berlin."""


NOTHING = Policy()


LOOP = policy.LOOPBACK


STAGING = Cluster(context="staging", uid="u-1", namespaces=("shop", "shop-*"))


K8S = Policy(providers=("python:chaosk8s",), kubernetes=STAGING)


AWS = Policy(providers=("python:chaosaws",), aws=Account(account="123", region="eu-central-1"))


TAGGED = replace(AWS, aws=Account(account="123", region="eu-central-1", tags={"gameday": "yes"}))


HOURS = Policy(hours=("Mon-Fri 09:00-17:00 Europe/Berlin",))


PROTECTED = Policy(protected=True, approvals=2)


SEEN = policy.SeenCluster(context="staging", uid="u-1")


IAM = policy.SeenAccount(account="123", region="eu-central-1", tags={"i-1": {"gameday": "yes"}, "i-2": {}})


def facts(*activities: object, **more: Any) -> Facts:
    """A drill whose method holds these activities."""
    config = more.pop("config", {})
    body = {"method": list(activities), "rollbacks": more.pop("rollbacks", []), "configuration": config}
    body["secrets"] = more.pop("secrets", {})
    defaults = {"now": NOON, "cluster": SEEN, "account": IAM}
    return Facts(**{**defaults, "documents": (Document(name="x.json", body=body),), **more})


def at(time: str, **more: Any) -> Facts:
    return Facts(now=parse_instant(time), **more)


def action(**provider: object) -> dict[str, object]:
    return {"type": "action", "name": "break it", "provider": provider}


def py(called: str, /, **arguments: object) -> dict[str, object]:
    module, _, func = called.rpartition(".")
    return action(type="python", module=module, func=func, arguments=arguments)


def url(address: object) -> dict[str, object]:
    return action(type="http", url=address)


def cmd(path: object, arguments: object = ()) -> dict[str, object]:
    return action(type="process", path=path, arguments=arguments)


def only(*providers: str, deny: tuple[str, ...] = ()) -> Policy:
    return Policy(providers=providers, hosts=("127.0.0.1",), deny=deny)


def load(base_url: str, users: int = 10, *urls: str) -> Facts:
    return Facts(now=NOON, load=Users(users=users, base_url=base_url, urls=urls))


def control(module: str) -> Facts:
    body = {"controls": [{"name": "c", "provider": {"type": "python", "module": module}}]}
    return Facts(now=NOON, documents=(Document(name="x.json", body=body),))


def within(**body: object) -> Facts:
    return Facts(now=NOON, documents=(Document(name="x.json", body=body),))


def frozen(start: str, end: str) -> tuple[Calendar, ...]:
    freeze = Freeze(summary="Black Friday", start=parse_instant(start), end=parse_instant(end))
    return (Calendar(path="freeze.ics", freezes=(freeze,)),)


def said_yes(*people: str, covers: str = "f", by: str = "ada", **more: Any) -> Facts:
    approvals = tuple(Approval(by=one, covers=covers, **more) for one in people)
    return Facts(now=NOON, approvals=approvals, by=by, fingerprint="f")


FREEZE = Policy(freezes=("freeze.ics",))


SHOP = py("gameday.shop.faults.deploy_release", release="42")


KILL = {"chaosk8s": "chaosk8s.pod.actions.terminate_pods", "stop": "chaosaws.ec2.actions.stop_instances"}


ALLOWED = ""


def must_judge(rules: Policy, given_facts: Facts, refusing: str) -> None:
    """Fail unless exactly these rules refuse, and every verdict has its reason and its hint."""
    verdicts = policy.check(rules, given_facts)
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    assert {verdict.rule for verdict in refused} == set(refusing.split()), verdicts
    assert policy.allows(verdicts) is (not refusing), verdicts
    assert all(verdict.why and (verdict.allowed or verdict.hint) for verdict in verdicts), verdicts
