"""The policy's limits hold in a running Locust, whatever client a locustfile uses."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from gameday.core.plans.scenario import Load
from gameday.core.policy import LOOPBACK, Policy
from gameday.core.values import DrillId
from gameday.load import driver as driver_module
from gameday.load.driver import LocustDriver
from gameday.system import processes

pytestmark = pytest.mark.anyio

HEAD = """
import os, socket, subprocess, sys, time, urllib.request
from locust import FastHttpUser, HttpUser, LoadTestShape, User, constant, task
"""
USER = """
class Calm(HttpUser):
    wait_time = constant(0.2)
    @task
    def root(self):
        self.client.get("/")
"""


class Trap:
    """A listener on an address that no policy here allows, which counts who comes."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.2", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.2", self.listener.getsockname()[1]))
        self.listener.settimeout(0.0)
        self.datagrams.settimeout(0.0)
        self.port = self.listener.getsockname()[1]

    def visited(self) -> bool:
        for door, take in (
            (self.listener, self.listener.accept),
            (self.datagrams, lambda: self.datagrams.recv(9)),
        ):
            try:
                take()
            except BlockingIOError:
                continue
            return bool(door)
        return False


@pytest.fixture
def trap():
    made = Trap()
    yield made
    made.listener.close()
    made.datagrams.close()


@pytest.fixture
def start(tmp_path, server, request):
    async def begin(text: str, *, policy: Policy = LOOPBACK, **load):
        (tmp_path / "users.py").write_text(HEAD + text)
        driver = LocustDriver(
            drill=DrillId(request.node.name),
            workspace=tmp_path,
            folder=tmp_path / "drill",
            on_process=lambda _fact: None,
            policy=policy,
        )
        await driver.start(
            Load(locustfile="users.py", **{"users": 2, "spawn_rate": 50, **load}),
            base_url=server.url,
            environment={},
            on_chunks=lambda _chunks, _until: None,
        )
        return driver

    yield begin
    assert processes.marked(request.node.name, driver_module.MARKER) == []


CLIENTS = {
    "http user": "self.client.get('http://127.0.0.2:PORT/')",
    "urllib": "urllib.request.urlopen('http://127.0.0.2:PORT/', timeout=2)",
    "requests": "__import__('requests').get('http://127.0.0.2:PORT/', timeout=2)",
    "socket": "socket.create_connection(('127.0.0.2', PORT), 2)",
    "connect_ex": "socket.socket().connect_ex(('127.0.0.2', PORT))",
    "native socket": "__import__('_socket').socket().connect(('127.0.0.2', PORT))",
    "datagram": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.2', PORT))",
    "sendmsg": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('127.0.0.2', PORT))",
    "mapped": "socket.socket(socket.AF_INET6).connect(('::ffff:127.0.0.2', PORT))",
    "program": "subprocess.run([sys.executable, '-c', \"import socket; socket.create_connection(('127.0.0.2', PORT))\"])",
    "shell": "os.system('exec 3<>/dev/tcp/127.0.0.2/PORT')",
    "fork": "os.fork() or (socket.create_connection(('127.0.0.2', PORT), 2), os._exit(0))",
    "spawn": "os.posix_spawn('/bin/bash', ['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.2/PORT'], {})",
    "passed descriptors": "__import__('multiprocessing.util').util.spawnv_passfds(b'/bin/bash', [b'bash', b'-c', b'exec 3<>/dev/tcp/127.0.0.2/PORT'], ())",
    "fork server": "__import__('multiprocessing').get_context('forkserver').Process(target=socket.create_connection, args=(('127.0.0.2', PORT),)).start()",
    "spawn context": "__import__('multiprocessing').get_context('spawn').Process(target=socket.create_connection, args=(('127.0.0.2', PORT),)).start()",
    "pty": "__import__('pty').spawn(['/bin/bash', '-c', 'exec 3<>/dev/tcp/127.0.0.2/PORT'])",
    "C": "os.fork() or (__import__('ctypes').CDLL(None).execl(b'/bin/bash', b'bash', b'-c', b'exec 3<>/dev/tcp/127.0.0.2/PORT', None), os._exit(0))",
    "interpreter": "i = __import__('_xxsubinterpreters'); i.run_string(i.create(), 'import _socket; _socket.socket().connect((\\'127.0.0.2\\', PORT))')",
    "proxy": "__import__('requests').get('http://elsewhere.test/', proxies={'http': 'http://127.0.0.2:PORT'}, timeout=2)",
}
ONLY_ONE = Policy(hosts=("127.0.0.1",))


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_host_is_refused_before_a_byte_leaves(start, trap, client) -> None:
    call = CLIENTS[client].replace("PORT", str(trap.port))
    text = f"""
def elsewhere(self=None):
    try:
        {call}
    except BaseException as error:
        print("REFUSED", type(error), error, file=sys.stderr, flush=True)

{USER}
    @task
    def away(self):
        elsewhere(self)
if {client != "http user"}:
    elsewhere()
"""
    driver = await start(text, policy=ONLY_ONE)
    await asyncio.sleep(0.5)
    await driver.stop()
    assert not trap.visited()


async def test_a_proxy_of_the_environment_is_not_used(start, server, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    driver = await start(USER)
    await driver.stop()
    assert sum(server.answered.values())


async def test_a_name_that_is_not_listed_is_not_even_looked_up(start, tmp_path) -> None:
    driver = await start(
        USER.replace(
            'self.client.get("/")',
            "self.client.get('/'); self.client.get('http://else.invalid/', name='away')",
        )
    )
    await asyncio.sleep(0.5)
    await driver.stop()
    assert (
        "the policy's hosts don't allow load on else.invalid" in (tmp_path / "drill/locust.log").read_text()
    )


MANY = """
class Many(LoadTestShape):
    def tick(self):
        return (40, 40)
"""
BUSY = USER.replace("constant(0.2)", "constant(0)")
TOO_MANY_USERS = {
    "shape": (USER + MANY, {}),
    "by code": (
        USER
        + """
from locust import events
@events.test_start.add_listener
def more(environment, **_):
    __import__("gevent").spawn_later(0.3, environment.runner.start, 40, 40)
""",
        {},
    ),
    "workers": (USER + MANY, {"workers": 2}),
}


async def _until_exceeded(driver, within: float = 20.0) -> str:
    deadline = time.monotonic() + within
    while not driver.exceeded():
        assert time.monotonic() < deadline, "the limit was not seen to be exceeded"
        await asyncio.sleep(0.02)
    return driver.exceeded()


@pytest.mark.parametrize("how", ["shape", "workers"])
async def test_a_start_ends_with_a_limit_that_is_exceeded_before_any_request_has_ended(start, how) -> None:
    text, load = TOO_MANY_USERS[how]
    text = text.replace("    @task", "    def on_start(self):\n        time.sleep(60)\n    @task")
    policy = Policy(hosts=("loopback",), max_users=5)
    async with asyncio.timeout(20):
        driver = await start(text, policy=policy, **load)
    assert driver.exceeded().startswith("max_users: ")
    await driver.stop()


@pytest.mark.parametrize("how", TOO_MANY_USERS)
async def test_more_users_than_allowed_end_the_load(start, how) -> None:
    text, load = TOO_MANY_USERS[how]
    policy = Policy(hosts=("loopback",), max_users=5)
    driver = await start(text, policy=policy, **load)
    assert "users at once, 5 at most" in await _until_exceeded(driver)
    assert driver.exceeded().startswith("max_users: ")
    await driver.stop()


RATES = {
    "http user": (BUSY, {}),
    "fast": (BUSY.replace("HttpUser", "FastHttpUser"), {}),
    "workers": (BUSY, {"workers": 2}),
    "no events": (
        USER.replace(
            'self.client.get("/")',
            "self.client.get('/')\n        for _ in range(200): SESSION.get(self.host)",
        )
        + "\nSESSION = __import__('requests').Session()\n",
        {},
    ),
}


@pytest.mark.parametrize("how", RATES)
async def test_more_requests_than_allowed_end_the_load(start, server, how) -> None:
    text, load = RATES[how]
    driver = await start(text, policy=Policy(hosts=("loopback",), max_rps=10), **load)
    exceeded = await _until_exceeded(driver)
    assert "10/s at most" in exceeded
    await driver.stop()
    # 50 within 5 s are allowed; several processes notice within 100 ms.
    assert sum(server.answered.values()) <= (52 if not load else 300)


async def test_load_within_its_limits_goes_on(start) -> None:
    driver = await start(USER, policy=Policy(hosts=("loopback",), max_rps=20, max_users=2))
    await asyncio.sleep(6)
    assert driver.exceeded() == ""
    assert driver.lost() == ""
    await driver.stop()


async def test_what_a_locustfile_forks_is_gone_with_the_load(start, tmp_path) -> None:
    text = (
        USER
        + """
if not os.fork():
    os.setsid()
    if os.fork():
        time.sleep(60)
        os._exit(0)
    time.sleep(60)
    os._exit(0)
"""
    )
    driver = await start(text)
    assert len(processes.marked(driver._drill, driver_module.MARKER)) == 3
    await driver.stop()
    assert processes.marked(driver._drill, driver_module.MARKER) == []


async def test_what_runs_is_what_was_read(tmp_path, server) -> None:
    (tmp_path / "helpers.py").write_text("PATH = '/fast'\n")
    good = HEAD + "from helpers import PATH\nHERE = open(__file__).read()\n" + USER.replace('"/"', "PATH")
    (tmp_path / "users.py").write_text(good)
    kept = {name: (tmp_path / name).read_bytes() for name in ("users.py", "helpers.py")}
    driver = LocustDriver(
        drill=DrillId("frozen"),
        workspace=tmp_path,
        folder=tmp_path / "drill",
        on_process=lambda _fact: None,
        read=lambda path: kept[path],
    )
    (tmp_path / "users.py").write_text(good.replace("PATH)", "'/fail')"))
    (tmp_path / "helpers.py").write_text("PATH = '/fail'\n")
    load = Load(locustfile="users.py", users=2, spawn_rate=50)
    await driver.start(load, base_url=server.url, environment={}, on_chunks=lambda _c, _u: None)
    await driver.stop()
    assert set(server.answered) == {"/fast"}
