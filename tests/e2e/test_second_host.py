"""Two hosts on one PostgreSQL store: one conducts, the other takes over when the first is gone."""

import json
import os
import signal
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.conftest import eventually
from tests.e2e.truth_space import TruthSpace, finish
from tests.faults import cluster as clusters
from tests.postgresql import KEY, KEY_SETTING, PASSWORD

pytestmark = pytest.mark.e2e

SETTINGS = """
[store]
url = "{store}"
{key}

[environments.truth]
base_url = "{url}"
kubernetes = {{context = "KUBERNETES_HOST", cluster_uid = "uid-of-kube-system", namespaces = ["shop"]}}

[environments.truth.policy]
providers = ["python:gameday.testing.truth.*"]
hosts = ["127.0.0.1"]
max_hold = "10m"
"""
PHASES = {"baseline": "1s", "onset": "120s", "response": "120s", "verify": "1s"}


class Hosts:
    """Two workspaces of two hosts; the second serves."""

    def __init__(self, folder, truth, store, env):
        self.truth = truth
        settings = SETTINGS.replace("{store}", store).replace("{key}", KEY_SETTING)
        self.one, self.other = (
            TruthSpace(folder / name, {**env, "GAMEDAY_HOST": f"host-{name}"}) for name in ("a", "b")
        )
        for space in (self.one, self.other):
            space.lay_out(truth.url, settings=settings, hold="100s", phases=PHASES)
        self.daemon = None

    def serve(self):
        self.daemon = self.other.start("serve")
        eventually(lambda: "serving" in self.daemon.stderr.readline())

    def drill(self):
        """Start a drill on the first host, and wait until its fault is in force."""
        before = len(self.truth.flips)
        child = self.one.run()
        try:
            eventually(lambda: len(self.truth.flips) > before or child.poll() is not None)
            assert child.poll() is None, child.stderr.read()
        except BaseException:
            child.kill()
            raise
        return child

    def rows(self):
        return json.loads(finish(self.other.start("list", "--json")).stdout)

    def history(self, drill):
        """Give the drill's facts as the store holds them."""
        file = self.other.root / f"{drill}.zip"
        shown = finish(self.other.start("export", drill, str(file)))
        assert shown.returncode == 0, shown.stderr
        with zipfile.ZipFile(file) as parts:
            name = next(name for name in parts.namelist() if name.endswith("history.jsonl"))
            return [json.loads(line) for line in parts.read(name).splitlines()]


def of_host(name):
    """List the processes that think that they run on a host, but its daemon."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"GAMEDAY_HOST={name}".encode() in environment:
            yield int(entry.name)


def titles():
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield file.read_bytes()
        except OSError:
            continue


@pytest.fixture(scope="module")
def hosts(server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hosts")
    with clusters.running() as (cluster, url), TruthServer() as truth:
        cluster.namespaces.add("kube-system")
        env = {**KEY, "KUBERNETES_HOST": url, "KUBECONFIG": str(folder / "none")}
        made = Hosts(folder, truth, server.url(), env)
        yield made
        for name in ("host-a", "host-b"):
            for pid in of_host(name):
                with suppress(ProcessLookupError):  # it ended with another
                    os.kill(pid, signal.SIGKILL)


def test_a_held_fault_is_refused_while_no_other_host_stands_by(hosts):
    ended = finish(hosts.one.run())
    assert ended.returncode == 5
    assert "nobody would revert" in ended.stderr
    assert hosts.truth.flips == []


def test_an_abort_reaches_the_drill_from_another_host_and_no_title_tells_the_password(hosts):
    hosts.serve()
    child = hosts.drill()
    seen = [title for title in titles() if PASSWORD.encode() in title]
    aborted = finish(hosts.other.start("abort", "--reason", "real-incident"))
    ended = finish(child)
    assert (aborted.returncode, ended.returncode) == (0, 3), aborted.stderr + ended.stderr
    assert [flip.fault for flip in hosts.truth.flips] == ["errors", ""]
    assert seen == []
    facts = hosts.history(json.loads(ended.stdout)["drill"])
    checked = [f["fact"] for f in facts if f["kind"] == "PreflightChecked"]
    assert next(c for c in checked if c["check"] == "another host can revert")["detail"].startswith(
        "host-b can revert"
    )
    assert [f["fact"]["reason"] for f in facts if f["kind"] == "AbortRequested"] == ["real-incident"]


def test_when_a_host_goes_the_other_reverts_and_closes_its_drill(hosts):
    before = len(hosts.truth.flips)
    child = hosts.drill()
    gone = list(of_host("host-a"))
    for number in (signal.SIGSTOP, signal.SIGKILL):  # all at once: none sees another die
        for pid in gone:
            os.kill(pid, number)
    child.wait()
    died = time.time()
    assert len(gone) >= 5
    eventually(lambda: len(hosts.truth.flips) == before + 2, within=90)
    assert hosts.truth.flips[-1].fault == ""
    assert hosts.truth.flips[-1].at - died < 60
    row = eventually(lambda: hosts.rows()[0]["closed"] and hosts.rows()[0])
    facts = hosts.history(row["drill"])
    claimed = [f["fact"] for f in facts if f["kind"] == "RevertClaimed"][-1]
    assert (claimed["by"], claimed["host"]) == ("worker", "host-b")
    assert [f["fact"] for f in facts if f["kind"] == "DrillClosed"] == [{"how": "aborted", "reverted": True}]
