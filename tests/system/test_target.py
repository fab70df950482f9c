"""The target by its address and its commands: what is reported of it, and what its commands are given."""

import asyncio
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gameday.core.errors import NotReady
from gameday.core.values import DrillId
from gameday.system import processes, target
from gameday.system.machine import ThisMachine
from gameday.system.target import CommandRunner, CommandTarget

D = DrillId("d-test-target")


@pytest.fixture
def url():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_any_answer_is_an_answer_even_an_error(url):
    assert target.answers(url) == ""
    assert asyncio.run(target.status(url, 3.0)) == 503


def test_no_answer_is_reported_without_the_password_and_the_path():
    why = target.answers("http://ada:canary@127.0.0.1:1/secret/path")
    assert why.startswith("http://127.0.0.1:1 does not answer")
    assert "canary" not in why
    with pytest.raises(NotReady, match=r"^http://127\.0\.0\.1:1 does not answer"):
        asyncio.run(target.status("http://ada:canary@127.0.0.1:1/", 1.0))


def test_a_target_without_an_address_has_nothing_to_reach(tmp_path):
    assert asyncio.run(CommandTarget(base_url="", cwd=tmp_path, drill=D).reachable()) == ""


MARKED = ("sh", "-c", f'echo "${{{processes.MARKER}:-none}} ${{GAMEDAY_ACTOR:-nobody}} $GIVEN"')


def test_bringing_up_carries_its_environment_but_not_the_drills_marker(tmp_path):
    up = CommandTarget(base_url="", cwd=tmp_path, drill=D, up_command=MARKED, env={"GIVEN": "x"})
    ran = asyncio.run(up.up())
    assert ran is not None
    assert ran.output.split()[0] == "none"
    assert ran.output.split()[-1] == "x"


def test_a_responders_command_carries_its_actor_but_not_the_drills_marker(tmp_path, monkeypatch):
    monkeypatch.setenv(processes.MARKER, D)  # as in a command of gameday's that a drill's process has started
    ran = asyncio.run(CommandRunner(cwd=tmp_path).run(MARKED, timeout=10, actor="ada"))
    assert ran.output.split() == ["none", "ada"]


def test_the_process_of_a_responders_command_is_handed_out_when_it_starts(tmp_path):
    begun = []
    ran = asyncio.run(
        CommandRunner(cwd=tmp_path, on_start=begun.append).run(["true"], timeout=10, actor="ada")
    )
    assert ran.exit_code == 0
    assert len(begun) == 1


def _bring_up(cwd, argv):
    return CommandTarget(base_url="", cwd=cwd, drill=D, up_command=argv).up()


def _take_down(cwd, argv):
    return ThisMachine(cwd=cwd).run(argv)


def _reset_or_respond(cwd, argv):
    return CommandRunner(cwd=cwd).run(argv, timeout=30, actor="ada")


@pytest.mark.parametrize(
    "form", ["sleep 309 &", "nohup sleep 309 &", "setsid sleep 309 &", "(setsid sleep 309 &)"]
)
@pytest.mark.parametrize("run", [_bring_up, _take_down, _reset_or_respond])
def test_a_service_that_the_environments_commands_start_outlives_the_drill(tmp_path, monkeypatch, run, form):
    """Run by a process that carries the drill's marker: the sweep at its close finds none of it."""
    monkeypatch.setenv(processes.MARKER, D)
    before = {who.pid for who in _sleepers()}
    ran = asyncio.run(run(tmp_path, ("sh", "-c", f"{form}\necho started")))
    end = time.monotonic() + 20
    left = []  # it may still be about to become what it will be
    while not left and time.monotonic() < end:
        left = [who for who in _sleepers() if who.pid not in before]
    try:
        assert ran.exit_code == 0
        assert len(left) == 1
        processes.sweep(D)
        assert processes.alive(left[0])
    finally:
        for who in left:
            processes.send(who, signal.SIGKILL)


def _sleepers():
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes() == b"sleep\x00309\x00":
                found.append(processes.identity(int(entry.name)))
        except (OSError, ProcessLookupError):  # it has ended meanwhile
            continue
    return found


def test_a_responders_command_that_nobody_waits_for_is_ended_with_its_descendants(tmp_path):
    begun = []

    async def cancelled():
        running = asyncio.ensure_future(
            CommandRunner(cwd=tmp_path, on_start=begun.append).run(
                ["sh", "-c", "sleep 61 & echo $! > child; wait"], timeout=60, actor="ada"
            )
        )
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(cancelled())
    assert not processes.alive(begun[0])
    assert not Path("/proc", (tmp_path / "child").read_text().strip(), "exe").exists()


def test_a_responders_command_is_killed_at_its_time_limit(tmp_path):
    ran = asyncio.run(CommandRunner(cwd=tmp_path).run(["sleep", "60"], timeout=0.2, actor="ada"))
    assert ran.exit_code != 0
