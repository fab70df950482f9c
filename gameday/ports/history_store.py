"""The store of histories: events, load samples, claims and leases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday.core.facts import drill as ev
from gameday.core.facts.drill_row import DrillRow
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.values import DrillId, Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An event with its sequence number in the drill's history, which counts from 1 without gaps."""

    seq: int
    event: ev.Event


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

    def append_after(self, drill: DrillId, last: int, *events: ev.Event) -> bool:
        """Store events at the end of one history, only if its last sequence number is `last`.

        False, and nothing is stored, where somebody else has added to it meanwhile: of two processes that
        read the same end, one writes. Events have new ids, and are never kept outside the store.
        """
        ...

    def read(self, drill: DrillId, *, after: int = 0) -> Sequence[Stored]:
        """Give a drill's events after sequence number `after`. Raises LookupError for an unknown drill."""
        ...

    def lines(self, drill: DrillId) -> Sequence[str]:
        """Give a drill's events as their stored lines, in order. Raises LookupError for an unknown drill."""
        ...

    def ends(self, drill: DrillId) -> str:
        """Give a text that changes with whatever is added to a drill's events or load.

        It is empty for an unknown drill, and while a part of one is kept outside the store.
        """
        ...

    def append_load(self, drill: DrillId, chunks: Iterable[Chunk], until: Instant) -> None:
        """Store load samples; `until` is the instant up to which load was observed."""
        ...

    def read_load(self, drill: DrillId, *, since: Instant | None = None) -> LoadHistory:
        """Give the chunks of samples that end after `since`; without it, all.

        Chunks of one request name and time may be merged; their sums are those that were stored.
        """
        ...

    def clock(self) -> Instant | None:
        """Read the store's own clock; None where it has only this machine's."""
        ...

    def drills(self) -> Sequence[DrillRow]:
        """List the drills, newest first."""
        ...

    def live(self) -> Sequence[DrillRow]:
        """List the drills that are not closed, newest first; one that ended with a fault in force is not."""
        ...

    def game_days(self) -> Sequence[DrillRow]:
        """List the game days, newest first; `scenario` holds the plan's id."""
        ...

    def verify(self, drill: DrillId) -> Sequence[str]:
        """Check the hash chain; each string names a defect and its sequence number. Empty: intact."""
        ...

    def verify_signatures(self, drill: DrillId) -> Sequence[str]:
        """Check the signatures of what makes gameday act; each string names a defect. Empty: none known."""
        ...

    def verify_roll(self) -> Sequence[str]:
        """Check the store's own record of which histories ended where; each string names a defect."""
        ...

    def claim(self, drill: DrillId, what: str, holder: str, *, until: Instant) -> bool:
        """Claim a named right of a drill, such as reverting it; False while another holder has it."""
        ...

    def take_lease(self, lease: Lease) -> Lease | None:
        """Take or renew an environment's lease; give the lease in force when another drill holds it."""
        ...

    def lease(self, environment: str) -> Lease | None:
        """Give an environment's lease if one is in force."""
        ...

    def register_reverter(self, holder: str, host: str, *, until: Instant) -> None:
        """Record that a process on a host reverts abandoned faults until an instant."""
        ...

    def reverter_hosts(self) -> Sequence[str]:
        """Name the hosts on which a process reverts abandoned faults now."""
        ...

    def release_lease(self, environment: str, drill: DrillId) -> None:
        """Release a lease; do nothing when the drill does not hold it."""
        ...

    def degraded(self) -> str:
        """Give the reason why events are kept outside the store for now; empty while they are in it."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
