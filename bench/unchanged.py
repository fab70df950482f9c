"""Whether gameday runs experiments as `chaos run` does: generated ones under both, their journals compared.

Permitted differences: instants, durations, paths, host, and that rollbacks are always played; secrets are
masked in gameday's journal. Calls of controls are compared, too. docs/reference/unchanged.md has the list.
"""

from __future__ import annotations

import argparse
import http.server
import sys
import tempfile
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import tables  # noqa: E402

from tests.faults import generated  # noqa: E402


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers each request with the same JSON."""

    def do_GET(self) -> None:
        body = b'{"items": [{"name": "a"}], "n": [1, 2]}'
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name that http.server looks for

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiments", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    where = f"http://127.0.0.1:{server.server_port}"
    different = 0
    with tempfile.TemporaryDirectory() as temporary:
        root = generated.workspace(Path(temporary), where)
        for number in range(asked.first, asked.first + asked.experiments):
            made = generated.experiment(number)
            try:
                theirs, called = generated.by_chaos(root, made, where)
                ours, calls = generated.by_gameday(root, made, where)
                found = list(generated.differences(theirs, ours))
                if sorted(called) != sorted(calls):
                    found.append(f"controls: chaos {called}, gameday {calls}")
            except AssertionError as error:
                found = [str(error)]
            different += bool(found)
            print(f"experiment {number}: {'equal' if not found else 'DIFFERENT'}", flush=True)
            for line in found:
                print(f"    {line}")
    tables.finish([("journals that differ beyond what is permitted", different, "<=", 0)])


if __name__ == "__main__":
    main()
