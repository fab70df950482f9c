"""Which drills nobody looks after any more, on this host or on one that is gone.

Comes in: the store, this machine, the time. Goes out: the drills that are not closed, each with what it may
have in force, and whether it is left to whoever looks.
Does not: revert; `reverting` does.

On this host a drill is left when neither its conductor nor its keeper lives; one that is stopped looks after
nothing. Another host's processes can't be seen: its drill is left when its rights in the store have run out,
that to the environment and the keeper's to each fault. A host that comes back finds its drill closed.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.revert import claims, fencing
from gameday.conduct.revert.context import Machine, holder
from gameday.core import exposure
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import DrillId, Instant, Seconds

YOUNG: Seconds = 60.0
"""A drill of another host is not judged before it is so old, nor a fault of it before rights.CLAIM: its
rights may still be on their way into the store."""
UNNAMED: Seconds = 5.0
"""Seconds after its planning within which a conductor that lives has named itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDrill:
    """A drill that is not closed.

    host  its conductor's; left: nobody looks after it any more
    root  the workspace on this host from which its fault was requested; empty: it was not, or elsewhere
    """

    drill: DrillId
    host: str
    exposed: tuple[Exposed, ...]
    left: bool
    root: str = ""

    @property
    def gave_up(self) -> bool:
        """Every try to revert it has failed: a person must look, and then say so."""
        return bool(self.exposed) and all(each.gave_up for each in self.exposed)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDrillsLook:
    """One look at a store, from one machine at one time."""

    store: ports.HistoryStore
    machine: Machine
    now: Instant

    def open_drills(self) -> list[OpenDrill]:
        """List the drills that are not closed. Raises StoreUnavailable."""
        return [self._open(row) for row in self.store.live()]

    def _open(self, row: ports.DrillRow) -> OpenDrill:
        told = store_reads.read(self.store, row.drill)
        exposed, host = exposure.open_faults(told), _host(told)
        if host == self.machine.host:
            left = self._left_here(told)
        else:
            left = self.now - row.started > YOUNG and self._rights_ran_out(row, told, exposed)
        requested = told.first(ev.FaultRequested)
        root = requested.fact.cwd if requested is not None and host == self.machine.host else ""
        return OpenDrill(drill=row.drill, host=host, exposed=exposed, left=left, root=root)

    def _left_here(self, told: history.History) -> bool:
        known = {role for role, _ in fencing.recorded(told, self.machine.host)}
        if "conductor" not in known:
            planned = told.first(ev.DrillPlanned)
            return planned is None or self.now - planned.event.recorded_at > UNNAMED
        looking = fencing.living(told, self.machine, ("conductor", "keeper"))
        return all(self.machine.stopped(who) for _, who in looking)

    def _rights_ran_out(
        self, row: ports.DrillRow, told: history.History, exposed: tuple[Exposed, ...]
    ) -> bool:
        if not exposed:
            lease = self.store.lease(row.environment)
            return lease is None or lease.drill != row.drill
        requested = {one.fact.fault: one.event.recorded_at for one in told.each(ev.FaultRequested)}
        old = all(self.now - requested[each.fault] > claims.CLAIM for each in exposed)
        return old and all(self._free(row.drill, each) for each in exposed)

    def _free(self, drill: DrillId, each: Exposed) -> bool:
        """Tell whether nobody holds the right to revert a fault, by taking it for no time at all."""
        me = holder(self.machine.host, self.machine.me.pid)
        return self.store.claim(drill, claims.right(each.fault), me, until=self.now)


def _host(told: history.History) -> str:
    """Give the host of a drill's conductor."""
    for named in told.each(ev.ProcessStarted):
        if named.fact.role == "conductor":
            return named.fact.host
    planned = told.first(ev.DrillPlanned)
    return planned.fact.host if planned else ""
