"""Answers what decides whether a game day may open now; `opening` puts the questions in order.

What counts is its date, other game days and schedules on the environment meanwhile, its approvals, and its
prerequisites, which are really checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from gameday import ports
from gameday.conduct.scheduler import upcoming
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
    hint = "`anytime` opens it anyway"
    # From `lasts` ago: a game day may open late, while its time has not passed.
    at = recurrence.first(plan.when, Instant(now - lasts))
    if at is None:
        last = recurrence.start_of(plan.when)
        raise UsageError(
            f"{plan.path} is in the past: it was planned for {_minute(last)}",
            hint=f"change its {'date' if plan.once else 'recurrence'}; {hint}",
        )
    if at > now + EARLY:
        raise UsageError(f"{plan.path} is planned for {_minute(at)}; it is now {_minute(now)}", hint=hint)
    return at


def _minute(at: Instant) -> str:
    return f"{format_instant(at)[:16]}Z"


def no_other_game_day(rows: Iterable[ports.DrillRow], environment: str, *, gameday: str = "") -> str:
    """Give in words that no game day is open on an environment, but for one of the plan `gameday`.

    Raises Busy while there is one.
    """
    for row in rows:
        if row.closed is None and row.environment == environment and row.scenario != gameday:
            raise Busy(
                f"{row.drill} is open on {environment}",
                hint=f"gameday plan show {row.drill} shows whether somebody conducts it; "
                f"if nobody does: gameday plan end --game-day {row.drill}",
            )
    return f"none is open on {environment}"


def schedule_conflicts(
    rows: Iterable[ports.ScheduleRow],
    plan: GameDayPlan,
    at: Instant,
    lasts: Seconds,
    *,
    format_time: Callable[[Instant], str],
) -> tuple[Busy, ...]:
    """Give an error for each window that other schedules have on the environment during a game day.

    format_time: writes an instant for whoever reads the errors.
    """
    others = [
        row
        for row in rows
        if row.schedule.environment == plan.environment
        and row.schedule.scenario != plan.path
        and not row.paused
    ]
    return tuple(
        Busy(
            f"a schedule uses {plan.environment} from {format_time(slot.start)} to {format_time(slot.end)}",
            hint=f"gameday schedule pause {slot.schedule.schedule}",
        )
        for slot in upcoming.slots(others, Instant(at + lasts))
        if slot.end > at
    )


def approved(plan: GameDayPlan, approvals: Iterable[Approval], covers: str, by: str, now: Instant) -> str:
    """Give how many people approved, in words. Raises Refused while too few others approved these files."""
    if not plan.approvals:
        return "the plan needs no approval"
    valid = [a for a in approvals if a.covers == covers and (a.until is None or now < a.until)]
    # One person under two spellings is one, and nobody approves their own.
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
        # It runs out by itself after OPENING_LIMIT.
        with suppress(StoreUnavailable):
            # A claim that ends now gives the right back.
            store.claim(OPENING, environment, holder, until=clock.now())


def unmet(prerequisites: Iterable[PrerequisiteChecked]) -> NotReady | None:
    """Give the error that names every prerequisite that is not met; None where all are."""
    failed = [prerequisite.name for prerequisite in prerequisites if not prerequisite.passed]
    if not failed:
        return None
    return NotReady(f"prerequisite not met: {'; '.join(failed)}", hint="nothing was opened or injected")


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
