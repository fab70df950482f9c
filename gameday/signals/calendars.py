"""`ports.Calendars`: freeze calendars from the workspace and from URLs.

A calendar that can't be read says why, and nothing may start then. Redirects are not followed, and what was
fetched is used for MAX_AGE seconds at most. Many occurrences ask the same calendar for about the same period,
so it is unrolled once, for a day ahead, off the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gameday.core.policy import Calendar, Freeze
from gameday.core.values import Instant, Seconds
from gameday.ports import Clock
from gameday.system import fetching

TIMEOUT: Seconds = 5.0
MAX_AGE: Seconds = 300.0
UNROLLED_AHEAD: Seconds = 86_400.0
"""How far beyond the period that was asked for a calendar is unrolled."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unrolled:
    """The freezes of a content within a period."""

    content: bytes
    start: Instant
    end: Instant
    freezes: Sequence[Freeze]


class FreezeCalendars:
    """Calendars of a workspace. `read` gives a workspace file; raises OSError, ValueError."""

    def __init__(self, read: Callable[[str], bytes], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._fetched: dict[str, tuple[Instant, bytes]] = {}
        self._fetching: dict[str, asyncio.Task[fetching.Answer]] = {}
        self._unrolled: dict[str, _Unrolled] = {}

    async def read(self, path: str, start: Instant, end: Instant) -> Calendar:
        """Give the freezes that touch a period, or why the calendar can't be read. Never raises."""
        try:
            content = await self._content(path)
            return Calendar(path=path, freezes=await self._freezes(path, content, start, end))
        except (OSError, ValueError) as error:
            return Calendar(path=path, error=" ".join(str(error).split()) or type(error).__name__)

    async def _freezes(self, path: str, content: bytes, start: Instant, end: Instant) -> tuple[Freeze, ...]:
        known = self._unrolled.get(path)
        if known is None or known.content != content or not known.start <= start <= end <= known.end:
            known = await asyncio.to_thread(_unroll, content, start, Instant(end + UNROLLED_AHEAD))
            self._unrolled[path] = known
        return tuple(freeze for freeze in known.freezes if freeze.start <= end and start < freeze.end)

    async def _content(self, path: str) -> bytes:
        if not path.startswith(("http://", "https://")):
            return self._read(path)
        at, content = self._fetched.get(path, (Instant(0.0), b""))
        # Below 0, the clock was set back, and the content's age is not known.
        if not 0 <= self._clock.now() - at < MAX_AGE:
            content = await self._fetch(path)
            self._fetched[path] = (self._clock.now(), content)
        return content

    async def _fetch(self, url: str) -> bytes:
        """Fetch a calendar, once for all who ask for it at the same time."""
        if url not in self._fetching:
            work = asyncio.to_thread(fetching.fetch, url, within=TIMEOUT, media_type="text/calendar")
            self._fetching[url] = asyncio.ensure_future(work)
            self._fetching[url].add_done_callback(lambda _: self._fetching.pop(url))
        # Shielded: one that stops waiting must not cancel the fetch for the others.
        return (await asyncio.shield(self._fetching[url])).content()


def _unroll(content: bytes, start: Instant, end: Instant) -> _Unrolled:
    from gameday.formats.calendar import freezes as calendar_freezes  # noqa: PLC0415  # icalendar, which few need

    return _Unrolled(
        content=content, start=start, end=end, freezes=calendar_freezes.parse(content, start, end)
    )
