"""Each port has a contract here, which its fake and its adapters keep, or is listed with the reason."""

from __future__ import annotations

from pathlib import Path

from tests.testing.test_fakes import PORTS

HERE = Path(__file__).parent

ELSEWHERE = {
    "FaultKeeper": "a keeper is two processes and a store: tests/faults/test_keeper_client.py",
    "RollbackPlayer": "rollbacks run in a child process that imports chaoslib: tests/faults",
    "LoadDriver": "needs Locust, which takes seconds to start: tests/load",
    "Prober": "probes run in a child process that imports chaoslib: tests/faults",
    "Targets": "asks a cluster or an account by a child process: tests/faults",
    "TargetLease": "needs a cluster: tests/faults/test_cluster_lease.py plays one",
    "Identities": "needs a cluster or an account: tests/faults/test_identities.py plays them",
    "Trail": "needs a server that gives actions: tests/signals/test_trail.py",
    "Starter": "starts processes: tests/system/scheduled/test_drill_processes.py",
    "StartedDrill": "is a process: tests/system/scheduled/test_drill_processes.py",
    "GameDayDrills": "conducts whole drills: tests/e2e",
    "Notices": "has no answer to compare; what is sent goes through Announcer",
}


def test_each_port_has_a_contract_or_a_reason():
    tested = {port.__name__ for port in PORTS if _contract(port).exists()}
    assert tested | set(ELSEWHERE) == {port.__name__ for port in PORTS}
    assert not tested & set(ELSEWHERE)


def test_the_files_that_a_reason_names_exist():
    root = HERE.parent.parent
    named = [
        word.strip(",.") for why in ELSEWHERE.values() for word in why.split() if word.startswith("tests/")
    ]
    assert named
    assert not [name for name in named if not (root / name).exists()]


def _contract(port):
    return HERE / f"test_{port.__module__.rpartition('.')[2]}.py"
