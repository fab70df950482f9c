"""Which account, region and instances may be touched: a table of rows, one line each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core.policy import Facts, Policy
from tests.core.policy import cases
from tests.core.policy.cases import (
    ALLOWED,
    AWS,
    IAM,
    KILL,
    TAGGED,
    facts,
    py,
)

# fmt: off
ROWS: list[cases.Row] = [
    # what, policy, facts, the rules that refuse
    ("instances of our region", AWS, facts(py(KILL["stop"], az="eu-central-1a")), ALLOWED),
    ("another zone", AWS, facts(py(KILL["stop"], az="us-east-1a")), "aws"),
    ("another region by argument", AWS, facts(py("chaosaws.ssm.actions.send_command", region="us-east-1")), "aws"),
    ("another region by configuration", AWS, facts(py(KILL["stop"]), config={"aws_region": "us-east-1"}), "aws"),
    ("our region by configuration", AWS, facts(py(KILL["stop"]), config={"aws_region": "eu-central-1"}), ALLOWED),
    ("another account by ARN", AWS, facts(py("chaosaws.elbv2.actions.x", load_balancer_arn="arn:aws:elb:eu-central-1:999:x")), "aws"),
    ("another account by profile", AWS, facts(py(KILL["stop"]), config={"aws_profile_name": "prod"}), "aws"),
    ("another account by role", AWS, facts(py(KILL["stop"]), config={"aws_assume_role_arn": "arn:aws:iam::9:role/x"}), "aws"),
    ("another account by keys", AWS, facts(py(KILL["stop"]), secrets={"a": {"aws_access_key_id": "x"}}), "aws"),
    ("credentials of another account", AWS, facts(py(KILL["stop"]), account=replace(IAM, account="999")), "aws"),
    ("the environment's region is another", AWS, facts(py(KILL["stop"]), account=replace(IAM, region="us-east-1")), "aws"),
    ("no account named", replace(AWS, aws=None), facts(py(KILL["stop"])), "aws"),
    ("a tagged instance", TAGGED, facts(py(KILL["stop"], instance_ids=["i-1"])), ALLOWED),
    ("an instance without the tag", TAGGED, facts(py(KILL["stop"], instance_ids=["i-1", "i-2"])), "aws"),
    ("an instance that nobody knows", TAGGED, facts(py(KILL["stop"], instance_ids=["i-3"])), "aws"),
    ("instances by the tag", TAGGED, facts(py(KILL["stop"], filters=[{"Name": "tag:gameday", "Values": ["yes"]}])), ALLOWED),
    ("instances by the tag or another", TAGGED, facts(py(KILL["stop"], filters=[{"Name": "tag:gameday", "Values": ["yes", "no"]}])), "aws"),
    ("groups by the tag", TAGGED, facts(py("chaosaws.asg.actions.suspend_processes", tags=[{"Key": "gameday", "Value": "yes"}])), ALLOWED),
    ("groups by the tag or another", TAGGED, facts(py("chaosaws.asg.actions.suspend_processes", tags="gameday=yes,a=b")), "aws"),
    ("targets that nothing limits", TAGGED, facts(py(KILL["stop"], az="eu-central-1a")), "aws"),
    ("a ready-made scenario of FIS by a glob", AWS, facts(py("chaosaws.fis.actions.start_stress_pod_delete_scenario")), "aws"),
    ("a ready-made scenario of FIS by its name", replace(AWS, providers=("python:chaosaws.fis.actions.start_stress_pod_delete_scenario",)), facts(py("chaosaws.fis.actions.start_stress_pod_delete_scenario")), ALLOWED),
]
# fmt: on


@pytest.mark.parametrize(
    ("rules", "given_facts", "refusing"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_the_table_says_what_of_aws_may_be_touched(rules: Policy, given_facts: Facts, refusing: str):
    cases.must_judge(rules, given_facts, refusing)
