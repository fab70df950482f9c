"""`gameday serve`: runs scheduled drills until it is stopped.

Drills run in processes of their own. After SIGTERM, SIGINT or SIGHUP the exit code is 0, once the drills in
progress have reverted and ended. With an address, the calendar and the daemon's health are served over
HTTP, in a thread that no drill waits for. A restart loses nothing: all state is in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.daemon import launcher, takeover
from gameday.cli.shared import guard, notify, output, times
from gameday.conduct.scheduler.loop import Scheduler
from gameday.core.errors import ExitCode
from gameday.core.values import Seconds
from gameday.settings import Workspace
from gameday.system import clock

if TYPE_CHECKING:
    from gameday.web import endpoints

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

STALE: Seconds = 30.0
"""A daemon that has not looked at the store for this long is unhealthy."""


def main(*, listen: str = "") -> int:
    """Serve this workspace's schedules."""
    guard.conducts()
    space = wiring.workspace()
    history = wiring.workspace_store(space)
    # Before anything starts: a fault that an earlier process left must not meet a new drill.
    revert.recover(space, history)
    notices = notify.DaemonNotices(wiring.announcer(space))
    scheduler_context = wiring.scheduler_context(
        space, history, launcher.LAUNCHER, notices=notices, say=output.talk
    )
    wake = scheduler_context.schedules.next_wake()
    first = "nothing is due" if wake is None else f"the first check is at {times.utc(wake)}"
    scheduler = Scheduler(scheduler_context)
    exposed = guard.at_stake(lambda: revert.is_exposed(history))
    with exposed, _listening(scheduler, space, listen):
        output.talk(f"serving {space.root} as {scheduler_context.holder}: {first}")
        asyncio.run(_serve(scheduler, space, history, notices))
    scheduler_context.schedules.close()
    history.close()
    output.talk("stopped")
    return ExitCode.PASSED


@contextmanager
def _listening(scheduler: Scheduler, space: Workspace, listen: str) -> Iterator[None]:
    """Serve HTTP meanwhile, where an address is given."""
    if not listen:
        yield
        return
    from gameday.cli.schedule import feed as schedule_feed  # noqa: PLC0415  # imports Starlette and uvicorn, 0.3 s
    from gameday.web import endpoints  # noqa: PLC0415
    from gameday.web.server_thread import Server  # noqa: PLC0415

    tokens = schedule_feed.tokens(space)
    server = Server(endpoints.app(schedule_feed.feed(space), lambda: _health(scheduler), tokens), listen)
    output.talk(f"listening on {server.url}: /health, and /calendar.ics with a token")
    output.hint(f"gameday calendar --url {server.url} prints the subscription URL")
    try:
        yield
    finally:
        server.stop()


def _health(scheduler: Scheduler) -> endpoints.Health:
    from gameday.web import endpoints  # noqa: PLC0415

    state = scheduler.state
    since = clock.now() - state.looked
    why = state.lost or (f"the store was last checked {since:.0f} s ago" if since > STALE else "")
    facts = {
        "holder": state.holder,
        "looked": times.utc(state.looked),
        "running": state.running,
        "waiting": state.waiting,
    }
    return endpoints.Health(why=why, facts=facts)


async def _serve(
    scheduler: Scheduler, space: Workspace, history: ports.HistoryStore, notices: notify.DaemonNotices
) -> None:
    stopping = asyncio.Event()
    # An event, not an exception: drills in progress have to revert before the daemon ends.
    guard.on_signals(asyncio.get_running_loop(), SIGNALS, lambda _number: stopping.set())
    reverting = asyncio.create_task(takeover.revert_abandoned(space, history))
    try:
        await scheduler.serve(stopping)
    finally:
        await notices.close()
        reverting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reverting
