"""Reads a guardrail's CloudWatch alarm, as the environment's AWS credentials see it.

AWS_ENDPOINT_URL and all of boto3's ways to find credentials count. boto3 is imported in a process of its own:
that takes half a second, and a call that hangs must not hang the drill.

Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
"""

from __future__ import annotations

from typing import Self

from gameday.core.plans.scenario import Guardrail
from gameday.core.values import Seconds
from gameday.faults.child_queries import ChildQueries, NoAnswer
from gameday.ports import MeterContext, Reading

LIMIT: Seconds = 10.0
"""Seconds after which an answer is no longer waited for."""
BREACHED = {"ALARM": True, "OK": False}
"""Whether an alarm's state ends a drill. INSUFFICIENT_DATA is neither: it can't be evaluated."""


class CloudWatch:
    """`ports.Meter` for alarms."""

    def __init__(self, queries: ChildQueries) -> None:
        self._queries = queries

    @classmethod
    def open(cls, context: MeterContext) -> Self:
        """Read by a process that starts with the first question."""
        return cls(ChildQueries(context.drill, cwd=context.workspace))

    async def read(self, guardrail: Guardrail) -> Reading:
        """Ask once, within LIMIT; never raises."""
        function = f"{__name__}:{read_alarm.__name__}"
        try:
            answer = await self._queries.ask(LIMIT, "read", function=function, name=guardrail.alarm)
        except NoAnswer as why:
            return Reading(breached=None, detail=str(why))
        return Reading(breached=answer["breached"], detail=str(answer["detail"]))

    async def close(self) -> None:
        """End the process."""
        await self._queries.close()


def read_alarm(name: str) -> Reading:
    """Read the state of an alarm; runs in the child process. Raises what botocore raises."""
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # 0.5 s, and only the child calls this
    from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415

    limits = Config(connect_timeout=3, read_timeout=4, retries={"max_attempts": 1})  # together below LIMIT
    answer = boto3.client("cloudwatch", config=limits).describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    if not alarms:
        return Reading(breached=None, detail="no alarm of this name")
    state, why = alarms[0]["StateValue"], alarms[0].get("StateReason", "")
    return Reading(breached=BREACHED.get(state), detail=f"{state}: {why}" if why else state)
