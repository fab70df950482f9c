"""Whether a game day may open now: its date, its approvals, its prerequisites, which are really checked."""

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
EXCERPT_LENGTH = 300
OPENING = DrillId("gameday-opening")
"""The id under which the store keeps the right to open a game day on an environment."""
OPENING_LIMIT: Seconds = 30.0
"""How long opening one may take, from the last look for another until it is in the store."""


def occurrence(plan: GameDayPlan, lasts: Seconds, now: Instant) -> Instant:
    """Give the occurrence that may open now. Raises UsageError for a plan in the past, or to come."""
    hint = "--now opens it anyway"
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
    """Give how many people approved, in words. Raises Refused while too few others approved these files."""
    if not plan.approvals:
        return "the plan needs no approval"
    valid = [a for a in approvals if a.covers == covers and (a.until is None or now < a.until)]
    others = {approval.by.strip().casefold() for approval in valid} - {by.strip().casefold(), ""}
    if len(others) < plan.approvals:
        raise Refused(
            f"{len(others)} of {plan.approvals} other people approved {plan.path} as it is",
            hint=f"have another person add to approvals.toml: [[approval]] by, covers = '{covers}'",
        )
    return f"{len(others)} other {'person' if len(others) == 1 else 'people'} approved it"


@contextmanager
def alone(store: ports.HistoryStore, environment: str, holder: str, clock: ports.Clock) -> Iterator[None]:
    """Keep others from opening a game day on an environment meanwhile. Raises Busy while another does."""
    if not store.claim(OPENING, environment, holder, until=Instant(clock.now() + OPENING_LIMIT)):
        raise Busy(f"another game day is about to open on {environment}", hint="gameday plan show lists it")
    try:
        yield
    finally:
        with suppress(StoreUnavailable):
            store.claim(OPENING, environment, holder, until=clock.now())


@dataclass(frozen=True, kw_only=True, slots=True)
class Checker:
    """Checks prerequisites. fetch: gives the HTTP status of a URL within some seconds; raises NotReady."""

    runner: ports.Runner
    prober: ports.Prober
    fetch: Callable[[str, Seconds], Awaitable[int]]

    async def check(self, prerequisites: Iterable[Prerequisite]) -> AsyncIterator[PrerequisiteChecked]:
        """Check one after the other, in the plan's order: a command may start what a URL needs."""
        for prerequisite in prerequisites:
            passed, detail = await self._check(prerequisite)
            yield PrerequisiteChecked(name=prerequisite.name, passed=passed, detail=detail)

    async def _check(self, prerequisite: Prerequisite) -> tuple[bool, str]:
        if prerequisite.command:
            ran = await self.runner.run(
                prerequisite.command, timeout=prerequisite.within, actor="gameday prerequisite"
            )
            if ran.exit_code == 0:
                return True, ""
            ended = "was killed at its limit" if ran.exit_code is None else f"ended with {ran.exit_code}"
            return (
                False,
                f"`{' '.join(prerequisite.command)}` {ended}: {ran.output.strip()[-EXCERPT_LENGTH:]}",
            )
        if prerequisite.http:
            try:
                status = await self.fetch(prerequisite.http, prerequisite.within)
            except NotReady as error:
                return False, error.message
            return (
                status == prerequisite.status,
                "" if status == prerequisite.status else f"{prerequisite.http} answers {status}",
            )
        try:
            judged = await asyncio.wait_for(self.prober.ask(prerequisite.probe), prerequisite.within)
        except TimeoutError:
            return False, f"no answer within {prerequisite.within:g} s"
        return judged.ok is True, judged.detail
