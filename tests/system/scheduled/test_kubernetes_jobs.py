"""Drills as Kubernetes Jobs, made over HTTP on an API server that keeps names as the real one does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Kind, Record, Recurrence, Schedule, ScheduleId, State
from gameday.core.values import instant
from gameday.formats.settings.reader import Job
from gameday.system.scheduled import kubernetes_jobs
from gameday.system.scheduled.kubernetes_jobs import JobStarter

T = instant(1_800_000_000.0)
RULE = Recurrence(kind=Kind.RRULE, text="FREQ=DAILY", zone="UTC", start="2026-03-01T10:00:00")
SCHEDULE = Schedule(
    schedule=ScheduleId("weekly-latency"), scenario="a.yaml", environment="staging", recurrence=RULE, seed="s",
    lasts=1800.0,
)  # fmt: skip
RECORD = Record(
    schedule=SCHEDULE.schedule, occurrence=T, moment=T, environment="staging", state=State.CLAIMED, decided=T
)
SETTINGS = Job(image="gameday:1", namespace="drills", service_account="gameday", context="here",
               secrets=("gameday-store",))  # fmt: skip


@dataclass(kw_only=True)
class Cluster:
    """An API server that makes Jobs. answer: a status that it gives instead; refusal: with what."""

    made: dict[str, dict] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answer: int = 0
    refusal: object = None


@pytest.fixture
def cluster(tmp_path, monkeypatch) -> Iterator[Cluster]:
    found = Cluster()

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found.asked.append(self.path)
            name = body["metadata"]["name"]
            status = found.answer or (409 if name in found.made else 201)
            if status == 201:
                found.made[name] = body
            message = body if status == 201 else found.refusal or {"kind": "Status", "code": status}
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(message).encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "elsewhere",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setattr(
        "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "kubeconfig")
    )
    yield found
    server.shutdown()
    server.server_close()


def test_an_occurrence_becomes_one_job_however_often_it_is_handed_on(cluster):
    starter = JobStarter(settings=SETTINGS)
    assert starter.start(SCHEDULE, RECORD) is None
    assert starter.start(SCHEDULE, replace(RECORD, holder="another daemon")) is None
    assert cluster.asked == ["/apis/batch/v1/namespaces/drills/jobs"] * 2
    (job,) = cluster.made.values()
    spec, pod = job["spec"], job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (0, 1800 + 600 + 600)
    assert (pod["restartPolicy"], pod["serviceAccountName"]) == ("Never", "gameday")
    assert container["command"] == ["gameday", "worker", "--occurrence", "weekly-latency@1800000000"]
    assert container["envFrom"] == [{"secretRef": {"name": "gameday-store"}}]
    assert pod["terminationGracePeriodSeconds"] > 120


def test_the_next_occurrence_is_another_job(cluster):
    starter = JobStarter(settings=SETTINGS)
    starter.start(SCHEDULE, RECORD)
    starter.start(SCHEDULE, replace(RECORD, occurrence=instant(T + 86_400)))
    assert len(cluster.made) == 2


@pytest.mark.parametrize("status", [403, 422, 500])
def test_a_cluster_that_refuses_is_said(cluster, status):
    cluster.answer = status
    with pytest.raises(NotReady, match=f"the cluster refuses the Job: {status}"):
        JobStarter(settings=SETTINGS).start(SCHEDULE, RECORD)
    assert cluster.made == {}


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        ({"message": "jobs is forbidden:\n drills can't create"}, ": jobs is forbidden: drills can't create"),
        ({"message": "x" * 9000}, f": {'x' * 300}"),
        ({"message": {}}, ": {}"),
        ({"message": "\x1b[31mred\x07\u202e"}, ": [31mred"),
        ({"reason": "Forbidden"}, ""),
        (["message"], ""),
    ],
)
def test_the_clusters_own_message_is_shown(cluster, refusal, message):
    cluster.answer, cluster.refusal = 403, refusal
    with pytest.raises(NotReady) as refused:
        JobStarter(settings=SETTINGS).start(SCHEDULE, RECORD)
    assert refused.value.message == f"the cluster refuses the Job: 403 Forbidden{message}"


def test_a_cluster_that_is_away_or_unknown_is_said(cluster):
    with pytest.raises(NotReady, match="the cluster does not answer"):
        JobStarter(settings=replace(SETTINGS, context="nowhere")).start(SCHEDULE, RECORD)


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?", fullmatch=True), st.integers(0, 4_000_000_000))
def test_a_jobs_name_is_a_dns_label_and_its_own(schedule, occurrence):
    record = replace(RECORD, schedule=ScheduleId(schedule), occurrence=instant(float(occurrence)))
    found = kubernetes_jobs.name(record)
    assert len(found) <= 63
    assert found.replace("-", "").isalnum()
    assert found == found.lower()
    assert not found.endswith("-")
    assert found == kubernetes_jobs.name(replace(record, holder="x"))
    assert found != kubernetes_jobs.name(replace(record, schedule=ScheduleId(schedule + "x")))
    assert found != kubernetes_jobs.name(replace(record, occurrence=instant(float(occurrence + 1))))
