"""No argument leads past the verified cluster and account: a table of rows, one line each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core.policy import Cluster, Facts, Policy, choices
from tests.core.policy import cases
from tests.core.policy.cases import ALLOWED, AWS, facts


def run(path, *arguments):
    return cases.cmd(path, list(arguments))


def call(**arguments):
    return cases.py("ours.faults.break_it", **arguments)


AWS_ALONE = replace(AWS, providers=("process:*", "python:*"))
CLUSTER = replace(AWS_ALONE, aws=None, kubernetes=Cluster(context="staging", uid="u-1", namespaces=("shop",)))
NEITHER = replace(AWS_ALONE, aws=None)

# fmt: off
ROWS: list[tuple[str, Policy, dict[str, object], bool]] = [
    ("a command without a choice", CLUSTER, run("kubectl", "delete", "pod", "-n", "shop"), True),
    ("a kubeconfig as two words", CLUSTER, run("kubectl", "--kubeconfig", "/x"), False),
    ("a kubeconfig as one word", CLUSTER, run("helm", "--kubeconfig=/x", "rollback"), False),
    ("a kubeconfig by a variable", CLUSTER, run("env", "KUBECONFIG=/x", "kubectl"), False),
    ("a kubeconfig in a shell's command", CLUSTER, run("sh", "-c", "KUBECONFIG=/x kubectl delete pod a"), False),
    ("a context by a variable", CLUSTER, run("env", "KUBERNETES_CONTEXT=prod", "chaos"), False),
    ("a context by Helm's variable", CLUSTER, run("env", "HELM_KUBECONTEXT=prod", "helm"), False),
    ("a server", CLUSTER, run("/usr/bin/kubectl", "--server=https://prod", "get", "pods"), False),
    ("a server by its short option", CLUSTER, run("kubectl", "-s", "https://prod"), False),
    ("somebody else's token", CLUSTER, run("kubectl", "--token", "t"), False),
    ("a short option of another command", CLUSTER, run("stress", "-s", "1"), True),
    ("a kubeconfig of a function", CLUSTER, call(settings={"kubeconfig": "/x"}), False),
    ("a kubeconfig deep in a list", CLUSTER, call(commands=[["kubectl", "--kubeconfig=/x"]]), False),
    ("a function without a choice", CLUSTER, call(name="checkout"), True),
    ("our region", AWS_ALONE, run("aws", "ec2", "--region", "eu-central-1"), True),
    ("another region", AWS_ALONE, run("aws", "ec2", "--region", "us-east-1"), False),
    ("another region as one word", AWS_ALONE, run("aws", "--region=us-east-1", "ec2"), False),
    ("another endpoint", AWS_ALONE, run("aws", "--endpoint-url", "http://x"), False),
    ("a profile by a variable", AWS_ALONE, run("sh", "-c", "AWS_PROFILE=prod aws ec2"), False),
    ("keys by a variable", AWS_ALONE, run("env", "AWS_ACCESS_KEY_ID=x", "aws"), False),
    ("a profile of a function", AWS_ALONE, call(profile_name="prod"), False),
    ("a kubeconfig where no cluster is named", NEITHER, run("kubectl", "--kubeconfig", "/x"), True),
]
# fmt: on


@pytest.mark.parametrize(
    ("rules", "provider", "allowed"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table_says_which_arguments_are_refused(rules: Policy, provider, allowed: bool):
    given: Facts = facts(provider)
    assert (not list(choices.verdicts(rules, given))) is allowed


def test_arguments_that_are_known_at_run_time_only_are_refused():
    (verdict,) = choices.verdicts(CLUSTER, facts(run("kubectl", "${options}")))
    assert not verdict.allowed
    assert "can't be known before the experiment runs" in verdict.why


def test_secrets_of_a_vault_may_choose_an_account():
    provider = cases.py("chaosaws.ec2.actions.stop_instances", az="eu-central-1a")
    secret = {"aws": {"type": "vault", "path": "secrets/aws"}}
    cases.must_judge(AWS, facts(provider), ALLOWED)
    cases.must_judge(AWS, facts(provider, secrets=secret), "aws")
