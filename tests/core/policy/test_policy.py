"""What may start where: a table of rows, one line each, and the laws that hold for every policy."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import policy
from gameday.core.policy import Account, Approval, Calendar, Cluster, Document, Facts, Freeze, Policy, Users
from gameday.core.values import parse_instant

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

# fmt: off
ROWS = [
    # what, policy, facts, the rule that refuses
    ("no policy: the shop's own faults", LOOP, facts(SHOP), ALLOWED),
    ("no policy: module os", LOOP, facts(py("os.system", command="x")), "providers"),
    ("no policy: module subprocess", LOOP, facts(py("subprocess.run", args="x")), "providers"),
    ("no policy: chaosk8s", LOOP, facts(py(KILL["chaosk8s"], ns="shop")), "providers kubernetes"),
    ("no policy: a module that only begins like ours", LOOP, facts(py("gameday.shopping.faults.x")), "providers"),
    ("no policy: another package of ours", LOOP, facts(py("gameday.system.processes.call")), "providers"),
    ("no policy: the shop's faults on another shop", LOOP, facts(py("gameday.shop.faults.x", control="http://evil/")), "providers"),
    ("no policy: the shop's faults on a local shop", LOOP, facts(py("gameday.shop.faults.x", control="http://127.0.0.1:9/")), ALLOWED),
    ("no policy: any process", LOOP, facts(cmd("/bin/true")), "providers"),
    ("no policy: loopback by address", LOOP, facts(url("http://127.0.0.1:8080/x")), ALLOWED),
    ("no policy: loopback by name", LOOP, facts(url("http://localhost/x")), ALLOWED),
    ("no policy: loopback by IPv6", LOOP, facts(url("http://[::1]:8080/")), ALLOWED),
    ("no policy: loopback's other addresses", LOOP, facts(url("https://127.9.9.9/")), ALLOWED),
    ("no policy: IPv4 loopback within IPv6", LOOP, facts(url("http://[::ffff:127.0.0.1]/")), ALLOWED),
    ("no policy: upper case and trailing dot", LOOP, facts(url("HTTP://LOCALHOST.:80/")), ALLOWED),
    ("no policy: another host", LOOP, facts(url("http://10.0.0.1/")), "providers"),
    ("no policy: another host within IPv6", LOOP, facts(url("http://[::ffff:10.0.0.1]/")), "providers"),
    ("no policy: every interface", LOOP, facts(url("http://0.0.0.0/")), "providers"),
    ("userinfo that looks like the host", LOOP, facts(url("http://127.0.0.1@evil/")), "providers"),
    ("userinfo with a port", LOOP, facts(url("http://127.0.0.1:80@evil:80/")), "providers"),
    ("a name that begins like an address", LOOP, facts(url("http://127.0.0.1.evil.example/")), "providers"),
    ("a backslash that some read as slash", LOOP, facts(url("http://evil\\@127.0.0.1/")), "providers"),
    ("a decimal address", LOOP, facts(url("http://2130706433/")), "providers"),
    ("an octal address", LOOP, facts(url("http://0177.0.0.1/")), "providers"),
    ("a hexadecimal address", LOOP, facts(url("http://0x7f.1/")), "providers"),
    ("a short address", LOOP, facts(url("http://127.1/")), "providers"),
    ("digits that are not ASCII", LOOP, facts(url("http://①②⑦.0.0.1/")), "providers"),
    ("a percent-encoded host", LOOP, facts(url("http://127.0.0.1%2eevil/")), "providers"),
    ("an IPv6 zone", LOOP, facts(url("http://[::1%25eth0]/")), "providers"),
    ("a blank before the URL", LOOP, facts(url(" http://127.0.0.1/")), "providers"),
    ("a line break in the URL", LOOP, facts(url("http://127.0.0.1\n.evil/")), "providers"),
    ("a file URL", LOOP, facts(url("file:///etc/passwd")), "providers"),
    ("a URL without scheme", LOOP, facts(url("//127.0.0.1/")), "providers"),
    ("a URL that is no text", LOOP, facts(url(["http://127.0.0.1/"])), "providers"),
    ("a port that there is not", LOOP, facts(url("http://127.0.0.1:99999/")), "providers"),
    ("the port that is listed", only("http:http://127.0.0.1:8080"), facts(url("http://127.0.0.1:8080/")), ALLOWED),
    ("another port", only("http:http://127.0.0.1:8080"), facts(url("http://127.0.0.1:9090/")), "providers"),
    ("no port listed is the scheme's port", only("http:http://a.example"), facts(url("http://a.example/")), ALLOWED),
    ("no port listed is not any port", only("http:http://a.example"), facts(url("http://a.example:81/")), "providers"),
    ("another scheme", only("http:http://a.example:*"), facts(url("https://a.example/")), "providers"),
    ("a host below the listed one", only("http:http://*.a.example"), facts(url("http://b.a.example/")), ALLOWED),
    ("a host that only ends like it", only("http:http://*.a.example"), facts(url("http://ba.example/")), "providers"),
    ("a path that is listed", only("http:http://a.example/api/*"), facts(url("http://a.example/api/x?y=1")), ALLOWED),
    ("a path that climbs", only("http:http://a.example/api/*"), facts(url("http://a.example/api/%2e%2e/admin")), "providers"),
    ("a host denied by another name of it", only("http:*", deny=("http:http://127.0.0.1:9",)), facts(url("http://localhost:9/")), "providers"),
    ("a variable with a value", LOOP, facts(url("http://${h}/"), config={"h": "localhost"}), ALLOWED),
    ("a variable that leads away", LOOP, facts(url("http://${h}/"), config={"h": "evil"}), "providers"),
    ("a variable without braces", LOOP, facts(url("http://$h/"), config={"h": "evil"}), "providers"),
    ("a doubled dollar is a dollar", LOOP, facts(url("http://localhost/$$x")), ALLOWED),
    ("a variable that nobody knows", LOOP, facts(url("http://${h}/")), "providers"),
    ("a variable of the environment", LOOP, facts(url("${u}"), config={"u": {"type": "env", "key": "U"}}, variables={"U": "http://[::1]/"}), ALLOWED),
    ("a variable of the environment that leads away", LOOP, facts(url("${u}"), config={"u": {"type": "env", "key": "U", "default": "http://[::1]/"}}, variables={"U": "http://evil/"}), "providers"),
    ("a variable that a probe will fill", LOOP, facts(url("${u}"), config={"u": {"type": "probe", "name": "p", "provider": SHOP["provider"]}}), "providers"),
    ("a secret in a URL", LOOP, facts(url("http://${h}/"), secrets={"s": {"h": "localhost"}}), "providers"),
    ("a module that is listed", only("python:mine.faults.*"), facts(py("mine.faults.slow")), ALLOWED),
    ("a package lists what is below", only("python:mine"), facts(py("mine.deep.faults.slow")), ALLOWED),
    ("a function lists only itself", only("python:mine.faults.slow"), facts(py("mine.faults.slower")), "providers"),
    ("a denied function of a listed module", only("python:mine", deny=("python:mine.faults.drop",)), facts(py("mine.faults.drop")), "providers"),
    ("a denied package", only("python:*", deny=("python:os",)), facts(py("os.path.join")), "providers"),
    ("names differ by case", only("python:mine.*"), facts(py("Mine.faults.slow")), "providers"),
    ("a module with a variable", only("python:*"), facts(py("${m}.slow"), config={"m": "os"}), "providers"),
    ("a relative module", only("python:*"), facts(py("..os.system")), "providers"),
    ("a function that is a path", only("python:*"), facts(action(type="python", module="mine", func="a.b")), "providers"),
    ("a module that is no text", only("python:*"), facts(action(type="python", module=["os"], func="x")), "providers"),
    ("a control that is listed", only("python:chaosaddons.controls.*"), control("chaosaddons.controls.safeguards"), ALLOWED),
    ("a control that is not", LOOP, control("chaosaddons.controls.bypass"), "providers"),
    ("a control in Chaos Toolkit's settings", LOOP, within(controls={"spy": {"provider": {"type": "python", "module": "spy"}}}), "providers"),
    ("a probe of the hypothesis", LOOP, within(**{"steady-state-hypothesis": {"probes": [py("os.getpid")]}}), "providers"),
    ("a tolerance that is a probe", LOOP, within(**{"steady-state-hypothesis": {"probes": [{**SHOP, "tolerance": py("os.getpid")}]}}), "providers"),
    ("a rollback", LOOP, within(rollbacks=[py("os.getpid")]), "providers"),
    ("a dynamic configuration", LOOP, within(configuration={"a": {**py("os.getpid"), "type": "probe"}}), "providers"),
    ("the still-exposed probe", LOOP, within(extensions=[{"name": "gameday", "still-exposed": py("os.getpid")}]), "providers"),
    ("a probe of the scenario", LOOP, Facts(now=NOON, documents=(Document(name="guardrail", body=py("os.getpid")),)), "providers"),
    ("an unknown kind of provider", only("python:*"), facts(action(type="Python", module="os", func="x")), "providers"),
    ("a provider that is no object", only("python:*"), facts({"name": "x", "provider": "os.system"}), "providers"),
    ("a process that is listed", only("process:/usr/bin/kubectl"), facts(cmd("/usr/bin/kubectl", ["get", "pods"])), ALLOWED),
    ("a process that is not", only("process:/usr/bin/kubectl"), facts(cmd("/bin/sh", ["-c", "x"])), "providers"),
    ("a star stays in its folder", only("process:/opt/*"), facts(cmd("/opt/bin/x")), "providers"),
    ("a path that climbs to a shell", only("process:/opt/*", deny=("process:/bin/sh",)), facts(cmd("/opt/../bin/sh")), "providers"),
    ("a path with a dot in the middle", only("process:/bin/*/*"), facts(cmd("/bin/./sh")), "providers"),
    ("a path that climbs within its stars", only("process:/opt/*/*"), facts(cmd("/opt/../sh")), "providers"),
    ("a path from home", only("process:*"), facts(cmd("~/x")), "providers"),
    ("a path with a blank, which a shell splits", only("process:*"), facts(cmd("x; y")), "providers"),
    ("a link to a denied command", only("process:/opt/*", deny=("process:/bin/sh",)), facts(cmd("/opt/x"), real_paths={"/opt/x": "/bin/sh"}), "providers"),
    ("a link to what a denied link leads to", only("process:/opt/*", deny=("process:/bin/sh",)), facts(cmd("/opt/x"), real_paths={"/opt/x": "/usr/bin/dash", "/bin/sh": "/usr/bin/dash"}), "providers"),
    ("arguments in one plain text", only("process:kubectl"), facts(cmd("kubectl", "get pods -n shop")), ALLOWED),
    ("arguments in one text that a shell reads", only("process:kubectl"), facts(cmd("kubectl", "get pods; rm -r x")), "providers"),
    ("arguments in one text with a variable", only("process:kubectl"), facts(cmd("kubectl", "get ${x}"), config={"x": "pods"}), "providers"),
    ("a misspelt denial refuses everything", only("python:*", deny=("pyhton:os",)), facts(SHOP), "policy"),
    ("no policy: load on loopback", LOOP, load("http://127.0.0.1:8080"), ALLOWED),
    ("no policy: load elsewhere", LOOP, load("https://shop.example"), "hosts"),
    ("an empty policy: load on loopback", NOTHING, load("http://127.0.0.1:8080"), "hosts"),
    ("load on a listed network", Policy(hosts=("10.1.0.0/16",)), load("http://10.1.2.3:80"), ALLOWED),
    ("load beside a listed network", Policy(hosts=("10.1.0.0/16",)), load("http://10.2.0.1:80"), "hosts"),
    ("a URL in the locustfile that leads away", LOOP, load("http://localhost", 10, "http://evil/"), "hosts"),
    ("load with userinfo", LOOP, load("http://localhost@evil/"), "hosts"),
    ("as many users as allowed", replace(LOOP, max_users=500), load("http://localhost", 500), ALLOWED),
    ("one user too many", replace(LOOP, max_users=500), load("http://localhost", 501), "max_users"),
    ("as many requests as allowed", replace(LOOP, max_rps=100, requests_per_user=2), load("http://localhost", 50), ALLOWED),
    ("too many requests", replace(LOOP, max_rps=100, requests_per_user=2), load("http://localhost", 51), "max_rps"),
    ("a hold that is allowed", replace(LOOP, max_hold=600), facts(SHOP, hold=600), ALLOWED),
    ("a hold that is too long", replace(LOOP, max_hold=600), facts(SHOP, hold=601), "max_hold"),
    ("a pause that makes it too long", replace(LOOP, max_hold=600), facts({**SHOP, "pauses": {"after": 60}}, hold=590), "max_hold"),
    ("a pause that nobody knows", replace(LOOP, max_hold=600), facts({**SHOP, "pauses": {"after": "${p}"}}), "max_hold"),
    ("a pause below zero", replace(LOOP, max_hold=600), facts({**SHOP, "pauses": {"after": -60}}, hold=601), "max_hold"),
    ("no rollback where one is required", replace(LOOP, require_rollbacks=True), facts(SHOP), "require_rollbacks"),
    ("a rollback where one is required", replace(LOOP, require_rollbacks=True), facts(SHOP, rollbacks=[SHOP]), ALLOWED),
    ("within the hours", HOURS, at("2026-11-24T08:00:00Z"), ALLOWED),
    ("one minute early", HOURS, at("2026-11-24T07:59:00Z"), "hours"),
    ("at closing time", HOURS, at("2026-11-24T16:00:00Z"), "hours"),
    ("a hold beyond the hours", HOURS, at("2026-11-24T15:30:00Z", hold=3600), "hours"),
    ("in summer the hours move", HOURS, at("2026-07-21T07:00:00Z"), ALLOWED),
    ("on a Sunday", HOURS, at("2026-11-22T11:00:00Z"), "hours"),
    ("hours past midnight", Policy(hours=("Fri 22:00-06:00",)), at("2026-11-28T05:00:00Z"), ALLOWED),
    ("hours that touch are one", Policy(hours=("Mon-Sun 00:00-24:00",)), at("2026-11-24T23:30:00Z", hold=3600), ALLOWED),
    ("hours that can't be read", Policy(hours=("weekdays",)), at("2026-11-24T11:00:00Z"), "policy hours"),
    ("outside a freeze", FREEZE, Facts(now=NOON, calendars=frozen("2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z")), ALLOWED),
    ("within a freeze", FREEZE, Facts(now=NOON, calendars=frozen("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z")), "freezes"),
    ("a hold into a freeze", FREEZE, Facts(now=NOON, hold=7200, calendars=frozen("2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z")), "freezes"),
    ("a calendar that can't be read", FREEZE, Facts(now=NOON, calendars=(Calendar(path="freeze.ics", error="no BEGIN"),)), "freezes"),
    ("a calendar that nobody read", FREEZE, Facts(now=NOON), "freezes"),
    ("enough approvals", PROTECTED, said_yes("grace", "alan"), ALLOWED),
    ("one's own approval", PROTECTED, said_yes("grace", " Ada"), "approvals"),
    ("the same person twice", PROTECTED, said_yes("grace", "Grace"), "approvals"),
    ("approvals of other content", PROTECTED, said_yes("grace", "alan", covers="g"), "approvals"),
    ("approvals that ran out", PROTECTED, said_yes("grace", "alan", until=NOON), "approvals"),
    ("started by nobody", PROTECTED, said_yes("grace", "alan", by=""), "approvals"),
    ("a listed namespace", K8S, facts(py(KILL["chaosk8s"], ns="shop")), ALLOWED),
    ("a listed glob of namespaces", K8S, facts(py(KILL["chaosk8s"], ns="shop-eu")), ALLOWED),
    ("another namespace", K8S, facts(py(KILL["chaosk8s"], ns="kube-system")), "kubernetes"),
    ("no namespace is `default`", K8S, facts(py(KILL["chaosk8s"], label_selector="a=b")), "kubernetes"),
    ("a namespace that nobody knows", K8S, facts(py(KILL["chaosk8s"], ns="${ns}")), "kubernetes"),
    ("a namespace by selector", K8S, facts(py("chaosk8s.chaosmesh.network.actions.add_latency", ns="shop", namespaces_selectors="shop,pay")), "kubernetes"),
    ("deleting another namespace", K8S, facts(py("chaosk8s.namespace.actions.delete_namespace", name="prod")), "kubernetes"),
    ("draining a node", K8S, facts(py("chaosk8s.node.actions.drain_nodes", name="n1")), "kubernetes"),
    ("draining a node under the name of a probe", K8S, facts({**py("chaosk8s.node.actions.drain_nodes"), "type": "probe"}), "kubernetes"),
    ("looking at nodes", K8S, facts(py("chaosk8s.node.probes.get_nodes")), ALLOWED),
    ("applying whatever a file says", K8S, facts(py("chaosk8s.crd.actions.apply_from_yaml", resource="x.yaml", ns="shop")), "kubernetes"),
    ("another cluster behind the same context", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=replace(SEEN, uid="u-2")), "kubernetes"),
    ("another context", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=replace(SEEN, context="prod")), "kubernetes"),
    ("a cluster that does not answer", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=policy.SeenCluster(error="refused")), "kubernetes"),
    ("a cluster that nobody asked", K8S, facts(py(KILL["chaosk8s"], ns="shop"), cluster=None), "kubernetes"),
    ("no UID is no identity", replace(K8S, kubernetes=replace(STAGING, uid="")), facts(py(KILL["chaosk8s"], ns="shop")), "kubernetes"),
    ("a context chosen by secrets", K8S, facts(py(KILL["chaosk8s"], ns="shop"), secrets={"k": {"KUBERNETES_CONTEXT": "prod"}}), "kubernetes"),
    ("the same context chosen by secrets", K8S, facts(py(KILL["chaosk8s"], ns="shop"), secrets={"k": {"KUBERNETES_CONTEXT": "staging"}}), ALLOWED),
    ("a server chosen by secrets", K8S, facts(py(KILL["chaosk8s"], ns="shop"), secrets={"k": {"KUBERNETES_HOST": "https://x"}}), "kubernetes"),
    ("kubectl needs the right cluster, too", replace(K8S, providers=("process:kubectl",)), facts(cmd("kubectl", ["get"]), cluster=replace(SEEN, uid="u-2")), "kubernetes"),
    ("instances of our region", AWS, facts(py(KILL["stop"], az="eu-central-1a")), ALLOWED),
    ("another zone", AWS, facts(py(KILL["stop"], az="us-east-1a")), "aws"),
    ("another region by argument", AWS, facts(py("chaosaws.ssm.actions.send_command", region="us-east-1")), "aws"),
    ("another region by configuration", AWS, facts(py(KILL["stop"]), config={"aws_region": "us-east-1"}), "aws"),
    ("our region by configuration", AWS, facts(py(KILL["stop"]), config={"aws_region": "eu-central-1"}), ALLOWED),
    ("another account by ARN", AWS, facts(py("chaosaws.elbv2.actions.x", load_balancer_arn="arn:aws:elb:eu-central-1:999:x")), "aws"),
    ("another account by profile", AWS, facts(py(KILL["stop"]), config={"aws_profile_name": "prod"}), "aws"),
    ("another account by role", AWS, facts(py(KILL["stop"]), config={"aws_assume_role_arn": "arn:aws:iam::9:role/x"}), "aws"),
    ("another account by keys", AWS, facts(py(KILL["stop"]), secrets={"a": {"aws_access_key_id": "x"}}), "aws"),
    ("credentials of another account", AWS, facts(py(KILL["stop"]), account=replace(IAM, account="999")), "aws"),
    ("the environment's region is another", AWS, facts(py(KILL["stop"]), account=replace(IAM, region="us-east-1")), "aws"),
    ("no account named", replace(AWS, aws=None), facts(py(KILL["stop"])), "aws"),
    ("a tagged instance", TAGGED, facts(py(KILL["stop"], instance_ids=["i-1"])), ALLOWED),
    ("an instance without the tag", TAGGED, facts(py(KILL["stop"], instance_ids=["i-1", "i-2"])), "aws"),
    ("an instance that nobody knows", TAGGED, facts(py(KILL["stop"], instance_ids=["i-3"])), "aws"),
    ("instances by the tag", TAGGED, facts(py(KILL["stop"], filters=[{"Name": "tag:gameday", "Values": ["yes"]}])), ALLOWED),
    ("instances by the tag or another", TAGGED, facts(py(KILL["stop"], filters=[{"Name": "tag:gameday", "Values": ["yes", "no"]}])), "aws"),
    ("groups by the tag", TAGGED, facts(py("chaosaws.asg.actions.suspend_processes", tags=[{"Key": "gameday", "Value": "yes"}])), ALLOWED),
    ("groups by the tag or another", TAGGED, facts(py("chaosaws.asg.actions.suspend_processes", tags="gameday=yes,a=b")), "aws"),
    ("targets that nothing limits", TAGGED, facts(py(KILL["stop"], az="eu-central-1a")), "aws"),
    ("a ready-made scenario of FIS by a glob", AWS, facts(py("chaosaws.fis.actions.start_stress_pod_delete_scenario")), "aws"),
    ("a ready-made scenario of FIS by its name", replace(AWS, providers=("python:chaosaws.fis.actions.start_stress_pod_delete_scenario",)), facts(py("chaosaws.fis.actions.start_stress_pod_delete_scenario")), ALLOWED),
]
# fmt: on


@pytest.mark.parametrize(
    ("rules", "given_facts", "refusing"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table_says_what_may_start(rules: Policy, given_facts: Facts, refusing: str):
    verdicts = policy.check(rules, given_facts)
    refused = [verdict for verdict in verdicts if not verdict.allowed]
    assert {verdict.rule for verdict in refused} == set(refusing.split())
    assert policy.allows(verdicts) is (not refusing)
    assert all(verdict.why and (verdict.allowed or verdict.hint) for verdict in verdicts)


def test_the_table_holds_at_least_sixty_rows_of_both_kinds():
    allowed = sum(row[3] == ALLOWED for row in ROWS)
    assert len(ROWS) >= 60
    assert min(allowed, len(ROWS) - allowed) >= 20


def test_a_password_in_a_url_is_not_in_the_verdict():
    verdicts = policy.check(LOOP, facts(url("http://user:canary@host/")))
    assert "canary" not in str(verdicts)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://a@b/", "user name before @"),
        ("http://b\\c/", "backslashes"),
        ("http://1/", "obfuscated"),
        ("ftp://b/", "not an"),
    ],
)
def test_a_refused_url_says_what_is_wrong_with_it(address: str, why: str):
    (verdict,) = policy.check(LOOP, facts(url(address)))
    assert why in verdict.why


def test_a_cluster_is_asked_only_where_something_may_reach_it():
    shop, unknown = facts(SHOP).documents, facts(py("mine.faults.slow")).documents
    assert not policy.needs(K8S, shop).cluster
    assert policy.needs(K8S, unknown).cluster
    assert policy.needs(TAGGED, facts(py(KILL["stop"], instance_ids=["i-1"])).documents).instances == ("i-1",)


@pytest.mark.parametrize(
    "pattern", ["os", "python:", "python:a b", "process:/a/../b", "http:ftp://x", "http:http://0x7f"]
)
def test_a_pattern_that_can_not_be_read_is_a_mistake(pattern: str):
    assert policy.mistakes(Policy(deny=(pattern,)))


NAMES = st.sampled_from(
    ["os", "os.path", "mine", "mine.faults", "gameday.shop", "gameday.shop.faults", "*", "*.faults"]
)
URLS = st.sampled_from(
    ["http://127.0.0.1:80", "http://localhost:*", "http://loopback", "https://a.example/*", "*://*:*"]
)
PATHS = st.sampled_from(["/bin/sh", "/bin/*", "sh", "*", "/opt/tool"])
PATTERNS = st.one_of(
    NAMES.map("python:{}".format), URLS.map("http:{}".format), PATHS.map("process:{}".format)
)
LISTS = st.lists(PATTERNS, max_size=4).map(tuple)
ACTIONS = st.one_of(
    st.sampled_from(["os.system", "mine.faults.slow", "gameday.shop.faults.x"]).map(py),
    st.sampled_from(
        ["http://127.0.0.1/", "http://localhost:9/", "https://a.example/x", "http://10.0.0.1/"]
    ).map(url),
    st.sampled_from(["/bin/sh", "sh", "/opt/tool"]).map(cmd),
)


def _allowed(rules: Policy, *activities: object) -> bool:
    return policy.allows(policy.check(rules, facts(*activities)))


@given(LISTS, LISTS, ACTIONS)
def test_what_is_denied_is_refused_whatever_allows_it(
    allow: tuple[str, ...], deny: tuple[str, ...], one: object
):
    matched = _allowed(Policy(providers=deny, hosts=("*",)), one)
    if matched:
        assert not _allowed(Policy(providers=allow, deny=deny, hosts=("*",)), one)


@given(LISTS, LISTS, PATTERNS, ACTIONS)
def test_one_more_allowing_pattern_never_refuses_what_was_allowed(
    allow: tuple[str, ...], deny: tuple[str, ...], more: str, one: object
):
    if _allowed(Policy(providers=allow, deny=deny, hosts=("*",)), one):
        assert _allowed(Policy(providers=(*allow, more), deny=deny, hosts=("*",)), one)


@given(st.lists(ACTIONS, min_size=1, max_size=4))
def test_an_empty_policy_allows_no_provider_and_no_policy_only_loopback(actions: list[dict[str, Any]]):
    assert not _allowed(NOTHING, *actions)
    loopback = {"127.0.0.1", "localhost"}
    local = [
        each["provider"].get("module") == "gameday.shop.faults"
        or any(f"//{host}" in each["provider"].get("url", "") for host in loopback)
        for each in actions
    ]
    assert _allowed(LOOP, *actions) is all(local)


@given(st.text(max_size=30))
def test_no_text_as_url_leads_away_from_loopback_under_no_policy(text: str):
    for candidate in (text, f"http://{text}", f"http://127.0.0.1{text}", f"http://{text}127.0.0.1/"):
        if _allowed(LOOP, url(candidate)):
            host = policy.addresses.parse(candidate).host
            assert policy.addresses.is_loopback(host)
            authority = re.split(r"[/?#]", candidate.split("//", 1)[1])[0]  # RFC 3986, 3.2: where it ends
            assert "@" not in authority


def test_an_approval_that_does_not_count_is_reported_with_its_reason() -> None:
    given = (
        Approval(by="ada", covers="f"),
        Approval(by="grace", covers="g"),
        Approval(by="alan", covers="f", until=NOON),
    )
    asked = Facts(now=NOON, approvals=given, by="Ada", fingerprint="f")
    [told] = [each for each in policy.check(PROTECTED, asked) if each.rule == "approvals"]
    assert "0 of 2 other people" in told.why
    assert "ada's does not count: it is not another person's" in told.why
    assert "grace's covers other content" in told.why
    assert "alan's expired at" in told.why
