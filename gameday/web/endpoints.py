"""The app with the daemon's calendar and its health, for calendar clients and for monitoring.

    GET /calendar.ics?token=TOKEN   windows only; with the facilitators' token, also scenario and moment
    GET /health                     200 or 503, with the reason, as JSON; names no schedule

Calendar clients subscribe by URL and send no headers, so the token is in the URL, and anybody with the URL
can read. A wrong token is answered with 404, so that a guess does not even learn that there is a calendar.
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

CACHE_CONTROL = "private, max-age=60"


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """A daemon's health. why: what is wrong; empty when nothing is."""

    why: str
    facts: Mapping[str, object]


def app(feed: Callable[[bool], str], health: Callable[[], Health], tokens: Mapping[str, bool]) -> Starlette:
    """Make the app. feed: writes the calendar, revealed or not; tokens: whether each reveals."""

    async def calendar(request: Request) -> Response:
        reveal = _reveals(request.query_params.get("token", ""), tokens)
        if reveal is None:
            return PlainTextResponse("no such page\n", status_code=404)
        try:
            # In a thread: the feed reads the store, and the health must be answered meanwhile.
            text = await asyncio.to_thread(feed, reveal)
        except GamedayError as error:
            return PlainTextResponse(f"{error.message}\n", status_code=503, headers={"Retry-After": "60"})
        return _calendar(request, text)

    async def healthy(_request: Request) -> Response:
        state = health()
        body = {"status": "failing" if state.why else "ok", "why": state.why or None, **state.facts}
        return JSONResponse(
            body, status_code=503 if state.why else 200, headers={"Cache-Control": "no-store"}
        )

    return Starlette(routes=[Route("/calendar.ics", calendar), Route("/health", healthy)])


def _reveals(token: str, tokens: Mapping[str, bool]) -> bool | None:
    """Report whether a token reveals scenarios; None for an unknown token.

    All tokens are compared, in constant time, so that response times give nothing away.
    """
    # As bytes: compare_digest raises TypeError for text that is not ASCII.
    matches = [
        reveal for known, reveal in tokens.items() if hmac.compare_digest(known.encode(), token.encode())
    ]
    return matches[0] if matches else None


def _calendar(request: Request, text: str) -> Response:
    """Answer with the feed, or with 304 when the client has it already."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)
