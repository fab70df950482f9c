"""Watches an environment's trail: its own record of what was done to it, and by whom.

The trail's URL answers `{"actions": [{"seq", "at", "actor", "action"}]}` for `?after=SEQ`. Each action
becomes ActionTaken, except those of the experiment itself (actors that begin with `fault`) and those from
before the watch began. TrailWatched records when the trail becomes readable or unreadable: without a watched
trail nobody may claim that a service recovered by itself.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from gameday import ports
from gameday.core.facts import drill as ev
from gameday.core.values import Instant, Seconds, parse_instant
from gameday.system import fetching

POLL_INTERVAL: Seconds = 0.5
TIMEOUT: Seconds = 3.0
LIMIT = 1 << 20
"""The most bytes of one answer that are read."""

Dated = tuple[Instant | None, ev.ActionTaken | ev.TrailWatched]


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpTrail:
    """`ports.Trail` over HTTP."""

    url: str
    clock: ports.Clock

    async def watch(self) -> AsyncIterator[Dated]:
        """Give what is done to the environment from now on."""
        seq, readable = -1, None
        while True:
            try:
                actions = await asyncio.to_thread(ask, self.url, max(seq, 0))
            except (OSError, ValueError) as error:
                # Only a change is recorded: an unreadable trail is asked twice a second.
                if readable is not False:
                    readable = False
                    yield None, ev.TrailWatched(readable=False, detail=str(error)[:200])
            else:
                if readable is not True:
                    readable = True
                    yield None, ev.TrailWatched(readable=True)
                # The first answer only gives the number to go on from: it lists what was done before.
                for action_taken in _fresh(actions) if seq >= 0 else ():
                    yield action_taken
                seq = max([seq, 0, *(int(action["seq"]) for action in actions)])
            await self.clock.sleep(POLL_INTERVAL)


def ask(url: str, after: int) -> list[dict[str, Any]]:
    """Read the actions after sequence number `after`.

    Raises OSError when there is no answer, ValueError for one of another form.
    """
    answer = fetching.fetch(
        url, within=TIMEOUT, query={"after": after}, media_type="application/json", limit=LIMIT
    )
    document = json.loads(answer.content())
    actions = document.get("actions") if isinstance(document, dict) else None
    if not isinstance(actions, list) or not all(_well_formed(action) for action in actions):
        raise ValueError('the trail did not answer {"actions": [{"seq", "at", "actor", "action"}]}')
    return actions


def _well_formed(action: object) -> bool:
    return (
        isinstance(action, dict)
        and isinstance(action.get("seq"), int)
        and all(isinstance(action.get(key), str) for key in ("at", "actor", "action"))
    )


def _fresh(actions: list[dict[str, Any]]) -> list[Dated]:
    return [
        (
            parse_instant(action["at"]),
            ev.ActionTaken(action=action["action"], via="trail", actor=action["actor"]),
        )
        for action in actions
        if not action["actor"].startswith("fault")
    ]
