"""What an experiment's actions match, as the test sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gameday.core.errors import NotReady
from gameday.ports import ActionTarget


@dataclass(kw_only=True, slots=True)
class FakeTargets:
    """`ports.Targets`. why: why the target can't be asked."""

    targets: Sequence[ActionTarget] = ()
    why: str = ""
    closed: bool = False

    async def resolve(self) -> Sequence[ActionTarget]:
        """Give the targets. Raises NotReady where `why` is set."""
        if self.why:
            raise NotReady(self.why)
        return self.targets

    async def close(self) -> None:
        """Keep in mind that it was closed."""
        self.closed = True
