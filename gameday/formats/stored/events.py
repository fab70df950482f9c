"""Events to their stored form and back, in all versions that were ever written.

Writing needs only the standard library; cattrs is imported at the first reading.

A fact whose fields change their meaning gets a new version in VERSIONS, and an upcaster from the old one in
UPCASTERS; stored lines are never rewritten. A field that is only added, with a default, needs neither. The
idea is eventsourcing's (`eventsourcing/persistence.py`).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import typing
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from gameday.core import values
from gameday.core.errors import HistoryCorrupt, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.plans import scenario
from gameday.formats.stored import envelope
from gameday.formats.stored.envelope import Document

if TYPE_CHECKING:
    from cattrs import Converter

Upcaster = Callable[[dict[str, Any]], tuple[str, int, dict[str, Any]]]
"""Turns the body of a fact into kind, version and body of the next form."""

VERSIONS: dict[str, int] = {}
"""The version of each kind that is no longer in version 1."""

UPCASTERS: dict[tuple[str, int], Upcaster] = {}
"""By (kind, version) as stored: the step to the next form."""


def encode(event: ev.Event) -> Document:
    """Give the stored form of an event."""
    return envelope.document(
        id=event.id,
        drill=event.drill,
        kind=event.kind,
        fact=dataclasses.asdict(event.fact),
        recorded_at=event.recorded_at,
        source=event.source,
        occurred_at=event.occurred_at,
        by=event.by,
        trusted=event.trusted,
        clock=dataclasses.asdict(event.clock) if event.clock else None,
        v=VERSIONS.get(event.kind, envelope.VERSION),
    )


def decode(
    document: Mapping[str, Any],
    upcasters: Mapping[tuple[str, int], Upcaster] | None = None,
    *,
    signed: bool = False,
) -> ev.Event:
    """Read an event from its stored form. signed: its signature holds, where facts of its kind have one.

    Raises StoreUnavailable for what a newer gameday wrote, HistoryCorrupt for what no version wrote.
    """
    try:
        claim = document["occurred_at"]
        fact = _fact(document, UPCASTERS if upcasters is None else upcasters)
        return ev.Event(
            id=values.EventId(document["id"]),
            drill=values.DrillId(document["drill"]),
            recorded_at=values.parse_instant(document["recorded_at"]),
            occurred_at=None if claim is None else values.parse_instant(claim),
            source=document["source"],
            by=document["by"],
            trusted=document["trusted"],
            clock=_sender_clock(document.get("clock")),
            fact=fact,
            signed=signed or not isinstance(fact, ev.SIGNED),
        )
    # All that a stranger's values can raise where they are built.
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        where = f"event {document.get('id', '?')} of drill {document.get('drill', '?')}"
        raise HistoryCorrupt(f"{where} cannot be read: {error}") from error


def _sender_clock(clock: Mapping[str, Any] | None) -> ev.SenderClock | None:
    if clock is None:
        return None
    hints = typing.get_type_hints(ev.SenderClock, localns=vars(values))
    return ev.SenderClock(**{name: _converter().structure(clock[name], hints[name]) for name in hints})


def _fact(document: Mapping[str, Any], upcasters: Mapping[tuple[str, int], Upcaster]) -> ev.Fact:
    kind, version, body = document["kind"], document["v"], document["fact"]
    # One version at a time, so that each upcaster has to know only its own.
    while step := upcasters.get((kind, version)):
        kind, version, body = step(body)
    known = VERSIONS.get(kind, envelope.VERSION) if kind in ev.KINDS else 0
    if version != known:
        raise StoreUnavailable(
            f"this history holds {kind} in version {version}; this gameday reads "
            + (f"version {known}" if known else "no such fact"),
            hint="a newer gameday wrote it: upgrade this one",
        )
    return cast("ev.Fact", _structure(_converter(), body, ev.KINDS[kind]))


def _structure(converter: Converter, body: Mapping[str, Any], kind: type) -> object:
    """Build a fact from its body; keys that this version doesn't know are ignored."""
    if not isinstance(body, Mapping):
        raise TypeError(f"the fact is {body!r:.80}, not an object")
    hints = _hints(kind)
    return kind(**{name: converter.structure(body[name], hints[name]) for name in hints if name in body})


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    """Give the types of a fact's fields; core.facts imports some of their names for type checkers only."""
    from gameday.core import policy  # noqa: PLC0415  # only plans name them; 20 ms
    from gameday.core.plans import gameday as gameday_plan  # noqa: PLC0415  # only plans name them; 20 ms

    named = {
        "Policy": policy.Policy,
        "Occasion": gameday_plan.Occasion,
        "GameDayPlan": gameday_plan.GameDayPlan,
    }
    return typing.get_type_hints(kind, localns={**vars(values), **vars(scenario), **named})


@functools.cache
def _converter() -> Converter:
    """Make the converter. It is strict about JSON's types, so that nothing is coerced silently."""
    from cattrs import Converter  # noqa: PLC0415  # only reading needs it, and it costs 60 ms

    # detailed_validation collects errors in groups, which are none of the kinds that `decode` explains.
    converter = Converter(prefer_attrib_converters=False, detailed_validation=False)
    for primitive in (str, bool, int):
        converter.register_structure_hook(primitive, functools.partial(_exactly, primitive))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_func(lambda kind: kind is values.Instant, _instant)
    return converter


def _exactly(primitive: type, value: object, wanted: object) -> object:
    # Exactly: True is an int for isinstance.
    if type(value) is not primitive:
        raise TypeError(f"{value!r} is not a {primitive.__name__}")
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):  # cattrs takes it for its base
        return wanted(value)
    return value


def _number(value: object, _type: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r:.80} is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError("a whole number that is too large") from error
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite number")
    return number


def _instant(value: object, _type: object) -> values.Instant:
    if not values.is_instant(value):
        raise ValueError(f"{value!r:.80} is not an instant of the years 1 to 9999")
    return values.Instant(float(cast("float", value)))
