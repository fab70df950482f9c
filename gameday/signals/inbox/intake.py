"""Makes events of what one drill is sent, and passes them on before the sender is answered.

An alert's event is named by its system and its change, so that a delivery that is repeated, or sent by each
of two Alertmanagers, is one event. What could not be read, was not whole or did not prove its origin becomes
one, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, Instant, Seconds, storable
from gameday.ports import Clock
from gameday.signals.inbox.episodes import Episodes
from gameday.signals.inbox.server import CAP
from gameday.signals.parsed_payload import ParsedPayload, UnknownShape, possible
from gameday.signals.systems import SYSTEMS

EXCERPT = 500
"""Characters of an unreadable payload that are kept."""
REFUSED_EVERY: Seconds = 60.0
"""Of refused deliveries of one source, for one reason, one in so many seconds becomes an event."""

Receive = Callable[[Sequence[ev.Event]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where deliveries come from. name: for people and heartbeats; system: whose payloads they are."""

    name: str
    system: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of a delivery. rejected: why elements of it could not be read."""

    accepted: int = 0
    rejected: Sequence[str] = ()


class Intake:
    """Takes what one drill is sent. `receive` stores events; StoreUnavailable from it reaches the caller.

    heartbeats: by source, when its always-firing alert last arrived.
    """

    def __init__(self, *, drill: DrillId, clock: Clock, receive: Receive) -> None:
        self._drill = drill
        self._clock = clock
        self._receive = receive
        self._episodes = Episodes()
        self._refused: dict[tuple[str, str], Instant] = {}
        self.heartbeats: dict[str, Instant] = {}

    def take(self, source: Source, body: bytes) -> Taken:
        """Read a body and store what it says. Raises StoreUnavailable."""
        return self._store(source, *_read(source.system, body), body)

    def take_parsed(self, source: Source, payload: ParsedPayload) -> Taken:
        """Store what a source was found to say. Raises StoreUnavailable."""
        return self._store(source, payload, payload.rejected, "; ".join(payload.rejected).encode())

    def beat(self, source: Source) -> None:
        """Note that a source has shown that it works."""
        self.heartbeats[source.name] = self._clock.now()

    def note(self, source: Source, why: str) -> None:
        """Record, at most once in REFUSED_EVERY, that a delivery was refused or could not be had.

        Never raises: whoever sends what is refused may not stop a drill.
        """
        now = self._clock.now()
        before = self._refused.get((source.name, why))
        if before is not None and now - before < REFUSED_EVERY:
            return
        self._refused[source.name, why] = now
        fact = ev.SignalRejected(system=source.name, reason=why)
        with suppress(StoreUnavailable):
            self._receive([self._rejection(source, fact, f"{why}@{now:.0f}")])

    def too_long(self, source: Source) -> None:
        """Record that a body was too long; its sender drops it for good."""
        self.note(
            source, f"a payload had more than {CAP} bytes and was refused; let the sender limit its alerts"
        )

    def _store(self, source: Source, payload: ParsedPayload, rejected: Sequence[str], body: bytes) -> Taken:
        now = self._clock.now()
        if payload.heartbeat:
            self.heartbeats[source.name] = now
        events = [*self._alerts(source, payload, now), *self._rejected(source, rejected, body)]
        events += self._left_out(source, payload.left_out, body)
        if events:
            self._receive(events)
        return Taken(accepted=len(payload.alerts), rejected=rejected)

    def _alerts(self, source: Source, payload: ParsedPayload, now: Instant) -> Iterator[ev.Event]:
        for parsed in payload.alerts:
            alert = self._episodes.named(source.system, possible(parsed, now), now)
            yield ev.Event(
                id=_event_id(source.system, alert.delivery),
                drill=self._drill,
                recorded_at=now,
                occurred_at=alert.at,
                source=source.system,
                by=alert.by,
                fact=alert.fact,
            )

    def _rejected(self, source: Source, reasons: Sequence[str], body: bytes) -> Iterator[ev.Event]:
        if not reasons:
            return
        fact = ev.SignalRejected(
            system=source.name,
            reason="; ".join(reasons)[:EXCERPT],
            # A character has at most four bytes in UTF-8.
            excerpt=body[: 4 * EXCERPT].decode(errors="replace")[:EXCERPT],
        )
        yield self._rejection(source, fact, hashlib.sha256(body).hexdigest()[:24])

    def _left_out(self, source: Source, left_out: int, body: bytes) -> Iterator[ev.Event]:
        if not left_out:
            return
        why = f"its sender left out {left_out:,} alerts of a group, to limit the payload"
        fact = ev.SignalRejected(system=source.name, reason=why, left_out=left_out)
        yield self._rejection(source, fact, f"left-out:{hashlib.sha256(body).hexdigest()[:24]}")

    def _rejection(self, source: Source, fact: ev.SignalRejected, name: str) -> ev.Event:
        return ev.Event(
            id=_event_id(source.name, f"rejected:{name}"),
            drill=self._drill,
            recorded_at=self._clock.now(),
            source=source.system,
            fact=fact,
        )


def _read(system: str, body: bytes) -> tuple[ParsedPayload, Sequence[str]]:
    """Read a body; give what could not be read, instead of raising it."""
    try:
        # At the door: not even the answer to the sender could be written with half a character in it.
        payload = SYSTEMS[system](storable(json.loads(body)))
    except UnknownShape as error:
        return ParsedPayload(), [str(error)]
    # JSON that is nested deeply enough raises RecursionError.
    except (ValueError, RecursionError) as error:
        return ParsedPayload(), [f"not JSON: {error}"]
    return payload, payload.rejected


def _event_id(prefix: str, delivery: str) -> EventId:
    """Make an event's id from a delivery's; a long or unprintable one is replaced by its hash."""
    if len(delivery) > 200 or not delivery.isascii() or not delivery.isprintable():
        delivery = hashlib.sha256(delivery.encode("utf-8", "backslashreplace")).hexdigest()[:24]
    return EventId(f"{prefix}:{delivery}")
