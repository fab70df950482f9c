"""The drills that are not closed, and which of them are abandoned, on this host or on one that is gone.

On this host a drill is abandoned when neither its conductor nor its keeper runs; a stopped process (SIGSTOP)
does not count as running. Another host's processes can't be seen: its drill is abandoned when its rights in
the store have run out, that to the environment and the keeper's to each fault. A host that comes back finds
its drill closed.
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
from gameday.core.facts.history import History
from gameday.core.values import DrillId, Instant, Seconds

MIN_AGE: Seconds = 60.0
"""How old a drill of another host must be before it is judged (its faults: claims.CLAIM_TIME). Until then its
rights may still be on their way into the store."""
NAMING_LIMIT: Seconds = 5.0
"""How long after its planning a living conductor takes, at most, to record itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenDrill:
    """A drill that is not closed.

    host         its conductor's; left: it is abandoned
    root         the workspace on this host from which its fault was requested; empty: not, or elsewhere
    environment  empty where its plan is lost
    unreadable   why its history can't be read; then nothing else is known of it
    """

    drill: DrillId
    host: str
    exposed: tuple[Exposed, ...]
    left: bool
    root: str = ""
    environment: str = ""
    unreadable: str = ""

    @property
    def needs_word(self) -> bool:
        """A fault of it is nothing that may be played unasked: it is unsigned, or its request is lost."""
        return bool(self.unreadable) or any(fault.lost or not fault.signed for fault in self.exposed)

    def blocks(self, environment: str) -> bool:
        """Whether no drill may start on an environment: what is unsigned blocks its own alone.

        Whoever can write into the store could otherwise keep all drills from starting.
        """
        if environment and environment == self.environment:
            return bool(self.exposed or self.unreadable)
        return any(fault.signed for fault in self.exposed)

    @property
    def gave_up(self) -> bool:
        """Nothing of it can be reverted from here: a person must look, and record what became of it."""
        if self.unreadable:
            return True
        return bool(self.exposed) and all(
            fault.gave_up or fault.lost or not fault.signed for fault in self.exposed
        )


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
        try:
            return self._read(row, store_reads.read(self.store, row.drill))
        except OSError:  # not the history's, but this machine's: no descriptor is free, for one
            raise
        # One damaged history must not hide the other drills, whatever it is that nobody foresaw.
        except Exception as error:  # noqa: BLE001
            return _unreadable(row, str(error) or type(error).__name__)

    def _read(self, row: ports.DrillRow, history: History) -> OpenDrill:
        exposed, host = exposure.in_doubt(history), _host(history)
        if host == self.machine.host:
            left = self._left_here(history)
        else:
            left = self.now - row.started > MIN_AGE and self._rights_ran_out(row, history, exposed)
        # Another host's path would name some other folder here.
        root = _root(history) if host == self.machine.host else ""
        return OpenDrill(
            drill=row.drill,
            host=host,
            exposed=exposed,
            left=left,
            root=root,
            environment=row.environment,
        )

    def _left_here(self, history: History) -> bool:
        alive = fencing.living(history, self.machine, ("conductor", "keeper"))
        if any(not self.machine.stopped(who) for _, who in alive):
            return False
        roles = {role for role, _ in fencing.recorded(history, self.machine.host)}
        planned = history.first(ev.DrillPlanned)
        # The plan is recorded just before the conductor's name: a young drill without one is about to begin.
        return "conductor" in roles or planned is None or self.now - planned.event.recorded_at > NAMING_LIMIT

    def _rights_ran_out(self, row: ports.DrillRow, history: History, exposed: tuple[Exposed, ...]) -> bool:
        if not exposed:
            lease = self.store.lease(row.environment)
            # Without a fault only the lease shows that its conductor lives; another drill's shows that it
            # ran out.
            return lease is None or lease.drill != row.drill
        requested = {
            request.fact.fault: request.event.recorded_at for request in history.each(ev.FaultRequested)
        }
        ages = [self.now - requested.get(fault.fault, row.started) for fault in exposed]
        old = all(age > claims.CLAIM_TIME for age in ages)
        return old and all(self._free(row.drill, fault) for fault in exposed)

    def _free(self, drill: DrillId, exposed: Exposed) -> bool:
        """Report whether nobody has the right to revert a fault, by a claim that expires at once."""
        me = holder(self.machine.host, self.machine.me.pid)
        # The store has no read for a claim: winning it shows that it was free, and it is given up by the
        # same call.
        return self.store.claim(drill, claims.right(exposed.fault), me, until=self.now)


def _root(history: History) -> str:
    """Give the workspace from which a drill's fault was requested; empty without one."""
    requested, planned = history.first(ev.FaultRequested), history.first(ev.DrillPlanned)
    if requested is None:
        return ""
    below = planned.fact.scenario.options.cwd if planned is not None else ""
    return requested.fact.cwd.removesuffix(f"/{below}") if below else requested.fact.cwd


def _host(history: History) -> str:
    """Give the host of a drill's conductor."""
    for process in history.each(ev.ProcessStarted):
        if process.fact.role == "conductor":
            return process.fact.host
    planned = history.first(ev.DrillPlanned)
    named = [process.fact.host for process in history.each(ev.ProcessStarted)]
    # Without its beginning: any process of it.
    return planned.fact.host if planned else (named or [""])[0]


def _unreadable(row: ports.DrillRow, why: str) -> OpenDrill:
    return OpenDrill(
        drill=row.drill, host="", exposed=(), left=True, environment=row.environment, unreadable=why
    )
