"""Keeps Locust's process from starting programs, also in the ways that raise no audit event.

Two locks, one upon the other:

- `watch`: all of Python's own ways that `os` does not have (subprocess, multiprocessing's spawn and fork
  server) end in `_posixsubprocess.fork_exec`, which no audit hook sees. It is wrapped.
- `forbid`: where no program at all is allowed, the kernel refuses every exec, also one from C or `ctypes`,
  in this process, its threads and whatever they fork. No process can take such a filter off again.

Sources: seccomp(2), prctl(2) PR_SET_NO_NEW_PRIVS; the kernel's uapi headers linux/filter.h, linux/audit.h.
"""

from __future__ import annotations

import _posixsubprocess
import ctypes
import os
import struct
import sys
from collections.abc import Callable
from typing import Any

Check = Callable[[str], None]

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_CALLS = {
    # By the machine's name: the kernel's name for it, and the numbers of seccomp, execve, execveat.
    "x86_64": (_X86_64, 317, 59, 322),
    "aarch64": (_AARCH64, 277, 221, 281),
}
_LOAD, _EQUALS, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _MACHINE = 0, 4
"""Where a system call's description holds its number and the machine whose numbers those are."""
_OTHER_NUMBERS = 0x40000000
"""From here on, x86-64 has a second set of numbers for the same calls."""
_ALLOW, _NOT_PERMITTED = 0x7FFF0000, 0x00050001
_PR_SET_NO_NEW_PRIVS = 38
_SET_FILTER, _ALL_THREADS = 1, 1


def watch(check: Check) -> None:
    """Ask `check` of the full path of every program that `fork_exec` would start; it raises to refuse."""
    original = _posixsubprocess.fork_exec

    def fork_exec(argv: Any, programs: Any, *rest: Any) -> int:
        # rest: whether descriptors are closed, which are passed on, the folder in which the program starts.
        folder = os.fsdecode(rest[2] or "") if len(rest) > 2 else ""
        paths = [os.path.abspath(os.path.join(folder, os.fsdecode(each))) for each in programs]  # noqa: PTH100, PTH118
        # Each is tried until one can be started: the others need not be there.
        found = [path for path in paths if os.path.exists(path)] or paths[:1]  # noqa: PTH110
        for path in found:
            check(path)
        # Only those that were judged, whatever is put in the place of the others meanwhile.
        return original(argv, tuple(map(os.fsencode, found)), *rest)

    _posixsubprocess.fork_exec = fork_exec
    user: Any = sys.modules.get("subprocess")
    if getattr(user, "_fork_exec", None):  # it was imported by value; gevent takes it away
        user._fork_exec = fork_exec  # noqa: SLF001


def forbid() -> None:
    """Let no program be started from now on. Raises OSError where the kernel can't see to that."""
    machine, seccomp, *starts = _numbers()
    libc = ctypes.CDLL(None, use_errno=True)
    packed = b"".join(struct.pack("HBBI", *each) for each in _filter(machine, starts))
    held = ctypes.create_string_buffer(packed, len(packed))
    rules = struct.pack("HP", len(packed) // 8, ctypes.addressof(held))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(
        seccomp, _SET_FILTER, _ALL_THREADS, ctypes.c_char_p(rules)
    ):
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _numbers() -> tuple[int, ...]:
    machine = os.uname().machine
    if machine not in _CALLS or sys.maxsize < 2**32:
        raise OSError(f"seccomp: the numbers of system calls are not known for {machine}")
    return _CALLS[machine]


def _filter(machine: int, starts: list[int]) -> list[tuple[int, int, int, int]]:
    """Give the filter's steps: what to do, how many steps to go on if it holds and if not, a number."""
    refuse = 4 + len(starts) + 1
    steps = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUALS, 0, refuse - 2, machine),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, refuse - 4, 0, _OTHER_NUMBERS),
    ]
    for start in starts:
        steps.append((_EQUALS, refuse - len(steps) - 1, 0, start))
    return [*steps, (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _NOT_PERMITTED)]
