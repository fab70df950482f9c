"""The second file of a made-up guardrail kind: its meter."""

import json

from gameday.ports import Reading

QUEUES = {"orders": 3}


class QueueMeter:
    @classmethod
    def open(cls, context):
        return cls()

    async def read(self, guardrail):
        asked = json.loads(guardrail.metered.settings)
        length = QUEUES[asked["name"]]
        return Reading(breached=length > asked["most"], detail=f"{length} messages")

    async def close(self):
        pass
