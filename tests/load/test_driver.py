"""The driver and the plug-in on real Locust, against a real server that counts for itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter

import pytest

from gameday.core.errors import NotReady
from gameday.core.facts.load import BINS, bin_of
from gameday.core.facts.merging import merge
from gameday.core.plans.scenario import Load
from gameday.core.values import DrillId
from gameday.load import driver as driver_module
from gameday.load.driver import LocustDriver
from gameday.system import processes

pytestmark = pytest.mark.anyio


class Game:
    """A driver with everything that came from it."""

    def __init__(self, workspace, server, drill) -> None:
        self.chunks, self.untils, self.started = [], [], []
        self.server = server
        self.driver = LocustDriver(
            drill=drill, workspace=workspace, folder=workspace / "drill", on_process=self.started.append
        )

    async def start(self, locustfile="users.py", **load) -> None:
        load = {"users": 4, "spawn_rate": 50, **load}
        await self.driver.start(
            Load(locustfile=locustfile, **load),
            base_url=self.server.url,
            environment={},
            on_chunks=lambda chunks, until: (self.chunks.extend(chunks), self.untils.append(until)),
        )

    def counts(self) -> Counter:
        found: Counter = Counter()
        for chunk in merge(self.chunks):
            found[chunk.type, chunk.name, "good"] += sum(chunk.count)
            found[chunk.type, chunk.name, "bad"] += sum(chunk.bad_count)
            found["open"] += sum(chunk.open_count)
        return +found

    async def when(self, condition, within=60.0) -> None:
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in time"
            await asyncio.sleep(0.02)


@pytest.fixture
def game(workspace, server, request):
    made = Game(workspace, server, DrillId(request.node.name))
    yield made
    assert processes.marked(request.node.name) == []


def counts_equal(game) -> bool:
    """Requests cut off at the very end were answered but never came to be samples."""
    ours, theirs = game.counts(), game.server.answered
    rows = {
        "/": ours["GET", "/", "good"],
        "/fast": ours["GET", "/fast", "good"],
        "/fail": ours["POST", "POST [fail]", "bad"],
    }
    return all(0 <= theirs[path] - rows[path] <= 4 for path in rows) and sum(rows.values()) > 100


async def test_counts_are_the_servers_own(game) -> None:
    await game.start()
    assert game.chunks
    await game.when(lambda: sum(game.server.answered.values()) > 500)
    assert game.driver.lost() == ""
    await game.driver.stop()
    assert counts_equal(game)
    assert game.untils == sorted(game.untils)


async def test_two_workers_add_up(game) -> None:
    await game.start(workers=2)
    await game.when(lambda: sum(game.server.answered.values()) > 1000)
    assert len(processes.marked(game.driver._drill)) == 3
    await game.driver.stop()
    assert counts_equal(game)


async def test_the_process_is_reported_of_before_its_first_sample(game) -> None:
    await game.start()
    [fact] = game.started
    assert fact.role == "locust"
    who = processes.Identity(pid=fact.pid, started_ticks=fact.started_ticks, boot=fact.boot)
    assert processes.alive(who)
    await game.driver.stop()
    assert not processes.alive(who)


async def test_a_black_hole_is_seen_as_open_requests_while_it_lasts(game) -> None:
    await game.start()
    await game.when(lambda: len(game.chunks) > 20)
    game.server.turn("hang")
    began = time.time()
    await game.when(lambda: game.counts()["open"] == 4)
    assert time.time() - began < 1.0
    await asyncio.sleep(3.0)
    assert game.counts()["open"] == 4
    game.server.turn("")
    await game.when(lambda: game.counts()["open"] == 0)
    cells = [
        (chunk.start + at / 10, number)
        for chunk in merge(game.chunks)
        for at, number in zip(chunk.at, chunk.bin, strict=True)
    ]
    slow = [start for start, number in cells if number >= bin_of(2900)]
    assert 1 <= len(slow) <= 4
    assert all(abs(start - began) < 0.5 for start in slow)
    await game.driver.stop()


async def test_requests_that_never_end_stay_open_when_the_load_is_stopped(game) -> None:
    await game.start()
    game.server.turn("hang")
    await game.when(lambda: game.counts()["open"] == 4)
    await asyncio.sleep(1.2)
    await game.driver.stop()
    assert game.counts()["open"] == 4


async def test_users_change_at_once(game) -> None:
    await game.start(users=1)
    await game.driver.set_users(6)
    game.server.turn("hang")
    await game.when(lambda: game.counts()["open"] == 6)
    game.server.turn("")
    await game.driver.stop()


async def test_a_locust_that_is_killed_is_lost(game) -> None:
    await game.start()
    os.kill(game.started[0].pid, signal.SIGKILL)
    await game.when(lambda: game.driver.lost() != "")
    assert "signal 9" in game.driver.lost()
    await game.driver.stop()


async def test_a_locust_that_is_reported_to_end_is_lost_before_it_has_ended(game) -> None:
    await game.start()
    os.kill(game.started[0].pid, signal.SIGTERM)
    await game.when(lambda: game.driver.lost() != "", within=2)
    assert "Locust" in game.driver.lost()
    await game.driver.stop()


async def test_a_locust_that_is_stopped_is_lost_when_it_has_been_silent(game, monkeypatch) -> None:
    monkeypatch.setattr(driver_module, "SILENCE_LIMIT", 1.0)
    await game.start()
    os.kill(game.started[0].pid, signal.SIGSTOP)
    await game.when(lambda: "silent" in game.driver.lost())
    await game.driver.stop()


async def test_a_worker_that_is_killed_is_reported_of_and_nothing_is_left(game) -> None:
    await game.start(workers=2)
    workers = [who for who in processes.marked(game.driver._drill) if who.pid != game.started[0].pid]
    os.kill(workers[0].pid, signal.SIGKILL)
    await game.when(lambda: "worker" in game.driver.lost())
    await game.driver.stop()


async def test_workers_end_when_their_master_is_killed(game) -> None:
    await game.start(workers=2)
    os.kill(game.started[0].pid, signal.SIGKILL)
    await game.when(lambda: not processes.marked(game.driver._drill), within=8)
    await game.driver.stop()


async def test_a_locustfile_that_does_not_import_is_reported_with_its_line(game, workspace) -> None:
    (workspace / "broken.py").write_text("import locust\n\nimport nowhere_to_be_found\n")
    with pytest.raises(NotReady, match=r"No module named 'nowhere_to_be_found'.*broken.py, line 3"):
        await game.start("broken.py")


WAITING = """
import gevent
from locust import HttpUser, task

class Waiting(HttpUser):
    def on_start(self):
        gevent.sleep(300)

    @task
    def root(self):
        self.client.get("/")
"""


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (signal.SIGKILL, r"ended by signal 9 \(Killed\), before its first request"),
        (signal.SIGSTOP, r"is stopped, by SIGSTOP"),
    ],
)
async def test_a_locust_that_is_killed_or_stopped_before_its_first_request_is_noticed(
    game, workspace, number, why
) -> None:
    (workspace / "waiting.py").write_text(WAITING)
    starting = asyncio.ensure_future(game.start("waiting.py"))
    await game.when(lambda: game.started)
    os.kill(game.started[0].pid, number)
    with pytest.raises(NotReady, match=why):
        await asyncio.wait_for(starting, 15)


async def test_a_package_that_a_locustfile_lacks_is_named(game, workspace) -> None:
    (workspace / "lacking.py").write_text("import locust_plugins\n")
    with pytest.raises(NotReady, match="locust_plugins") as refused:
        await game.start("lacking.py")
    assert refused.value.hint.startswith("pip install locust-plugins; ")


async def test_a_locustfile_that_is_not_there_is_reported(game) -> None:
    with pytest.raises(NotReady, match=r"nowhere\.py"):
        await game.start("nowhere.py")


async def test_the_users_own_shape_wins(game, workspace) -> None:
    shape = "\nfrom locust import LoadTestShape\nclass Mine(LoadTestShape):\n    def tick(self):\n        return 3, 50\n"
    (workspace / "shaped.py").write_text((workspace / "users.py").read_text() + shape)
    await game.start("shaped.py", users=9)
    with pytest.raises(NotReady, match="LoadTestShape"):
        await game.driver.set_users(20)
    game.server.turn("hang")
    await game.when(lambda: game.counts()["open"] == 3)
    game.server.turn("")
    await game.driver.stop()


async def test_a_load_that_ends_by_itself_is_lost(game, workspace) -> None:
    quits = "\nfrom locust import events\n@events.test_start.add_listener\ndef stop(environment, **_):\n    import gevent\n    gevent.spawn_later(3, environment.runner.quit)\n"
    (workspace / "quits.py").write_text((workspace / "users.py").read_text() + quits)
    await game.start("quits.py")
    await game.when(lambda: "exit code" in game.driver.lost())
    await game.driver.stop()


ODD = """
import time
from locust import User, constant, task

class Odd(User):
    wait_time = constant(0.02)

    @task
    def fire(self):
        fire = self.environment.events.request.fire
        common = {"response_length": 0, "exception": None, "context": {}}
        fire(request_type="ODD", name="no\\nstart \\u00e4\\ud83d", response_time=12.0, **common)
        fire(request_type="ODD", name="none", response_time=None, **common)
        fire(request_type="ODD", name="negative", response_time=-5.0, start_time=time.time(), **common)
        fire(request_type="ODD", name="nan", response_time=float("nan"), **common)
        fire(request_type="ODD", name="text", response_time="12 ms", start_time="now", **common)
        fire(request_type="ODD", name="future", response_time=1.0, start_time=time.time() + 3600, **common)
        fire(request_type=b"ODD", name=b"bytes", response_time=1.0, start_time=time.perf_counter(), **common)
"""


async def test_custom_clients_are_counted_whatever_they_fire(game, workspace) -> None:
    (workspace / "odd.py").write_text(ODD)
    began = time.time()
    await game.start("odd.py", users=1)
    await game.when(lambda: game.counts()["ODD", "bytes", "good"] > 20)
    await game.driver.stop()
    names = {name for key in game.counts() if key != "open" for name in [key[1]]}
    assert names == {"no\nstart ä?", "none", "negative", "nan", "text", "future", "bytes"}
    for name in ("none", "negative", "nan", "text"):  # unknown is never fast
        assert {number for chunk in game.chunks if chunk.name == name for number in chunk.bin} == {BINS - 1}
    assert all(began - 20 < chunk.start < time.time() for chunk in game.chunks)


STYLE = """
def test_home(session):
    session.get("/")

def test_fast(fastsession):
    fastsession.get("/fast")
"""
TAGGED = """
from locust import HttpUser, constant, events, tag, task

@events.init_command_line_parser.add_listener
def add(parser):
    parser.add_argument("--path", required=True)

class A(HttpUser):
    wait_time = constant(0.02)

    @tag("read")
    @task
    def read(self):
        import os
        self.client.get(self.environment.parsed_options.path + os.environ["SUFFIX"])

    @tag("write")
    @task
    def write(self):
        self.client.post("/write")

class B(A):
    @tag("read")
    @task
    def b(self):
        self.client.get("/b")
"""


@pytest.mark.parametrize("package", [False, True])
async def test_users_that_are_tests_in_pytests_style_are_played(game, workspace, package) -> None:
    (workspace / "test_mini.py").write_text(STYLE)
    if package:  # then pytest imports the file under another name, once more
        (workspace / "__init__.py").touch()
    await game.start("test_mini.py")
    await game.when(
        lambda: game.counts()["GET", "/", "good"] > 20 and game.counts()["GET", "/fast", "good"] > 20
    )
    assert game.driver.lost() == ""
    await game.driver.stop()


async def test_arguments_tags_classes_and_variables_are_locusts_and_its_files_decide_nothing_of_a_drill(
    game, workspace, monkeypatch
) -> None:
    (workspace / "tagged.py").write_text(TAGGED)
    (workspace / "locust.conf").write_text("run-time = 1s\nusers = 1\nmaster = true\nlist = true\n")
    monkeypatch.setenv("LOCUST_RUN_TIME", "1s")
    monkeypatch.setenv("OUR_SUFFIX", "/deep")
    await game.start(
        "tagged.py",
        args=("--path", "/given", "--run-time=1s"),
        tags=("read",),
        user_classes=("A",),
        env={"SUFFIX": "env:OUR_SUFFIX"},
    )
    began = time.monotonic()
    await game.when(lambda: time.monotonic() - began > 2.5)
    assert game.driver.lost() == ""
    await game.driver.stop()
    assert {key[1] for key in game.counts() if key != "open"} == {"/given/deep"}


async def test_a_variable_that_the_load_refers_to_and_nobody_has_set_is_named(game) -> None:
    with pytest.raises(NotReady, match="the variable NOWHERE_AT_ALL is not set"):
        await game.start(env={"SUFFIX": "env:NOWHERE_AT_ALL"})


MANY = """
import itertools
from locust import FastHttpUser, task

numbers = itertools.count()

class Many(FastHttpUser):
    @task
    def one(self):
        self.client.get(f"/item/{next(numbers)}")
"""


async def test_ten_thousand_names_are_folded_and_none_is_lost(game, workspace) -> None:
    (workspace / "many.py").write_text(MANY)
    await game.start("many.py", users=2)
    await game.when(lambda: sum(game.server.answered.values()) > 3000)
    await game.driver.stop()
    counts = game.counts()
    assert len({key[1] for key in counts if key != "open"}) == 501
    assert 0 <= sum(game.server.answered.values()) - sum(counts.values()) <= 2
    assert "500 request names" in (workspace / "drill" / "locust.log").read_text()


NAMING = """
from locust import FastHttpUser, HttpUser, task

class Slow(HttpUser):
    def on_start(self):
        self.number = next(self.numbers)

    numbers = iter(range(100))

    @task
    def one(self):
        client, n = self.client, self.number
        if n == 0: client.get("/a b/\\u00e4?x=1 2", params={"q": ["\\u00f6", "/"]})
        if n == 1: client.request("GET", "/positional", "named by position")
        if n == 2: client.post("/named", name="POST [named]", json={})
        if n == 3: client.get(self.host + "/absolute?y=1")
        if n == 4:
            with client.rename_request("renamed"):
                client.get("/whatever")

class Fast(FastHttpUser):
    @task
    def one(self):
        self.client.get("/fast b?x=1", catch_response=False)
"""


async def test_open_requests_are_named_as_locust_names_them_when_they_end(game, workspace) -> None:
    (workspace / "naming.py").write_text(NAMING)
    game.server.turn("hang")
    await game.start("naming.py", users=10)
    await game.when(lambda: game.counts()["open"] == 10)
    opened = {(chunk.type, chunk.name) for chunk in game.chunks if chunk.open_at}
    game.server.turn("")
    await game.when(lambda: game.counts()["open"] == 0)
    await game.driver.stop()
    assert {(chunk.type, chunk.name) for chunk in game.chunks if chunk.at or chunk.bad_at} == opened
    assert ("GET", "renamed") in opened
    assert len(opened) == 6
