"""The trail, read from a real HTTP server."""

import asyncio
import http.server
import json
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import parse_instant
from gameday.signals import trail
from gameday.system.clock import SystemClock

AT = "2027-01-15T08:00:00Z"


class TrailServer:
    """Answers with what is put into `actions`, or with a body of the test's own."""

    def __init__(self):
        self.actions = []
        self.body = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                after = int(parse_qs(urlsplit(self.path).query)["after"][0])
                fresh = [a for a in outer.actions if a["seq"] > after]
                body = outer.body or json.dumps({"actions": fresh}).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/trail"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, actor, action):
        self.actions.append({"seq": len(self.actions) + 1, "at": AT, "actor": actor, "action": action})


@pytest.fixture
def server():
    made = TrailServer()
    yield made
    made.server.shutdown()
    made.server.server_close()


def watch(url, number, between=None):
    """Collect `number` findings; `between` is called after the first."""

    async def collect():
        found = []
        async for one in trail.HttpTrail(url=url, clock=SystemClock()).watch():
            found.append(one)
            if between and len(found) == 1:
                between()
            if len(found) == number:
                return found
        return found

    return asyncio.run(asyncio.wait_for(collect(), 20))


def test_actions_from_now_on_are_given_with_the_trails_own_instant(server):
    server.add("somebody", "before the drill")
    found = watch(server.url, 2, lambda: server.add("team", "flag new-ranking off"))
    assert found[0] == (None, ev.TrailWatched(readable=True))
    action = ev.ActionTaken(action="flag new-ranking off", via="trail", actor="team")
    assert found[1] == (parse_instant(AT), action)


def test_the_experiments_own_actions_are_left_out(server):
    def act():
        server.add("fault:slow-query", "deploy 2")
        server.add("team", "rollback")

    assert watch(server.url, 2, act)[1][1].action == "rollback"


def test_a_trail_that_cannot_be_read_is_reported_once_and_again_when_it_can(server):
    server.body = b"{}"

    def mend():
        server.body = None

    found = watch(server.url, 2, mend)
    assert [fact.readable for _, fact in found] == [False, True]
    assert "actions" in found[0][1].detail


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'{"actions": [{"seq": "1"}]}', b'{"actions": 3}'])
def test_another_form_is_refused(server, body):
    server.body = body
    with pytest.raises(ValueError, match=r"the trail did not answer|Expecting value"):
        trail.ask(server.url, 0)
