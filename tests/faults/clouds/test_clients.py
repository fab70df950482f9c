"""A drill's processes reach the verified cluster and account alone; checked with commands that ask, and with moto."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys

import pytest

from gameday.core.policy import Account, Cluster, Policy
from gameday.faults.clouds.clients import CloudClients, folder_of, remove
from gameday.faults.identities import ChildIdentities
from gameday.system import commands
from gameday.system.child_environment import applied

# What kubectl does: the current context's server, asked for kube-system.
KUBECTL = """
import json, os, sys, urllib.request
from ruamel.yaml import YAML
config = YAML(typ="safe").load(open(os.environ["KUBECONFIG"]))
current = {each["name"]: each["context"] for each in config["contexts"]}.get(config["current-context"])
if current is None:
    sys.exit("no context")
server = {each["name"]: each["cluster"] for each in config["clusters"]}[current["cluster"]]["server"]
print(json.load(urllib.request.urlopen(server + "/api/v1/namespaces/kube-system"))["metadata"]["uid"])
"""
CALLER = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'], boto3.client('ec2').meta.region_name)"


def run(code, **env):
    done = commands.call([sys.executable, "-c", code], timeout=60, env=env)
    return done.output.strip().splitlines()[-1]


def verified(clients, **env):
    return asyncio.run(ChildIdentities(clients=clients, env=env, within=90).verify())


def staging(uid="uid-of-staging"):
    return Policy(kubernetes=Cluster(context="staging", uid=uid, namespaces=("shop",)))


def test_a_command_reaches_the_context_that_was_verified_and_not_the_current_one(
    kubeconfig, monkeypatch, tmp_path
):
    monkeypatch.setenv("KUBERNETES_CONTEXT", "staging")  # what the policy is asked about
    monkeypatch.setenv("HELM_KUBECONTEXT", "prod")
    assert run(KUBECTL) == "uid-of-prod"  # the kubeconfig's current context
    clients = CloudClients(tmp_path / "drill", staging())
    clients.withhold()
    with applied(clients.changes):
        assert run(KUBECTL) == "no context"  # nothing is reached until it is verified
        assert verified(clients) == {}
        assert run(KUBECTL) == "uid-of-staging"
        kubeconfig.write_text("edited: since")
        assert run(KUBECTL) == "uid-of-staging"
        assert run("import os; print(os.environ.get('HELM_KUBECONTEXT'))") == "None"
    copy = tmp_path / "drill" / "kubeconfig"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "prod" not in copy.read_text()


@pytest.mark.parametrize("uid", ["uid-of-another", ""])
def test_a_cluster_that_is_not_the_environments_is_reached_by_no_process(
    kubeconfig, monkeypatch, tmp_path, uid
):
    monkeypatch.setenv("KUBERNETES_CONTEXT", "staging")
    clients = CloudClients(tmp_path / "drill", staging(uid))
    why = verified(clients)["kubernetes"]
    assert why == "context staging with the UID uid-of-staging is not the environment's"
    with applied(clients.changes):
        assert run(KUBECTL) == "no context"


def test_a_revert_elsewhere_makes_them_again_by_the_context_of_the_policy(kubeconfig, tmp_path):
    clients = CloudClients(tmp_path / "drill", staging(), remade=True)
    assert verified(clients) == {}  # although the current context here is prod
    with applied(clients.changes):
        assert run(KUBECTL) == "uid-of-staging"


def test_a_revert_on_this_host_uses_what_the_drill_had(kubeconfig, monkeypatch, tmp_path):
    monkeypatch.setenv("KUBERNETES_CONTEXT", "staging")
    assert verified(CloudClients(tmp_path / "drill", staging())) == {}
    monkeypatch.delenv("KUBERNETES_CONTEXT")
    kubeconfig.unlink()
    again = CloudClients(tmp_path / "drill", staging(), remade=True)
    assert verified(again) == {}
    with applied(again.changes):
        assert run(KUBECTL) == "uid-of-staging"


def test_a_cluster_that_did_not_answer_once_can_be_reached_by_the_next_try(
    kubeconfig, monkeypatch, tmp_path, clusters
):
    monkeypatch.setenv("KUBERNETES_CONTEXT", "staging")
    assert verified(CloudClients(tmp_path / "drill", staging())) == {}
    again = CloudClients(tmp_path / "drill", staging(), remade=True)
    clusters["staging"].answers = False
    again.withhold()
    assert "404" in verified(again)["kubernetes"]
    clusters["staging"].answers = True
    assert verified(CloudClients(tmp_path / "drill", staging(), remade=True)) == {}


def test_nothing_changes_where_the_environment_names_neither(tmp_path):
    clients = CloudClients(tmp_path / "drill", Policy())
    clients.withhold()
    assert (clients.used, clients.changes.variables, (tmp_path / "drill").exists()) == (False, {}, False)


def test_settings_are_in_the_users_own_folder_and_removed_at_the_end():
    rules = Policy(kubernetes=Cluster(context="x"), aws=Account(account="1", region="r"))
    CloudClients(folder_of("drill-1"), rules).withhold()
    assert {file.name for file in folder_of("drill-1").iterdir()} == {"kubeconfig-none", "aws-none"}
    remove("drill-1")
    remove("drill-1")
    assert not folder_of("drill-1").exists()


@pytest.fixture
def account(amazon, tmp_path, monkeypatch):
    """Profiles of two accounts, and moto, which knows each by its access key."""
    url, _ = amazon
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        "[default]\nregion = us-east-1\n[profile staging]\nregion = eu-central-1\n"
        "role_arn = arn:aws:iam::111111111111:role/drills\nsource_profile = base\n"
    )
    keys = "aws_access_key_id = {}\naws_secret_access_key = s\n"
    (tmp_path / "credentials").write_text(
        "[default]\n" + keys.format("PROD") + "[base]\n" + keys.format("BASE")
    )
    for name, value in {
        "AWS_ENDPOINT_URL": url,
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    return Policy(aws=Account(account="111111111111", region="eu-central-1"))


def test_a_process_acts_in_the_account_and_region_that_were_verified(account, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_PROFILE", "staging")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "left over")
    clients = CloudClients(tmp_path / "drill", account)
    assert verified(clients) == {}
    with applied(clients.changes):
        (tmp_path / "config").write_text("[profile staging]\nregion = us-west-2\n")  # edited since
        assert run(CALLER) == "111111111111 eu-central-1"
        named = "import os; print([os.environ.get(n) for n in ('AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_SESSION_TOKEN')])"
        assert run(named) == "['staging', 'eu-central-1', 'eu-central-1', None]"
    assert "PROD" not in (tmp_path / "drill" / "aws-credentials").read_text()
    assert "BASE" not in (tmp_path / "drill" / "clients.json").read_text()


def test_another_account_is_reached_by_no_process(account, tmp_path):
    clients = CloudClients(tmp_path / "drill", account)
    why = verified(clients)["aws"]
    assert why == "account 123456789012 in eu-central-1 is not the environment's"
    with applied(clients.changes):
        assert "credentials" in run(CALLER, AWS_DEFAULT_REGION="eu-central-1").lower()


def test_credentials_from_variables_stay_in_variables(account, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    monkeypatch.setenv("AWS_PROFILE", "staging")
    clients = CloudClients(
        tmp_path / "drill", Policy(aws=Account(account="123456789012", region="eu-central-1"))
    )
    assert verified(clients) == {}
    with applied(clients.changes):
        names = "import os; print([os.environ.get(n) for n in ('AWS_ACCESS_KEY_ID', 'AWS_PROFILE')])"
        assert run(names) == "['ENV', None]"
        assert run(CALLER) == "123456789012 eu-central-1"
    files = (tmp_path / "drill").iterdir()
    assert all("s3cret" not in file.read_text() for file in files)
    assert json.loads((tmp_path / "drill" / "clients.json").read_text())["AWS_REGION"] == "eu-central-1"
