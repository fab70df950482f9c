"""Shows what may still be in force: each fault with its environment, host and reason, and what to type next.

What this installation did not sign is shown as what it would run. Nothing of it runs for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gameday.cli.shared import output
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import DrillId


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenFaults:
    """What may still be in force of one drill.

    unreadable    why its history can't be read
    looked_after  its own processes live, and will revert it
    """

    drill: DrillId
    faults: Sequence[Exposed]
    environment: str = ""
    host: str = ""
    unreadable: str = ""
    looked_after: bool = False

    def show(self) -> None:
        """Print each fault, its steps, and the commands that lead out."""
        unsigned = [fault for fault in self.faults if not fault.signed]
        others = [fault for fault in self.faults if fault.signed]
        if others or self.unreadable:
            output.talk(f"error: {self.drill}: a fault may still be in force. What a person must do:")
            _steps(others, "see the rollbacks of the experiment")
        if unsigned:
            output.talk(
                f"error: {self.drill}: a fault may still be in force, and this installation did not sign it. "
                "Playing it would run:"
            )
            _steps(unsigned, "nothing")
        for line in self.reasons():
            output.talk(f"  {line}")
        for line in self.ways_out():
            output.hint(line)

    @property
    def in_doubt(self) -> bool:
        """Whether anything may be in force."""
        return bool(self.faults or self.unreadable)

    def summarize(self) -> None:
        """Print one line a fault, and the commands that lead out."""
        for line in self.reasons():
            output.talk(f"{self.drill}: {line}")
        if self.in_doubt:
            for line in self.ways_out():
                output.hint(line)

    def encode(self) -> list[dict[str, object]]:
        """Give each fault as JSON holds it."""
        ways = list(self.ways_out())
        return [
            {
                "drill": self.drill,
                "fault": fault.fault,
                "environment": self.environment or None,
                "host": fault.request.host or self.host or None,
                "why": fault.why,
                "steps": list(fault.steps),
                "next": ways,
            }
            for fault in self.faults
        ]

    def reasons(self) -> Iterator[str]:
        """Say of each fault where it is, and why it is still open."""
        if self.unreadable:
            yield f"{self.place()}: its history can't be read: {self.unreadable}"
        for fault in self.faults:
            yield f"fault {fault.fault} {self.place(fault)}: {fault.why}"

    def place(self, fault: Exposed | None = None) -> str:
        """Name environment and host."""
        host = (fault.request.host if fault is not None else "") or self.host
        return f"on {self.environment or 'an unknown environment'}, host {host or 'unknown'}"

    def ways_out(self) -> Iterator[str]:
        """Give what to type next."""
        if self.looked_after:
            yield f"its own processes revert it; at once: gameday revert {self.drill}"
            return
        tried = any(fault.signed and not fault.lost for fault in self.faults)
        if tried:
            yield f"follow these steps, then: gameday revert {self.drill}"
        if any(not fault.signed for fault in self.faults):
            yield f"if you have looked, and want it run: gameday revert {self.drill} --play-unsigned"
            yield "or revert it as the user, on the host or with the [store] key that requested it"
        yield f'if you undid it yourself: gameday revert {self.drill} --by-hand "what was done"'


def of_history(drill: DrillId, faults: Sequence[Exposed], history: History | None) -> OpenFaults:
    """Give what may still be in force of a drill whose history is known."""
    planned = history.first(ev.DrillPlanned) if history is not None else None
    fact = planned.fact if planned is not None else None
    return OpenFaults(
        drill=drill,
        faults=faults,
        environment=fact.environment if fact else "",
        host=fact.host if fact else "",
    )


def _steps(faults: Sequence[Exposed], without: str) -> None:
    for exposed in faults:
        for number, step in enumerate(exposed.steps or (without,), start=1):
            output.talk(f"  {number}. {step}")
