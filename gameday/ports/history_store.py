"""The store of histories: events, load samples, claims and leases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.values import DrillId, Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An event as the store holds it: its place in the drill's history, from 1, without gaps."""

    seq: int
    event: ev.Event


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillRow:
    """One line of the list of drills."""

    drill: DrillId
    scenario: str
    environment: str
    started: Instant
    closed: Instant | None
    how: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to break one environment, held by one drill."""

    environment: str
    drill: DrillId
    holder: str
    since: Instant
    until: Instant


class HistoryStore(Protocol):
    """The only way to write history. Every method may raise StoreUnavailable."""

    def append(self, *events: ev.Event) -> None:
        """Store events at the end of their drill's history, in one transaction, once per id."""
        ...

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give the events of a drill behind place `after`. Raises LookupError if there is no drill."""
        ...

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples; `until` is the instant up to which load was observed."""
        ...

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the samples in chunks that end after `since`; all of them without it.

        Chunks of one request name and time may come joined; they add up to what was stored.
        """
        ...

    def drills(self) -> Sequence[DrillRow]:
        """List the drills, newest first."""
        ...

    def live(self) -> Sequence[DrillRow]:
        """List the drills that are not closed, newest first; what was ended with a fault in force is not."""
        ...

    def game_days(self) -> Sequence[DrillRow]:
        """List the game days, newest first; the plan's id stands as their scenario."""
        ...

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check the hash chain; each string says what is wrong, with its place. Empty: sound."""
        ...

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Win the named right of a drill (such as a revert) unless another holder's has not expired."""
        ...

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; give the other holder's lease when it is taken."""
        ...

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        ...

    def register_reverter(self, holder: str, host: str, *, until: Instant) -> None:
        """Say that a process of a host reverts what others leave, until an instant."""
        ...

    def reverter_hosts(self) -> Sequence[str]:
        """Name the hosts on which somebody reverts what others leave."""
        ...

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Give a lease back; without effect when it is not held."""
        ...

    def degraded(self) -> str:
        """Say why events are kept beside the store instead of in it; empty while all is well."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
