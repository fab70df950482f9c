"""Commands that can't be followed are named; words that only look like them are not."""

import pytest

from gameday.formats.experiment import untracked_commands

FOUND = [
    ("ssh", ["db1", "stress"], "ssh"),
    ("/usr/bin/ssh", "db1 stress", "ssh"),
    ("sh", ["-c", "sudo systemd-run --unit=x stress"], "systemd-run"),
    ("sudo", ["nsenter", "-t", "1", "-n", "tc", "qdisc"], "nsenter"),
    ("docker", ["exec", "-d", "db", "stress"], "docker exec"),
    ("kubectl", ["-n", "shop", "exec", "pod/db", "--", "stress"], "kubectl exec"),
    ("bash", ["-c", "podman run -d stress"], "podman run"),
    ("sh", ["-c", "echo 'break' | at now + 1 minute"], "at"),
    ("at", {"-f": "job", "now": "+1min"}, "at"),
    ("crontab", "new.txt", "crontab"),
]
NOT_FOUND = [
    ("sh", ["-c", "echo look at this"]),
    ("sh", ["-c", "stress-ng --cpu 2 &"]),
    ("kubectl", ["-n", "shop", "scale", "deploy/db", "--replicas=0"]),
    ("docker", ["stop", "db"]),
    ("my-ssh-tool", ["x"]),
    ("sh", ["-c", "cat /etc/ssh.conf"]),
    ("sh", None),
    ("", 7),
]


@pytest.mark.parametrize(("path", "arguments", "name"), FOUND)
def test_a_command_that_cannot_be_followed_is_named(path, arguments, name):
    assert untracked_commands.command({"type": "process", "path": path, "arguments": arguments}) == name


@pytest.mark.parametrize(("path", "arguments"), NOT_FOUND)
def test_other_commands_are_not(path, arguments):
    assert untracked_commands.command({"type": "process", "path": path, "arguments": arguments}) == ""


def test_only_commands_are_looked_at():
    assert untracked_commands.command({"type": "http", "path": "ssh", "url": "http://ssh"}) == ""
