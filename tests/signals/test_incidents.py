"""The alerts of an Alertmanager's API that count as real incidents."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gameday.core.errors import NotReady
from gameday.signals import incidents
from gameday.signals.incidents import AlertmanagerIncidents


@contextmanager
def alertmanager(body: bytes, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


def alerts(*labels: dict[str, str]) -> bytes:
    return json.dumps([{"labels": each} for each in labels]).encode()


def test_alerts_that_always_fire_by_design_are_not_incidents():
    body = alerts(
        {"alertname": "PaymentsDown", "severity": "critical"},
        {"alertname": "PaymentsDown", "severity": "critical", "pod": "b"},
        {"alertname": "Watchdog"},
        {"alertname": "InfoInhibitor"},
        {"alertname": "Informative", "severity": "none"},
        {"job": "without a name"},
    )
    assert incidents.parse(body) == ("PaymentsDown", "an alert without a name")


@pytest.mark.parametrize("body", [b"{}", b"[1]", b'[{"labels": []}]', b"<html>", b"[" * 50_000])
def test_anything_but_a_list_of_alerts_is_refused(body: bytes):
    with pytest.raises(ValueError, match=r"not a list of alerts|without labels|Expecting value|too deeply"):
        incidents.parse(body)


def test_only_active_alerts_are_asked_for_and_a_filter_is_kept():
    with alertmanager(alerts({"alertname": "PaymentsDown"})) as (url, paths):
        source = AlertmanagerIncidents(urls={"shop": f'{url}/?filter=severity="critical"'})
        assert asyncio.run(source.ongoing("shop")) == ("PaymentsDown",)
        assert asyncio.run(source.ongoing("another")) == ()
    (path,) = paths
    assert path.startswith("/api/v2/alerts?")
    assert 'filter=severity="critical"' in path
    assert "active=true" in path
    assert "silenced=false" in path
    assert "inhibited=false" in path


@pytest.mark.parametrize(("body", "status"), [(b"[]", 500), (b"{}", 200)])
def test_no_readable_answer_is_an_error_that_names_the_host_without_its_password(body: bytes, status: int):
    with alertmanager(body, status) as (url, _):
        source = AlertmanagerIncidents(urls={"shop": url.replace("//", "//ada:secret@")})
        with pytest.raises(NotReady, match=r"the alert source 127\.0\.0\.1:") as error:
            asyncio.run(source.ongoing("shop"))
    assert "secret" not in str(error.value)
