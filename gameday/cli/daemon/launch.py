"""What the daemon starts for an occurrence: confirms the claim, then becomes the drill.

Comes in: one order on stdin, whenever it comes: schedule, occurrence, the claim's holder, the command of the
drill, the file for what it says. The store's URL comes as the variable GAMEDAY_STORE_URL, since it may hold a
password, and everybody can read commands.
Goes out: that command, in this very process; or exit code 75, and nothing is started: the claim was
taken over meanwhile, or there is no store to ask. Without an order: nothing.
Does not: import what a drill needs; what confirming needs is imported before the order comes.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from gameday import storage
from gameday.core.errors import GamedayError
from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.values import Instant
from gameday.system import clock

NOT_OURS = 75
"""EX_TEMPFAIL of sysexits(3)."""
STANDS = 60.0
"""As `conduct.scheduler.started_drills.RECORD_TIME`, which would be 60 ms of imports away."""


def main() -> NoReturn:
    """Wait for an order, confirm its claim, and become its drill."""
    url = os.environ["GAMEDAY_STORE_URL"]
    storage.preload_schedules(url)
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    order = json.loads(line)
    why_not = ""
    try:
        if not confirm(url, ScheduleId(order["schedule"]), Instant(order["occurrence"]), order["holder"]):
            why_not = "the claim is no longer ours"
    except GamedayError as error:
        why_not = error.message
    if why_not:
        _decline(order, why_not)
    _become(order)


def _become(order: dict[str, Any]) -> NoReturn:
    """Become the drill, whose words go into two files of its owner alone: they may name hosts."""
    said = Path(order["said"])
    os.environ["GAMEDAY_ACTOR"] = f"schedule {order['schedule']}"
    for number, path in enumerate((Path(os.devnull), said, said.with_suffix(".txt"))):
        opened = os.open(path, os.O_RDWR if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.execv(order["argv"][0], order["argv"])  # noqa: S606  # the daemon's own command


def _decline(order: dict[str, Any], why: str) -> NoReturn:
    """Say why nothing is started, behind what the drill may say that another has started."""
    path = Path(order["said"]).with_suffix(".txt")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as told:
        told.write(f"{why}; nothing is started\n")
    sys.exit(NOT_OURS)


def confirm(url: str, schedule: ScheduleId, occurrence: Instant, holder: str) -> bool:
    """Turn a claim into a start, once. Raises StoreUnavailable."""
    store = storage.open_schedules(url)
    try:
        record = store.record(schedule, occurrence)
        if record is None or record.holder != holder or record.state is not State.CLAIMED:
            return False
        now = clock.now()
        return store.change(
            record, replace(record, state=State.STARTED, started=now, until=Instant(now + STANDS))
        )
    finally:
        store.close()


if __name__ == "__main__":
    main()
