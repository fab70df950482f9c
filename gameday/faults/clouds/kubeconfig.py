"""Write a kubeconfig that holds one context and nothing else: what a drill's processes reach a cluster by.

Files are merged by kubernetes' own loader. Certificates and keys are inlined, and relative paths resolved, so
that the copy works from any folder, and an edit of the original does not reach it. kubernetes is imported in
a child process only.

Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.faults.clouds import private_files

Json = dict[str, Any]

EMPTY = "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\ncurrent-context: ''\n"
"""A kubeconfig that leads nowhere: kubectl refuses to act, instead of guessing a cluster."""
IN_POD, BY_HOST = "in-cluster", "KUBERNETES_HOST"
"""Names of contexts that we make: of a pod's service account, and of chaosk8s' variables without a file."""
_INLINED = ("certificate-authority", "client-certificate", "client-key")
_TOKEN_FILE = "tokenFile"  # noqa: S105  # a key's name
_AWS_CHOICES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def freeze(environ: Mapping[str, str], target: Path, *, with_aws: bool = False) -> str:
    """Write the context in use to `target`, alone; give its name.

    with_aws: the processes that read it get AWS settings of their own, too; a plug-in for credentials, such
    as `aws eks get-token`, keeps the user's.
    Raises FileNotFoundError without a kubeconfig or a file that it names, ConfigException for a broken one.
    """
    name, config = _one_context(environ, _aws_choices(environ) if with_aws else {})
    private_files.write(target, _dumped(config))
    return name


def _dumped(config: Json) -> str:
    from io import StringIO  # noqa: PLC0415

    from ruamel.yaml import YAML  # noqa: PLC0415

    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.width = 1 << 20  # certificates stay on one line
    text = StringIO()
    yaml.dump(config, text)
    return text.getvalue()


def _one_context(environ: Mapping[str, str], for_plugins: Mapping[str, str]) -> tuple[str, Json]:
    """Give the context in use and its kubeconfig, by chaosk8s' order: files, then a pod, then variables."""
    from kubernetes.config.kube_config import KubeConfigMerger  # noqa: PLC0415

    paths = environ.get("KUBECONFIG") or "~/.kube/config"
    merger: Any = KubeConfigMerger(paths)  # type: ignore[no-untyped-call]
    if merger.paths:
        name = str(environ.get("KUBERNETES_CONTEXT") or _current(merger))
        return name, _flattened(merger.config, name, for_plugins)
    if environ.get("CHAOSTOOLKIT_IN_POD") == "true":
        return IN_POD, _made(IN_POD, *_in_pod(environ))
    if environ.get("KUBERNETES_HOST"):
        return BY_HOST, _made(BY_HOST, *_by_host(environ))
    # chaosk8s would fall back to http://localhost:80 without a word.
    raise FileNotFoundError(f"no kubeconfig at {Path(paths).expanduser()}")


def _current(merger: Any) -> str:
    """Give the current context: the first file that sets one wins, as for kubectl."""
    # The library's own merge lets the last file win.
    named = [merger.config_files[path].get("current-context") for path in merger.paths]
    return next((name for name in named if name), "")


def _flattened(config: Any, name: str, for_plugins: Mapping[str, str]) -> Json:
    context = _entry(config, "contexts", name)
    chosen = context["context"]
    cluster = _entry(config, "clusters", chosen["cluster"])
    user = _entry(config, "users", chosen["user"]) if chosen.safe_get("user") else None
    made: Json = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [context.value],
        "clusters": [{"name": chosen["cluster"], "cluster": _inlined(cluster["cluster"], cluster.path)}],
        "users": [],
    }
    if user is not None:
        made["users"] = [{"name": chosen["user"], "user": _user(user, for_plugins)}]
    return made


def _entry(config: Any, kind: str, name: str) -> Any:
    from kubernetes.config import ConfigException  # noqa: PLC0415

    found = config[kind].get_with_name(name, safe=True) if name else None
    if found is None:
        raise ConfigException(f"the kubeconfig has no {kind[:-1]} '{name}'")
    return found


def _user(entry: Any, for_plugins: Mapping[str, str]) -> Json:
    # A user may be empty: then requests are anonymous.
    if not isinstance(entry.safe_get("user"), Mapping):
        return {}
    user = _inlined(entry["user"], entry.path)
    folder = _folder(entry.path)
    if user.get(_TOKEN_FILE):  # kept as a file: whoever issues such tokens renews them there
        user[_TOKEN_FILE] = str(folder / user[_TOKEN_FILE])
    if isinstance(user.get("exec"), Mapping):
        user["exec"] = _plugin(user["exec"], folder, for_plugins)
    if isinstance(user.get("auth-provider"), Mapping):
        settings = dict(user["auth-provider"].get("config") or {})
        if settings.get("idp-certificate-authority"):
            settings["idp-certificate-authority"] = str(folder / settings["idp-certificate-authority"])
        user["auth-provider"] = {**user["auth-provider"], "config": settings}
    return user


def _plugin(plugin: Mapping[str, Any], folder: Path, added: Mapping[str, str]) -> Json:
    """Keep a plug-in for credentials as it works today, wherever the copy is."""
    kept = dict(plugin)
    command = str(plugin.get("command", ""))
    # As in client-go: with a slash it is relative to the kubeconfig's folder, without one PATH is searched.
    if "/" in command:
        kept["command"] = os.path.normpath(folder / command)
    given = list(plugin.get("env") or ())
    names = {each.get("name") for each in given}
    more = [{"name": name, "value": value} for name, value in added.items() if name not in names]
    return {**kept, "env": [*given, *more]} if more else kept


def _aws_choices(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the variables by which AWS's clients choose files and a profile now."""
    home = Path.home() / ".aws"
    defaults = {
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
    }
    return defaults | {name: environ[name] for name in _AWS_CHOICES if environ.get(name)}


def _inlined(node: Any, path: str) -> Json:
    """Give a cluster or user with the files that it names as data; everything else as it is."""
    from kubernetes.config.kube_config import FileOrData  # noqa: PLC0415

    folder, values = str(_folder(path)), dict(node.value)
    for key in _INLINED:
        if key in values:
            file_or_data: Any = FileOrData(values, key, file_base_path=folder)  # type: ignore[no-untyped-call]
            values[f"{key}-data"] = file_or_data.as_data()
            del values[key]
    return values


def _folder(path: str) -> Path:
    return Path(path).absolute().parent


def _made(name: str, cluster: Json, user: Json, namespace: str = "") -> Json:
    """Make a kubeconfig of one context where there is none."""
    context = {"cluster": name, "user": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": context}],
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
    }


def _in_pod(environ: Mapping[str, str]) -> tuple[Json, Json, str]:
    from kubernetes.config import incluster_config as pod  # noqa: PLC0415

    host, port = environ.get(pod.SERVICE_HOST_ENV_NAME, ""), environ.get(pod.SERVICE_PORT_ENV_NAME, "443")
    if not host:
        raise FileNotFoundError(f"CHAOSTOOLKIT_IN_POD is set, and {pod.SERVICE_HOST_ENV_NAME} is not")
    authority = _data(pod.SERVICE_CERT_FILENAME)
    namespace = Path(pod.SERVICE_TOKEN_FILENAME).with_name("namespace")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return (
        {"server": server, "certificate-authority-data": authority},
        {_TOKEN_FILE: pod.SERVICE_TOKEN_FILENAME},
        namespace.read_text(encoding="utf-8").strip() if namespace.exists() else "",
    )


def _by_host(environ: Mapping[str, str]) -> tuple[Json, Json]:
    """Give cluster and user of chaosk8s' own variables, which has certificates checked only on demand."""
    cluster: Json = {"server": environ["KUBERNETES_HOST"]}
    if "KUBERNETES_VERIFY_SSL" not in environ:
        cluster["insecure-skip-tls-verify"] = True
    elif environ.get("KUBERNETES_CA_CERT_FILE"):
        cluster["certificate-authority-data"] = _data(environ["KUBERNETES_CA_CERT_FILE"])
    if "KUBERNETES_API_KEY" in environ:
        return cluster, {"token": environ["KUBERNETES_API_KEY"]}
    if "KUBERNETES_CERT_FILE" in environ:
        key = environ.get("KUBERNETES_KEY_FILE", environ["KUBERNETES_CERT_FILE"])
        certificate = _data(environ["KUBERNETES_CERT_FILE"])
        return cluster, {"client-certificate-data": certificate, "client-key-data": _data(key)}
    if "KUBERNETES_USERNAME" in environ:
        password = environ.get("KUBERNETES_PASSWORD", "")
        return cluster, {"username": environ["KUBERNETES_USERNAME"], "password": password}
    return cluster, {}


def _data(path: str) -> str:
    import base64  # noqa: PLC0415

    return base64.b64encode(Path(path).read_bytes()).decode()
