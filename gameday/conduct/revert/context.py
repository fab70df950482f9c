"""Everything that fencing, claiming and reverting work with, in one frozen value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, FaultId, Instant
from gameday.system.descent.tree import Descendant
from gameday.system.machine import ThisMachine
from gameday.system.processes import Identity


class FactRecorder(Protocol):
    """Records facts without ever waiting for the store; `conduct.revert.buffered_recorder` is one."""

    def record(self, fact: ev.Fact, *, at: Instant | None = None) -> ev.Event:
        """Take a fact that occurred `at` (default: now)."""
        ...


class Machine(Protocol):
    """Ends processes and runs commands; `system.machine` is one."""

    @property
    def host(self) -> str:
        """The machine's name."""
        ...

    @property
    def me(self) -> Identity:
        """This process."""
        ...

    @property
    def has_folder(self) -> bool:
        """Whether the drill's own workspace is there, for commands to run in."""
        ...

    def alive(self, who: Identity) -> bool:
        """Report whether exactly this process still runs."""
        ...

    def stopped(self, who: Identity) -> bool:
        """Report whether a process is stopped (SIGSTOP): it lives, and does nothing."""
        ...

    async def end(self, who: Identity, *, descendants: bool = False) -> bool:
        """SIGKILL exactly this process, and what descends from it if asked, and wait until it is gone."""
        ...

    async def end_method(
        self, drill: DrillId, fault: FaultId, *, ours: Collection[Identity] = ()
    ) -> list[Descendant]:
        """End the process that injects a fault and all that its method has started; give the latter.

        ours: processes of the drill that are ended by their identity alone, if at all.
        """
        ...

    def forget_method(self, drill: DrillId, fault: FaultId) -> None:
        """Remove what is kept to end the method of a fault that is undone."""
        ...

    async def sweep(self, drill: DrillId, *, spare: Iterable[Identity] = ()) -> int:
        """End our own processes of a drill, but this one and `spare`; give how many there were."""
        ...

    async def run(self, argv: Sequence[str]) -> ports.CommandOutcome:
        """Run a command to its end."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class RevertContext:
    """What reverting works with.

    by             keeper | conductor | command | worker
    play_unsigned  a person has looked at what this installation did not sign, and wants it played
    unended        by fault: what of its method could not be ended for certain, and may inject again
    """

    drill: DrillId
    by: str
    store: ports.HistoryStore
    recorder: FactRecorder
    clock: ports.Clock
    rollback_player: ports.RollbackPlayer
    machine: Machine = field(default_factory=ThisMachine)
    play_unsigned: bool = False
    unended: dict[FaultId, str] = field(default_factory=dict)

    @property
    def holder(self) -> str:
        """Name this process as the holder of a right."""
        return holder(self.machine.host, self.machine.me.pid)


def holder(host: str, pid: int) -> str:
    """Name a process as the holder of a right."""
    return f"{host}:{pid}"
