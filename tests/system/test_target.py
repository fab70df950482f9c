"""The target by its address and its commands: what is reported of it, and what its commands are given."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gameday.core.errors import NotReady
from gameday.core.values import DrillId
from gameday.system import processes, target
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
