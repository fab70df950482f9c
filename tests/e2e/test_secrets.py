"""Canaries in every way by which a secret comes into a drill, looked for in everything that it leaves."""

import json
import secrets
import threading
import time
import zipfile
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.truth_space import TruthSpace, activity, experiment, finish

pytestmark = pytest.mark.e2e

WAYS = (
    "secret-env secret-static config-env config-dynamic header argument base-url alerts-url trail-url "
    "aws-key server-token pager-env pager-file database-url locust-env probe-header up-hook"
)
CANARY = {way: f"canary-{way}-{secrets.token_hex(8)}" for way in WAYS.split()}

ENVIRONMENT = {
    "EXP_ONE": CANARY["secret-env"],
    "EXP_TWO": CANARY["config-env"],
    "AWS_SECRET_ACCESS_KEY": CANARY["aws-key"],
    "GAMEDAY_SERVER_TOKEN": CANARY["server-token"],
    "PAGER": CANARY["pager-env"],
    "DATABASE_URL": f"postgresql://ada:{CANARY['database-url']}@127.0.0.1/db",
    "SHOP_TOKEN": CANARY["locust-env"],
    "UP_PASSWORD": CANARY["up-hook"],
}

SETTINGS = """
[server]
url = "http://127.0.0.1:9"

[integrations.pager]
kind = "pagerduty"
secret = "env:PAGER"

[integrations.other]
kind = "opsgenie"
secret = "file:pager.secret"

[environments.truth]
base_url = "{base_url}"
trail = "{trail}"
alerts = {{alertmanager = "{alerts}"}}

[environments.truth.policy]
providers = ["python:gameday.testing.truth.*", "python:canaries.*", "http:http://127.0.0.1:*"]
hosts = ["127.0.0.1"]

[environments.down]
base_url = "http://127.0.0.1:9"
up = ["sh", "-c", "echo up with $UP_PASSWORD; exit 3"]

[environments.walled]
base_url = "http://ada:{password}@127.0.0.1:9"

[environments.down.policy]
providers = ["python:gameday.testing.truth.*", "python:canaries.*", "http:http://127.0.0.1:*"]
hosts = ["127.0.0.1"]
"""

MODULE = """
import os
import sys
from hashlib import sha256
from gameday.testing import truth


def dynamic():
    return open("dynamic.txt").read()


def tell(api_token, others, secrets=None):
    print(api_token, others, secrets, dict(os.environ), file=sys.stderr)
    print(api_token, others, secrets, dict(os.environ))
    return {"given": [api_token, others, secrets], "environment": dict(os.environ)}


def fail(api_token, others, secrets=None):
    raise ValueError(f"{api_token} {others} {secrets} {dict(os.environ)}")


def off(url, api_token, digest):
    assert sha256(api_token.encode()).hexdigest() == digest
    return truth.order(url, "off") + api_token
"""

USERS = """
import os
from locust import FastHttpUser, constant_throughput, task

print("the token is", os.environ["SHOP_TOKEN"], dict(os.environ))


class User(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def root(self):
        self.client.get("/?token=" + os.environ["SHOP_TOKEN"])
        print("asked", self.host, os.environ["DATABASE_URL"])
"""

RESPONDER = {
    "responder": "talker",
    "as": "automation",
    "steps": [
        {"do": {"command": ["sh", "-c", "env; echo $AWS_SECRET_ACCESS_KEY; exit 1"]}, "timeout": "5s"},
        {
            "do": {"command": ["sh", "-c", "cat pager.secret; echo $PAGER $GAMEDAY_SERVER_TOKEN"]},
            "timeout": "5s",
        },
    ],
}


def leaky(url):
    """Make an experiment that tells all its secrets."""
    others = ["${api_token}", "${dynamic_password}"]
    given = {"api_token": CANARY["argument"], "others": others}
    authorized = {"Authorization": f"Bearer {CANARY['header']}", "X-Api-Key": CANARY["header"]}
    asked = {
        "type": "probe",
        "name": "ask with a header",
        "provider": {"type": "http", "url": f"{url}/health", "headers": authorized},
    }
    tell = activity("action", "tell", "tell", "canaries", **given)
    fail = activity("probe", "fail", "fail", "canaries", **given)
    for each in (tell, fail):
        each["provider"]["secrets"] = ["shop"]
    digest = sha256(CANARY["argument"].encode()).hexdigest()
    off = activity("action", "off", "off", "canaries", url=url, api_token=CANARY["argument"], digest=digest)
    made = experiment(url)
    return {
        **made,
        "secrets": {
            "shop": {"one": {"type": "env", "key": "EXP_ONE"}, "static": CANARY["secret-static"]},
        },
        "configuration": {
            "api_token": {"type": "env", "key": "EXP_TWO"},
            "dynamic_password": activity("probe", "dynamic", "dynamic", "canaries"),
        },
        "method": [*made["method"], asked, tell, fail],
        "rollbacks": [off],
    }


@contextmanager
def registry():
    """A monitor at which receivers register: gives the URLs that it was told."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["url"])
            self.send_response(200)
            self.end_headers()

        def do_DELETE(self):
            self.do_POST()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, told
    finally:
        server.shutdown()
        server.server_close()


def titles(child, seen):
    """Collect the command lines of all processes while a command runs."""
    while child.poll() is None:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(file.read_bytes())
            except OSError:
                continue
        time.sleep(0.05)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Run the drill; give, by name, everything in which nothing secret may stand."""
    root = tmp_path_factory.mktemp("secrets")
    with TruthServer() as server, registry() as (port, told):
        settings = SETTINGS.format(
            base_url=server.url,
            trail=f"http://ada:{CANARY['trail-url']}@127.0.0.1:9/trail",
            alerts=f"http://ada:{CANARY['alerts-url']}@127.0.0.1:{port}/receivers",
            password=CANARY["base-url"],
        )
        space = TruthSpace(root, env=ENVIRONMENT)
        headers = {"Authorization": f"Bearer {CANARY['probe-header']}"}
        provider = {"type": "http", "url": f"{server.url}/health", "headers": headers}
        probe = {"type": "probe", "name": "well", "provider": provider}
        space.lay_out(
            server.url,
            users=USERS,
            made=leaky(server.url),
            guardrails=[{"probe": probe, "tolerance": 200, "every": "1s"}],
            responders="automation",
        )
        space.write("gameday.toml", settings)
        space.write("canaries.py", MODULE)
        space.write("dynamic.txt", CANARY["config-dynamic"])
        space.write("pager.secret", CANARY["pager-file"] + "\n")
        space.write("scenarios/responders/quick.yaml", RESPONDER)
        child = space.run("--responder", "scenarios/responders/quick.yaml")
        seen = set()
        watching = threading.Thread(target=titles, args=(child, seen))
        watching.start()
        ended = finish(child)
        watching.join()
        down = finish(space.run("--environment", "down"))
        walled = finish(space.run("--environment", "walled"))
        plan = finish(space.start("run", "scenarios/quick.yaml", "--environment", "walled", "--dry-run"))
        assert ended.stdout, ended.stderr
        drill = json.loads(ended.stdout)["drill"]
        assert drill, ended.stderr
        exported = finish(space.start("export", drill, "drill.zip"))
        flips = [flip.fault for flip in server.flips]
    texts = {}
    told_by = {"run": ended, "down": down, "walled": walled, "plan": plan, "export": exported}
    for name, done in told_by.items():
        texts[f"stdout of {name}"], texts[f"stderr of {name}"] = done.stdout.encode(), done.stderr.encode()
    for file in (root / ".gameday").rglob("*"):
        if file.is_file():
            texts[str(file.relative_to(root))] = file.read_bytes()
    with zipfile.ZipFile(root / "drill.zip") as zipped:
        texts.update({f"drill.zip {name}": zipped.read(name) for name in zipped.namelist()})
    texts["titles"] = b"\n".join(seen)
    token = told[0].split("/")[3] if told else ""
    return {"texts": texts, "ended": ended, "down": down, "plan": plan, "flips": flips, "token": token}


def test_the_drill_went_its_way_with_its_real_secrets(left):
    result = json.loads(left["ended"].stdout)
    assert result["reverted"] is True, left["ended"].stderr
    assert left["flips"] == ["errors", ""]
    history = next(
        text for name, text in left["texts"].items() if name.endswith(f"{result['drill']}/history.jsonl")
    )
    facts = [json.loads(line) for line in history.splitlines()]
    finished = {f["fact"]["activity"]: f["fact"] for f in facts if f["kind"] == "ActivityFinished"}
    assert {name: fact["status"] for name, fact in finished.items()} == {
        "turn it on": "succeeded",
        "ask with a header": "succeeded",
        "tell": "succeeded",
        "fail": "failed",
        "off": "succeeded",
    }
    assert all("***" in finished[name]["output"] for name in ("tell", "off"))
    assert left["down"].returncode == 5
    assert "up with ***" in left["down"].stderr
    assert "http://***@127.0.0.1:9" in left["plan"].stdout


@pytest.mark.parametrize("way", CANARY)
def test_no_canary_is_in_anything_that_the_drill_leaves(left, way):
    wanted = CANARY[way].encode()
    assert [name for name, text in left["texts"].items() if wanted in text] == []


def test_the_receiver_s_token_is_nowhere(left):
    assert len(left["token"]) > 20
    assert [name for name, text in left["texts"].items() if left["token"].encode() in text] == []


def test_titles_were_seen_and_the_files_are_all_there(left):
    assert b"gameday.keeper" in left["texts"]["titles"]
    assert b"locust" in left["texts"]["titles"]
    names = {name.rpartition("/")[2] for name in left["texts"]}
    assert names >= {"gameday.db", "history.jsonl", "load.jsonl", "journal.json", "locust.log", "result.json"}
    assert "sealed.json" not in names
