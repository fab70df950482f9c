"""Which hosts and programs load may reach, decided by themselves; `test_limits` has them in a real Locust."""

from __future__ import annotations

import pytest

from gameday.load.limits import LoadLimits
from gameday.load.network import HostRefused, NetworkGuard

LIMITS = LoadLimits(
    hosts=("loopback", "10.1.0.0/16", "*.shop.test"),
    processes=("process:/usr/bin/git", "process:/bin/*"),
    denied=("process:/bin/sh",),
)
GUARD = NetworkGuard(LIMITS, lambda: None)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "::1", b"localhost", "10.1.2.3", "::ffff:10.1.2.3", "a.shop.test", ""]
)
def test_a_listed_host_passes(host):
    GUARD.check_host(host)


@pytest.mark.parametrize(
    "host", ["10.2.0.1", "shop.test", "127.1", "0.0.0.0", "evil.test", "fe80::1%lo", "a b"]
)
def test_any_other_host_is_refused(host):
    with pytest.raises(HostRefused, match="the policy's hosts don't allow load on"):
        GUARD.check_host(host)


def test_an_address_passes_once_an_allowed_name_was_resolved_to_it():
    guard = NetworkGuard(LIMITS, lambda: None)
    answer = [(2, 1, 6, "", ("192.0.2.7", 80))]
    guard._recording(lambda *_args: answer)("evil.test", 80)
    guard._recording(lambda *_args: answer)("localhost", 80)
    with pytest.raises(HostRefused):
        guard.check_host("192.0.2.7")
    guard._recording(lambda *_args: answer)("a.shop.test", 80)
    guard.check_host("192.0.2.7")


@pytest.mark.parametrize(("program", "allowed"), [("/bin/true", True), ("/bin/sh", False), ("/opt/x", False)])
def test_only_programs_of_the_policy_start(program, allowed):
    guard = NetworkGuard(LIMITS, lambda: None)
    if allowed:
        guard._start(program)
    else:
        with pytest.raises(PermissionError, match="only programs that the policy allows"):
            guard._start(program)
