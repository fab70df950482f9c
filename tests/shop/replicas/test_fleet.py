"""Replicas are real processes: replaced without a gap, scaled, killed, and left serving when new ones fail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gameday.core.errors import NotReady
from gameday.shop import settings
from gameday.shop.replicas import database
from gameday.shop.replicas.fleet import Fleet, answers
from gameday.shop.settings import Settings
from gameday.shop.state_folder import StateFolder

RELEASE = Settings().release.name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> StateFolder:
    made = StateFolder(tmp_path_factory.mktemp("fleet"))
    made.logs.mkdir()
    made.settings.write_text(settings.encode(Settings()))
    database.build(made.database)
    return made


@pytest.fixture
def run() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def fleet_of(folder: StateFolder) -> tuple[Fleet, list[list[int]]]:
    """Make a fleet, and the list of what it has switched the edge to that answered then."""
    switched: list[list[int]] = []

    async def switch(ports) -> None:
        switched.append([port for port in ports if await answers(f"http://127.0.0.1:{port}/health")])

    return Fleet(folder, switch), switched


def test_the_edge_is_switched_to_new_replicas_that_answer_and_only_then_the_old_end(folder, run):
    fleet, switched = fleet_of(folder)
    run.run(fleet.scale(2, RELEASE))
    old = fleet.all()
    run.run(fleet.replace(["api-1"], RELEASE))
    assert [replica.name for replica in fleet.all()] == ["api-1", "api-2"]
    assert [replica.alive for replica in old] == [False, True]
    assert switched == [[replica.port for replica in old], fleet.ports()]
    run.run(fleet.stop())
    assert fleet.up() == 0


def test_scaling_starts_what_is_missing_ends_the_highest_and_leaves_the_dead(folder, run):
    fleet, _ = fleet_of(folder)
    run.run(fleet.scale(2, RELEASE))
    fleet.kill("api-1")
    assert (fleet.up(), len(fleet.ports())) == (1, 2)
    dead = fleet.all()[0]
    run.run(fleet.scale(1, RELEASE))
    assert fleet.all() == [dead]
    assert fleet.up() == 0
    run.run(fleet.stop())


def test_a_release_that_does_not_get_ready_leaves_the_old_replicas_serving(folder, run):
    fleet, switched = fleet_of(folder)
    run.run(fleet.scale(1, RELEASE))
    with pytest.raises(NotReady, match="api-1 did not get ready") as failed:
        run.run(fleet.replace(["api-1"], "no-such-release"))
    assert Path(failed.value.hint.removeprefix("see ")).exists()
    assert (fleet.up(), len(switched)) == (1, 1)
    run.run(fleet.stop())
