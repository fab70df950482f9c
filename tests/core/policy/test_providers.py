"""Which functions, URLs and commands may be called: a table of rows, one line each, and the laws of denial."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import policy
from gameday.core.policy import Document, Facts, Policy
from tests.core.policy import cases
from tests.core.policy.cases import (
    ALLOWED,
    KILL,
    LOOP,
    NOON,
    NOTHING,
    SHOP,
    action,
    cmd,
    control,
    facts,
    only,
    py,
    url,
    within,
)

# fmt: off
ROWS: list[cases.Row] = [
    # what, policy, facts, the rules that refuse
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
]
# fmt: on


@pytest.mark.parametrize(
    ("rules", "given_facts", "refusing"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table_says_which_providers_may_be_called(rules: Policy, given_facts: Facts, refusing: str):
    cases.must_judge(rules, given_facts, refusing)


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
