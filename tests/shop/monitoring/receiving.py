"""A receiver of alerts."""

from __future__ import annotations

import http.server
import json
import threading


class Receiver:
    """A real HTTP server that keeps what it receives, and fails as often as `failures` says."""

    def __init__(self) -> None:
        self.bodies: list[dict] = []
        self.failures = 0
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if receiver.failures:
                    receiver.failures -= 1
                    self.send_response(503)
                else:
                    receiver.bodies.append(body)
                    self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/alerts"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def alerts(self, name: str) -> list[dict]:
        """The alerts of a name, in order of arrival."""
        return [
            each for body in self.bodies for each in body["alerts"] if each["labels"]["alertname"] == name
        ]

    def close(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()
