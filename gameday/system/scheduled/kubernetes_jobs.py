"""Starts scheduled drills as Kubernetes Jobs.

The Job's name is made from schedule and occurrence, so that creating a second one is a conflict. Its pod runs
`gameday worker --occurrence`, which turns the claim into a start, once, and keeps the record. The Job is not
watched: a drill that has not begun when its grace is over counts as missed.

Kubernetes never retries the Job (backoffLimit 0): a pod that is gone may have left a fault in force, and that
has to be reverted first. The Job's deadline ends a drill that hangs with SIGTERM, and leaves it time to
revert.

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

REQUEST_TIMEOUT: Seconds = 5.0
REVERT: Seconds = 600.0
"""What a Job gets on top of the drill's longest time and grace, for starting and reverting."""
TERMINATION_GRACE = 150
"""Seconds that a pod has to revert after SIGTERM."""
KEEP_FINISHED = 7 * 86_400
"""Seconds for which Kubernetes keeps a Job that has ended, and its log."""
DEFAULT_DURATION: Seconds = 4 * 3600.0
"""Assumed for a drill that gives no longest time."""
CONFLICT = 409
MESSAGE_LIMIT = 300
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
            body = job(self.settings, schedule, record)
            api.create_namespaced_job(self.settings.namespace, body, _request_timeout=REQUEST_TIMEOUT)
        except ApiException as error:
            if error.status != CONFLICT:
                raise NotReady(f"the cluster refuses the Job: {_refusal(error)}") from error
        except (HTTPError, OSError, config.ConfigException) as error:
            raise NotReady(f"the cluster does not answer: {type(error).__name__}: {error}") from error


def _refusal(error: ApiException) -> str:
    """Give status, reason, and the API server's own message, which names who may not do what.

    The message is untrusted: it becomes one line of at most MESSAGE_LIMIT printable characters.
    """
    status = f"{error.status} {error.reason}"
    try:
        message = json.loads(error.body or "")["message"]
    except (ValueError, TypeError, KeyError):
        return status
    printable = "".join(character if character.isprintable() else " " for character in str(message))
    return f"{status}: {' '.join(printable.split())[:MESSAGE_LIMIT]}"


def name(record: Record) -> str:
    """Give the Job's name: the same for the same occurrence, a DNS label, different for all others."""
    whole = f"{record.schedule}@{record.occurrence:.0f}"
    plain = re.sub(r"[^a-z0-9-]", "-", record.schedule)[:28].strip("-")
    # The hash keeps names apart that are alike once they are cut or their characters replaced.
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
        "terminationGracePeriodSeconds": TERMINATION_GRACE,
        "containers": [container],
    }
    if settings.service_account:
        pod["serviceAccountName"] = settings.service_account
    longest = schedule.lasts or DEFAULT_DURATION
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name(record), "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": int(longest + schedule.grace + REVERT),
            "ttlSecondsAfterFinished": KEEP_FINISHED,
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
    # Without one of its own, load_incluster_config changes the default of the whole process.
    configuration = client.Configuration()
    try:
        read.load_incluster_config(configuration)
    except config.ConfigException:
        return read.new_client_from_config()
    return client.ApiClient(configuration)
