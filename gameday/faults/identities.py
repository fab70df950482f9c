"""Who answers: the Kubernetes cluster and the AWS account that an experiment would reach.

Comes in: nothing but the environment that the experiment would have. Goes out: context and UID of
kube-system; account, region and tags of instances. Does not: judge, or change anything.

The asking is done by chaosk8s' and chaosaws' own clients, so that it takes the same way as the fault
would; they are imported in a child process only (2 s and 150 MB).

    python -m gameday.faults.identities kubernetes | aws [INSTANCE …]

Goes out on the last line of stdout: {"context", "uid"}, {"account", "region", "tags"} or {"error"}.
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

WITHIN: Seconds = 30.0
"""Seconds that a child may take in all; the keeper asks within those that it is given to inject."""
ANSWER: Seconds = 5.0
"""Seconds that a cluster may take to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildIdentities:
    """`ports.Identities` by child processes. `env` adds to the environment; `within`: seconds for each."""

    env: Mapping[str, str] = field(default_factory=dict)
    within: Seconds = WITHIN

    async def kubernetes_context(self) -> SeenCluster:
        """Give the context in use and the UID of kube-system; never raises."""
        told = await self._ask("kubernetes")
        return SeenCluster(
            context=str(told.get("context", "")), uid=str(told.get("uid", "")), error=_error(told)
        )

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:
        """Give account and region in use, and the tags of instances; never raises."""
        told = await self._ask("aws", *instances)
        account, region = str(told.get("account", "")), str(told.get("region", ""))
        return SeenAccount(account=account, region=region, tags=told.get("tags", {}), error=_error(told))

    async def _ask(self, *words: str) -> dict[str, Any]:
        argv = [sys.executable, "-m", "gameday.faults.identities", *words]
        limits = {"AWS_MAX_ATTEMPTS": "2", "AWS_EC2_METADATA_DISABLED": "true"}
        env = {**limits, **os.environ, **self.env}
        done = await asyncio.to_thread(processes.call, argv, timeout=self.within, env=env)
        lines = done.output.strip().splitlines()
        try:
            told = json.loads(lines[-1])
        except (IndexError, ValueError):
            late = f"no answer within {self.within:g} s"
            ended = f"asking ended with {done.exit_code}: {done.output.strip()[-200:]}"
            return {"error": late if done.exit_code is None else ended}
        return told if isinstance(told, dict) else {"error": "no answer"}


def _error(told: Mapping[str, Any]) -> str:
    return str(told.get("error", ""))


# --- within the child ---


def _kubernetes() -> dict[str, Any]:
    """Ask as chaosk8s would: its own client, the context by KUBERNETES_CONTEXT or the kubeconfig."""
    import chaosk8s  # type: ignore[import-untyped]  # noqa: PLC0415  # in the child only
    from kubernetes import client  # noqa: PLC0415

    context = _context()
    try:
        api = client.CoreV1Api(chaosk8s.create_k8s_api_client({}))
        space = api.read_namespace("kube-system", _request_timeout=ANSWER)
    except Exception as error:  # noqa: BLE001  # whatever client and kubeconfig raise: the context is known all the same
        return {"context": context, "error": _why(error)}
    return {"context": context, "uid": space.metadata.uid if space.metadata else ""}


def _why(error: BaseException) -> str:
    """Say why nobody answered; an HTTP client's own words hold the address thrice."""
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
        raise FileNotFoundError(f"there is no kubeconfig at {chaosk8s.get_config_path()}")
    current = config.list_kube_config_contexts(chaosk8s.get_config_path())[1]  # type: ignore[no-untyped-call]
    return str(os.environ.get("KUBERNETES_CONTEXT") or current["name"])


def _aws(instances: Sequence[str]) -> dict[str, Any]:
    """Ask STS as chaosaws would, and EC2 for the tags of instances."""
    import chaosaws  # type: ignore[import-untyped]  # noqa: PLC0415  # in the child only

    sts = chaosaws.aws_client("sts")
    told = {"account": sts.get_caller_identity()["Account"], "region": sts.meta.region_name, "tags": {}}
    if instances:
        found = chaosaws.aws_client("ec2").describe_instances(InstanceIds=list(instances))
        told["tags"] = {
            one["InstanceId"]: {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
            for reservation in found["Reservations"]
            for one in reservation["Instances"]
        }
    return told


def main(words: Sequence[str]) -> None:
    """Ask, and print what was answered."""
    try:
        told = _kubernetes() if words[0] == "kubernetes" else _aws(words[1:])
    except BaseException as error:  # noqa: BLE001  # the process's edge: chaoslib's InterruptExecution is no Exception
        told = {"error": str(error) if isinstance(error, FileNotFoundError) else _why(error)}
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
