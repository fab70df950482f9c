"""Asks an environment's monitor to send its alerts here, and takes that back after the drill.

`POST {"url": OURS}` registers, `DELETE {"url": OURS}` unregisters. Nothing is retried: preflight reports
what is wrong.
"""

from __future__ import annotations

import json

from gameday.core.errors import NotReady
from gameday.core.values import Seconds
from gameday.system import fetching

TIMEOUT: Seconds = 5.0


def register(registry: str, receiver: str) -> None:
    """Ask the monitor to send alerts to `receiver`. Raises NotReady."""
    status = _send("POST", registry, receiver)
    if not 200 <= status < 300:
        raise NotReady(
            f"the monitor at {registry} answers {status} when it is asked to send its alerts here",
            hint="check `alerts` of the environment in gameday.toml",
        )


def unregister(registry: str, receiver: str) -> bool:
    """Take a registration back; False when the monitor does not answer, which does no harm."""
    try:
        return 200 <= _send("DELETE", registry, receiver) < 300
    except NotReady:
        return False


def _send(method: str, registry: str, receiver: str) -> int:
    body = json.dumps({"url": receiver}).encode()
    try:
        answer = fetching.fetch(
            registry, within=TIMEOUT, method=method, body=body, media_type="application/json", limit=0
        )
    except ValueError as error:
        raise NotReady(f"'{registry}' is not the http URL of a monitor") from error
    except OSError as error:
        raise NotReady(
            f"the monitor at {registry} does not answer: {error}", hint="is the environment up?"
        ) from error
    return answer.status
