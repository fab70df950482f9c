"""Guardrails by Prometheus: the real one where it is installed, and what one may answer."""

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from gameday.core.plans.scenario import Guardrail, Query
from gameday.signals.prometheus import Prometheus
from gameday.system import processes
from tests import ports

UP = 'max_over_time(up{job="self"}[1h])'  # on a busy machine a scrape may miss its 200 ms


def read(url, query="x", environment="", **bound):
    guardrail = Guardrail(prometheus=Query(query=query, url=url, **(bound or {"above": 1.0})))
    return asyncio.run(Prometheus(url=environment).read(guardrail))


# --- the real one ---


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    if shutil.which("prometheus") is None:
        if os.environ.get("CI"):
            pytest.fail("CI has Prometheus: apt-get install prometheus")
        pytest.skip("Prometheus is not installed: apt-get install prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    at = ports.free()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 200ms}\n"
        f"scrape_configs: [{{job_name: self, static_configs: [{{targets: ['127.0.0.1:{at}']}}]}}]\n"
    )
    child = processes.start(
        [
            *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
            f"--web.listen-address=127.0.0.1:{at}",
        ],
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{at}"
    try:
        _wait(lambda: read(url, UP, above=0.5).breached)
        yield url
    finally:
        child.kill()


def _wait(condition, within=60.0):
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("query", "bound", "breached"),
    [
        (UP, {"below": 1.0}, False),
        (UP, {"above": 0.5}, True),
        ("scalar(vector(3))", {"above": 2.0}, True),
        ("vector(1) or label_replace(vector(9), 'a', 'b', '', '')", {"above": 5.0}, True),
        ("vector(1) or label_replace(vector(9), 'a', 'b', '', '')", {"below": 2.0}, True),
        ("vector(1) > 2", {"above": 0.0}, None),
        ("vector(0) / vector(0)", {"above": 0.0}, None),
        ("no_such_metric", {"above": 0.0}, None),
        ("up[1m]", {"above": 0.0}, None),
        ("(", {"above": 0.0}, None),
    ],
)
def test_a_real_prometheus_tells_whether_a_bound_is_passed(real, query, bound, breached):
    assert read(real, query, **bound).breached is breached


def test_what_is_wrong_with_a_query_is_told_in_its_own_words(real):
    assert "parse error" in read(real, "(").detail
    assert "a guardrail needs a vector or a scalar" in read(real, "up[1m]").detail


# --- whatever answers ---


class Answers:
    """A server that answers the same to every query, and keeps what it was asked."""

    def __init__(self, body, status=200):
        self.asked = []
        self.headers = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                outer.headers.append(self.headers)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self.where = f"127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def answers():
    made = []

    def make(body, status=200):
        made.append(Answers(body if isinstance(body, bytes) else json.dumps(body).encode(), status))
        return made[-1]

    yield make
    for one in made:
        one.server.shutdown()
        one.server.server_close()


SEVEN = {"status": "success", "data": {"resultType": "scalar", "result": [1.0, "7"]}}


def test_the_environments_prometheus_is_asked_where_the_query_names_none(answers):
    server = answers(SEVEN)
    found = read("", "sum(rate(errors[1m]))", environment=f"http://{server.where}/prometheus/")
    assert found.breached is True
    path = urlsplit(server.asked[0])
    assert path.path == "/prometheus/api/v1/query"
    assert parse_qs(path.query) == {"query": ["sum(rate(errors[1m]))"]}


def test_a_password_in_the_url_is_used_and_not_shown(answers):
    server = answers(b"", status=403)
    found = read(f"http://ada:canary@{server.where}")
    assert server.headers[0]["Authorization"].startswith("Basic ")
    assert "canary" not in found.detail
    assert found.breached is None


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"[" * 100_000,
        {"status": "success"},
        {"status": "success", "data": {"resultType": "vector", "result": [{"value": [1]}]}},
        {"status": "success", "data": {"resultType": "scalar", "result": [1, "much"]}},
        {"status": "success", "data": {"resultType": "scalar", "result": [1, "NaN"]}},
        {"status": "error", "error": "overloaded"},
    ],
    ids=["HTML", "list", "deep", "no data", "short sample", "no number", "NaN", "error"],
)
def test_an_answer_of_another_form_is_neither_yes_nor_no(answers, body):
    assert read(f"http://{answers(body).where}").breached is None


def test_nobody_answering_is_neither_yes_nor_no():
    assert read(f"http://127.0.0.1:{ports.free()}").breached is None
    assert "names a Prometheus" in read("").detail
