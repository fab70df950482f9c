"""Notices that are kept for the test instead of sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from gameday.ports import Notice


@dataclass(kw_only=True, slots=True)
class FakeNotices:
    """`ports.Notices` that keeps what was sent in `sent`."""

    sent: list[Notice] = field(default_factory=list)

    @property
    def told(self) -> list[Notice]:
        """Give `sent` by its former name."""
        return self.sent

    def send(self, notice: Notice) -> None:
        """Keep a notice."""
        self.sent.append(notice)
