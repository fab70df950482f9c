"""What a process may start once it is guarded; each in a process of its own, since no guard comes off again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gameday.load import programs

GUARDED = """
import _posixsubprocess, ctypes, multiprocessing, multiprocessing.util, os, subprocess, sys, threading, time
from gameday.load.limits import LoadLimits
from gameday.load.network import NetworkGuard
go = threading.Event()
later = threading.Thread(target=lambda: go.wait() and attempt())
later.start()
NetworkGuard(LoadLimits(processes=PROCESSES), lambda: None).install()
def attempt():
    try:
        CODE
    except BaseException as error:
        print(type(error).__name__, error)
# In a thread from before, and in the main one.
go.set()
later.join()
attempt()
sys.stdout.flush()
os._exit(0)
"""
MARK = "echo started >> {file}"
WAYS = {
    "passed descriptors": "os.waitpid(multiprocessing.util.spawnv_passfds(b'/bin/sh', [b'sh', b'-c', MARK], ()), 0)",
    "run": "subprocess.run(['/bin/sh', '-c', MARK])",
    "run by name": "subprocess.run(['sh', '-c', MARK])",
    "in a folder": "subprocess.run(['./sh', '-c', MARK], cwd='/bin')",
    "system": "os.system(MARK)",
    "C": "os.fork() and (os.wait(), 0) or ctypes.CDLL(None).execl(b'/bin/sh', b'sh', b'-c', MARK, None) and os._exit(0)",
    "C, by number": "os.fork() and (os.wait(), 0) or ctypes.CDLL(None).syscall(322, -100, b'/bin/sh', (ctypes.c_char_p * 4)(b'sh', b'-c', MARK), None, 0) and os._exit(0)",
    "C, second numbers": "os.fork() and (os.wait(), 0) or ctypes.CDLL(None).syscall(0x40000000 + 520, b'/bin/sh', (ctypes.c_char_p * 4)(b'sh', b'-c', MARK), None) and os._exit(0)",
    "C, system": "ctypes.CDLL(None).system(MARK)",
}


def _run(code: str, processes: tuple[str, ...], tmp_path, folder=None) -> tuple[bool, str]:
    file = tmp_path / "started"
    text = GUARDED.replace("CODE", code.replace("MARK", repr(MARK.format(file=file).encode())))
    text = text.replace("PROCESSES", repr(processes))
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=True, cwd=folder
    )
    return file.exists(), done.stdout + done.stderr


@pytest.mark.parametrize("way", WAYS)
def test_without_a_program_in_the_policy_nothing_starts(way, tmp_path):
    started, printed = _run(WAYS[way], (), tmp_path)
    assert not started, printed


PYTHON = [way for way in WAYS if not way.startswith("C")]


@pytest.mark.parametrize("way", [way for way in PYTHON if way != "in a folder"])  # by a full path alone
def test_a_program_of_the_policy_starts(way, tmp_path):
    sh = os.path.realpath("/bin/sh")
    started, printed = _run(WAYS[way], ("process:/bin/sh", "process:/usr/bin/sh", f"process:{sh}"), tmp_path)
    assert started, printed


@pytest.mark.parametrize("way", PYTHON)
def test_another_program_than_those_of_the_policy_does_not_start(way, tmp_path):
    # In a folder that has such a program: where a program starts decides what its relative path means.
    (tmp_path / "sh").symlink_to("/bin/true")
    started, printed = _run(WAYS[way], ("process:/bin/true", f"process:{tmp_path}/*"), tmp_path, tmp_path)
    assert not started, printed
    assert "only programs that the policy allows" in printed


def test_a_machine_whose_numbers_are_not_known_is_said(monkeypatch):
    monkeypatch.setattr(programs, "_CALLS", {})
    with pytest.raises(OSError, match="the numbers of system calls are not known for"):
        programs.forbid()
