"""An alert source whose incidents the test sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gameday.core.errors import NotReady


@dataclass(kw_only=True, slots=True)
class FakeIncidents:
    """`ports.Incidents`: `found` by environment. silent: why it does not answer."""

    found: dict[str, list[str]] = field(default_factory=dict)
    silent: str = ""

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents. Raises NotReady where `silent` is set."""
        if self.silent:
            raise NotReady(self.silent)
        return self.found.get(environment, [])
