"""The first file of a made-up guardrail kind: how `queue: {name: …, most: …}` is written and stored."""

from pydantic import Field

from gameday.formats.scenario.guardrails.base import GuardrailKind, metered
from gameday.formats.text.models import Strict


class Queue(Strict):
    name: str = Field(description="its name")
    most: int = Field(description="more messages than this are too many")


class QueueGuardrail(Strict):
    queue: Queue = Field(description="the queue")


def _store(written):
    queue = written.queue
    label = f"{queue.name} above {queue.most}"
    return metered("queue", label, queue, every=1.0, lasting=5.0)


KIND = GuardrailKind(
    key="queue",
    model=QueueGuardrail,
    store=_store,
    meter="tests.conduct.drill.guardrails.made_up_meter:QueueMeter",
)
