"""Freeze calendars as they are had: read once, fetched again when stale, and an error where neither works."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gameday.core.policy import Calendar
from gameday.core.values import Instant, parse_instant
from gameday.signals.calendars import MAX_AGE, UNROLLED_AHEAD, FreezeCalendars
from gameday.testing.clock import VirtualClock

NOON = parse_instant("2026-11-27T12:00:00Z")
FREEZE = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Sale\r\nDTSTART:20261127T100000Z\r\n"
    b"DTEND:20261127T140000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def asked(calendars: FreezeCalendars, path: str, at: Instant = NOON) -> Calendar:
    return asyncio.run(calendars.read(path, at, at))


@contextmanager
def served(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/freeze.ics", paths
    server.shutdown()
    server.server_close()


def test_a_file_of_the_workspace_is_read_again_each_time_it_changes():
    files = {"freeze.ics": FREEZE}
    calendars = FreezeCalendars(files.__getitem__, VirtualClock(NOON))
    assert [each.summary for each in asked(calendars, "freeze.ics").freezes] == ["Sale"]
    assert not asked(calendars, "freeze.ics", Instant(NOON + 3 * 3600)).freezes
    assert asked(calendars, "freeze.ics", Instant(NOON + UNROLLED_AHEAD + 7 * 86_400)).freezes
    files["freeze.ics"] = FREEZE.replace(b"Sale", b"Audit")
    assert [each.summary for each in asked(calendars, "freeze.ics").freezes] == ["Audit"]


def test_a_url_is_fetched_once_and_again_when_stale():
    clock = VirtualClock(NOON)
    with served(200, FREEZE) as (url, paths):
        calendars = FreezeCalendars(dict[str, bytes]().__getitem__, clock)
        assert asked(calendars, url).freezes
        assert asked(calendars, url).freezes
        assert len(paths) == 1
        clock.advance(MAX_AGE + 1)
        assert asked(calendars, url).freezes
        assert len(paths) == 2


def test_what_can_not_be_had_or_read_says_why_and_holds_no_freeze():
    calendars = FreezeCalendars(missing, VirtualClock(NOON))
    assert asked(calendars, "freeze.ics") == Calendar(path="freeze.ics", error="there is no freeze.ics")
    for status, body, error in (
        (404, b"", "answered 404"),
        (302, b"", "answered 302, to http://127.0.0.1:9/elsewhere, which is not followed"),
        (200, b"<html>", "can't be read"),
        (200, FREEZE[:-30], "VEVENT has no end"),
    ):
        with served(status, body) as (url, _):
            found = asked(calendars, url)
        assert error in found.error
        assert not found.freezes
    assert asked(calendars, url).error  # and nobody listens there now


def missing(path: str) -> bytes:
    raise FileNotFoundError(f"there is no {path}")
