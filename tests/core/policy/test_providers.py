"""Which functions, URLs and commands may be called: a table of rows, one line each, and the laws of denial."""

from __future__ import annotations

import inspect
import posixpath
import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import requests
from hypothesis import assume, given
from hypothesis import strategies as st

from gameday.core import policy
from gameday.core.policy import Document, Facts, Policy, arguments
from gameday.shop import faults
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
    ("no policy: another package of ours", LOOP, facts(py("gameday.system.commands.call")), "providers"),
    ("no policy: the shop's faults on another shop", LOOP, facts(py("gameday.shop.faults.kill_replica", control="http://evil/")), "providers"),
    ("no policy: the shop's faults on a local shop", LOOP, facts(py("gameday.shop.faults.kill_replica", control="http://127.0.0.1:9/")), ALLOWED),
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
    ("every command", only("process:*"), facts(cmd("/opt/bin/x")), ALLOWED),
    ("every command but one", only("process:*", deny=("process:/bin/*",)), facts(cmd("/bin/sh")), "providers"),
    ("a path from home", only("process:*"), facts(cmd("~/x")), "providers"),
    ("a path with a blank, which a shell splits", only("process:*"), facts(cmd("x; y")), "providers"),
    ("a link to a denied command", only("process:/opt/*", deny=("process:/bin/sh",)), facts(cmd("/opt/x"), real_paths={"/opt/x": "/bin/sh"}), "providers"),
    ("a link to what a denied link leads to", only("process:/opt/*", deny=("process:/bin/sh",)), facts(cmd("/opt/x"), real_paths={"/opt/x": "/usr/bin/dash", "/bin/sh": "/usr/bin/dash"}), "providers"),
    ("arguments in one plain text", only("process:kubectl"), facts(cmd("kubectl", "get pods -n shop")), ALLOWED),
    ("arguments in one text that a shell reads", only("process:kubectl"), facts(cmd("kubectl", "get pods; rm -r x")), "providers"),
    ("arguments in one text with a variable", only("process:kubectl"), facts(cmd("kubectl", "get ${x}"), config={"x": "pods"}), "providers"),
    ("a shell's text that a pattern matches whole", only("shell:kubectl get *"), facts(cmd("kubectl", "get ${x}"), config={"x": "pods"}), ALLOWED),
    ("a shell's text that a pattern matches in part", only("shell:kubectl get"), facts(cmd("kubectl", "get ${x}"), config={"x": "pods"}), "providers"),
    ("a star and what ends a command", only("shell:kubectl get *"), facts(cmd("kubectl", "get pods; rm x")), "providers"),
    ("a star and a variable that ends a command", only("shell:kubectl get *"), facts(cmd("kubectl", "get ${x}"), config={"x": "pods\nrm x"}), "providers"),
    ("what ends a command, as it is allowed", only("shell:kubectl get pods; echo *"), facts(cmd("kubectl", "get pods; echo ok")), ALLOWED),
    ("a variable of the environment", only("shell:kubectl get *"), facts(cmd("kubectl", "get ${x}"), config={"x": {"type": "env", "key": "X"}}, variables={"X": "pods|sh"}), "providers"),
    ("a variable that is computed from text", only("shell:kubectl get *"), facts(cmd("kubectl", "get ${x}"), config={"x": {"type": "env", "key": "X", "env_var_type": "json"}}, variables={"X": "1"}), "providers"),
    ("a variable that a probe gives", only("shell:kubectl *"), facts(cmd("kubectl", "get ${x}"), config={"x": {"type": "probe"}}), "providers"),
    ("a variable of the shell's own", only("shell:kubectl get ${HOME}"), facts(cmd("kubectl", "get ${HOME}"), config={"x": "1"}), ALLOWED),
    ("a dollar that is written twice", only("shell:kubectl get $(x)"), facts(cmd("kubectl", "get $$(x)"), config={"x": "1"}), ALLOWED),
    ("a dollar that nothing fills in", only("shell:kubectl get $(x)"), facts(cmd("kubectl", "get $$(x)")), "providers"),
    ("a star of the shell's own", only(r"shell:kubectl get \*"), facts(cmd("kubectl", "get *")), ALLOWED),
    ("a star for a star of the shell's", only("shell:kubectl get *"), facts(cmd("kubectl", "get *")), "providers"),
    ("a denied command in a shell's text", only("shell:kubectl get pods|sh", deny=("process:/bin/sh",)), facts(cmd("kubectl", "get pods|sh"), real_paths={"sh": "/bin/dash", "/bin/sh": "/bin/dash"}), "providers"),
    ("a denied text of a shell", only("shell:kubectl get *", deny=("shell:*secrets*",)), facts(cmd("kubectl", "get ${x}"), config={"x": "secrets"}), "providers"),
    ("a URL in a shell's text", only("shell:curl 'http://*'"), facts(cmd("curl", "'http://evil/'")), "providers"),
    ("arguments that a variable holds as a list", only("process:kubectl"), facts(cmd("kubectl", "${x}"), config={"x": ["get", "pods"]}), ALLOWED),
    ("a shell's text by a process pattern", only("process:*"), facts(cmd("kubectl", "get pods; id")), "providers"),
    ("no policy: a function that faults.py does not publish", LOOP, facts(py("gameday.shop.faults._perform", action="drop-index")), "providers"),
    ("no policy: what faults.py imports", LOOP, facts(py("gameday.shop.faults.GamedayError")), "providers"),
    ("no policy: another module of the shop", LOOP, facts(py("gameday.shop.replicas.database.connect")), "providers"),
    ("no policy: the shop's client", LOOP, facts(py("gameday.shop.client.exchange", method="GET", url="http://127.0.0.1/")), "providers"),
    ("no policy: a control of the shop", LOOP, control("gameday.shop.actions"), "providers"),
    ("an old policy that lists all of the shop", only("python:gameday.shop.*"), facts(py("gameday.shop.actions.run")), "providers"),
    ("an old policy that lists everything", only("python:*"), facts(py("gameday.shop.replicas.database.connect")), "providers"),
    ("a path that continues the host", LOOP, facts(py("gameday.shop.faults.p95_below", seconds=1, path="@evil/")), "providers"),
    ("a path that is another port", LOOP, facts(py("gameday.shop.faults.p95_below", seconds=1, path=":9@evil/")), "providers"),
    ("a path that is a path", LOOP, facts(py("gameday.shop.faults.p95_below", seconds=1, path="/products?category=1")), ALLOWED),
    ("a control server without scheme", LOOP, facts(py("gameday.shop.faults.kill_replica", control="evil:80")), "providers"),
    ("a control server with a tab", LOOP, facts(py("gameday.shop.faults.kill_replica", control="ht\ttp:/\t/evil/")), "providers"),
    ("a control server with a line break", LOOP, facts(py("gameday.shop.faults.kill_replica", control="http:/\n/evil/")), "providers"),
    ("a control server of the environment", LOOP, facts(SHOP, variables={"GAMEDAY_SHOP_CONTROL": "http://evil/"}), "providers"),
    ("a local control server of the environment", LOOP, facts(SHOP, variables={"GAMEDAY_SHOP_CONTROL": "http://127.0.0.1:9"}), ALLOWED),
    ("a URL deep in an argument", LOOP, facts(py("gameday.shop.faults.kill_replica", replica={"a": [["http://evil/"]]})), "providers"),
    ("a URL as a key", LOOP, facts(py("gameday.shop.faults.kill_replica", replica={"http://evil/": 1})), "providers"),
    ("arguments that are no object", LOOP, facts(action(type="python", module="gameday.shop.faults", func="kill_replica", arguments="http://evil/")), "providers"),
    ("the Host header of another", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"HOST ": "evil"})), "providers"),
    ("the Host header of ours", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"Host": "localhost:80"})), ALLOWED),
    ("a Host header that a variable fills", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"host": "${h}"}), config={"h": "evil"}), "providers"),
    ("a header that names another path", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"X-Original-URL": "/admin"})), "providers"),
    ("headers that are no object", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers="Host: evil")), "providers"),
    ("a method that continues as a request line", LOOP, facts(action(type="http", url="http://127.0.0.1/", method="GET http://evil/")), "providers"),
    ("proxies", LOOP, facts(action(type="http", url="http://127.0.0.1/", proxies={"http": "evil:3128"})), "providers"),
    ("a URL in a body", LOOP, facts(action(type="http", url="http://127.0.0.1/", method="POST", arguments={"a": [{"hook": "see HTTP://evil/x"}]})), "providers"),
    ("a URL in a body that is a key", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"http:\\\\evil": 1})), "providers"),
    ("a URL in a body with a tab", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments=["ht\ttp://evil"])), "providers"),
    ("a URL in a body of another scheme", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"to": "gopher://evil:70/"})), "providers"),
    ("a URL in a body that begins with its host", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"to": "//evil/"})), "providers"),
    ("a URL in a body from a default", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"to": "${u}"}), config={"u": {"type": "env", "key": "U", "default": "http://evil"}}), "providers"),
    ("a URL in a body from a secret", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"to": "http://${u}/"}), secrets={"s": {"u": "evil"}}), "providers"),
    ("a local URL in a body", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"to": "http://localhost:1/x"})), ALLOWED),
    ("a secret in a body", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments={"token": "${t}"}), secrets={"s": {"t": "x"}}), ALLOWED),
    ("a URL in a command that nothing lists", only("process:curl"), facts(cmd("curl", ["-s", "http://evil/"])), "providers"),
    ("a URL in a command that a pattern lists", only("process:curl", "http:http://a.example/api/*"), facts(cmd("curl", ["-s", "http://a.example/api/x"])), ALLOWED),
    ("a URL in a command that hosts list", only("process:curl"), facts(cmd("curl", {"--url": "http://127.0.0.1:9/"})), ALLOWED),
    ("a denied URL in a command", only("process:curl", "http:*", deny=("http:http://*/admin",)), facts(cmd("curl", ["http://a.example/%61dmin"])), "providers"),
    ("a URL in an argument that nothing lists", only("python:mine"), facts(py("mine.slow", to={"x": ["ftp://evil/"]})), "providers"),
    ("a denied command that another runs", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["sh", "-c", "x"]), real_paths={"sh": "/bin/dash", "/bin/sh": "/bin/dash"}), "providers"),
    ("a denied command in a list that a variable fills", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["${c}", "-c", "x"]), config={"c": "/bin/sh"}), "providers"),
    ("a denied command in a list that a variable's default fills", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["${c}"]), config={"c": {"type": "env", "key": "C", "default": "/bin/sh"}}), "providers"),
    ("a denied command that a variable completes", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["/bin/${s}"]), config={"s": "sh"}), "providers"),
    ("a denied command that a variable without braces completes", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["/bin/$s"]), config={"s": "sh"}), "providers"),
    ("a denied command as a key that a variable fills", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", {"${s}": "-c"}), config={"s": "/bin/sh"}), "providers"),
    ("a denied command as a value that a variable fills", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", {"-i": "${s}"}), config={"s": "/bin/sh"}), "providers"),
    ("a denied command beside a key that a variable fills alike", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", {"-i": "/bin/sh", "${k}": "x"}), config={"k": "-i"}), "providers"),
    ("a denied command in a list within a variable", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", "${c}"), config={"c": ["-i", "/bin/sh"]}), "providers"),
    ("an argument that only a secret fills, where a command is denied", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["${c}"]), secrets={"s": {"c": "true"}}), "providers"),
    ("an argument that only a secret fills, where none is", only("process:env"), facts(cmd("env", ["${c}"]), secrets={"s": {"c": "true"}}), ALLOWED),
    ("a variable that names what nothing denies", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["${c}", "${undefined}"]), config={"c": "true"}), ALLOWED),
    ("a denied command glued to a long option", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["--split-string=/bin/sh -c x"])), "providers"),
    ("a denied command glued to a short option", only("process:env", deny=("process:sh",)), facts(cmd("env", ["-Ssh -c x"])), "providers"),
    ("a denied command glued to short options", only("process:env", deny=("process:sh",)), facts(cmd("env", ["-vSsh"])), "providers"),
    ("a denied command after two equals signs", only("process:tar", deny=("process:sh",)), facts(cmd("tar", ["--checkpoint-action=exec=sh -c x"])), "providers"),
    ("a denied command in a setting", only("process:git", deny=("process:sh",)), facts(cmd("git", ["-c", "core.pager=sh -c x"])), "providers"),
    ("a denied command in another's program", only("process:awk", deny=("process:sh",)), facts(cmd("awk", ['BEGIN{system("sh -c x")}'])), "providers"),
    ("a denied command glued in a text", only("process:env", deny=("process:sh",)), facts(cmd("env", "-Ssh")), "providers"),
    ("a denied command glued in a shell's text", only("shell:env *", deny=("process:sh",)), facts(cmd("env", "-S${s}"), config={"s": "sh"}), "providers"),
    ("a denied command by a path that climbs", only("process:env", deny=("process:/bin/sh",)), facts(cmd("env", ["x", "/bin/../bin/sh"])), "providers"),
    ("a denied command in quotes", only("process:env", deny=("process:sh",)), facts(cmd("env", ["-S", "s''h -c x"])), "providers"),
    ("a denied command by another path", only("process:env", deny=("process:sh",)), facts(cmd("env", ["x/sh"])), "providers"),
    ("a denied command by its process's root", only("process:env", deny=("process:sh",)), facts(cmd("env", ["/proc/self/root/bin/sh"])), "providers"),
    ("a denied command by wildcards", only("process:find", deny=("process:sh",)), facts(cmd("find", ["/bin/[s]?"])), "providers"),
    ("a star that is no path", only("process:psql", deny=("process:sh",)), facts(cmd("psql", ["-c", "SELECT * FROM t"])), ALLOWED),
    ("a URL within a listed URL", only("http:http://a.example/*"), facts(url("http://a.example/?u=http%3A%2F%2Fevil")), "providers"),
    ("a URL joined to a listed URL", only("http:http://a.example/*"), facts(url("http://a.example/,http://evil/")), "providers"),
    ("a list in a listed URL", only("http:http://a.example/*"), facts(url("http://a.example/x,y?ids=1,2;3&at=[4]")), ALLOWED),
    ("words that only end like a denied command", only("process:kubectl", deny=("process:sh",)), facts(cmd("kubectl", ["get", "mesh", "--refresh", "x/fresh"])), ALLOWED),
    ("a URL that a variable fills beside one that nothing defines", only("process:curl"), facts(cmd("curl", ["${u}/$x"]), config={"u": "http://evil"}), "providers"),
    ("a URL with one slash in a command", only("process:curl"), facts(cmd("curl", ["http:/127.0.0.2:9/x"])), "providers"),
    ("a URL with one slash that hosts list", only("process:curl"), facts(cmd("curl", ["http:/127.0.0.1:9/x"])), ALLOWED),
    ("a denied URL glued to an option", only("process:curl", deny=("http:http://127.0.0.1/admin",)), facts(cmd("curl", ["-xhttp://127.0.0.1/admin"])), "providers"),
    ("a URL in a body in percent signs", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments="x=http%3A%2F%2Fevil.example")), "providers"),
    ("a URL in a body in JSON's escapes", LOOP, facts(action(type="http", url="http://127.0.0.1/", arguments='{"a": "http:\\u002f/evil"}')), "providers"),
    ("a header that names another host by a new name", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"X-Envoy-Original-Dst-Host": "10.0.0.1:80"})), "providers"),
    ("a header whose value is another host", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"X-Tenant": "evil.example"})), "providers"),
    ("a header whose value is one of our hosts", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"X-Tenant": "127.0.0.1:80"})), ALLOWED),
    ("a header that a variable continues", LOOP, facts(action(type="http", url="http://127.0.0.1/", headers={"X": "${v}"}), config={"v": "a\r\nHost: evil"}), "providers"),
    ("a vault elsewhere", LOOP, facts(SHOP, secrets={"s": {"k": {"type": "vault", "path": "x"}}}, config={"vault_addr": "https://evil"}), "providers"),
    ("a denied path in percent signs", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/%61dmin")), "providers"),
    ("a denied path twice in percent signs", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/%2561dmin")), "providers"),
    ("a denied path after two slashes", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h//admin")), "providers"),
    ("a denied path after a hidden climb", only("http:*", deny=("http:http://h/admin/*",)), facts(url("http://h/x/..%2fadmin/")), "providers"),
    ("a denied path with parameters", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/admin;x=1")), "providers"),
    ("a denied path that climbs after parameters", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/x/..;a/admin")), "providers"),
    ("a denied path in capitals", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/ADMIN")), "providers"),
    ("a denied path with a last slash", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/admin/")), "providers"),
    ("a denied path with a last dot", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/admin.")), "providers"),
    ("a denied path in wide letters", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/%EF%BD%81dmin")), "providers"),
    ("a denied path with a backslash in percent signs", only("http:*", deny=("http:http://h/x/admin",)), facts(url("http://h/x%5cadmin")), "providers"),
    ("a denied path that is spelled in its pattern", only("http:*", deny=("http:http://h/%61dmin",)), facts(url("http://h/admin")), "providers"),
    ("a denied path with a query and a fragment", only("http:*", deny=("http:http://h/admin",)), facts(url("http://h/admin?x#y")), "providers"),
    ("a denied host in capitals, with its dot and port", only("http:*", deny=("http:http://h.example/admin",)), facts(url("http://H.Example.:80/admin")), "providers"),
    ("a denied host by the address of every interface", only("http:*", deny=("http:http://127.0.0.1:9",)), facts(url("http://0.0.0.0:9/")), "providers"),
    ("a denied host by a name below localhost", only("http:*", deny=("http:http://localhost:9",)), facts(url("http://x.localhost:9/")), "providers"),
    ("loopback denied by a star", only("http:*", deny=("http:http://127.*:9",)), facts(url("http://localhost:9/")), "providers"),
    ("a denied port with a zero before it", only("http:*", deny=("http:http://h:080/x",)), facts(url("http://h/x")), "providers"),
    ("a path that hides a line break", only("http:*"), facts(url("http://h/x%0d%0aHost:%20evil")), "providers"),
    ("a path that is not UTF-8", only("http:*"), facts(url("http://h/%c0%afadmin")), "providers"),
    ("a path that leaves the listed one when it is decoded", only("http:http://h/api/*"), facts(url("http://h/api%2f..%2f..%2fadmin")), "providers"),
    ("a path that is listed only as it is written", only("http:http://h/api/%61*"), facts(url("http://h/api/a")), ALLOWED),
    ("a path with a blank in percent signs", only("http:http://h/api/A%20b"), facts(url("http://h/api/A%20b")), ALLOWED),
    ("a denial that could never match", only("http:*", deny=("http:http://h/admin?x=1",)), facts(url("http://h/y")), "policy"),
    ("a denial whose path climbs", only("http:*", deny=("http:http://h/x/../admin",)), facts(url("http://h/y")), "policy"),
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
    st.sampled_from(["os.system", "mine.faults.slow", "gameday.shop.faults.kill_replica"]).map(py),
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


CHARACTERS = st.sampled_from(
    [
        "admin",
        "ADMIN",
        "%61dmin",
        "%2561dmin",
        "/",
        "//",
        "/./",
        "..",
        "%2e%2E",
        "%2f",
        "%5c",
        "\\",
        ";a=1",
        "?",
        "#",
        "x",
        ".",
        " ",
        "\t",
        "ä",
        "\u2024",
        "\uff0f",
    ]
)
HOSTS = st.sampled_from(
    [
        "h.example",
        "H.EXAMPLE",
        "h.example.",
        "h%2eexample",
        "u@h.example",
        "h.example:80",
        "h.example:0080",
        "h。example",
        "evil@h.example",
        "evil\\@h.example",
    ]
)


@given(HOSTS, st.lists(CHARACTERS, max_size=7).map("".join), st.sampled_from(["http", "HTTP", " http"]))
def test_a_denied_path_is_denied_in_every_spelling_that_requests_sends_there(
    host: str, rest: str, scheme: str
):
    spelled = f"{scheme}://{host}/{rest}"
    try:
        sent = urlsplit(requests.Request("GET", spelled).prepare().url)
    except (requests.RequestException, UnicodeError):
        return
    assume((sent.hostname or "").rstrip(".") == "h.example" and sent.port in {None, 80})
    everything = Policy(providers=("http:*",), hosts=("*",))
    written = sent.path if "*" not in sent.path else "/"
    rules = replace(everything, deny=(f"http:http://h.example{written}",))
    assert not policy.allows(policy.check(rules, facts(url(spelled))))
    served = posixpath.normpath(unquote(sent.path)).lower()
    if served.lstrip("/") == "admin":
        rules = replace(everything, deny=("http:http://h.example/admin",))
        assert not policy.allows(policy.check(rules, facts(url(spelled))))


@given(HOSTS, st.text(max_size=12))
def test_what_is_allowed_is_sent_where_the_policy_judged_it(host: str, rest: str):
    for spelled in (f"http://{host}/{rest}", f"http://{host}{rest}", f"http:{rest}//{host}"):
        if _allowed(only("http:http://h.example"), url(spelled)):
            sent = urlsplit(requests.Request("GET", spelled).prepare().url or "")
            assert (sent.hostname or "").rstrip(".") == "h.example"
            assert sent.port in {None, 80}


def test_the_shops_faults_are_those_that_the_module_defines_and_publishes():
    defined = {
        name
        for name, value in vars(faults).items()
        if inspect.isfunction(value) and value.__module__ == faults.__name__ and not name.startswith("_")
    }
    assert set(arguments.SHOP_FAULTS) == defined


def test_a_refused_url_is_named_as_it_was_resolved():
    (verdict,) = policy.check(LOOP, facts(url("http://${h}:81/x"), config={"h": "evil.example"}))
    assert "http://evil.example:81/x" in verdict.subject


@given(st.text(max_size=30))
def test_no_text_as_url_leads_away_from_loopback_under_no_policy(text: str):
    for candidate in (text, f"http://{text}", f"http://127.0.0.1{text}", f"http://{text}127.0.0.1/"):
        if _allowed(LOOP, url(candidate)):
            host = policy.addresses.parse(candidate).host
            assert policy.addresses.is_loopback(host)
            authority = re.split(r"[/?#]", candidate.split("//", 1)[1])[0]  # RFC 3986, 3.2: where it ends
            assert "@" not in authority
