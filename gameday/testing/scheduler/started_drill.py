"""A drill process that ends when the test lets it."""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.plans.schedule import Record
from gameday.ports import Clock


@dataclass(kw_only=True, slots=True)
class FakeStartedDrill:
    """`ports.StartedDrill` that ends when its test sets `exit_code`, or after `lasts` seconds."""

    clock: Clock
    record: Record
    lasts: float | None = 60.0
    exit_code: int | None = None
    stopped: bool = False

    def ended(self) -> int | None:
        """Give its exit code; None while it runs."""
        began = self.record.started or self.record.decided
        if self.exit_code is None and self.lasts is not None and self.clock.now() >= began + self.lasts:
            self.exit_code = 0
        return self.exit_code

    def drill(self) -> str:
        """Give an id."""
        return f"drill-of-{self.record.schedule}-{self.record.occurrence:.0f}"

    def stop(self) -> None:
        """Abort: end with exit code 3."""
        self.stopped, self.exit_code = True, 3
