"""The shop as a whole, in this process: what changes it, what is refused, and who restarts what dies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gameday.shop import settings
from gameday.shop.service import Shop
from gameday.shop.settings import Settings
from gameday.shop.state_folder import Ports, StateFolder, own_record
from tests import ports

PORTS = Ports(edge=ports.free(), admin=ports.free(), control=ports.free())


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner) -> Iterator[Shop]:
    folder = StateFolder(tmp_path_factory.mktemp("service"))
    for each in (folder.edge, folder.logs):
        each.mkdir()
    made = Shop(folder, PORTS, replace(Settings(), replicas=1))
    runner.run(made.start())
    yield made
    runner.run(made.stop())


def test_a_change_says_whether_anything_changed_and_replicas_find_it_in_the_file(shop, runner):
    limited = replace(shop.settings, rate_limit=5)
    assert [runner.run(shop.set(limited)), runner.run(shop.set(limited))] == [True, False]
    assert settings.decode(shop.folder.settings.read_text()) == limited
    runner.run(shop.set(replace(limited, rate_limit=None)))


def test_an_unknown_replica_is_refused_with_the_known_ones(shop, runner):
    with pytest.raises(ValueError, match="there is no replica 'api-9'; choose from: api-1"):
        runner.run(shop.restart("api-9"))
    with pytest.raises(ValueError, match="there is no living replica 'api-9'; choose from: api-1"):
        shop.kill("api-9")


def test_a_dead_replica_makes_the_shop_unhealthy_until_it_is_restarted(shop, runner):
    record = own_record(PORTS)
    assert shop.status(record)["healthy"]
    shop.kill(None)
    assert not shop.status(record)["healthy"]
    assert runner.run(shop.restart_dead())
    assert not runner.run(shop.restart_dead())
    assert shop.status(record)["healthy"]


@pytest.mark.parametrize("restart", [True, False])
def test_what_dies_is_restarted_only_where_the_settings_say_so(shop, runner, restart):
    runner.run(shop.set(replace(shop.settings, restart_crashed=restart)))
    shop.kill(None)

    async def watch() -> None:
        watching = asyncio.ensure_future(shop.watch())
        for _ in range(200 if restart else 8):
            await asyncio.sleep(0.1)
            if shop.fleet.up():
                break
        watching.cancel()

    runner.run(watch())
    assert shop.fleet.up() == int(restart)
    assert '"replica-died"' in (shop.folder.logs / "control.jsonl").read_text()
    runner.run(shop.restart_dead())


def test_a_reset_gives_the_shop_back_as_it_came_up(shop, runner):
    runner.run(shop.deploy(lambda now: settings.with_release(now, "42-ranking")))
    runner.run(shop.add_index("sales-by-category"))
    runner.run(shop.reset())
    assert shop.settings == replace(Settings(), replicas=1)
    assert not any(shop.indexes().values())
