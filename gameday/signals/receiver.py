"""What a drill receives its alerts by, as long as it runs: hooks at fixed addresses, registrations, polls.

Each integration of the environment that sends alerts has the path `/hooks/NAME` at the address that it
listens at. A monitor that sends to whoever registers gets a path at a free port of loopback, which holds a
token that is drawn anew for each drill. No URL in a payload is ever fetched.

A payload that can't be read is answered with 202 and kept as SignalRejected, because senders drop for good
what is refused. An event that can't be stored is answered with 503, so that it is sent again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from gameday.core.errors import NotReady
from gameday.core.values import DrillId, Instant
from gameday.formats.settings.listen import ListenAddress
from gameday.formats.settings.reader import Integration, Secret
from gameday.ports import Clock
from gameday.signals import registration
from gameday.signals.inbox import hooks
from gameday.signals.inbox.hooks import Door, Doors, Hook
from gameday.signals.inbox.intake import EXCERPT, Intake, Receive, Source
from gameday.signals.inbox.polling import POLL_INTERVAL, AlertmanagerPoll
from gameday.signals.inbox.server import CAP
from gameday.signals.systems import SYSTEMS

__all__ = ["CAP", "EXCERPT", "Receiver"]


class Receiver:
    """`ports.Signals` on HTTP, in the running event loop.

    registries    by system, the URL of a monitor at which this receiver is registered while it listens
    integrations  the environment's own; those that send no alerts are passed over
    reveal        looks a secret up; raises NotReady
    doors         the fixed addresses of this process, which its receivers share
    """

    def __init__(
        self,
        *,
        drill: DrillId,
        clock: Clock,
        registries: Mapping[str, str] | None = None,
        integrations: Sequence[Integration] = (),
        reveal: Callable[[Secret], str] | None = None,
        doors: Doors | None = None,
    ) -> None:
        self._drill = drill
        self._clock = clock
        self._integrations = tuple(each for each in integrations if each.system)
        registering = ((each.system, each.url) for each in self._integrations if each.url)
        self._registries = (*(registries or {}).items(), *registering)
        self._reveal = reveal
        self._doors = doors or Doors()
        self._token = secrets.token_urlsafe(24)
        self._intake: Intake | None = None
        self._door: Door | None = None
        self._hooks: list[tuple[ListenAddress, Hook]] = []
        self._polls: list[asyncio.Task[None]] = []
        self._urls: dict[str, str] = {}

    @property
    def heartbeats(self) -> Mapping[str, Instant]:
        """Give, by system or integration, when it last showed that it works."""
        return self._intake.heartbeats if self._intake is not None else {}

    @property
    def sources(self) -> Sequence[str]:
        """Describe where alerts come from; without tokens and passwords."""
        registries = (f"registered at {shown(url)}" for _, url in self._registries)
        return (*registries, *(line for each in self._integrations for line in describe(each)))

    async def start(self, receive: Receive) -> Mapping[str, str]:
        """Listen, register with the monitors, and begin to poll. Give the URL to send to, by system and name.

        `receive` is called before the sender is answered; StoreUnavailable from it makes the sender
        try again. Raises NotReady for an address that can't be had, a secret that is not there, and a
        monitor that does not answer.
        """
        self._intake = Intake(drill=self._drill, clock=self._clock, receive=receive)
        try:
            self._listen(self._intake)
            self._take_registered(self._intake)
            await self._begin_polls(self._intake)
            for system, registry in self._registries:
                await asyncio.to_thread(registration.register, registry, self._urls[system])
        # Cancelled or failed, no server may be left behind, nor a registration.
        except BaseException:
            await self.stop()
            raise
        return self._urls

    async def stop(self) -> None:
        """Take the registrations back and stop at once, even with open connections."""
        for poll in self._polls:
            poll.cancel()
            with suppress(asyncio.CancelledError):
                await poll
        self._polls.clear()
        while self._hooks:
            await self._doors.remove(*self._hooks.pop())
        if self._door is None:
            return
        door, self._door = self._door, None
        for system, registry in self._registries:
            await asyncio.to_thread(registration.unregister, registry, self._urls[system])
        await door.stop()

    def _take_registered(self, intake: Intake) -> None:
        paths = {system: f"/{self._token}/{system}" for system in SYSTEMS}
        taken = [
            Hook(path=path, source=Source(name=system, system=system), intake=intake)
            for system, path in paths.items()
        ]
        self._door, port = hooks.loopback(taken)
        self._urls |= {system: f"http://127.0.0.1:{port}{path}" for system, path in paths.items()}

    def _listen(self, intake: Intake) -> None:
        for each in self._integrations:
            if each.listen is None:
                continue
            secret = self._secret(each)
            hook = Hook(
                path=path_of(each),
                source=Source(name=each.name, system=each.system),
                intake=intake,
                prove=hooks.bearer(secret) if secret else hooks.not_from_a_browser,
            )
            self._doors.add(each.listen, hook)
            self._hooks.append((each.listen, hook))
            self._urls[each.name] = url_of(each, each.listen)

    async def _begin_polls(self, intake: Intake) -> None:
        for each in self._integrations:
            if not each.poll:
                continue
            poll = AlertmanagerPoll(
                source=Source(name=each.name, system=each.system),
                url=each.poll,
                intake=intake,
                clock=self._clock,
                # Where it also sends, the secret is its own token: it is shown to us, and to nobody by us.
                bearer="" if each.listen else self._secret(each),
            )
            await poll.begin()
            self._polls.append(asyncio.create_task(poll.watch()))

    def _secret(self, integration: Integration) -> str:
        """Look a secret up; empty where none is named. Raises NotReady, also for one that is empty."""
        if integration.secret is None or self._reveal is None:
            return ""
        secret = self._reveal(integration.secret).strip()
        if not secret:
            raise NotReady(
                f"the secret of the integration {integration.name} is empty",
                hint="make one, such as by `openssl rand -hex 32`",
            )
        return secret


def path_of(integration: Integration) -> str:
    """Give the path at which an integration's deliveries are taken."""
    return f"/hooks/{integration.name}"


def url_of(integration: Integration, address: ListenAddress) -> str:
    """Give the URL to which other systems send: where all addresses are listened at, one that hosts reach."""
    if address.is_everywhere:
        address = ListenAddress(host=hooks.own_address(), port=address.port)
    return f"http://{address}{path_of(integration)}"


def shown(url: str) -> str:
    """Give a URL without user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def describe(integration: Integration) -> Iterator[str]:
    """Describe where an integration's alerts come from, one sentence a way."""
    if integration.listen is not None:
        proof = "with its bearer token" if integration.secret else "without a token"
        url = url_of(integration, integration.listen)
        yield f"{integration.name} listens at {integration.listen}: send to {url}, {proof}"
    if integration.poll:
        yield f"{integration.name} reads {shown(integration.poll)} every {POLL_INTERVAL:g} s"
