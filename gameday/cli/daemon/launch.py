"""The process that the daemon starts for an occurrence: confirms the claim, then becomes the drill by exec.

It is started ahead of time and waits for one order on stdin: schedule, occurrence, the claim's holder, the
drill's command, the file for its output. So the imports that confirming needs are paid before the drill is
due, and those of a drill are not paid here. The store's URL comes in the variable GAMEDAY_STORE_URL: it may
hold a password, and everybody on the host can read a command line.

Exit code 75: nothing was started, because the claim was taken over meanwhile or the store could not be
asked.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from gameday import storage
from gameday.cli.shared import guard
from gameday.core.errors import ExitCode, GamedayError
from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.plans.schedule_times import RECORD_TIME
from gameday.core.values import Instant
from gameday.system import clock
from gameday.system.descent.parent_death import PARENT, end_with_parent, outlive_parent

CLAIM_LOST = 75
"""EX_TEMPFAIL of sysexits(3)."""


def main() -> int:
    """Wait for an order, confirm its claim, and become its drill; else give the exit code."""
    url = os.environ["GAMEDAY_STORE_URL"]
    parent = os.environ.pop(PARENT, "")
    if parent:
        end_with_parent(int(parent))
    # Before the order comes: the imports cost nothing while nobody waits.
    storage.preload_schedules(url)
    line = sys.stdin.readline()
    # End of file: the daemon has ended, and no order will come.
    if not line:
        return ExitCode.PASSED
    # From here on it belongs to the occurrence, which goes on without the daemon.
    outlive_parent()
    order = json.loads(line)
    why_not = ""
    try:
        if not confirm(url, ScheduleId(order["schedule"]), Instant(order["occurrence"]), order["holder"]):
            why_not = "the claim was taken over"
    except GamedayError as error:
        why_not = error.message
    if why_not:
        return _decline(order, why_not)
    return _become(order)


def _become(order: dict[str, Any]) -> NoReturn:
    """Become the drill. Its output goes into two files that only the owner can read: it may name hosts."""
    stdout = Path(order["said"])
    os.environ["GAMEDAY_ACTOR"] = f"schedule {order['schedule']}"
    for number, path in enumerate((Path(os.devnull), stdout, stdout.with_suffix(".txt"))):
        opened = os.open(path, os.O_RDWR if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    # exec keeps the pid, so the daemon's child is the drill itself: it can be waited for and signalled.
    os.execv(order["argv"][0], order["argv"])  # noqa: S606  # the daemon's own command


def _decline(order: dict[str, Any], why: str) -> int:
    """Write why nothing is started. It is appended: a drill that another process started may write there."""
    path = Path(order["said"]).with_suffix(".txt")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as talk:
        talk.write(f"{why}; nothing was started\n")
    return CLAIM_LOST


def confirm(url: str, schedule: ScheduleId, occurrence: Instant, holder: str) -> bool:
    """Turn a claim into a start, at most once: the store compares and sets. Raises StoreUnavailable."""
    store = storage.open_schedules(url)
    try:
        record = store.record(schedule, occurrence)
        if record is None or record.holder != holder or record.state is not State.CLAIMED:
            return False
        now = clock.now()
        return store.change(
            record, replace(record, state=State.STARTED, started=now, until=Instant(now + RECORD_TIME))
        )
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(guard.run(main, ()))
