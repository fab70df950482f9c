"""Whether an integration could be used now, for `gameday doctor` and `gameday run --dry-run`.

An address to listen at is bound and given back at once; what is polled or queried is asked once. Nothing is
registered, and nothing is sent but a GET.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gameday.core.errors import NotReady
from gameday.core.values import Seconds
from gameday.formats import integration_kinds
from gameday.formats.settings.listen import ListenAddress
from gameday.formats.settings.reader import Integration, Secret
from gameday.signals import prometheus, receiver
from gameday.signals.inbox import hooks, polling
from gameday.system import fetching

TIMEOUT: Seconds = 3.0

Reveal = Callable[[Secret], str]
"""Looks a secret up; raises NotReady."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reachability:
    """One way by which alerts, or answers, come from an integration. detail: holds no secret."""

    name: str
    well: bool
    detail: str
    hint: str = ""


def look(integration: Integration, reveal: Reveal) -> Iterator[Reachability]:
    """Try each way of an integration. A secret that is not there makes none of them usable."""
    try:
        token = reveal(integration.secret).strip() if integration.secret else ""
    except NotReady as error:
        yield _found(integration, error.message, well=False, hint=error.hint)
        return
    if integration.listen is not None:
        yield _listening(integration, integration.listen)
    if integration.poll:
        bearer = "" if integration.listen else token
        yield _asked(
            integration,
            f"is polled at {receiver.shown(integration.poll)}",
            lambda: polling.alerts_in(polling.get(integration.poll, polling.ALERTS, bearer=bearer)),
        )
    if integration.kind == integration_kinds.PROMETHEUS:
        where = f"is asked at {receiver.shown(integration.url)}"
        yield _asked(integration, where, lambda: prometheus.ask(integration.url, "vector(1)"))
    elif integration.url:
        where = f"is registered with at {receiver.shown(integration.url)}"
        yield _asked(integration, where, lambda: fetching.fetch(integration.url, within=TIMEOUT, limit=0))


def _listening(integration: Integration, address: ListenAddress) -> Reachability:
    url = receiver.url_of(integration, address)
    where = f"listens at {address} while a drill is on; send to {url}"
    try:
        hooks.bind(address).close()
    except NotReady as error:
        return _found(integration, f"{where}; now {error.message}", well=False, hint=error.hint)
    return _found(integration, f"{where}; the address is free", well=True)


def _asked(integration: Integration, where: str, ask: Callable[[], object]) -> Reachability:
    try:
        ask()
    except (OSError, ValueError) as error:
        hint = "start it, or correct its URL in gameday.toml"
        return _found(integration, f"{where}; no answer: {error}", well=False, hint=hint)
    return _found(integration, f"{where}; it answers", well=True)


def _found(integration: Integration, detail: str, *, well: bool, hint: str = "") -> Reachability:
    return Reachability(name=integration.name, well=well, detail=detail, hint=hint)
