"""The script becomes its command, unless its parent died before it was tied to it."""

from __future__ import annotations

import os
import subprocess
import sys

from gameday.shop import parent_death


def tied(parent: int, *command: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", "-S", parent_death.__file__, str(parent), *command]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_it_becomes_the_command_with_its_arguments_and_its_exit_code():
    done = tied(os.getpid(), "/bin/sh", "-c", 'echo "$0 $1"; exit 7', "a b", "c")
    assert (done.returncode, done.stdout) == (7, "a b c\n")


def test_with_another_parent_the_command_is_never_run():
    done = tied(1, "/bin/sh", "-c", "echo ran")
    assert (done.returncode, done.stdout) == (1, "")
