"""What a drill changes in its processes' environment reaches them, and nobody else's."""

from __future__ import annotations

import asyncio

import pytest

from gameday.system import child_environment, commands
from gameday.system.child_environment import EnvironmentChanges, applied

PRINT = ("sh", "-c", 'echo "[${KUBECONFIG-unset}]"')


def printed(**more) -> str:
    return commands.call(PRINT, timeout=10, **more).output.strip()


def test_changes_reach_processes_within_the_block_alone(monkeypatch):
    monkeypatch.setenv("KUBECONFIG", "/ours")
    changes = EnvironmentChanges({"KUBECONFIG": "/the/drills"})
    with applied(changes):
        assert printed() == "[/the/drills]"
        changes.variables["KUBECONFIG"] = None  # made meanwhile: counts for what is started from now on
        assert printed() == "[unset]"
        assert printed(env={"KUBECONFIG": "/given"}) == "[/given]"
        with applied(None):
            assert printed() == "[/ours]"
    assert printed() == "[/ours]"


async def _two_drills() -> list[str]:
    async def drill(path: str) -> str:
        with applied(EnvironmentChanges({"KUBECONFIG": path})):
            await asyncio.sleep(0)
            return await asyncio.to_thread(printed)

    return await asyncio.gather(drill("/one"), drill("/two"))


def test_two_drills_of_one_process_get_their_own():
    assert asyncio.run(_two_drills()) == ["[/one]", "[/two]"]


def test_without_changes_the_environment_is_ours(monkeypatch):
    monkeypatch.setenv("ONLY_OURS", "1")
    assert child_environment.make({"MORE": "2"}).items() >= {"ONLY_OURS": "1", "MORE": "2"}.items()


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, ""),
        ({"no_proxy": "localhost", "http_proxy": ""}, ""),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http_proxy=http://proxy:3128"),
        ({"http_proxy": "http://a:1", "HTTP_PROXY": "http://b:1"}, "http_proxy=http://a:1"),
        ({"https_proxy": "http://ada:s3cret@proxy:3128"}, "https_proxy=http://…@proxy:3128"),
        (
            {"ALL_PROXY": "socks5://p:1", "NO_PROXY": "10.0.0.0/8"},
            "all_proxy=socks5://p:1 no_proxy=10.0.0.0/8",
        ),
    ],
)
def test_proxies_are_named_without_passwords(environ: dict[str, str], named: str):
    assert child_environment.proxies(environ) == named
