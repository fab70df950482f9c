"""Whether a game day may open now: its date, its approvals, its prerequisites.

Comes in: a plan, the present, who asks. Goes out: the occurrence that it is; what was found of each
prerequisite, checked and not ticked. Does not: open anything, or touch more than prerequisites name.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from gameday import ports
from gameday.core.errors import Busy, NotReady, Refused, StoreUnavailable, UsageError
from gameday.core.facts.gameday import PrerequisiteChecked
from gameday.core.plans.gameday import GameDayPlan, Prerequisite
from gameday.core.policy import Approval
from gameday.core.values import DrillId, Instant, Seconds, format_instant
from gameday.formats.calendar import recurrence

EARLY: Seconds = 3600.0
"""How long before its date a game day may open."""
EXCERPT = 300
OPENING = DrillId("gameday-opening")
"""What the right to open a game day on an environment is kept under."""
OPENS: Seconds = 30.0
"""How long opening one may take, from the last look for another until it is in the store."""


def occurrence(plan: GameDayPlan, lasts: Seconds, now: Instant) -> Instant:
    """Give the occurrence whose time it is. Raises UsageError for a plan in the past, or to come."""
    hint = "--now opens it all the same"
    at = recurrence.first(plan.when, Instant(now - lasts))
    if at is None:
        last = recurrence.start_of(plan.when)
        raise UsageError(
            f"{plan.path} is in the past: it was for {_minute(last)}",
            hint=f"change its {'date' if plan.once else 'recurrence'}; {hint}",
        )
    if at > now + EARLY:
        raise UsageError(f"{plan.path} is for {_minute(at)}, and now it is {_minute(now)}", hint=hint)
    return at


def _minute(at: Instant) -> str:
    return f"{format_instant(at)[:16]}Z"


def approved(plan: GameDayPlan, approvals: Iterable[Approval], covers: str, by: str, now: Instant) -> str:
    """Say who approved. Raises Refused while too few other people approved exactly these files."""
    if not plan.approvals:
        return "the plan needs no approval"
    holding = [one for one in approvals if one.covers == covers and (one.until is None or now < one.until)]
    others = {one.by.strip().casefold() for one in holding} - {by.strip().casefold(), ""}
    if len(others) < plan.approvals:
        raise Refused(
            f"{len(others)} of {plan.approvals} other people approved {plan.path} as it is",
            hint=f"another person adds to approvals.toml: [[approval]] by, covers = '{covers}'",
        )
    return f"{len(others)} other {'person' if len(others) == 1 else 'people'} approved it"


@contextmanager
def alone(store: ports.HistoryStore, environment: str, holder: str, clock: ports.Clock) -> Iterator[None]:
    """Let nobody else open a game day on an environment meanwhile. Raises Busy while another does."""
    if not store.claim(OPENING, environment, holder, until=Instant(clock.now() + OPENS)):
        raise Busy(
            f"another game day is about to open on {environment}", hint="gameday plan show tells which"
        )
    try:
        yield
    finally:
        with suppress(StoreUnavailable):
            store.claim(OPENING, environment, holder, until=clock.now())


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """Checks prerequisites. fetch: gives the status of a URL within some seconds; raises NotReady."""

    runner: ports.Runner
    prober: ports.Prober
    fetch: Callable[[str, Seconds], Awaitable[int]]

    async def check(self, prerequisites: Iterable[Prerequisite]) -> AsyncIterator[PrerequisiteChecked]:
        """Check one after the other, in the plan's order: a command may start what a URL needs."""
        for one in prerequisites:
            passed, detail = await self._one(one)
            yield PrerequisiteChecked(name=one.name, passed=passed, detail=detail)

    async def _one(self, one: Prerequisite) -> tuple[bool, str]:
        if one.command:
            ran = await self.runner.run(one.command, timeout=one.within, actor="gameday prerequisite")
            if ran.exit_code == 0:
                return True, ""
            ended = "was killed at its limit" if ran.exit_code is None else f"ended with {ran.exit_code}"
            return False, f"`{' '.join(one.command)}` {ended}: {ran.output.strip()[-EXCERPT:]}"
        if one.http:
            try:
                status = await self.fetch(one.http, one.within)
            except NotReady as away:
                return False, away.message
            return status == one.status, "" if status == one.status else f"{one.http} answers {status}"
        try:
            judged = await asyncio.wait_for(self.prober.ask(one.probe), one.within)
        except TimeoutError:
            return False, f"no answer within {one.within:g} s"
        return judged.ok is True, judged.detail
