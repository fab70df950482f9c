"""What the daemon starts for an occurrence: confirms the claim, then becomes the drill.

Comes in: schedule, occurrence, the claim's holder, the command of the drill; the store's URL as the variable
GAMEDAY_STORE_URL, since it may hold a password, and everybody can read commands.
Goes out: that command, in this very process; or exit code 75, and nothing is started: the claim was
taken over meanwhile, or there is no store to ask.
Does not: import what a drill needs before the claim is confirmed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from gameday import wiring
from gameday.core.errors import GamedayError
from gameday.core.schedule import ScheduleId, State
from gameday.core.values import Instant
from gameday.system import clock

NOT_OURS = 75
"""EX_TEMPFAIL of sysexits(3)."""
STANDS = 60.0
"""As `conduct.started.STANDS`, which would be 60 ms of imports away."""


def main(arguments: Sequence[str]) -> NoReturn:
    """Confirm a claim, and become its drill."""
    schedule, occurrence, holder, *argv = arguments
    url = os.environ["GAMEDAY_STORE_URL"]
    why_not = ""
    try:
        if not confirm(url, ScheduleId(schedule), Instant(float(occurrence)), holder):
            why_not = "the claim is no longer ours"
    except GamedayError as error:
        why_not = error.message
    if why_not:
        sys.stderr.write(f"{why_not}; nothing is started\n")
        sys.exit(NOT_OURS)
    os.execv(argv[0], argv)  # noqa: S606  # the daemon's own command


def confirm(url: str, schedule: ScheduleId, occurrence: Instant, holder: str) -> bool:
    """Turn a claim into a start, once. Raises StoreUnavailable."""
    store = wiring.schedules(url)
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
    main(sys.argv[1:])
