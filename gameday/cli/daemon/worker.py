"""`gameday worker`: carries out the drills that daemons hand to this host.

Comes in: environments, or, in a Job's pod, the one occurrence that the Job was made for. Goes out: drills in
processes of their own, their records in the store. Exit code 0 after SIGTERM, SIGINT or SIGHUP, once the
drills that ran have reverted and ended.
Does not: decide what is due; `gameday serve` does, on any host with the same store.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import closing, suppress

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.daemon import launcher, takeover
from gameday.cli.shared import output
from gameday.conduct.scheduler import handoff
from gameday.conduct.scheduler.context import SchedulerContext
from gameday.core.errors import UsageError
from gameday.core.plans.schedule import ScheduleId
from gameday.core.values import Instant
from gameday.settings import Workspace
from gameday.storage import urls

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(environments: Sequence[str], *, occurrence: str = "") -> int:
    """Work for some environments until stopped; or carry out one occurrence, `SCHEDULE@SECONDS`."""
    space = wiring.workspace()
    one = _occurrence(occurrence) if occurrence else None
    if one is None:
        _must_serve(space, environments)
    with closing(wiring.workspace_store(space)) as history:
        revert.recover(space, history)
        scheduler_context = wiring.handoff_context(space, history, launcher.LAUNCHER, say=output.talk)
        with closing(scheduler_context.schedules):
            return asyncio.run(
                _one(scheduler_context, *one)
                if one
                else _many(scheduler_context, space, history, environments)
            )


def _must_serve(space: Workspace, environments: Sequence[str]) -> None:
    known = space.settings.environments
    for name in environments:
        if name not in known:
            raise UsageError(f"there is no environment '{name}'", hint=f"gameday.toml has {', '.join(known)}")
    if not environments:
        raise UsageError("a worker serves environments", hint="gameday worker --environment NAME")
    urls.must_be_shared(space.store_url, "workers need a store that hosts share")


def _occurrence(text: str) -> tuple[ScheduleId, Instant]:
    schedule, _, seconds = text.rpartition("@")
    if not schedule or not seconds.isascii() or not seconds.isdigit():
        raise UsageError(f"'{text}' is not SCHEDULE@SECONDS")
    return ScheduleId(schedule), Instant(float(seconds))


def _told_to_stop() -> asyncio.Event:
    stopping = asyncio.Event()
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


async def _one(scheduler_context: SchedulerContext, schedule: ScheduleId, occurrence: Instant) -> int:
    """Carry out one occurrence. That it was not ours to start is no failure: another host has it."""
    if not await handoff.run_handed_drill(scheduler_context, schedule, occurrence, _told_to_stop()):
        output.talk(f"{schedule}: not ours to start: it has begun elsewhere, or was missed")
    return 0


async def _many(
    scheduler_context: SchedulerContext,
    space: Workspace,
    history: ports.HistoryStore,
    environments: Sequence[str],
) -> int:
    from gameday.storage import queue  # noqa: PLC0415

    stopping = _told_to_stop()
    drills: set[asyncio.Task[bool]] = set()

    async def do(schedule: ScheduleId, occurrence: Instant) -> None:
        """Begin a drill that goes on when the queue goes, or gives its job up."""
        drill = asyncio.create_task(
            handoff.run_handed_drill(scheduler_context, schedule, occurrence, stopping)
        )
        drills.add(drill)
        drill.add_done_callback(drills.discard)
        await asyncio.shield(drill)

    output.talk(f"working for {', '.join(environments)} as {scheduler_context.holder}")
    standing = asyncio.create_task(takeover.revert_abandoned(space, history))
    try:
        await queue.work(space.store_url, environments, do, stopping, output.talk)
        await asyncio.gather(*drills, return_exceptions=True)
    finally:
        standing.cancel()
        with suppress(asyncio.CancelledError):
            await standing
    output.talk("stopped")
    return 0
