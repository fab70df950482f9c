"""Confine HTTP activities to the origins that the policy allowed: a redirect elsewhere fails the activity.

The policy judges the URL in the experiment; the server that answers must not be able to choose another. Only
chaoslib's HTTP provider is confined, not what Python functions do with `requests`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import requests
from chaoslib.exceptions import ActivityFailed
from chaoslib.provider import http


class SameOriginSession(requests.Session):
    """A session that follows redirects within one origin only."""

    def rebuild_auth(self, prepared_request: Any, response: requests.Response) -> None:
        """Check where a redirect leads; requests calls this for each one, before it sends anything there."""
        start, end = urlsplit(response.request.url or ""), urlsplit(prepared_request.url)
        if (start.scheme, start.netloc) != (end.scheme, end.netloc):
            raise ActivityFailed(
                f"{start.hostname} redirected to {end.hostname}, which the policy did not judge"
            )
        super().rebuild_auth(prepared_request, response)


def confine() -> None:
    """Make chaoslib's HTTP provider use such sessions from now on."""
    # chaoslib's provider makes its session by this module's name, and takes none from outside.
    http.requests = SimpleNamespace(
        Session=SameOriginSession, adapters=requests.adapters, exceptions=requests.exceptions
    )
