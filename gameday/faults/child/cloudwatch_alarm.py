"""Tells the state of a CloudWatch alarm, as the environment's AWS credentials see it.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

from gameday.faults.child.loaded_experiment import Json, Loaded
from gameday.faults.child_connection import ChildConnection

STATES = {"ALARM": True, "OK": False}
"""Whether an alarm's state ends a drill. INSUFFICIENT_DATA says neither yes nor no."""


def alarm(line: ChildConnection, command: Json) -> None:
    """Say whether the alarm is in state ALARM; `breached` None: nobody can tell."""
    try:
        state, why = _state(command["name"])
    except Exception as error:  # noqa: BLE001  # botocore raises classes that it makes as it runs
        text = Loaded({}).redactor().excerpt(f"{type(error).__name__}: {error}")
        line.say("answer", breached=None, detail=text)
        return
    line.say("answer", breached=STATES.get(state), detail=f"{state}: {why}" if why else state)


def _state(name: str) -> tuple[str, str]:
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # 0.5 s, for those who guard by it
    from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415

    patience = Config(connect_timeout=3, read_timeout=4, retries={"max_attempts": 1})
    found = boto3.client("cloudwatch", config=patience).describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms = [*found.get("MetricAlarms", ()), *found.get("CompositeAlarms", ())]
    if not alarms:
        return "no alarm of this name", ""
    return alarms[0]["StateValue"], alarms[0].get("StateReason", "")
