"""Schedules <-> JSON text, as the store keeps them, perhaps written by an older gameday."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache

import cattrs

from gameday.core.plans.schedule import Schedule

_CONVERTER = cattrs.Converter()
_CONVERTER.register_structure_hook(float, lambda value, _: float(value))


def encode(schedule: Schedule) -> str:
    """Write a schedule as one line of JSON."""
    return json.dumps(asdict(schedule), separators=(",", ":"), allow_nan=False)


@lru_cache(maxsize=16_384)
def decode(text: str) -> Schedule:
    """Read a schedule back; a key that an older version did not write gets its default."""
    return _CONVERTER.structure(json.loads(text), Schedule)
