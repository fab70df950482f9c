"""Identities of processes, read from /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from gameday.system import process_identity


def test_this_process_is_alive_and_not_stopped():
    me = process_identity.me()
    assert me.pid == os.getpid()
    assert process_identity.alive(me)
    assert not process_identity.stopped(me)


def test_a_stopped_process_is_alive():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        who = process_identity.identity(child.pid)
        child.send_signal(signal.SIGSTOP)
        end = time.monotonic() + 30
        while not process_identity.stopped(who):
            assert time.monotonic() < end
            time.sleep(0.01)
        assert process_identity.alive(who)
        child.kill()


def test_a_process_that_is_gone_has_no_identity():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(30)
    assert process_identity.read_stat(child.pid) is None
    with pytest.raises(ProcessLookupError):
        process_identity.identity(child.pid)


def test_a_name_with_spaces_and_parentheses_is_read_over(tmp_path):
    command = tmp_path / "a) S (b c"
    command.symlink_to("/bin/sleep")
    with subprocess.Popen([str(command), "60"]) as child:
        assert process_identity.read_stat(child.pid) is not None
        assert process_identity.read_stat(child.pid)[1] == os.getpgid(child.pid)
        child.kill()


def test_a_container_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv(process_identity.HOST, "node-7")
    assert process_identity.hostname() == "node-7"
