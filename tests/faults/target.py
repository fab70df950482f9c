"""A tiny service to break: a real HTTP server that writes down when its fault went on and off.

GET /fault answers {"on": true|false}; POST /fault/on and /fault/off change it; POST /refuse?times=N
lets the next N changes to `off` fail with 500; POST /fault/late turns it on only once `late` is set, and later
changes wait for it, as a deployment's do; GET / answers 200, or 500 while the fault is on.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Target:
    """The service; `changes` are (instant, "on" | "off" | "late" | "refused"), `asked` what has arrived."""

    def __init__(self):
        self.on = False
        self.changes = []
        self.asked = []
        self.late = threading.Event()
        self.refuse = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def times(self, what):
        return [at for at, change in self.changes if change == what]

    def change(self, what):
        with self._lock:
            self.asked.append(what)
            if what == "off" and self.refuse > 0:
                self.refuse -= 1
                self.changes.append((time.time(), "refused"))
                return 500
            if what == "late":
                self.late.wait(10)
            self.on = what != "off"
            self.changes.append((time.time(), what))
            return 200

    def _handler(target):  # noqa: N805  # the handler's self is another
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/fault":
                    self._answer(200, {"on": target.on})
                else:
                    self._answer(500 if target.on else 200, {})

            def do_POST(self):
                parts = urlsplit(self.path)
                if parts.path == "/refuse":
                    target.refuse = int(parse_qs(parts.query)["times"][0])
                    self._answer(200, {})
                else:
                    self._answer(target.change(parts.path.rpartition("/")[2]), {})

            def _answer(self, code, body):
                text = json.dumps(body).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        return Handler
