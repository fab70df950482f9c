"""Reads a guardrail's CloudWatch alarm, in a process of its own: importing boto3 takes half a second.

Comes in: a guardrail with the name of an alarm. Goes out: whether it is in state ALARM; neither yes nor
no where it has too little data, or can't be asked. AWS_ENDPOINT_URL and all of boto3's ways count.
Does not: raise, or wait longer than LIMIT.
"""

from __future__ import annotations

from gameday.core.plans.scenario import Guardrail
from gameday.core.values import Seconds
from gameday.faults.child_queries import ChildQueries, NoAnswer
from gameday.ports import Reading

LIMIT: Seconds = 10.0


class CloudWatch:
    """`ports.Meter` for alarms."""

    def __init__(self, questions: ChildQueries) -> None:
        self._questions = questions

    async def read(self, guardrail: Guardrail) -> Reading:
        """Ask once; never raises."""
        try:
            answer = await self._questions.ask(LIMIT, "alarm", name=guardrail.alarm)
        except NoAnswer as why:
            return Reading(breached=None, detail=str(why))
        return Reading(breached=answer["breached"], detail=str(answer["detail"]))

    async def close(self) -> None:
        """End the process."""
        await self._questions.close()
