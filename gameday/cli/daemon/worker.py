"""`gameday worker`: runs the drills that daemons hand to this host.

It works for some environments until stopped or, in a Kubernetes Job's pod, for the one occurrence that the
Job was made for. What is due is decided by `gameday serve`, on any host with the same store. After SIGTERM,
SIGINT or SIGHUP the exit code is 0, once the drills in progress have reverted and ended.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from contextlib import closing, suppress

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.daemon import launcher, takeover
from gameday.cli.shared import guard, output
from gameday.conduct.scheduler import handoff
from gameday.conduct.scheduler.context import SchedulerContext
from gameday.core.errors import ExitCode, UsageError
from gameday.core.plans.schedule import ScheduleId
from gameday.core.values import Instant
from gameday.settings import Workspace
from gameday.storage import urls

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(environments: Sequence[str], *, occurrence: str = "") -> int:
    """Work for some environments until stopped; or carry out one occurrence, `SCHEDULE@SECONDS`."""
    guard.conducts()
    space = wiring.workspace()
    handed = _occurrence(occurrence) if occurrence else None
    if handed is None:
        _check_environments(space, environments)
    with closing(wiring.workspace_store(space)) as history:
        revert.recover(space, history)
        scheduler_context = wiring.handoff_context(space, history, launcher.LAUNCHER, say=output.talk)
        exposed = guard.at_stake(lambda: revert.is_exposed(history))
        with exposed, closing(scheduler_context.schedules):
            return asyncio.run(
                _run_one(scheduler_context, *handed)
                if handed
                else _run_all(scheduler_context, space, history, environments)
            )


def _check_environments(space: Workspace, environments: Sequence[str]) -> None:
    known = space.settings.environments
    for name in environments:
        if name not in known:
            raise UsageError(f"no environment '{name}'", hint=f"gameday.toml has {', '.join(known)}")
    if not environments:
        raise UsageError("no environment given", hint="gameday worker --environment NAME")
    urls.must_be_shared(space.store_url, "workers need a store that several hosts can use")


def _occurrence(text: str) -> tuple[ScheduleId, Instant]:
    schedule, _, seconds = text.rpartition("@")
    if not schedule or not seconds.isascii() or not seconds.isdigit():
        raise UsageError(f"'{text}' is not SCHEDULE@SECONDS")
    return ScheduleId(schedule), Instant(float(seconds))


def _stop_event() -> asyncio.Event:
    """Give the event that a signal to stop sets."""
    stopping = asyncio.Event()
    guard.on_signals(asyncio.get_running_loop(), SIGNALS, lambda _number: stopping.set())
    return stopping


async def _run_one(scheduler_context: SchedulerContext, schedule: ScheduleId, occurrence: Instant) -> int:
    """Run one occurrence, and give its drill's exit code. Another host may have started it first: 0."""
    if not await handoff.run_handed_drill(scheduler_context, schedule, occurrence, _stop_event()):
        output.talk(f"{schedule}: not started here: another host has started it, or it was missed")
        return ExitCode.PASSED
    record = scheduler_context.schedules.record(schedule, occurrence)
    return ExitCode.INTERNAL if record is None or record.exit_code is None else record.exit_code


async def _run_all(
    scheduler_context: SchedulerContext,
    space: Workspace,
    history: ports.HistoryStore,
    environments: Sequence[str],
) -> int:
    from gameday.storage import queue  # noqa: PLC0415

    stopping = _stop_event()
    drills: set[asyncio.Task[bool]] = set()

    async def do(schedule: ScheduleId, occurrence: Instant) -> None:
        """Run a drill. It is shielded: it goes on when the queue is lost, or gives up the job."""
        drill = asyncio.create_task(
            handoff.run_handed_drill(scheduler_context, schedule, occurrence, stopping)
        )
        drills.add(drill)
        drill.add_done_callback(drills.discard)
        await asyncio.shield(drill)

    output.talk(f"working for {', '.join(environments)} as {scheduler_context.holder}")
    reverting = asyncio.create_task(takeover.revert_abandoned(space, history))
    try:
        await queue.work(space.store_url, environments, do, stopping, output.talk)
        # The queue gives its jobs up a second after the stop; the drills still have to revert.
        await asyncio.gather(*drills, return_exceptions=True)
    finally:
        reverting.cancel()
        with suppress(asyncio.CancelledError):
            await reverting
    output.talk("stopped")
    return ExitCode.PASSED
