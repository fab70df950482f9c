import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@pytest.fixture
def monitor():
    """A monitor that registers receivers: its URL, and what it was asked; it refuses under /refuse."""
    asked: list[tuple[str, str]] = []

    class Monitor(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.command, body["url"]))
            self.send_response(403 if "refuse" in self.path else 200)
            self.end_headers()

        def do_DELETE(self):
            self.do_POST()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Monitor)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield f"http://127.0.0.1:{server.server_port}/receivers", asked
    server.shutdown()
    server.server_close()
