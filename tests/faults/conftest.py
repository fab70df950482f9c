import asyncio
import socket
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from gameday.faults.child_queries import ChildQueries
from gameday.faults.cluster_lease import ClusterLease
from gameday.ports import Lease
from gameday.system import processes
from tests import ports
from tests.faults import cluster as clusters
from tests.faults.building import DRILL
from tests.faults.target import Target


@pytest.fixture
def target():
    service = Target()
    yield service
    service.close()


class Asking:
    """Questions to one warm child process, for many tests."""

    def __init__(self):
        self.runner = asyncio.Runner()
        self.questions = ChildQueries(DRILL, cwd=Path.cwd())

    def run(self, work):
        return self.runner.run(work)

    def close(self):
        self.runner.run(self.questions.close())
        self.runner.close()


@pytest.fixture(scope="module")
def kubernetes(tmp_path_factory):
    """A cluster on loopback, and questions to a child process that would reach it."""
    with clusters.running() as (cluster, url), pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBERNETES_HOST", url)
        patch.setenv("KUBECONFIG", str(tmp_path_factory.mktemp("kube") / "none"))
        asking = Asking()
        yield cluster, asking
        asking.close()


@pytest.fixture
def cluster(kubernetes):
    """The cluster, empty."""
    kubernetes[0].objects.clear()
    return kubernetes[0]


@pytest.fixture
def asking(kubernetes):
    """Questions to a child process that reaches the cluster."""
    return kubernetes[1]


@pytest.fixture
def play(cluster, asking):
    """Takes (lease) and releases (None, lease) in order with one laptop; gives what each take said."""
    leases = ClusterLease("shop", asking.questions)

    async def in_order(acts):
        said = [await leases.take(act) for act in acts if isinstance(act, Lease)]
        for act in acts:
            if not isinstance(act, Lease):
                await leases.release(act[1])
        return said

    return lambda *acts: asking.run(in_order(acts))


@pytest.fixture(scope="session")
def moto_url():
    """AWS on loopback, as a process of its own."""
    port = ports.free()
    child = processes.start([sys.executable, "-m", "moto.server", "-p", str(port)])
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.kill()


@pytest.fixture(scope="module")
def amazon(moto_url):
    """AWS on loopback for boto3 here, and questions to a child process that would reach it."""
    given = {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        asking = Asking()
        yield moto_url, asking
        asking.close()


@pytest.fixture
def aws(amazon):
    """Questions to a child process that reaches an empty AWS."""
    url, asking = amazon
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
    return asking


def _wait_for(port):
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < end, "moto_server does not answer"
            time.sleep(0.05)
        else:
            return
