"""Give every process of a drill the verified cluster and account, and no other.

A drill on an environment whose policy names a cluster or an account gets settings of its own: a kubeconfig
with one context, AWS settings with one profile. The child that asks for the identity writes them first and
then asks through them, so that they are what was verified; a later edit of the user's files does not reach
them. Until they are verified, and where they are not the environment's, they lead nowhere.

They are kept in the user's state folder: a kubeconfig may name a command that is run, and one that came with
somebody else's workspace must never be used.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gameday.core.policy import Policy, SeenAccount, SeenCluster
from gameday.faults.clouds import aws_settings, kubeconfig, private_files
from gameday.system.child_environment import EnvironmentChanges
from gameday.system.state_folder import state_folder, state_folders

Variables = Mapping[str, str | None]
"""Changes of an environment; None removes a variable."""

KUBECONFIG, NO_CLUSTER, SAVED = "kubeconfig", "kubeconfig-none", "clients.json"
"""Names of files in a drill's folder; the last has the variables, without any secret."""
FILES = (KUBECONFIG, NO_CLUSTER, aws_settings.CONFIG, aws_settings.CREDENTIALS, aws_settings.NONE, SAVED)
_PATHS = {
    "KUBECONFIG": KUBECONFIG,
    "AWS_CONFIG_FILE": aws_settings.CONFIG,
    "AWS_SHARED_CREDENTIALS_FILE": aws_settings.CREDENTIALS,
}
_CLUSTERS = ("KUBERNETES_", "KUBE_", "HELM_KUBE")
"""Beginnings of variables by which chaosk8s, Terraform and Helm choose a cluster."""
_POD = ("KUBERNETES_SERVICE_", "KUBERNETES_PORT")
"""Beginnings of those by which any client in a pod finds the pod's own cluster."""


@dataclass(slots=True)
class CloudClients:
    """The settings of one drill.

    folder  the drill's own, from `folder_of`
    rules   its environment's policy
    remade  the drill's first process is gone: what it had counts, else whatever this host has
    """

    folder: Path
    rules: Policy
    remade: bool = False
    changes: EnvironmentChanges = field(default_factory=EnvironmentChanges)
    _cluster: Variables = field(default_factory=dict)
    _account: Variables = field(default_factory=dict)

    @property
    def used(self) -> bool:
        """Whether the environment names a cluster or an account."""
        return self.rules.kubernetes is not None or self.rules.aws is not None

    def withhold(self) -> None:
        """Let every process find neither until they are verified. Raises OSError."""
        if self.rules.kubernetes is not None:
            self._use_cluster(self._no_cluster())
        if self.rules.aws is not None:
            self._use_account(dict(aws_settings.nowhere(self.folder)))

    def adopt_cluster(self, seen: SeenCluster) -> str:
        """Use what was written if it is the environment's cluster; else explain why not."""
        wanted = self.rules.kubernetes
        if wanted is None:
            return ""
        why = seen.error
        if not why and (seen.context, seen.uid) != (wanted.context, wanted.uid):
            why = f"context {seen.context} with the UID {seen.uid} is not the environment's"
        if why:
            self._use_cluster(self._no_cluster())
            return why
        variables: dict[str, str | None] = dict.fromkeys(_named(_CLUSTERS, but=_POD))
        variables |= {"KUBECONFIG": str(self.folder / KUBECONFIG), "KUBERNETES_CONTEXT": seen.context}
        self._use_cluster(variables)
        self._save()
        return ""

    def adopt_account(self, seen: SeenAccount, variables: Variables) -> str:
        """Use what was written if it is the environment's account; else explain why not."""
        wanted = self.rules.aws
        if wanted is None:
            return ""
        why = seen.error
        if not why and (seen.account, seen.region) != (wanted.account, wanted.region):
            why = f"account {seen.account} in {seen.region} is not the environment's"
        if why:
            self._use_account(dict(aws_settings.nowhere(self.folder)))
            return why
        self._use_account({**variables, "AWS_REGION": seen.region, "AWS_DEFAULT_REGION": seen.region})
        self._save()
        return ""

    def source(self) -> EnvironmentChanges:
        """Give what the process that makes the settings gets: this process's own environment, or what was."""
        saved = self._saved() if self.remade else {}
        if self.remade and self.rules.kubernetes is not None:
            # The current context may be any. One of this name has to show its UID like any other.
            saved["KUBERNETES_CONTEXT"] = self.rules.kubernetes.context
        return EnvironmentChanges(saved)

    def _no_cluster(self) -> Variables:
        # In a file of its own: where a cluster did not answer, the next try needs the drill's kubeconfig.
        private_files.write(self.folder / NO_CLUSTER, kubeconfig.EMPTY)
        # Without a context kubectl would take a pod's own cluster.
        return {**dict.fromkeys(_named(_CLUSTERS)), "KUBECONFIG": str(self.folder / NO_CLUSTER)}

    def _use_cluster(self, variables: Variables) -> None:
        self._cluster = variables
        self._apply()

    def _use_account(self, variables: Variables) -> None:
        self._account = variables
        self._apply()

    def _apply(self) -> None:
        self.changes.variables = {**self._cluster, **self._account}

    def _save(self) -> None:
        private_files.write(self.folder / SAVED, json.dumps(self.changes.variables))

    def _saved(self) -> dict[str, str | None]:
        """Read the variables that the drill had, which may have had another home."""
        try:
            saved = json.loads((self.folder / SAVED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(saved, dict):
            return {}
        return saved | {name: str(self.folder / file) for name, file in _PATHS.items() if saved.get(name)}


def folder_of(drill: str) -> Path:
    """Give the folder of a drill's settings. Raises OSError."""
    return state_folder() / "clients" / drill


def remove(drill: str) -> None:
    """Remove a drill's settings: no fault is in force any more."""
    for each in state_folders():
        folder = each / "clients" / drill
        # There is none, or it can't be written, or somebody else's file is in it.
        with contextlib.suppress(OSError):
            for name in FILES:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def _named(beginnings: tuple[str, ...], *, but: tuple[str, ...] = ()) -> Iterator[str]:
    """Name our variables that begin so."""
    for name in os.environ:
        if name.startswith(beginnings) and not name.startswith(but):
            yield name
