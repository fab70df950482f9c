"""The history of a drill: its facts in order, each with the instant that counts, and its load.

Events may arrive in any order and more than once. They are sorted by (instant, kind, id), so that the order
of delivery changes nothing. The instant that counts is the source's own claim where the source is trusted
and the claim is possible, that is not later than its receipt (within SKEW); otherwise it is the receipt.
`core.judging.alerts` adds what is possible for an alert.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gameday.core.errors import BeginningLost
from gameday.core.facts import drill as ev
from gameday.core.facts.load import LoadHistory
from gameday.core.values import Instant, instant

SKEW = 2.0
"""Seconds by which the clock of an authenticated source may differ from ours."""

NO_LOAD = LoadHistory()

JUDGED_LATE = (
    ev.AlertFired,
    ev.AlertAcknowledged,
    ev.AlertResolved,
    ev.IncidentAcknowledged,
    ev.IncidentDeclared,
    ev.MilestoneMarked,
    ev.StepDone,
    ev.NoteWritten,
    ev.UpdateSent,
    ev.ActionTaken,
    ev.HintTaken,
    ev.ReviewAnswered,
    ev.FaultReverted,
)
"""Facts that make a new revision when they are recorded after the drill closed."""

F = TypeVar("F")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dated(Generic[F]):
    """A fact with its event and the instant that counts."""

    at: Instant
    event: ev.Event
    fact: F


def counted_instant(event: ev.Event) -> Instant:
    """Give the instant at which an event counts: its trusted, possible claim, else its receipt."""
    claim = event.occurred_at
    if claim is None or not event.trusted or claim > event.recorded_at + SKEW:
        return event.recorded_at
    # a clock that is ahead by less than SKEW is believed, but nothing counts before it is possible to know it
    return instant(min(claim, event.recorded_at))


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one drill. Build it with `from_events`.

    derived: what a fold has made of it already, by question, where several ask for it; no part of the value.
    """

    events: tuple[ev.Event, ...]
    load: LoadHistory = NO_LOAD
    derived: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def each(self, kind: type[F]) -> Iterator[Dated[F]]:
        """Give the facts of one kind, in order, each with the instant that counts."""
        for event in self.events:
            if isinstance(event.fact, kind):
                yield Dated(at=counted_instant(event), event=event, fact=event.fact)

    def first(self, kind: type[F]) -> Dated[F] | None:
        """Give the earliest fact of a kind, or None."""
        return next(self.each(kind), None)

    def last(self, kind: type[F]) -> Dated[F] | None:
        """Give the latest fact of a kind, or None."""
        latest = None
        for latest in self.each(kind):  # noqa: B007  # only the last value is wanted
            pass
        return latest

    @property
    def plan(self) -> ev.DrillPlanned:
        """The frozen plan. Raises BeginningLost, a LookupError, for a history without one."""
        planned = self.first(ev.DrillPlanned)
        if planned is None:
            raise BeginningLost(
                "this history has no DrillPlanned: its beginning is lost, and what was injected is unknown",
                hint="gameday revert --all shows what is known, and the ways out",
            )
        return planned.fact

    @property
    def imported(self) -> bool:
        """Whether it was imported: it is closed, and nothing in it may be played, ended or run here."""
        return self.first(ev.HistoryImported) is not None

    @property
    def refused(self) -> str:
        """Why a drill did not begin, so that nobody had to respond; empty where it did begin."""
        closed = self.last(ev.DrillClosed)
        if closed is None or closed.fact.how != "not-ready" or self.first(ev.FaultRequested):
            return ""
        failed = [check.fact for check in self.each(ev.PreflightChecked) if not check.fact.passed]
        return f"{failed[-1].check}: {failed[-1].detail}" if failed else "it was not ready"

    @property
    def closed_at(self) -> Instant | None:
        """The instant at which the first DrillClosed was recorded: what was known by then is settled.

        A drill that was imported before it was closed closes with the import.
        """
        kinds = (ev.DrillClosed, ev.HistoryImported)
        ends = (event.recorded_at for event in self.events if isinstance(event.fact, kinds))
        return min(ends, default=None)

    @property
    def revision(self) -> int:
        """0 while the drill is open, 1 when it closes, and one more for each later fact that is judged."""
        closed = self.closed_at
        if closed is None:
            return 0
        judged = (event for event in self.events if isinstance(event.fact, JUDGED_LATE))
        # by receipt, not by the instant that counts: an old alert that arrives late is news
        return 1 + sum(event.recorded_at > closed for event in judged)

    def known_by(self, at: Instant) -> History:
        """Give the history as it was known at an instant: what was recorded up to it, with the same load."""
        return History(tuple(event for event in self.events if event.recorded_at <= at), self.load)

    def settled(self) -> History:
        """Give the history of revision 1: as it was known when the drill closed; all of it while open."""
        closed = self.closed_at
        return self if closed is None else self.known_by(closed)


def from_events(events: Iterable[ev.Event], load: LoadHistory = NO_LOAD) -> History:
    """Order events by (instant, kind, id) and drop duplicates by id: the first receipt counts."""
    unique: dict[str, ev.Event] = {}
    for event in events:
        known = unique.get(event.id)
        if known is None or _receipt(event) < _receipt(known):
            unique[event.id] = event
    # Ids last, since they are random: without them equal instants would keep the order of delivery.
    ordered = sorted(unique.values(), key=lambda e: (counted_instant(e), e.kind, e.id))
    return History(tuple(ordered), load)


def _receipt(event: ev.Event) -> tuple[Instant, str]:
    """Order the deliveries of one event; the text only decides between copies received at one instant."""
    return event.recorded_at, repr(event)
