"""A kubeconfig with one context: all that it needs, and nothing else."""

from __future__ import annotations

import base64
import json
import stat

import pytest
from kubernetes.config import ConfigException
from kubernetes.config import incluster_config as pod
from ruamel.yaml import YAML

from gameday.faults.clouds import kubeconfig


def named(kind: str, **items):
    return [{"name": name, kind: value} for name, value in items.items()]


def config(current="staging", **changes):
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "clusters": named("cluster", staging={"server": "https://staging"}, prod={"server": "https://prod"}),
        "users": named("user", me={"token": "t0ken"}, admin={"token": "root"}),
        "contexts": named(
            "context",
            staging={"cluster": "staging", "user": "me", "namespace": "shop"},
            prod={"cluster": "prod", "user": "admin"},
        ),
        **changes,
    }


@pytest.fixture
def frozen(tmp_path):
    def freeze(*configs, with_aws=False, **environ):
        paths = []
        for number, content in enumerate(configs):
            folder = tmp_path / f"files{number}"
            folder.mkdir(exist_ok=True)
            (folder / "config").write_text(json.dumps(content))
            paths.append(str(folder / "config"))
        environ = {"KUBECONFIG": ":".join(paths), **environ}
        target = tmp_path / "drill" / "kubeconfig"
        name = kubeconfig.freeze(environ, target, with_aws=with_aws)
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        return name, YAML(typ="safe").load(target.read_text())

    return freeze


def test_only_the_context_in_use_is_left_with_its_cluster_user_and_namespace(frozen):
    name, copy = frozen(config())
    assert name == copy["current-context"] == "staging"
    assert copy["contexts"] == [
        {"name": "staging", "context": {"cluster": "staging", "user": "me", "namespace": "shop"}}
    ]
    assert copy["clusters"] == [{"name": "staging", "cluster": {"server": "https://staging"}}]
    assert copy["users"] == [{"name": "me", "user": {"token": "t0ken"}}]


def test_a_context_that_a_variable_names_is_the_one_in_use(frozen):
    name, copy = frozen(config("prod"), KUBERNETES_CONTEXT="staging")
    assert (name, copy["current-context"], len(copy["contexts"])) == ("staging", "staging", 1)
    assert "prod" not in json.dumps(copy)


def test_of_several_files_the_first_wins_as_for_kubectl(frozen):
    second = config("prod", clusters=named("cluster", staging={"server": "https://other"}))
    name, copy = frozen({"clusters": None, "kind": "Config"}, config(), second)
    assert (name, copy["clusters"][0]["cluster"]["server"]) == ("staging", "https://staging")


def test_a_context_in_one_file_finds_its_cluster_and_user_in_others(frozen):
    whole = config()
    parts = ("contexts", "clusters", "users")
    _, copy = frozen(*({"current-context": "staging", part: whole[part]} for part in parts))
    assert copy["clusters"][0]["cluster"]["server"] == "https://staging"
    assert copy["users"][0]["user"] == {"token": "t0ken"}


def test_files_become_data_relative_to_the_file_that_names_them(frozen, tmp_path):
    (tmp_path / "files0" / "pki").mkdir(parents=True)
    for name in ("ca", "cert", "key"):
        (tmp_path / "files0" / "pki" / name).write_text(f"-- {name} --")
    cluster = {"server": "https://staging", "certificate-authority": "pki/ca", "tls-server-name": "api"}
    cluster |= {"proxy-url": "socks5://proxy", "insecure-skip-tls-verify": False}
    user = {"client-certificate": "pki/cert", "client-key": str(tmp_path / "files0" / "pki" / "key")}
    _, copy = frozen(
        config(
            clusters=named("cluster", staging=cluster), users=named("user", me={**user, "tokenFile": "token"})
        )
    )
    made = {**copy["clusters"][0]["cluster"], **copy["users"][0]["user"]}
    assert [base64.b64decode(made[f"{key}-data"]).decode() for key in kubeconfig._INLINED] == [
        "-- ca --",
        "-- cert --",
        "-- key --",
    ]
    assert not set(kubeconfig._INLINED) & made.keys()
    kept = ("tls-server-name", "proxy-url", "insecure-skip-tls-verify", "tokenFile")
    assert [made[key] for key in kept] == ["api", "socks5://proxy", False, str(tmp_path / "files0" / "token")]


def test_a_plugin_keeps_its_variables_and_is_found_from_any_folder(frozen, tmp_path):
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "bin/get-token", "args": ["x"]}
    plugin |= {"env": [{"name": "AWS_PROFILE", "value": "eks"}], "interactiveMode": "Never"}
    _, copy = frozen(config(users=named("user", me={"exec": plugin})))
    command = str(tmp_path / "files0" / "bin" / "get-token")
    assert copy["users"][0]["user"]["exec"] == {**plugin, "command": command}
    _, copy = frozen(config(users=named("user", me={"exec": {**plugin, "command": "aws"}})))
    assert copy["users"][0]["user"]["exec"]["command"] == "aws"


def test_a_plugin_keeps_the_users_own_aws_settings_where_the_drill_has_others(frozen):
    plugin = {"apiVersion": "v1", "command": "aws", "env": [{"name": "AWS_PROFILE", "value": "eks"}]}
    content = config(users=named("user", me={"exec": plugin}))
    _, copy = frozen(content, with_aws=True, AWS_CONFIG_FILE="/home/me/aws", AWS_PROFILE="staging")
    variables = {each["name"]: each["value"] for each in copy["users"][0]["user"]["exec"]["env"]}
    assert (variables["AWS_PROFILE"], variables["AWS_CONFIG_FILE"]) == ("eks", "/home/me/aws")
    assert variables["AWS_SHARED_CREDENTIALS_FILE"].endswith("/.aws/credentials")


@pytest.mark.parametrize(
    "changes",
    [{"clusters": []}, {"users": []}, {"contexts": []}, {"current-context": ""}, {"current-context": "gone"}],
)
def test_what_is_not_in_the_kubeconfig_is_reported(frozen, changes):
    with pytest.raises(ConfigException, match="the kubeconfig has no"):
        frozen(config(**changes))


def test_a_certificate_that_is_not_there_is_reported(frozen):
    cluster = {"server": "https://staging", "certificate-authority": "gone"}
    with pytest.raises(FileNotFoundError, match="gone"):
        frozen(config(clusters=named("cluster", staging=cluster)))


def test_without_a_kubeconfig_chaosk8s_variables_count_and_nothing_is_guessed(tmp_path):
    target, nowhere = tmp_path / "made", {"KUBECONFIG": str(tmp_path / "none")}
    by_host = {"KUBERNETES_HOST": "https://api", "KUBERNETES_API_KEY": "t0ken"}
    assert kubeconfig.freeze({**nowhere, **by_host}, target) == "KUBERNETES_HOST"
    copy = YAML(typ="safe").load(target.read_text())
    cluster = {"server": "https://api", "insecure-skip-tls-verify": True}  # chaosk8s checks on demand only
    assert (copy["clusters"][0]["cluster"], copy["users"][0]["user"]) == (cluster, {"token": "t0ken"})
    with pytest.raises(FileNotFoundError, match="no kubeconfig at"):
        kubeconfig.freeze(nowhere, target)


def test_in_a_pod_the_service_account_is_named_and_its_token_stays_a_file(tmp_path, monkeypatch):
    for name, file in (("SERVICE_CERT_FILENAME", "ca.crt"), ("SERVICE_TOKEN_FILENAME", "token")):
        (tmp_path / file).write_text(file)
        monkeypatch.setattr(pod, name, str(tmp_path / file))
    (tmp_path / "namespace").write_text("shop\n")
    environ = {"KUBECONFIG": str(tmp_path / "none"), "CHAOSTOOLKIT_IN_POD": "true"}
    environ |= {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    assert kubeconfig.freeze(environ, tmp_path / "made") == "in-cluster"
    copy = YAML(typ="safe").load((tmp_path / "made").read_text())
    assert copy["clusters"][0]["cluster"]["server"] == "https://[fd00::1]:443"
    assert copy["users"][0]["user"] == {"tokenFile": str(tmp_path / "token")}
    assert copy["contexts"][0]["context"]["namespace"] == "shop"
