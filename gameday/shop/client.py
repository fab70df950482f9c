"""Talk to a shop's control server, with the standard library only, so that experiments import it fast.

Raises NotReady when no shop is up, and UsageError when the control server refuses the request.
"""

from __future__ import annotations

import http.client
import json
import os
from typing import Any
from urllib.parse import urlsplit

from gameday.core.errors import GamedayError, NotReady, UsageError
from gameday.shop import state_folder
from gameday.system.actor import current_actor

TIMEOUT = 60.0  # an index on a busy database takes its time


def control_url(control: str = "") -> str:
    """Find the control server: the given URL, else GAMEDAY_SHOP_CONTROL, else the state folder."""
    named = control or os.environ.get("GAMEDAY_SHOP_CONTROL", "")
    if named:
        return named
    record = state_folder.current().read_record()
    if record is None:
        raise NotReady(
            f"no shop of this workspace is up ({state_folder.current().folder})",
            hint="gameday shop up",
        )
    return record.control_url


def get(path: str, control: str = "", *, timeout: float = TIMEOUT) -> Any:
    """GET JSON from the control server."""
    return json.loads(text(path, control, timeout=timeout))


def text(path: str, control: str = "", *, timeout: float = TIMEOUT) -> str:
    """GET text from the control server. Raises GamedayError for any answer but 200."""
    url = control_url(control) + path
    status, answer = exchange("GET", url, timeout=timeout)
    if status != 200:
        raise GamedayError(f"{url} answered {status}: {answer.decode(errors='replace')[:200]}")
    return answer.decode()


def post(path: str, body: object, control: str = "") -> Any:
    """POST JSON to the control server, and give its answer."""
    return _send("POST", path, body, control)


def delete(path: str, body: object, control: str = "") -> Any:
    """DELETE with a JSON body, and give the control server's answer."""
    return _send("DELETE", path, body, control)


def _send(method: str, path: str, body: object, control: str) -> Any:
    url = control_url(control) + path
    status, answer = exchange(method, url, json.dumps(body))
    content = json.loads(answer)
    if status < 300:
        return content
    message = content.get("error", f"{url} answered {status}")
    raise (UsageError if status < 500 else GamedayError)(message)


def exchange(
    method: str, url: str, body: str | None = None, *, timeout: float = TIMEOUT
) -> tuple[int, bytes]:
    """Make one HTTP request; give status and body. Raises NotReady when nobody answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        # The control server takes no other type: see `control._refuse_foreign`.
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        raise NotReady(f"{method} {url}: {reason}", hint="gameday shop status") from error
    finally:
        connection.close()


def perform(action: str, **arguments: object) -> dict[str, Any]:
    """Perform a mitigation or an action of a fault, and give `{"action", "changed"}`.

    Raises UsageError for arguments that are not valid, and NotReady when the shop is not up.
    """
    body = {"action": action, "actor": current_actor(os.environ), "args": arguments}
    answer: dict[str, Any] = post("/actions", body)
    return answer
