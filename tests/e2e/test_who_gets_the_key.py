"""Neither the key that signs histories nor a token reaches what a drill starts."""

import os
from pathlib import Path

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.truth_space import TruthSpace, activity, experiment, finish

pytestmark = pytest.mark.e2e

PLANTED = {
    "GAMEDAY_STORE_KEY": "k" * 40,
    "GAMEDAY_SERVER_TOKEN": "t" * 40,
    "PAGER": "p" * 40,
}
SETTINGS = """
[store]
key = "env:GAMEDAY_STORE_KEY"

[server]
url = "http://127.0.0.1:9"

[integrations.pager]
kind = "pagerduty"
secret = "env:PAGER"

[environments.truth]
base_url = "{url}"

[environments.truth.policy]
providers = ["python:gameday.testing.truth.*", "python:looking.*", "process:/usr/bin/cp", "process:/bin/cp"]
hosts = ["127.0.0.1"]
"""
LOOK = """
import os
from pathlib import Path


def look(file):
    # as the process was started, and as it is now
    seen = Path("/proc/self/environ").read_text().replace(chr(0), chr(10)) + repr(dict(os.environ))
    Path(file).write_text(seen)
    return True
"""


def test_no_child_of_a_drill_gets_them(tmp_path):
    seen = tmp_path / "seen"
    seen.mkdir()
    with TruthServer() as truth:
        made = experiment(truth.url)
        made["method"].append(activity("action", "look", "look", module="looking", file=str(seen / "method")))
        copy = {"type": "process", "path": "/bin/cp", "arguments": f"/proc/self/environ {seen / 'process'}"}
        made["method"].append({"type": "action", "name": "copy", "provider": copy})
        made["rollbacks"].append(
            activity("action", "look again", "look", module="looking", file=str(seen / "rollback"))
        )
        users = f"from looking import look\nlook({str(seen / 'locust')!r})\n"
        space = TruthSpace(tmp_path / "space", PLANTED)
        space.write("looking.py", LOOK)
        space.write("experiments/looking.py", LOOK)
        space.lay_out(truth.url, settings=SETTINGS, made=made, users=users + USERS)
        command = ["sh", "-c", f"env > {seen / 'responder'}"]
        step = {"do": {"command": command}, "timeout": "5s"}
        script = {"responder": "looker", "as": "automation", "steps": [step]}
        space.write("scenarios/responders/looker.yaml", script)
        ended = finish(space.run("--responder", "scenarios/responders/looker.yaml"))
    assert ended.returncode in (0, 1), ended.stderr
    assert {file.name for file in seen.iterdir()} >= {"method", "process", "rollback", "locust", "responder"}
    for file in seen.iterdir():
        text = file.read_text()
        assert not [name for name, value in PLANTED.items() if value in text], file.name
    assert "GAMEDAY_STORE_KEY" not in os.environ
    left = [path for path in Path(space.root).rglob("*") if path.is_file() and path.suffix != ".py"]
    assert not [
        path for path in left if any(value.encode() in path.read_bytes() for value in PLANTED.values())
    ]


USERS = """
from locust import FastHttpUser, constant_throughput, task


class User(FastHttpUser):
    wait_time = constant_throughput(5)

    @task
    def root(self):
        self.client.get("/")
"""
