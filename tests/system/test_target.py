"""The target by its address and its commands: what is reported of it, and what its commands are given."""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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


def test_a_responders_command_carries_the_drills_marker_and_its_actor(tmp_path):
    ran = asyncio.run(CommandRunner(cwd=tmp_path, drill=D).run(MARKED, timeout=10, actor="ada"))
    assert ran.output.split() == [D, "ada"]


def test_a_responders_command_is_killed_at_its_time_limit(tmp_path):
    ran = asyncio.run(CommandRunner(cwd=tmp_path, drill=D).run(["sleep", "60"], timeout=0.2, actor="ada"))
    assert ran.exit_code != 0
