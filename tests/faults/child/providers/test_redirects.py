"""An HTTP activity stays at the origin that the policy judged, whoever answers it."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gameday.faults.prober import ChildProber
from tests.faults.building import DRILL, HERE


class Redirecting:
    """A server that redirects every GET but /end to a place; `hits` are the paths that it was asked for."""

    def __init__(self, to):
        self.hits = hits = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                hits.append(self.path)
                self.send_response(200 if self.path == "/end" else 302)
                self.send_header("Location", to)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def redirecting():
    made = []

    def make(to):
        made.append(Redirecting(to))
        return made[-1]

    yield make
    for each in made:
        each.server.shutdown()
        each.server.server_close()


def ask(url):
    async def main():
        prober = ChildProber(DRILL, cwd=Path(HERE))
        try:
            provider = {"type": "http", "url": url}
            probe = {"type": "probe", "name": "answers", "tolerance": 200, "provider": provider}
            return await prober.ask(json.dumps(probe))
        finally:
            await prober.close()

    return asyncio.run(main())


def test_a_redirect_to_another_port_is_not_followed(redirecting):
    elsewhere = redirecting("/end")
    judged = ask(redirecting(f"{elsewhere.url}/end").url)
    assert judged.ok is not True
    assert "redirected" in judged.detail
    assert elsewhere.hits == []


def test_a_redirect_within_the_origin_is_followed(redirecting):
    server = redirecting("/end")
    assert ask(f"{server.url}/begin").ok is True
    assert server.hits == ["/begin", "/end"]
