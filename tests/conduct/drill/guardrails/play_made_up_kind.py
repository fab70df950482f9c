"""Adds the made-up kind's line to the table, then plays a drill: from scenario.yaml to what tripped, as JSON.

A process of its own: the table is read once, when `formats.scenario.model` is imported.
"""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from gameday.formats.scenario.guardrails import table
from tests.conduct.drill.guardrails import made_up_kind, made_up_meter

table.KINDS["queue"] = made_up_kind.KIND

from gameday import wiring  # noqa: E402
from gameday.core.facts import drill as ev  # noqa: E402
from gameday.formats import schemas  # noqa: E402
from gameday.formats.scenario import reader  # noqa: E402
from gameday.formats.stored import events  # noqa: E402
from gameday.formats.text import reader as text_reader  # noqa: E402
from gameday.ports import MeterContext  # noqa: E402
from tests.conduct.stage import DRILL, SCENARIO, Stage  # noqa: E402

TEXT = b"""scenario: test
title: Test
environment: stage
guardrails: [{queue: {name: orders, most: 10}}]
"""

read = reader.check(text_reader.attempt(text_reader.read, TEXT, "scenarios/s.yaml"))
wrong = reader.check(
    text_reader.attempt(text_reader.read, TEXT.replace(b"most", b"msot"), "scenarios/s.yaml")
)
assert read.value is not None, read.mistakes
meters = wiring.open_meters(MeterContext(drill=DRILL, workspace=Path.cwd()))
stage = Stage(replace(SCENARIO, guardrails=read.value.guardrails), meters=meters)
stage.at(20, lambda _: made_up_meter.QUEUES.update(orders=11))
history = stage.play()
tripped = history.first(ev.GuardrailTripped)
planned = history.first(ev.DrillPlanned).event
sys.stdout.write(
    json.dumps(
        {
            "tripped": tripped and asdict(tripped.fact),
            "after": tripped and stage.seconds(history, ev.GuardrailTripped),
            "mistake": str(wrong.mistakes[0]),
            "stored": events.decode(json.loads(json.dumps(events.encode(planned)))) == planned,
            "in schema": "QueueGuardrail" in schemas.text("scenario"),
        }
    )
)
