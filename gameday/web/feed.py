"""The daemon's calendar and health, for people's calendars and for whoever watches over the daemon.

Comes in: what writes the feed, what tells the daemon's health, two tokens. Goes out: an app.

    GET /calendar.ics?token=TOKEN   windows only, or, with the facilitators' token, scenario and moment
    GET /health                     200 or 503, and why, as JSON; names no schedule

Calendars subscribe by URL and send no headers, so the token stands in the URL: whoever has the URL may
read. It is refused as if there were no such page. Does not: write anything.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gameday.core.errors import GamedayError

KEEP = "private, max-age=60"


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a daemon is. why: what is wrong; empty: nothing."""

    why: str
    facts: Mapping[str, object]


def app(feed: Callable[[bool], str], health: Callable[[], Health], tokens: Mapping[str, bool]) -> Starlette:
    """Make the app. feed: writes the calendar, revealed or not; tokens: whether each reveals."""

    async def calendar(request: Request) -> Response:
        reveal = _reveals(request.query_params.get("token", ""), tokens)
        if reveal is None:
            return PlainTextResponse("no such page\n", status_code=404)
        try:
            text = await asyncio.to_thread(feed, reveal)
        except GamedayError as error:
            return PlainTextResponse(f"{error.message}\n", status_code=503, headers={"Retry-After": "60"})
        return _calendar(request, text)

    async def healthy(_request: Request) -> Response:
        found = health()
        body = {"status": "unwell" if found.why else "well", "why": found.why or None, **found.facts}
        return JSONResponse(
            body, status_code=503 if found.why else 200, headers={"Cache-Control": "no-store"}
        )

    return Starlette(routes=[Route("/calendar.ics", calendar), Route("/health", healthy)])


def _reveals(token: str, tokens: Mapping[str, bool]) -> bool | None:
    """Tell what a token may see; None: nothing. Every token is compared, in the same time."""
    found = [reveal for one, reveal in tokens.items() if hmac.compare_digest(one.encode(), token.encode())]
    return found[0] if found else None


def _calendar(request: Request, text: str) -> Response:
    """Answer with the feed, or that nothing in it has changed."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": KEEP, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)
