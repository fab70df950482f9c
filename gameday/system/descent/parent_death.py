"""Ends a process together with its parent, whatever kills that one.

End of file on a pipe from the parent is not enough: it comes late to a process that is busy, waits for a
store or was stopped, and never where something else has inherited the other end.

Source: prctl(2), PR_SET_PDEATHSIG.
"""

from __future__ import annotations

import ctypes
import os
import signal

PARENT = "GAMEDAY_PARENT_PID"
"""The variable by which a process that we start knows whose end is its own."""

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Have the kernel SIGKILL this process when `parent` ends; exit at once if it has ended already.

    The kernel means the parent's thread: it must live as long as the parent.
    """
    _set(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def outlive_parent() -> None:
    """Let this process go on when its parent ends."""
    _set(0)


def _set(number: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
