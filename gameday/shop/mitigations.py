"""Perform mitigations from outside the control server, on behalf of the person at the terminal."""

from __future__ import annotations

import os
from typing import Any

from gameday.shop import client
from gameday.system.actor import current_actor


def perform(action: str, **arguments: object) -> dict[str, Any]:
    """Perform an action of `shop.actions`, and give `{"action", "changed"}`.

    Raises UsageError for arguments that are not valid, and NotReady when the shop is not up.
    """
    body = {"action": action, "actor": current_actor(os.environ), "args": arguments}
    answer: dict[str, Any] = client.post("/actions", body)
    return answer
