"""`ports.Announcer` over Apprise: each integration of the kind `apprise` is a channel.

A channel is known by the function that gives its Apprise URL (`slack://…`, `workflows://…`, `mailto://…`):
the URL holds the channel's secret, so it is read only when there is something to send.

Schemes: https://github.com/caronc/apprise/wiki
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from typing import Self

from gameday.core import visible
from gameday.core.errors import NotReady
from gameday.formats.redaction import Redactor
from gameday.ports import Message

APPRISE_LOGGER = "apprise"
"""Where Apprise logs why it could not send; it returns only True or False."""


class Channels:
    """The channels of a workspace. urls: by name, a function for the Apprise URL; may raise NotReady."""

    def __init__(self, urls: Mapping[str, Callable[[], str]]) -> None:
        self._urls = urls

    @property
    def channels(self) -> Collection[str]:
        """The names of the channels."""
        return self._urls.keys()

    def send(self, channel: str, message: Message) -> None:
        """Send to one channel. Raises NotReady with why it could not be sent."""
        import apprise  # noqa: PLC0415  # 0.2 s, and 0.5 s more for its plug-ins

        url = self._url(channel)
        with _LoggedErrors() as logged:
            sender = apprise.Apprise()
            if not sender.add(url):
                raise NotReady(
                    f"channel {channel} has an address that Apprise does not know",
                    hint="https://github.com/caronc/apprise/wiki lists the schemes",
                )
            sent = sender.notify(
                body=visible.visible(message.text),
                title=visible.line(message.title),
                body_format=apprise.NotifyFormat.TEXT,
            )
        if not sent:
            why = logged.last(without=url) or "no answer"
            raise NotReady(f"channel {channel} could not be notified: {why}")

    def _url(self, channel: str) -> str:
        if channel not in self._urls:
            raise NotReady(
                f"no channel is called {channel}", hint="[integrations] in gameday.toml lists them"
            )
        return self._urls[channel]()


class _LoggedErrors(logging.Handler):
    """Takes what Apprise logs while it sends, and keeps it out of other logs: it may hold secrets."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._warnings: list[str] = []

    def __enter__(self) -> Self:
        logger = logging.getLogger(APPRISE_LOGGER)
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(APPRISE_LOGGER).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        self._warnings.append(record.getMessage())

    def last(self, *, without: str) -> str:
        """Give the last warning, without the address or any secret of it."""
        text = self._warnings[-1].rstrip(".") if self._warnings else ""
        return Redactor([without, *re.split(r"[/@?&=:]+", without)]).text(text)
