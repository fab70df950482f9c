"""The feed that people's calendars subscribe to: its content, and the tokens in its URLs.

There are two tokens, one for participants (windows only), one for facilitators and observers (scenario and
moment). Both are made from a key that only the workspace's owner can read. Deleting the key's file and
restarting the daemon revokes every URL. `web.endpoints` serves the feed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from gameday import wiring
from gameday.conduct.scheduler import upcoming
from gameday.core.errors import NotReady
from gameday.core.values import Instant, Seconds
from gameday.formats.calendar import feed as calendar_feed
from gameday.settings import Workspace
from gameday.system import clock

AHEAD: Seconds = 90 * 86_400.0
"""How far the feed looks ahead."""
MOST = 2_000
"""Entries of a feed: calendars choke on more, and 10,000 take seconds to write."""
FRESH: Seconds = 60.0
"""How long a feed is given again without being written anew."""


def tokens(space: Workspace) -> dict[str, bool]:
    """Give the tokens, and whether each shows scenario and moment."""
    key = _key(space.artifacts.parent / "feed.key")
    return {_token(key, "calendar"): False, _token(key, "calendar with moments"): True}


def url(space: Workspace, base: str, *, reveal: bool) -> str:
    """Give the URL to subscribe to. base: where calendars reach the daemon."""
    (token,) = [token for token, reveals in tokens(space).items() if reveals is reveal]
    return f"{base.rstrip('/')}/calendar.ics?token={token}"


def feed(space: Workspace) -> Callable[[bool], str]:
    """Give what writes the feed, at most once in `FRESH` seconds of each kind. Raises StoreUnavailable."""
    lock = threading.Lock()
    written: dict[bool, tuple[float, str]] = {}

    def give(reveal: bool) -> str:  # one of two feeds
        with lock:
            at, text = written.get(reveal, (-FRESH, ""))
            if clock.monotonic() - at >= FRESH:
                text = write(space, reveal=reveal)
                written[reveal] = clock.monotonic(), text
            return text

    return give


def write(space: Workspace, *, reveal: bool, ahead: Seconds = AHEAD, most: int = MOST) -> str:
    """Write the feed. Raises StoreUnavailable."""
    with closing(wiring.schedules(space.store_url)) as store:
        rows = [row for row in store.rows() if not row.paused]
    slots = upcoming.visible(upcoming.slots(rows, Instant(clock.now() + ahead), most=most), reveal=reveal)
    return calendar_feed.write((upcoming.entry(slot, reveal=reveal) for slot in slots), "Game days")


def _token(key: bytes, purpose: str) -> str:
    return hmac.new(key, purpose.encode(), hashlib.sha256).hexdigest()[:40]


def _key(file: Path) -> bytes:
    """Read the key, or draw one; of two processes that draw one, the first one's counts."""
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            drawn = file.with_name(f".{file.name}.{os.getpid()}")
            with os.fdopen(os.open(drawn, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as opened:
                opened.write(secrets.token_bytes(32))
            with suppress(FileExistsError):
                os.link(drawn, file)
            drawn.unlink()
        return file.read_bytes()
    except OSError as error:
        raise NotReady(f"{file} can't be read or made: {error.strerror or error}") from error
