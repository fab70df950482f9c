"""Identify the Kubernetes cluster and the AWS account that an experiment would reach.

The child first writes settings that hold what is in use and nothing else (`clouds`), then asks through them:
a drill's processes get what was verified. chaosk8s' and chaosaws' own clients send the requests, so that
these go where the fault would go. The clients are imported in a child process only (2 s and 150 MB):

    python -m gameday.faults.identities kubernetes FOLDER [with-aws]
    python -m gameday.faults.identities aws FOLDER [INSTANCE …]

It answers on the last line of stdout: {"context", "uid"}, {"account", "region", "tags", "variables"} or
{"error"}.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.core.policy import Policy, SeenAccount, SeenCluster
from gameday.core.values import Seconds
from gameday.faults.clouds import aws_settings, clients, kubeconfig
from gameday.faults.clouds.clients import CloudClients
from gameday.system import child_environment, commands

TIMEOUT: Seconds = 30.0
"""Seconds that a child may take in all; the keeper has to answer an inject command within 45 s."""
REQUEST_TIMEOUT: Seconds = 5.0
"""Seconds that a cluster may take to answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildIdentities:
    """`ports.Identities` by child processes.

    env      adds to the environment
    within   seconds for each
    clients  what the drill's processes reach; without them, nothing of what was asked is kept
    """

    env: Mapping[str, str] = field(default_factory=dict)
    within: Seconds = TIMEOUT
    clients: CloudClients | None = None
    _unverified: dict[str, str] = field(default_factory=dict)
    """Why a kind was not adopted, by kind; empty where it was."""

    async def kubernetes_context(self) -> SeenCluster:
        """Give the context in use and the UID of kube-system; never raises."""
        also = self.clients is not None and self.clients.rules.aws is not None
        answer = await self._ask("kubernetes", *(["with-aws"] if also else []))
        seen = SeenCluster(
            context=str(answer.get("context", "")), uid=str(answer.get("uid", "")), error=_error(answer)
        )
        if self.clients is not None:
            self._unverified["kubernetes"] = self.clients.adopt_cluster(seen)
        return seen

    async def aws_account(self, instances: Sequence[str]) -> SeenAccount:
        """Give account and region in use, and the tags of instances; never raises."""
        answer = await self._ask("aws", *instances)
        account, region = str(answer.get("account", "")), str(answer.get("region", ""))
        seen = SeenAccount(account=account, region=region, tags=answer.get("tags", {}), error=_error(answer))
        if self.clients is not None:
            variables = answer.get("variables", {})
            self._unverified["aws"] = self.clients.adopt_account(seen, variables)
        return seen

    async def verify(self) -> Mapping[str, str]:
        """Ask for what was not asked for yet; give why none is used, by kind: `kubernetes`, `aws`."""
        rules = self.clients.rules if self.clients else Policy()
        if rules.kubernetes is not None and "kubernetes" not in self._unverified:
            await self.kubernetes_context()
        if rules.aws is not None and "aws" not in self._unverified:
            await self.aws_account(())
        return {kind: why for kind, why in self._unverified.items() if why}

    async def hold(self) -> Sequence[str]:
        """Let every process of the drill reach only what was identified; explain what none of them gets."""
        names = {"kubernetes": "Kubernetes cluster", "aws": "AWS account"}
        unverified = await self.verify()
        return tuple(f"no process gets {names[kind]} access: {why}" for kind, why in unverified.items())

    async def _ask(self, kind: str, *arguments: str) -> dict[str, Any]:
        if self.clients is not None:
            # From the user's own settings, not from the last ones made.
            with child_environment.applied(self.clients.source()):
                return await self._answer(kind, str(self.clients.folder), *arguments)
        with tempfile.TemporaryDirectory(prefix="gameday-") as folder:
            return await self._answer(kind, folder, *arguments)

    async def _answer(self, *arguments: str) -> dict[str, Any]:
        # -P: a workspace's own kubernetes.py or boto3.py must not be run before the policy is asked.
        argv = [sys.executable, "-P", "-m", "gameday.faults.identities", *arguments]
        # Off EC2, botocore would wait for the metadata service before it gives up.
        limits = {"AWS_MAX_ATTEMPTS": "2", aws_settings.NO_METADATA: "true"}
        # The user's own settings win over these limits.
        env = {name: value for name, value in limits.items() if name not in os.environ} | {**self.env}
        done = await asyncio.to_thread(commands.call, argv, timeout=self.within, env=env)
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


def _kubernetes(folder: Path, *, with_aws: bool) -> dict[str, Any]:
    """Ask with chaosk8s' own client, through a kubeconfig that holds the context in use alone."""
    path = folder / clients.KUBECONFIG
    context = kubeconfig.freeze(os.environ, path, with_aws=with_aws)
    os.environ.update({"KUBECONFIG": str(path), "KUBERNETES_CONTEXT": context})
    import chaosk8s  # type: ignore[import-untyped]  # noqa: PLC0415  # in the child only
    from kubernetes import client  # noqa: PLC0415
    from kubernetes.config import kube_config  # noqa: PLC0415

    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = str(path)  # read from the environment when it was imported
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


def _aws(folder: Path, instances: Sequence[str]) -> dict[str, Any]:
    """Ask STS as chaosaws would, through the profile in use alone, and EC2 for the tags of instances."""
    variables = aws_settings.freeze(os.environ, folder)
    for name, value in variables.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    import chaosaws  # type: ignore[import-untyped]  # noqa: PLC0415  # in the child only

    sts = chaosaws.aws_client("sts")
    account = sts.get_caller_identity()["Account"]
    answer = {"account": account, "region": sts.meta.region_name, "tags": {}, "variables": variables}
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
        kind, folder, *more = arguments
        if kind == "kubernetes":
            answer = _kubernetes(Path(folder), with_aws="with-aws" in more)
        else:
            answer = _aws(Path(folder), more)
    except BaseException as error:  # noqa: BLE001  # the process's outer edge: chaoslib's InterruptExecution is not an Exception
        answer = {"error": str(error) if isinstance(error, FileNotFoundError) else _why(error)}
    # On a line of its own: client libraries may have printed something without a line end.
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
