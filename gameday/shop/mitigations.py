"""Perform mitigations from outside the control server, on behalf of the person at the terminal."""

from __future__ import annotations

import getpass
import os
from typing import Any

from gameday.shop import client


def actor() -> str:
    """Name who acts: GAMEDAY_ACTOR, else the user's login."""
    return os.environ.get("GAMEDAY_ACTOR") or getpass.getuser()


def perform(action: str, **arguments: object) -> dict[str, Any]:
    """Perform an action of `shop.actions`, and give `{"action", "changed"}`.

    Raises UsageError for arguments that are not valid, and NotReady when the shop is not up.
    """
    body = {"action": action, "actor": actor(), "args": arguments}
    answer: dict[str, Any] = client.post("/actions", body)
    return answer
