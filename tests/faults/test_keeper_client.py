"""The conductor's side of a real keeper. It is always stopped: it would end this process as a lost conductor."""

import asyncio
import signal
import time

import pytest

from gameday import wiring
from gameday.conduct.recorder import Recorder
from gameday.core.errors import FaultIndeterminate, NotReady
from gameday.core.facts import drill as ev
from gameday.faults.keeper_client import KeeperClient
from gameday.system import processes
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds
from tests.faults.building import experiment, python, request
from tests.faults.conductor import planned

pytestmark = pytest.mark.kill


class Scene:
    """A store, a drill and a keeper that is stopped in any case."""

    def __init__(self, tmp_path):
        self.url, self.folder = f"sqlite:///{tmp_path}/g.db", tmp_path
        self.store = wiring.store(self.url)
        self.drill = f"d-{time.monotonic_ns()}"
        self.recorder = Recorder(store=self.store, clock=SystemClock(), ids=SystemIds(), drill=self.drill)

    def run(self, script, made=None):
        async def main():
            asked = request(made) if made else None
            self.client = KeeperClient(
                store_url=self.url, drill=self.drill, folder=self.folder, cwd=self.folder, warm=asked
            )
            try:
                await self.client.start()
                if asked:
                    self.recorder.record(planned(self.drill))
                    self.recorder.record(asked)
                await script(self.client)
            finally:
                await self.client.stop()

        asyncio.run(main())

    def of_kind(self, kind):
        return [s.event.fact for s in self.store.read(self.drill) if isinstance(s.event.fact, kind)]

    async def wait(self, kind):
        end = time.monotonic() + 60
        while not self.of_kind(kind):
            assert time.monotonic() < end, kind
            await asyncio.sleep(0.02)


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path)
    yield scene
    scene.store.close()


def test_a_released_fault_is_rolled_back_and_the_keeper_ends_at_stop(scene, target):
    async def script(client):
        await client.inject("f1")
        await scene.wait(ev.FaultHeld)
        await client.revert("f1", "response over", now=False)
        await scene.wait(ev.FaultReverted)

    scene.run(script, experiment(target.url))
    assert scene.of_kind(ev.FaultReverted) == [ev.FaultReverted(fault="f1", how="rolled-back", by="keeper")]
    assert scene.of_kind(ev.DrillClosed) == []
    assert not scene.client.alive()
    assert processes.marked(scene.drill) == []


def test_stopping_reverts_what_is_left_and_takes_down_what_was_brought_up(scene, target):
    async def script(client):
        scene.recorder.record(ev.EnvironmentBroughtUp(command=("true",), down=("touch", "down.txt")))
        await client.inject("f1")
        await scene.wait(ev.FaultHeld)

    scene.run(script, experiment(target.url))
    assert not target.on
    assert (scene.folder / "down.txt").exists()


def test_an_abort_is_played_at_once(scene, target):
    asked = []

    async def script(client):
        await client.inject("f1")
        await scene.wait(ev.FaultHeld)
        asked.append(time.time())
        await client.revert("f1", "abort", now=True)
        await scene.wait(ev.FaultReverted)

    scene.run(script, experiment(target.url))
    assert target.times("off")[0] - asked[0] < 0.5


def test_a_fault_that_was_not_written_ahead_is_refused(scene, target):
    async def script(client):
        with pytest.raises(NotReady, match="was not requested"):
            await client.inject("other")

    scene.run(script, experiment(target.url))
    assert target.changes == []


def test_a_stopped_keeper_does_not_count_as_alive(scene, target):
    async def script(client):
        processes.send(client.identity, signal.SIGSTOP)
        end = time.monotonic() + 10
        while client.alive() and time.monotonic() < end:  # noqa: ASYNC110  # a condition with a deadline
            await asyncio.sleep(0.05)
        assert not client.alive()
        processes.kill_and_wait(client.identity)

    scene.run(script, experiment(target.url))


def test_a_keeper_that_dies_before_it_injects_leaves_it_undecided(scene, target):
    async def script(client):
        processes.kill_and_wait(client.identity)
        with pytest.raises(FaultIndeterminate):
            await client.inject("f1")

    scene.run(script, experiment(target.url))


def test_modules_that_import_slowly_do_not_look_like_a_dead_conductor(scene, target, tmp_path, monkeypatch):
    (tmp_path / "slow_module.py").write_text("import time\ntime.sleep(4)\ndef go():\n    pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    rollback = python("slow", "go")
    rollback["provider"]["module"] = "slow_module"

    async def script(client):
        assert client.alive()

    scene.run(script, experiment(target.url, rollbacks=[rollback]))
    assert scene.of_kind(ev.AbortRequested) == []


def test_a_keeper_that_was_never_started_is_not_alive_and_stops(scene):
    client = KeeperClient(store_url=scene.url, drill="d", folder=scene.folder, cwd=scene.folder)
    assert not client.alive()
    asyncio.run(client.stop())


def test_a_keeper_that_cannot_open_the_store_is_not_ready(scene):
    scene.url = "nothing:///x"

    async def script(client):
        raise AssertionError

    with pytest.raises(NotReady, match="not ready"):
        scene.run(script)
