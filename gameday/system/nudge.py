"""Nudges a process of this host to look into the store now.

Apart from `wakeup`, because responders' commands need only this, and must start quickly.
"""

from __future__ import annotations

import contextlib
import os
import signal

from gameday.system.process_identity import Identity, alive

SIGNAL = signal.SIGURG


def nudge(who: Identity) -> None:
    """Nudge a process; without effect where it is gone, or another user's."""
    with contextlib.suppress(OSError):
        if alive(who):
            os.kill(who.pid, SIGNAL)
