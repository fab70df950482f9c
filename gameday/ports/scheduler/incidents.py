"""Asking for real incidents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Incidents(Protocol):
    """The environment's alert source, asked for real incidents."""

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents in progress. Raises NotReady when there is no answer."""
        ...
