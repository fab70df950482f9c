"""The service under a drill, which the fakes share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class World:
    """A service whose users are affected while a fault is in force and nobody has fixed it.

    harmless  the fault is in force without any effect on users
    reverts   how often a revert was asked for
    """

    fault: bool = False
    fixed: bool = False
    harmless: bool = False
    reverts: int = 0

    @property
    def affected(self) -> bool:
        """Report whether users are affected."""
        return self.fault and not self.fixed and not self.harmless

    @property
    def mended(self) -> bool:
        """Give `fixed` by its former name, which tests of users may still set."""
        return self.fixed

    @mended.setter
    def mended(self, fixed: bool) -> None:
        self.fixed = fixed

    @property
    def hurt(self) -> bool:
        """Give `affected` by its former name."""
        return self.affected
