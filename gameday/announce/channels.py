"""`ports.Announcer` over Apprise: each integration of the kind `apprise` is a channel.

Comes in: by name, what gives a channel's Apprise URL (`slack://…`, `workflows://…`, `mailto://…`). Goes out:
messages. Does not: read a URL before there is something to send; it holds the channel's secret.

Schemes: https://github.com/caronc/apprise/wiki
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from typing import Self

from gameday.core.errors import NotReady
from gameday.formats.redaction import Redactor
from gameday.ports import Message

LOGGER = "apprise"
"""Where Apprise says why it could not send; its answer is only yes or no."""


class Channels:
    """The channels of a workspace. urls: by name, what gives the Apprise URL; may raise NotReady."""

    def __init__(self, urls: Mapping[str, Callable[[], str]]) -> None:
        self._urls = urls

    @property
    def channels(self) -> Collection[str]:
        """Name the channels that can be told."""
        return self._urls.keys()

    def send(self, channel: str, message: Message) -> None:
        """Tell one channel. Raises NotReady with why it could not be told."""
        import apprise  # noqa: PLC0415  # 0.2 s, and 0.5 s more for its plug-ins, when there is something to tell

        url = self._url(channel)
        with _LoggedErrors() as heard:
            sender = apprise.Apprise()
            if not sender.add(url):
                raise NotReady(
                    f"channel {channel} has an address that Apprise does not know",
                    hint="https://github.com/caronc/apprise/wiki lists the schemes",
                )
            sent = sender.notify(
                body=message.text, title=message.title, body_format=apprise.NotifyFormat.TEXT
            )
        if not sent:
            why = heard.last(without=url) or "no answer"
            raise NotReady(f"channel {channel} could not be told: {why}")

    def _url(self, channel: str) -> str:
        if channel not in self._urls:
            raise NotReady(f"there is no channel {channel}", hint="[integrations] of gameday.toml names them")
        return self._urls[channel]()


class _LoggedErrors(logging.Handler):
    """Hears what Apprise warns of while something is sent, and keeps it from every other log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: list[str] = []

    def __enter__(self) -> Self:
        logger = logging.getLogger(LOGGER)
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(LOGGER).removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning."""
        self._said.append(record.getMessage())

    def last(self, *, without: str) -> str:
        """Give the last warning, without the address or any secret of it."""
        text = self._said[-1].rstrip(".") if self._said else ""
        return Redactor([without, *re.split(r"[/@?&=:]+", without)]).text(text)
