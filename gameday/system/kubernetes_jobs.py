"""Drills as Kubernetes Jobs, for the daemon.

Comes in: a claimed occurrence, what a Job is made of. Goes out: a Job whose name is made from schedule and
occurrence, so that a second one is a conflict; its pod runs `gameday worker --occurrence`, which turns the
claim into a start, once, and keeps the record.
Does not: watch the Job; what does not begin is missed when its grace is over. Wait long for an answer.

A Job is never tried again by Kubernetes (backoffLimit 0): a pod that is gone may have left a fault in force,
and whoever reverts it comes first. Its deadline ends what hangs, with SIGTERM, and time to revert.

Format: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gameday.core.errors import NotReady
from gameday.core.plans.schedule import Record, Schedule
from gameday.core.values import Seconds
from gameday.formats.settings.reader import Job

if TYPE_CHECKING:
    from kubernetes.client.exceptions import ApiException

PATIENCE: Seconds = 5.0
REVERT: Seconds = 600.0
"""What a Job gets beyond the drill's own longest time: starting, reverting, and its grace."""
FAREWELL = 150
"""Seconds that a pod has to revert after SIGTERM."""
KEPT = 7 * 86_400
"""Seconds for which Kubernetes keeps a Job that has ended, and its log."""
UNKNOWN: Seconds = 4 * 3600.0
"""The longest time of a drill that names none."""
CONFLICT = 409
LONGEST = 300
"""Characters of an API server's message that are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStarter:
    """`ports.Starter` that makes Jobs."""

    settings: Job

    def start(self, schedule: Schedule, record: Record) -> None:
        """Make the Job of an occurrence, unless there is one. Raises NotReady."""
        from kubernetes import client, config  # noqa: PLC0415  # 0.8 s, once a day or so
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        try:
            api: Any = client.BatchV1Api(_connected(self.settings.context))
            made = job(self.settings, schedule, record)
            api.create_namespaced_job(self.settings.namespace, made, _request_timeout=PATIENCE)
        except ApiException as error:
            if error.status != CONFLICT:
                raise NotReady(f"the cluster refuses the Job: {_refusal(error)}") from error
        except (HTTPError, OSError, config.ConfigException) as error:
            raise NotReady(f"the cluster does not answer: {type(error).__name__}: {error}") from error


def _refusal(error: ApiException) -> str:
    """Give status, reason, and the API server's own message, which names who may not do what.

    Its text is data: one line of at most LONGEST printable characters.
    """
    told = f"{error.status} {error.reason}"
    try:
        message = json.loads(error.body or "")["message"]
    except (ValueError, TypeError, KeyError):
        return told
    printable = "".join(each if each.isprintable() else " " for each in str(message))
    return f"{told}: {' '.join(printable.split())[:LONGEST]}"


def name(record: Record) -> str:
    """Give the Job's name: the same for the same occurrence, a DNS label, different for all others."""
    whole = f"{record.schedule}@{record.occurrence:.0f}"
    plain = re.sub(r"[^a-z0-9-]", "-", record.schedule)[:28].strip("-")
    return f"gameday-{plain}-{record.occurrence:.0f}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def job(settings: Job, schedule: Schedule, record: Record) -> dict[str, object]:
    """Write the Job of an occurrence."""
    labels = {"app.kubernetes.io/name": "gameday", "app.kubernetes.io/component": "drill"}
    labels["gameday/environment"] = _label(record.environment)
    container = {
        "name": "drill",
        "image": settings.image,
        "command": ["gameday", "worker", "--occurrence", f"{record.schedule}@{record.occurrence:.0f}"],
        "workingDir": settings.workdir,
        "envFrom": [{"secretRef": {"name": each}} for each in settings.secrets],
    }
    pod: dict[str, object] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": FAREWELL,
        "containers": [container],
    }
    if settings.service_account:
        pod["serviceAccountName"] = settings.service_account
    longest = schedule.lasts or UNKNOWN
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name(record), "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": int(longest + schedule.grace + REVERT),
            "ttlSecondsAfterFinished": KEPT,
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _label(text: str) -> str:
    """Give a text as a label's value."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", text)[:63].strip("-._") or "unnamed"


def _connected(context: str) -> Any:
    """Give a client of the cluster. Raises ConfigException."""
    from kubernetes import client, config  # noqa: PLC0415

    read: Any = config  # untyped
    if context:
        return read.new_client_from_config(context=context)
    configuration = client.Configuration()
    try:
        read.load_incluster_config(configuration)
    except config.ConfigException:
        return read.new_client_from_config()
    return client.ApiClient(configuration)
