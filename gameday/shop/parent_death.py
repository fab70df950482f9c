"""Run a command that dies when its parent does, however the parent dies.

Run as a script: `python -I -S parent_death.py PARENT COMMAND…`. It asks the kernel to SIGKILL this process
when its parent thread ends (prctl(2), PR_SET_PDEATHSIG), then becomes the command: the setting survives
execve. Standard library only, and little of it, because it runs before every start.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before prctl: then no signal will ever come
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  # no shell is meant


if __name__ == "__main__":
    main()
