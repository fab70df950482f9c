"""What the environment's policy limits of the load, as Locust's process gets it, and the counts to judge by.

All of Locust's processes share one table of counts, so the limits hold in sum whatever number of workers
there is, and for what a locustfile forks. It is made before Locust forks its workers; each process has a row.
"""

from __future__ import annotations

import json
import mmap
import os
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gameday.system import clock

if TYPE_CHECKING:  # Locust and each of its workers import this: the policy would take as long as all else
    from gameday.core.policy.model import Policy

VARIABLE = "GAMEDAY_LOAD_LIMITS"
WINDOW = 5.0
"""Seconds over which requests/s are counted."""

_ROWS = 1024
_USERS, _SENT, _REPORTED, _CONNECTED, _COLUMNS = range(5)
_MOST_USERS = _ROWS * _COLUMNS
"""The cell of the most users that there were at any time, after all rows."""


class LimitExceeded(ConnectionRefusedError):
    """A request or a user beyond a limit of the policy; an OSError, as clients expect of a refusal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadLimits:
    """The parts of a policy that concern load. hosts: what it may reach; processes: what it may start."""

    hosts: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    max_users: int | None = None
    max_rps: float | None = None

    @property
    def counted(self) -> bool:
        """Whether users or requests are limited."""
        return self.max_users is not None or self.max_rps is not None


def of_policy(policy: Policy) -> LoadLimits:
    """Give the limits that a policy sets."""
    return LoadLimits(
        hosts=policy.hosts,
        processes=tuple(each for each in policy.providers if each.startswith("process:")),
        denied=tuple(each for each in policy.deny if each.startswith("process:")),
        max_users=policy.max_users,
        max_rps=policy.max_rps,
    )


def text(limits: LoadLimits) -> str:
    """Write limits for the environment of Locust's process."""
    return json.dumps(asdict(limits))


def parse(written: str) -> LoadLimits:
    """Read what `text` has written."""
    fields = json.loads(written).items()
    values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in fields}
    return LoadLimits(**values)


class LoadCounts:
    """Users and requests of all of Locust's processes. Made once, before any fork."""

    def __init__(self, limits: LoadLimits) -> None:
        self._limits = limits
        # Anonymous and shared: what a forked process writes is seen by all.
        self._cells = memoryview(mmap.mmap(-1, (_MOST_USERS + 1) * 8)).cast("Q")
        self._totals: deque[tuple[float, int]] = deque()
        self._begin_row()
        os.register_at_fork(after_in_child=self._begin_row)

    def _begin_row(self) -> None:
        # By pid: rows need no lock, and pids of one Locust are close together.
        self._row = os.getpid() % _ROWS * _COLUMNS
        self._cells[self._row + _USERS] = 0
        self._ceiling = 0

    def sent(self) -> None:
        """Count a request that begins. Raises LimitExceeded when it is one too many."""
        self._count(_SENT)
        if self._limits.max_rps is not None and self._own > self._ceiling and self.exceeded():
            raise LimitExceeded(self.exceeded())

    def connected(self) -> None:
        """Count a connection: a client that we don't know makes a request on it. Raises LimitExceeded."""
        self._count(_CONNECTED)
        if self._limits.max_rps is not None and self._own > self._ceiling and self.exceeded():
            raise LimitExceeded(self.exceeded())

    def reported(self) -> None:
        """Count a request that was reported to Locust."""
        self._count(_REPORTED)

    def users(self, number: int) -> None:
        """Set how many users this process has. Raises LimitExceeded when there are too many in sum."""
        cells = self._cells
        cells[self._row + _USERS] = number
        total = sum(cells[_USERS:_MOST_USERS:_COLUMNS])
        cells[_MOST_USERS] = max(cells[_MOST_USERS], total)
        if self._limits.max_users is not None and total > self._limits.max_users:
            raise LimitExceeded(self.exceeded())

    def _count(self, column: int) -> None:
        self._cells[self._row + column] += 1

    @property
    def _own(self) -> int:
        row = self._row
        return max(self._cells[row + _SENT : row + _COLUMNS])

    def exceeded(self) -> str:
        """Give what exceeds a limit, in words; empty while nothing does. To be asked about every 100 ms."""
        limits = self._limits
        if limits.max_users is not None and self._cells[_MOST_USERS] > limits.max_users:
            return f"max_users: {self._cells[_MOST_USERS]} users at once, {limits.max_users} at most"
        if limits.max_rps is not None and (over := self._over_rate(limits.max_rps)):
            return f"max_rps: {over} requests within {WINDOW:g} s, {limits.max_rps:g}/s at most"
        return ""

    def _over_rate(self, most: float) -> int:
        """Give how many requests began within the last WINDOW where they are too many, else 0."""
        now, total = clock.monotonic(), self._total()
        while self._totals and self._totals[0][0] < now - WINDOW:
            self._totals.popleft()
        before = self._totals[0][1] if self._totals else 0 if total == self._own else total
        self._totals.append((now, total))
        within, allowed = total - before, most * WINDOW
        # Until then, this process need not look at the others for every request.
        self._ceiling = self._own + max(0, int(allowed) - within)
        return within if within > allowed else 0

    def _total(self) -> int:
        """Give the requests so far, by whichever way of counting sees the most of them.

        One request may count in all three; a client that we don't know, in one.
        """
        columns = (sum(self._cells[column:_MOST_USERS:_COLUMNS]) for column in (_SENT, _REPORTED, _CONNECTED))
        return max(columns)
