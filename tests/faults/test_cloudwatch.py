"""Guardrails by CloudWatch alarms, asked of moto's AWS by the real boto3 in a child process."""

import boto3
import pytest

from gameday.core.plans.scenario import Guardrail
from gameday.faults.cloudwatch import CloudWatch
from tests.faults.conftest import Asking


def read(asking, name="HighErrors"):
    return asking.run(CloudWatch(asking.questions).read(Guardrail(alarm=name)))


@pytest.fixture
def alarms(aws):
    client = boto3.client("cloudwatch")
    client.put_metric_alarm(
        AlarmName="HighErrors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="errors",
        Namespace="shop",
        Period=60,
        Statistic="Sum",
        Threshold=1.0,
    )
    return client


@pytest.mark.parametrize(("state", "breached"), [("ALARM", True), ("OK", False), ("INSUFFICIENT_DATA", None)])
def test_only_the_state_alarm_ends_a_drill(aws, alarms, state, breached):
    alarms.set_alarm_state(AlarmName="HighErrors", StateValue=state, StateReason="because")
    found = read(aws)
    assert found.breached is breached
    assert found.detail == f"{state}: because"


def test_an_alarm_that_is_not_there_can_not_be_evaluated(aws, alarms):
    assert read(aws, "Nothing").breached is None
    assert "no alarm of this name" in read(aws, "Nothing").detail


def test_an_account_that_does_not_answer_can_not_be_evaluated(monkeypatch):
    given = {
        "ENDPOINT_URL": "http://127.0.0.1:1",
        "ACCESS_KEY_ID": "t",
        "SECRET_ACCESS_KEY": "t",
        "REGION": "r",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "r")
    asking = Asking()
    found = read(asking)
    asking.close()
    assert found.breached is None
    assert "127.0.0.1:1" in found.detail
