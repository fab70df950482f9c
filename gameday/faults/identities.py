"""Identify the Kubernetes cluster and the AWS account that an experiment would reach.

chaosk8s' and chaosaws' own clients send the requests, so that these go where the fault would go. The clients
are imported in a child process only (2 s and 150 MB):

    python -m gameday.faults.identities kubernetes | aws [INSTANCE …]

It answers on the last line of stdout: {"context", "uid"}, {"account", "region", "tags"} or {"error"}.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gameday.core.policy import SeenAccount, SeenCluster
from gameday.core.values import Seconds
from gameday.system import processes

TIMEOUT: Seconds = 30.0
"""Seconds that a child may take in all; the keeper has to answer an inject command within 45 s."""
REQUEST_TIMEOUT: Seconds = 5.0
"""Seconds that a cluster may take to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildIdentities:
    """`ports.Identities` by child processes. `env` adds to the environment; `within`: seconds for each."""

    env: Mapping[str, str] = field(default_factory=dict)
    within: Seconds = TIMEOUT

    async def kubernetes_context(self) -> SeenCluster:
        """Give the context in use and the UID of kube-system; never raises."""
        answer = await self._ask("kubernetes")
        return SeenCluster(
            context=str(answer.get("context", "")), uid=str(answer.get("uid", "")), error=_error(answer)
        )

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:
        """Give account and region in use, and the tags of instances; never raises."""
        answer = await self._ask("aws", *instances)
        account, region = str(answer.get("account", "")), str(answer.get("region", ""))
        return SeenAccount(account=account, region=region, tags=answer.get("tags", {}), error=_error(answer))

    async def _ask(self, *arguments: str) -> dict[str, Any]:
        argv = [sys.executable, "-m", "gameday.faults.identities", *arguments]
        # Off EC2, botocore would wait for the metadata service before it gives up.
        limits = {"AWS_MAX_ATTEMPTS": "2", "AWS_EC2_METADATA_DISABLED": "true"}
        # In this order, so that the user's own settings win over these limits.
        env = {**limits, **os.environ, **self.env}
        done = await asyncio.to_thread(processes.call, argv, timeout=self.within, env=env)
        lines = done.output.strip().splitlines()
        try:
            answer = json.loads(lines[-1])
        except (IndexError, ValueError):
            late = f"no answer within {self.within:g} s"
            ended = f"asking ended with {done.exit_code}: {done.output.strip()[-200:]}"
            return {"error": late if done.exit_code is None else ended}
        return answer if isinstance(answer, dict) else {"error": "no answer"}


def _error(answer: Mapping[str, Any]) -> str:
    return str(answer.get("error", ""))


# --- In the child process ---


def _kubernetes() -> dict[str, Any]:
    """Ask with chaosk8s' own client; it takes the context from KUBERNETES_CONTEXT or the kubeconfig."""
    import chaosk8s  # type: ignore[import-untyped]  # noqa: PLC0415  # in the child only
    from kubernetes import client  # noqa: PLC0415

    context = _context()
    try:
        api = client.CoreV1Api(chaosk8s.create_k8s_api_client({}))
        # A cluster has no id of its own; every cluster has this namespace, with a UID of its own.
        namespace = api.read_namespace("kube-system", _request_timeout=REQUEST_TIMEOUT)
    except Exception as error:  # noqa: BLE001  # whatever client and kubeconfig raise, the context is known
        return {"context": context, "error": _why(error)}
    return {"context": context, "uid": namespace.metadata.uid if namespace.metadata else ""}


def _why(error: BaseException) -> str:
    """Explain why nobody answered; the HTTP client's own message repeats the address three times."""
    pool, reason = getattr(error, "pool", None), str(getattr(error, "reason", ""))
    if pool is not None:
        return f"{pool.host}:{pool.port} does not answer: {reason.rpartition(': ')[2].rstrip(')')}"
    if status := getattr(error, "status", None):
        return f"it answers {status} {reason}"
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def _context() -> str:
    import chaosk8s  # noqa: PLC0415
    from kubernetes import config  # noqa: PLC0415

    if not chaosk8s.has_local_config_file():
        if os.environ.get("CHAOSTOOLKIT_IN_POD") == "true":
            return "in-cluster"
        if os.environ.get("KUBERNETES_HOST"):
            return "KUBERNETES_HOST"
        # chaosk8s would fall back to http://localhost:80 without a word.
        raise FileNotFoundError(f"no kubeconfig at {chaosk8s.get_config_path()}")
    current = config.list_kube_config_contexts(chaosk8s.get_config_path())[1]  # type: ignore[no-untyped-call]
    return str(os.environ.get("KUBERNETES_CONTEXT") or current["name"])


def _aws(instances: Sequence[str]) -> dict[str, Any]:
    """Ask STS as chaosaws would, and EC2 for the tags of instances."""
    import chaosaws  # type: ignore[import-untyped]  # noqa: PLC0415  # in the child only

    sts = chaosaws.aws_client("sts")
    answer = {"account": sts.get_caller_identity()["Account"], "region": sts.meta.region_name, "tags": {}}
    if instances:
        described = chaosaws.aws_client("ec2").describe_instances(InstanceIds=list(instances))
        answer["tags"] = {
            instance["InstanceId"]: {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
            for reservation in described["Reservations"]
            for instance in reservation["Instances"]
        }
    return answer


def main(arguments: Sequence[str]) -> None:
    """Ask, and print the answer."""
    try:
        answer = _kubernetes() if arguments[0] == "kubernetes" else _aws(arguments[1:])
    except BaseException as error:  # noqa: BLE001  # the process's outer edge: chaoslib's InterruptExecution is not an Exception
        answer = {"error": str(error) if isinstance(error, FileNotFoundError) else _why(error)}
    # On a line of its own: client libraries may have printed something without a line end.
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
